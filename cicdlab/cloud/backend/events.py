"""What moto's EventBridge leaves out: disabled rules, whole events, topics, and our own services as targets."""

import copy
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

from ..events import Delivery

_HERE = ("codebuild", "codepipeline", "logs", "sns", "sqs")
_deliver: ContextVar[Callable[[Delivery], None]] = ContextVar("deliver")


@contextmanager
def delivering(deliver: Callable[[Delivery], None]) -> Iterator[None]:
    """Say who hands events to our services while a request is answered: there may be several clouds in a process."""
    token = _deliver.set(deliver)
    try:
        yield
    finally:
        _deliver.reset(token)


def heard(account: str, region: str) -> bool:
    """Tell whether an account has rules in a region; without any, nobody hears of an event."""
    if "moto.events.models" not in sys.modules:
        return False
    from moto.events.models import events_backends

    regions: dict[str, Any] = events_backends.get(account, {})
    return region in regions and any(bus.rules for bus in list(regions[region].event_buses.values()))


def mend() -> None:
    """Let moto's rules send to our services and to topics, and only when they are enabled."""
    from moto.events.models import Rule

    send = Rule.send_to_targets

    def send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.matches_event(original_event):
            return
        for target in self.targets:
            if _service(target) in _HERE:
                _send(self, target, original_event)
        others = copy.copy(self)  # another event may pass through this rule at the same moment
        others.targets = [target for target in self.targets if _service(target) not in _HERE]
        send(others, original_event, transform_input)

    Rule.send_to_targets = send_to_targets  # type: ignore[method-assign]
    _test_patterns()


def _test_patterns() -> None:
    """Let TestEventPattern answer.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
    """
    from moto.core.exceptions import JsonRESTError
    from moto.events.models import EventPattern, EventPatternParser
    from moto.events.responses import EventsHandler

    wanted = {"id", "detail-type", "source", "account", "time", "region", "resources"}

    def test_event_pattern(self: Any) -> str:
        given = self._get_param("EventPattern")
        pattern = EventPattern(given, EventPatternParser(given).parse())
        try:
            event = json.loads(self._get_param("Event"))
        except ValueError:
            event = None
        if not isinstance(event, dict) or not wanted <= event.keys():
            raise JsonRESTError("ValidationException", f"Parameter Event has to have {', '.join(sorted(wanted))}.")
        return json.dumps({"Result": pattern.matches_event(cast(Any, event))})

    EventsHandler.test_event_pattern = test_event_pattern  # type: ignore[method-assign, assignment]


def _service(target: dict[str, Any]) -> str:
    return str(target["Arn"].split(":")[2])


def _send(rule: Any, target: dict[str, Any], event: Any) -> None:
    arn, given, place = target["Arn"], _input(target, event), (rule.account_id, rule.region_name)
    match _service(target):
        case "logs":
            _write(*place, arn.split(":")[6], event["id"], given)
        case "sqs":
            from moto.sqs.models import sqs_backends

            group = target.get("SqsParameters", {}).get("MessageGroupId")
            sqs_backends[place[0]][place[1]].send_message(arn.split(":")[5], json.dumps(given), group_id=group)
        case "sns":
            from moto.sns.models import sns_backends

            sns_backends[place[0]][place[1]].publish(json.dumps(given), arn)
        case _:
            _deliver.get()(Delivery(*place, rule.arn, arn, target.get("RoleArn", ""), given))


def _write(account: str, region: str, group: str, stream: str, given: Any) -> None:
    from moto.core.utils import unix_time_millis
    from moto.logs.models import logs_backends

    logs = logs_backends[account][region]
    logs.create_log_stream(group, stream)
    logs.put_log_events(group, stream, [{"timestamp": unix_time_millis(), "message": json.dumps(given)}])


def _input(target: dict[str, Any], event: Any) -> Any:
    """Return what a target gets: a text of its own, a transformed event, or the event."""
    from moto.events.utils import EventTemplateParser

    if "Input" in target:
        return json.loads(target["Input"])
    transformer = target.get("InputTransformer", {})
    if transformer:
        return EventTemplateParser.parse(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), event)
    left_out = ("replay-name", "ingestion-time")
    time = datetime.fromtimestamp(event["time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {name: value for name, value in event.items() if name not in left_out} | {"time": time}
