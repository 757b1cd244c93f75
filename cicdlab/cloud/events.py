"""How our services tell what happens, and how others hear of it: EventBridge, and who waits in this process.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Condition, Event
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

T = TypeVar("T")
DELIVER = "cicdlab.deliver"  # in a request's WSGI environment: who hands to our services what EventBridge sends them
LOOK_AGAIN = 5.0  # seconds after which somebody who waits looks without having heard anything
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Happening:
    """One event, as EventBridge shows it.

    Parameters
    ----------
    account, region
        Where it happened.
    source
        The service, for example ``aws.codebuild``.
    detail_type
        What kind of event it is.
    detail
        Its members, as JSON takes them.
    resources
        The ARNs that it is about.
    time
        When, in the cloud's time.
    """

    account: str
    region: str
    source: str
    detail_type: str
    detail: dict[str, Any]
    resources: tuple[str, ...]
    time: datetime


@dataclass(frozen=True)
class Delivery:
    """An event that a rule of EventBridge sends to a resource of one of our services.

    Parameters
    ----------
    account, region
        Where the rule is.
    rule_arn
        The rule.
    target_arn
        The resource.
    role_arn
        The role with which EventBridge asks the service.
    input
        The event, or what the target has instead of it.
    """

    account: str
    region: str
    rule_arn: str
    target_arn: str
    role_arn: str
    input: dict[str, Any] = field(default_factory=dict)


class Events:
    """Takes what happens and tells everybody.

    Parameters
    ----------
    client
        Makes a boto3 client for a service, a region and an account.
    heard
        Tells whether anybody could hear of an event through the backend's EventBridge.
    """

    def __init__(self, client: Callable[..., Any], heard: Callable[[str, str], bool]) -> None:
        self._client = client
        self._heard = heard
        self._changed = Condition()
        self._count = 0
        self._listeners: list[Callable[[Happening], None]] = []
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="events")

    def tell(self, happening: Happening) -> None:
        """Tell that something happened; EventBridge gets events in the order in which they were told."""
        self.notice(happening)
        if self._heard(happening.account, happening.region):
            self._sender.submit(self._send, happening)

    def notice(self, happening: Happening) -> None:
        """Tell it to who listens and waits in this process, and to nobody else."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()
        for listener in self._listeners:
            listener(happening)

    def listen(self, listener: Callable[[Happening], None]) -> None:
        """Let a service know of whatever happens, on the thread of who tells it: it must not wait there."""
        self._listeners.append(listener)

    def wait_for(self, look: Callable[[], T | None], stopped: Event) -> T | None:
        """Return what ``look`` finds, as soon as it finds something; None when ``stopped`` is set before.

        Parameters
        ----------
        look
            Returns what is waited for, or None; called at once, and after events.
        stopped
            Ends the waiting; whoever sets it calls `wake`.
        """
        while not stopped.is_set():
            with self._changed:
                seen = self._count
            found = look()
            if found is not None:
                return found
            self._wait_for_news(seen, stopped)
        return None

    def wake(self) -> None:
        """Let everybody who waits look whether they were stopped."""
        with self._changed:
            self._changed.notify_all()

    def settle(self) -> None:
        """Return when EventBridge has got everything that was told so far."""
        self._sender.submit(lambda: None).result()

    def close(self) -> None:
        """Send no more."""
        self._sender.shutdown(wait=True, cancel_futures=True)

    def _wait_for_news(self, seen: int, stopped: Event) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._count != seen or stopped.is_set(), LOOK_AGAIN)

    def _send(self, happening: Happening) -> None:
        entry = {
            "Source": happening.source,
            "DetailType": happening.detail_type,
            "Detail": json.dumps(happening.detail, default=str),
            "Resources": list(happening.resources),
            "Time": happening.time,
        }
        try:
            client = self._client("events", happening.region, account=happening.account)
            client.put_events(Entries=[entry])
        except (ClientError, BotoCoreError):
            _log.exception("EventBridge did not take the event %s", happening.detail_type)
