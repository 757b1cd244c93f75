"""Starts a pipeline when something new comes to one of its sources.

On AWS, CodePipeline asks S3 and CodeCommit every now and then; a code host tells of a push by a webhook. Here nobody
asks again and again: whoever stores an object or pushes a commit tells of it, and only then CodePipeline looks.

https://docs.aws.amazon.com/codepipeline/latest/userguide/change-detection-methods.html
"""

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from ..codeconnections import events as code_host
from ..errors import ServiceError
from ..events import Happening
from ..identity.roles import ServiceRoles
from ..objects import OBJECT_CREATED
from ..stores import Stores
from . import role
from .actions import providers
from .actions.provider import ActionError
from .errors import not_simulated
from .model import SOURCE, ActionDeclaration, Declaration, Pipeline, Store

if TYPE_CHECKING:
    from ..core import Cloud

POLLED, WEBHOOK = "PollForSourceChanges", "WebhookV2"
COMMIT, VERSION = "COMMIT_ID", "S3_OBJECT_VERSION_ID"
_log = logging.getLogger(__name__)


class Start(Protocol):
    """Starts an execution of a pipeline."""

    def __call__(
        self,
        account: str,
        region: str,
        name: str,
        trigger_type: str,
        trigger_detail: str = "",
        source_revisions: list[dict[str, Any]] = ...,
    ) -> Any:
        """Start it, with the revisions that its sources have to bring."""


@dataclass(frozen=True)
class News:
    """Something new at a source.

    Parameters
    ----------
    provider
        Whose source it is, as action types name it.
    place
        What the action's configuration has to say to be about it.
    setting
        The key of the configuration that switches the detection off.
    trigger
        What the execution says of its start.
    revision_type, revision
        What is new.
    """

    provider: str
    place: Mapping[str, str]
    setting: str
    trigger: str
    revision_type: str
    revision: str


@dataclass(frozen=True)
class Found:
    """A source action of a pipeline at which there is something new."""

    store: Store
    pipeline: Pipeline
    action: ActionDeclaration
    news: News


