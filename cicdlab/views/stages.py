"""A pipeline as stages and actions: how each stands, and what the execution that is looked at did when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cicdlab.views.text import clean

ENDED = ("Cancelled", "Stopped", "Succeeded", "Superseded", "Failed")
NOT_RUN, APPROVAL, RUNNING = "NotRun", "Approval", "InProgress"


@dataclass(frozen=True)
class Answers:
    """What CodePipeline said.

    Attributes
    ----------
    pipeline
        The `pipeline` that `get_pipeline` returns.
    state
        What `get_pipeline_state` returns.
    execution
        One of the `pipelineExecutionSummaries` that `list_pipeline_executions` returns; empty before the first one.
    actions
        Its `actionExecutionDetails`, as `list_action_executions` returns them.
    """

    pipeline: Mapping[str, Any]
    state: Mapping[str, Any]
    execution: Mapping[str, Any] = field(default_factory=dict)
    actions: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Run:
    """One run of an action in the execution; without an end it goes on."""

    start: datetime | None
    end: datetime | None
    status: str


@dataclass(frozen=True)
class Action:
    """An action and its latest run; texts are clean but not escaped."""

    name: str
    category: str
    provider: str
    order: int
    status: str
    time: datetime | None
    summary: str
    external: str
    error: str
    revision: str
    note: str
    runs: tuple[Run, ...]

    @property
    def waits(self) -> bool:
        """Whether somebody has to approve it."""
        return self.status == APPROVAL


@dataclass(frozen=True)
class Stage:
    """A stage, the transition into it, and the executions that wait in front of it."""

    name: str
    status: str
    execution: str
    enabled: bool
    reason: str
    inbound: tuple[str, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Line:
    """A pipeline, ready to be drawn; texts are clean but not escaped."""

    name: str
    kind: str
    execution: str
    status: str
    trigger: str
    summary: str
    started: datetime | None
    updated: datetime | None
    revisions: tuple[str, ...]
    stages: tuple[Stage, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen in the execution."""
        return self.status in ENDED

    @property
    def waiting(self) -> tuple[tuple[str, str], ...]:
        """The execution's approvals that somebody has to give: stage and action."""
        return tuple(
            (stage.name, action.name)
            for stage in self.stages
            for action in stage.actions
            if action.waits and stage.execution == self.execution
        )


def line(said: Answers) -> Line:
    """Read a pipeline; every member of the answers is optional."""
    states = {each.get("stageName", ""): each for each in said.state.get("stageStates") or []}
    id_ = clean(said.execution.get("pipelineExecutionId", ""))
    stages = [_stage(stage, states.get(stage.get("name", ""), {}), said) for stage in said.pipeline.get("stages") or []]
    trigger = said.execution.get("trigger") or {}
    kind = filter(None, (said.pipeline.get("pipelineType"), said.pipeline.get("executionMode")))
    return Line(
        name=clean(said.pipeline.get("name", "")),
        kind=clean(" · ".join(kind)),
        execution=id_,
        status=clean(said.execution.get("status", NOT_RUN)),
        trigger=clean(" ".join(filter(None, (trigger.get("triggerType"), trigger.get("triggerDetail"))))),
        summary=clean(
            said.execution.get("statusSummary") or (said.execution.get("stopTrigger") or {}).get("reason") or ""
        ),
        started=said.execution.get("startTime"),
        updated=said.execution.get("lastUpdateTime"),
        revisions=tuple(map(_revision, said.execution.get("sourceRevisions") or [])),
        stages=tuple(stages),
    )


def tokens(said: Answers) -> dict[tuple[str, str], str]:
    """The token of each approval that waits in the execution, by stage and action."""
    waiting = line(said).waiting
    found = {}
    for stage in said.state.get("stageStates") or []:
        for action in stage.get("actionStates") or []:
            place = (clean(stage.get("stageName", "")), clean(action.get("actionName", "")))
            if place in waiting and (token := (action.get("latestExecution") or {}).get("token")):
                found[place] = str(token)
    return found


def _stage(stage: Mapping[str, Any], state: Mapping[str, Any], said: Answers) -> Stage:
    name = stage.get("name", "")
    latest = state.get("latestExecution") or {}
    inbound = state.get("inboundExecutions") or list(filter(None, [state.get("inboundExecution")]))
    transition = state.get("inboundTransitionState") or {}
    states = {each.get("actionName", ""): each for each in state.get("actionStates") or []}
    actions = [_action(name, each, states.get(each.get("name", ""), {}), said) for each in stage.get("actions") or []]
    return Stage(
        name=clean(name),
        status=clean(latest.get("status", NOT_RUN)),
        execution=clean(latest.get("pipelineExecutionId", "")),
        enabled=transition.get("enabled", True),
        reason=clean(transition.get("disabledReason") or ""),
        inbound=tuple(clean(each.get("pipelineExecutionId", "")) for each in inbound),
        actions=tuple(sorted(actions, key=lambda action: action.order)),
    )


def _action(stage: str, action: Mapping[str, Any], state: Mapping[str, Any], said: Answers) -> Action:
    type_ = action.get("actionTypeId") or {}
    category = clean(type_.get("category", ""))
    latest = state.get("latestExecution") or {}
    error = latest.get("errorDetails") or {}
    configuration = action.get("configuration") or {}
    return Action(
        name=clean(action.get("name", "")),
        category=category,
        provider=clean(type_.get("provider", "")),
        order=int(action.get("runOrder") or 1),
        status=_status(category, clean(latest.get("status", NOT_RUN))),
        time=latest.get("lastStatusChange"),
        summary=clean(latest.get("summary") or ""),
        external=clean(latest.get("externalExecutionId") or ""),
        error=": ".join(clean(error[key]) for key in ("code", "message") if error.get(key)),
        revision=_source(action.get("name", ""), state, said) if category == "Source" else "",
        note=clean(configuration.get("CustomData") or "") if category == "Approval" else "",
        runs=tuple(_runs(stage, action.get("name", ""), category, said.actions)),
    )


def _status(category: str, status: str) -> str:
    return APPROVAL if category == "Approval" and status == RUNNING else status


def _source(name: str, state: Mapping[str, Any], said: Answers) -> str:
    """What a source action brought: of the execution that is looked at, else its latest."""
    brought = [each for each in said.execution.get("sourceRevisions") or [] if each.get("actionName") == name]
    current = clean((state.get("currentRevision") or {}).get("revisionId") or "")
    if brought and current in ("", clean(brought[0].get("revisionId") or "")):
        return _revision(brought[0])
    return short(current)


def _revision(revision: Mapping[str, Any]) -> str:
    """What was changed; a summary that is no more than the id, as S3's is, is left out."""
    id_, summary = clean(revision.get("revisionId") or ""), clean(revision.get("revisionSummary") or "")
    first = "" if id_ and id_ in summary else summary.strip().partition("\n")[0]
    return ": ".join(filter(None, (short(id_), first)))


def short(id_: str) -> str:
    """The first eight characters of an id, as the console shows them."""
    return id_[:8]


def _runs(stage: str, action: str, category: str, details: Iterable[Mapping[str, Any]]) -> list[Run]:
    """What the execution did in an action: once, or again after a retry."""
    runs = []
    for each in details:
        if (each.get("stageName"), each.get("actionName")) != (stage, action):
            continue
        status = _status(category, clean(each.get("status", "")))
        going = status in (RUNNING, APPROVAL)
        runs.append(Run(each.get("startTime"), None if going else each.get("lastUpdateTime"), status))
    return sorted(runs, key=lambda run: (run.start is None, run.start))
