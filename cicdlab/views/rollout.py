"""A deployment as a grid: what each lifecycle event did on each target, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cicdlab.views.text import clean, took

# Every lifecycle event, in an order that fits all platforms:
# https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
EVENTS = (
    "Start",
    "BeforeBlockTraffic",
    "BlockTraffic",
    "AfterBlockTraffic",
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
    "End",
)
ENDED = ("Succeeded", "Failed", "Stopped")
OVERVIEW = ("Pending", "InProgress", "Ready", "Succeeded", "Failed", "Skipped")
# What a deployment of many instances keeps of their logs in a page, in characters: of what failed, and of the rest.
_FAILED_LOGS, _OTHER_LOGS = 12_000, 10_000
_LONGEST_LOG = 2_000


@dataclass(frozen=True)
class Event:
    """One lifecycle event on one target; texts are clean but not escaped."""

    status: str
    start: datetime | None = None
    end: datetime | None = None
    code: str = ""
    script: str = ""
    message: str = ""
    log: str = ""


@dataclass(frozen=True)
class Target:
    """An instance, or what else is deployed to; an event that it does not have is None."""

    id: str
    label: str
    status: str
    events: tuple[Event | None, ...]


@dataclass(frozen=True)
class Rollout:
    """A deployment, ready to be drawn; texts are clean but not escaped."""

    id: str
    application: str
    group: str
    configuration: str
    style: str
    status: str
    revision: str
    creator: str
    description: str
    began: datetime | None
    completed: datetime | None
    overview: Mapping[str, int]
    error: str
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    targets: tuple[Target, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED

    @property
    def seconds(self) -> float | None:
        """How long it took; None while that is unknown."""
        return took(self.began, self.completed)


def has_ended(deployment: Mapping[str, Any]) -> bool:
    """Whether nothing more will happen in a deployment."""
    return deployment.get("status") in ENDED


def rollout(deployment: Mapping[str, Any], targets: Sequence[Mapping[str, Any]] = ()) -> Rollout:
    """Read a deployment.

    Parameters
    ----------
    deployment
        The `deploymentInfo` that `get_deployment` returns; every member is optional.
    targets
        The `deploymentTargets` that `batch_get_deployment_targets` returns.
    """
    bodies = [_body(target) for target in targets]
    given = {clean(e.get("lifecycleEventName", "")) for body in bodies for e in body.get("lifecycleEvents") or []}
    columns = (*(name for name in EVENTS if name in given), *sorted(given - set(EVENTS)))
    rooms = _rooms(bodies)
    error = deployment.get("errorInformation") or {}
    style = deployment.get("deploymentStyle") or {}
    return Rollout(
        id=clean(deployment.get("deploymentId", "")),
        application=clean(deployment.get("applicationName", "")),
        group=clean(deployment.get("deploymentGroupName", "")),
        configuration=clean(deployment.get("deploymentConfigName", "")),
        style={"IN_PLACE": "In place", "BLUE_GREEN": "Blue/green"}.get(style.get("deploymentType", ""), ""),
        status=clean(deployment.get("status", "Unknown")),
        revision=_revision(deployment.get("revision")),
        creator=clean(deployment.get("creator", "")),
        description=clean(deployment.get("description", "")),
        began=deployment.get("startTime") or deployment.get("createTime"),
        completed=deployment.get("completeTime"),
        overview=_overview(deployment, bodies),
        error=": ".join(clean(error[key]) for key in ("code", "message") if error.get(key)),
        notes=_notes(deployment.get("rollbackInfo") or {}),
        columns=columns,
        targets=tuple(_target(body, columns, rooms) for body in bodies),
    )


def _overview(deployment: Mapping[str, Any], bodies: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many targets stand how; the service says so only when a deployment has begun."""
    given = deployment.get("deploymentOverview") or {}
    statuses = [body.get("status") for body in bodies]
    return {name: int(given[name] or 0) if name in given else statuses.count(name) for name in OVERVIEW}


def _body(target: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a target says, whatever its type."""
    return next((value for key, value in target.items() if key.endswith("Target") and isinstance(value, Mapping)), {})


def _target(body: Mapping[str, Any], columns: tuple[str, ...], rooms: tuple[int, int]) -> Target:
    events = {clean(e.get("lifecycleEventName", "")): _event(e, rooms) for e in body.get("lifecycleEvents") or []}
    label = body.get("instanceLabel") or ""
    return Target(
        id=clean(body.get("targetId", "")).rpartition("/")[2],  # of an instance on premises it is the end of an ARN
        label=clean(label),
        status=clean(body.get("status", "Unknown")),
        events=tuple(events.get(name) for name in columns),
    )


def _event(event: Mapping[str, Any], rooms: tuple[int, int]) -> Event:
    said = event.get("diagnostics") or {}
    status = clean(event.get("status", "Unknown"))
    return Event(
        status=status,
        start=event.get("startTime"),
        end=event.get("endTime"),
        code=clean(said.get("errorCode") or ""),
        script=clean(said.get("scriptName") or ""),
        message=clean(said.get("message") or ""),
        log=_tail(clean(said.get("logTail") or "").strip("\n"), rooms[status == "Failed"]),
    )


def _rooms(bodies: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How long a log may be: of an event that did not fail, and of one that did."""
    logged = [
        event.get("status") == "Failed"
        for body in bodies
        for event in body.get("lifecycleEvents") or []
        if (event.get("diagnostics") or {}).get("logTail")
    ]
    failed = sum(logged)
    return _share(_OTHER_LOGS, len(logged) - failed), _share(_FAILED_LOGS, failed)


def _share(all_: int, among: int) -> int:
    return min(_LONGEST_LOG, all_ // max(1, among))


def _tail(log: str, room: int) -> str:
    """The end of a log, from the beginning of a line if there is one."""
    if len(log) <= room:
        return log
    kept = log[-room:] if room else ""
    _, end, lines = kept.partition("\n")
    return f"…\n{lines}" if end and lines else f"…{kept}"


def _revision(revision: Mapping[str, Any] | None) -> str:
    if not revision:
        return ""
    if s3 := revision.get("s3Location"):
        version = s3.get("version") or ""
        return clean(f"s3://{s3.get('bucket', '')}/{s3.get('key', '')}") + (
            f" version {clean(version)}" if version else ""
        )
    if github := revision.get("gitHubLocation"):
        return clean(f"{github.get('repository', '')} commit {github.get('commitId', '')}")
    return "an AppSpec given with the deployment"


def _notes(rollback: Mapping[str, Any]) -> tuple[str, ...]:
    said = [clean(rollback.get("rollbackMessage") or "")]
    if trigger := rollback.get("rollbackTriggeringDeploymentId"):
        said.append(f"This deployment rolls {clean(trigger)} back.")
    if follower := rollback.get("rollbackDeploymentId"):
        said.append(f"It is rolled back by {clean(follower)}.")
    return tuple(filter(None, said))