class Polling:
    """Hears what happens at the sources of all pipelines.

    Parameters
    ----------
    cloud
        The cloud in which they are.
    stores
        The pipelines.
    roles
        Assumes their roles.
    start
        Starts one.
    """

    def __init__(self, cloud: "Cloud", stores: Stores[Store], roles: ServiceRoles, start: Start) -> None:
        self._cloud = cloud
        self._stores = stores
        self._roles = roles
        self._start = start
        self._providers = providers(cloud)
        self._lock = Lock()
        self._queue: deque[Found] = deque()
        self._working = False
        cloud.events.listen(self.hear)

    def reset(self) -> None:
        """Forget what was heard and not looked at yet."""
        with self._lock:
            self._queue.clear()

    def check(self, definition: Declaration) -> None:
        """Refuse a source whose changes nobody would tell of: an object in the S3 of another endpoint.

        Raises
        ------
        ServiceError
            With status 501.
        """
        if self._cloud.backend.app is not None:
            return
        for _, action in definition.actions():
            if action.action_type_id.provider == "S3" and _is_detected(action, "PollForSourceChanges"):
                name = f"PollForSourceChanges of the action {action.name}, whose S3 is not this cloud's own,"
                raise not_simulated(name)

    def hear(self, happening: Happening) -> None:
        """Take note of what happens; the pipelines that begin with it start in the order in which it was told."""
        news = _news(happening)
        found = list(self._found(news, happening)) if news else []
        if not found:
            return
        with self._lock:
            self._queue.extend(found)
            if self._working:
                return
            self._working = True
        self._cloud.waiters.submit(self._work)

    def _found(self, news: News, happening: Happening) -> Iterator[Found]:
        """Yield the source actions to which something new has come."""
        # rule: poll-for-source-changes, detect-changes
        for store in self._stores.all():
            with store.lock:
                pipelines = list(store.pipelines.values())
            for pipeline in pipelines:
                for _, action in pipeline.declaration.actions():
                    if action.action_type_id.provider != news.provider or not _is_about(action, news.place):
                        continue
                    if news.provider == "CodeCommit" and not _is_owner(store, action, happening):
                        continue
                    if _is_detected(action, news.setting):
                        yield Found(store, pipeline, action, news)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._working = False
                    return
                found = self._queue.popleft()
            try:
                self._begin(found)
            except Exception:
                _log.exception("Looking at a source of the pipeline %s failed", found.pipeline.name)

    def _begin(self, found: Found) -> None:
        """Start a pipeline, if its role can see what is new and nobody has changed the pipeline meanwhile."""
        store, pipeline, action, news = found.store, found.pipeline, found.action, found.news
        if pipeline.deleted or action not in [each for _, each in pipeline.declaration.actions()]:
            return
        if not self._is_seen(found):
            return
        revision = {"actionName": action.name, "revisionType": news.revision_type, "revisionValue": news.revision}
        detail = action.configuration["ConnectionArn"] if news.trigger == WEBHOOK else action.name
        try:
            self._start(store.account, store.region, pipeline.name, news.trigger, detail, [revision])
        except ServiceError as error:
            _log.warning("The pipeline %s was not started: %s", pipeline.name, error.message)

    def _is_seen(self, found: Found) -> bool:
        """Tell whether the action's role may look at its source; a webhook needs no role."""
        if found.news.trigger == WEBHOOK:
            return True
        store, pipeline, action = found.store, found.pipeline, found.action
        source: Any = self._providers[action.action_type_id.key]
        try:
            given = role.credentials(self._cloud, self._roles, store, pipeline.declaration, action, "polling")
            source.latest(lambda service: self._cloud.client(service, store.region, given), action.configuration)
        except (ActionError, ServiceError, ClientError, BotoCoreError) as error:
            _log.warning("The pipeline %s can't look at its source %s: %s", pipeline.name, action.name, error)
            return False
        return True


def _news(happening: Happening) -> News | None:
    """Return what is new at a source, if that is what happened."""
    detail = happening.detail
    match happening.source, happening.detail_type:
        case "aws.codecommit", "CodeCommit Repository State Change":
            if detail["referenceType"] != "branch" or "commitId" not in detail:
                return None
            place = {"RepositoryName": detail["repositoryName"], "BranchName": detail["referenceName"]}
            return News("CodeCommit", place, "PollForSourceChanges", POLLED, COMMIT, detail["commitId"])
        case "aws.s3", kind if kind == OBJECT_CREATED:
            place = {"S3Bucket": detail["bucket"]["name"], "S3ObjectKey": detail["object"]["key"]}
            return News("S3", place, "PollForSourceChanges", POLLED, VERSION, detail["object"]["version-id"])
        case code_host.SOURCE, code_host.PUSH:
            place = {
                "ConnectionArn": happening.resources[0],
                "FullRepositoryId": detail["repository"],
                "BranchName": detail["branch"],
            }
            return News("CodeStarSourceConnection", place, "DetectChanges", WEBHOOK, COMMIT, detail["commitId"])
    return None


def _is_detected(action: ActionDeclaration, setting: str) -> bool:
    """Tell whether CodePipeline finds by itself what is new at a source."""
    return action.action_type_id.category == SOURCE and action.configuration.get(setting, "true").lower() == "true"


def _is_about(action: ActionDeclaration, place: Mapping[str, str]) -> bool:
    return all(action.configuration.get(key) == value for key, value in place.items())


def _is_owner(store: Store, action: ActionDeclaration, happening: Happening) -> bool:
    """Tell whether a repository is the one that an action means: that of its role's account, in its Region."""
    account = action.role_arn.split(":")[4] if action.role_arn else store.account
    return (account, store.region) == (happening.account, happening.region)
