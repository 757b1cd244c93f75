"""What CodePipeline keeps: pipelines, their executions, stages and actions, in AWS's shapes.

Everything in AWS's shape is frozen: a change replaces the object in the store, so a reader never sees one half written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from pydantic import Field

from ..clock import Timeline
from ..structure import Structure

IN_PROGRESS, SUCCEEDED, FAILED = "InProgress", "Succeeded", "Failed"
STOPPING, STOPPED, ABANDONED = "Stopping", "Stopped", "Abandoned"
SUPERSEDED, CANCELLED = "Superseded", "Cancelled"
ACTIVE = frozenset({IN_PROGRESS, STOPPING})
SOURCE = "Source"
INBOUND, OUTBOUND = "Inbound", "Outbound"


class ActionTypeId(Structure):
    """What carries an action out."""

    category: str
    owner: str
    provider: str
    version: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The id as the table of action types has it."""
        return self.category, self.owner, self.provider, self.version


class ArtifactName(Structure):
    """An artifact that an action takes or gives."""

    name: str


class ActionDeclaration(Structure):
    """One action of a stage."""

    name: str
    action_type_id: ActionTypeId
    run_order: int = 1
    configuration: dict[str, str] = {}
    output_artifacts: tuple[ArtifactName, ...] = ()
    input_artifacts: tuple[ArtifactName, ...] = ()
    role_arn: str | None = None
    region: str | None = None
    namespace: str | None = None
    timeout_in_minutes: int | None = None


class StageDeclaration(Structure):
    """One stage of a pipeline."""

    name: str
    actions: tuple[ActionDeclaration, ...]

    def action(self, name: str) -> ActionDeclaration | None:
        """Return the action with this name."""
        return next((each for each in self.actions if each.name == name), None)


class EncryptionKey(Structure):
    """The key of an artifact store."""

    id: str
    type: str


class ArtifactStore(Structure):
    """The bucket in which a pipeline keeps its artifacts."""

    type: str
    location: str
    encryption_key: EncryptionKey | None = None


class VariableDeclaration(Structure):
    """A variable of the pipeline itself."""

    name: str
    default_value: str | None = None
    description: str | None = None


class Declaration(Structure):
    """One version of a pipeline's definition."""

    name: str
    role_arn: str
    artifact_store: ArtifactStore | None = None
    artifact_stores: dict[str, ArtifactStore] | None = None
    stages: tuple[StageDeclaration, ...]
    version: int = 1
    execution_mode: str = "SUPERSEDED"
    pipeline_type: str = "V1"
    variables: tuple[VariableDeclaration, ...] | None = None

    @property
    def store(self) -> ArtifactStore:
        """The artifact store of the pipeline's Region."""
        if self.artifact_store:
            return self.artifact_store
        return next(iter((self.artifact_stores or {}).values()))

    def stage(self, name: str) -> StageDeclaration | None:
        """Return the stage with this name."""
        return next((each for each in self.stages if each.name == name), None)

    def actions(self) -> Iterator[tuple[StageDeclaration, ActionDeclaration]]:
        """Yield every action with its stage, in the order of the definition."""
        return ((stage, action) for stage in self.stages for action in stage.actions)


class Trigger(Structure):
    """What started an execution."""

    trigger_type: str
    trigger_detail: str = ""


class SourceRevision(Structure):
    """Which revision a source action has to bring, instead of the latest."""

    action_name: str
    revision_type: str
    revision_value: str


class ResolvedVariable(Structure):
    """The value that a pipeline's variable has in an execution."""

    name: str
    resolved_value: str


class ArtifactRevision(Structure):
    """What a source action brought."""

    name: str
    revision_id: str
    revision_change_identifier: str | None = None
    revision_summary: str | None = None
    created: datetime | None = None
    revision_url: str | None = None


class Execution(Structure):
    """One execution of a pipeline.

    ``number`` tells the older of two executions; ``stage`` is the index of the stage in which it is, or in front of
    which it waits.
    """

    pipeline_name: str
    pipeline_version: int
    pipeline_execution_id: str
    number: int = Field(exclude=True)
    start_time: datetime = Field(exclude=True)
    last_update_time: datetime = Field(exclude=True)
    trigger: Trigger
    status: str = IN_PROGRESS
    status_summary: str | None = None
    artifact_revisions: tuple[ArtifactRevision, ...] = ()
    variables: tuple[ResolvedVariable, ...] | None = None
    execution_mode: str = "SUPERSEDED"
    execution_type: str = "STANDARD"
    stage: int = Field(0, exclude=True)
    stop_reason: str | None = Field(None, exclude=True)
    source_revisions: tuple[SourceRevision, ...] = Field((), exclude=True)
    succeeded_stages: tuple[str, ...] = Field((), exclude=True)

    @property
    def id(self) -> str:
        """The execution's id."""
        return self.pipeline_execution_id


class S3Location(Structure):
    """Where an artifact is."""

    bucket: str
    key: str


class ArtifactDetail(Structure):
    """An artifact of an action's run."""

    name: str
    s3location: S3Location = Field(alias="s3location")


class ErrorDetails(Structure):
    """Why an action failed."""

    code: str
    message: str


class ActionExecution(Structure):
    """One run of an action."""

    action_execution_id: str
    pipeline_execution_id: str
    pipeline_version: int
    stage_name: str
    declaration: ActionDeclaration
    start_time: datetime
    last_update_time: datetime
    status: str = IN_PROGRESS
    summary: str | None = None
    external_execution_id: str | None = None
    external_execution_url: str | None = None
    error_details: ErrorDetails | None = None
    last_updated_by: str | None = None
    token: str | None = None  # of an approval that waits
    expires: datetime | None = None
    deadline: timedelta | None = None  # of the clock's patience
    resolved_configuration: dict[str, str] = {}
    inputs: tuple[ArtifactDetail, ...] = ()
    outputs: tuple[ArtifactDetail, ...] = ()
    output_variables: dict[str, str] = {}
    revision: ArtifactRevision | None = None

    @property
    def id(self) -> str:
        """The run's id."""
        return self.action_execution_id

    @property
    def name(self) -> str:
        """The action's name."""
        return self.declaration.name


class TransitionState(Structure):
    """Whether executions may enter a stage, or leave it."""

    enabled: bool = True
    last_changed_by: str | None = None
    last_changed_at: datetime | None = None
    disabled_reason: str | None = None


class Stage(Structure):
    """What happens at a stage: who is in it, who waits in front of it, and who was in it last.

    ``occupant`` holds the stage's lock; all three are ids of executions.
    """

    name: str
    occupant: str | None = None
    waiting: str | None = None
    latest: str | None = None
    latest_status: str | None = None
    inbound: TransitionState = TransitionState()
    outbound: TransitionState = TransitionState()


@dataclass
class Progress:
    """What an execution carries from action to action.

    Parameters
    ----------
    timeline
        The execution's time.
    runs
        The runs of actions in the stage in which it is.
    branches
        The times of the actions that run, by their runs' ids.
    variables
        What actions with a namespace left behind, by namespace.
    artifacts
        Where the artifacts are, by name.
    """

    timeline: Timeline
    runs: list[str] = field(default_factory=list)
    branches: dict[str, Timeline] = field(default_factory=dict)
    variables: dict[str, Mapping[str, str]] = field(default_factory=dict)
    artifacts: dict[str, ArtifactDetail] = field(default_factory=dict)


@dataclass
class Pipeline:
    """A pipeline and everything that went through it; whoever changes it holds its store's lock.

    Parameters
    ----------
    arn
        The pipeline's ARN.
    versions
        Its definitions, oldest first.
    created, updated
        When the first and the last of them was given.
    stages
        What happens at its stages, by name.
    executions
        Oldest first, by id.
    runs
        The runs of actions, oldest first, by id.
    latest
        The last run of each action, by stage and action.
    progress
        What the executions carry that have not ended, by id.
    deleted
        Whether it was deleted; what still runs for it then changes nothing any more.
    """

    arn: str
    versions: list[Declaration]
    created: datetime
    updated: datetime
    stages: dict[str, Stage] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    runs: dict[str, ActionExecution] = field(default_factory=dict)
    latest: dict[tuple[str, str], str] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    deleted: bool = False

    @property
    def declaration(self) -> Declaration:
        """The current definition."""
        return self.versions[-1]

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.declaration.name

    def version(self, number: int) -> Declaration:
        """Return one version of the definition; the first is 1."""
        return self.versions[number - 1]

    def stage(self, name: str) -> Stage:
        """Return what happens at a stage."""
        return self.stages.setdefault(name, Stage(name=name))

    def running(self, execution_id: str) -> list[ActionExecution]:
        """Return the actions of an execution that are in progress."""
        known = self.progress.get(execution_id)
        runs = [self.runs[each] for each in known.runs] if known else []
        return [each for each in runs if each.status == IN_PROGRESS]

    def update_stage(self, name: str, **members: Any) -> Stage:
        """Replace what happens at a stage by the same with other members and return it."""
        stage = self.stages[name] = self.stage(name).model_copy(update=members)
        return stage

    def update_execution(self, execution_id: str, **members: Any) -> Execution:
        """Replace an execution by one with other members and return it."""
        execution = self.executions[execution_id] = self.executions[execution_id].model_copy(update=members)
        return execution

    def update_run(self, run_id: str, **members: Any) -> ActionExecution:
        """Replace an action's run by one with other members and return it."""
        run = self.runs[run_id] = self.runs[run_id].model_copy(update=members)
        return run


@dataclass(frozen=True)
class UsedToken:
    """A token that makes a start idempotent: what was asked with it, and what it started."""

    request: dict[str, Any]
    execution_id: str


@dataclass
class Store:
    """The pipelines of one account in one region."""

    account: str
    region: str
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)  # by ARN
    tokens: dict[tuple[str, str], UsedToken] = field(default_factory=dict)  # by pipeline and token
    lock: RLock = field(default_factory=RLock)

    def arn(self, name: str) -> str:
        """Return the ARN of a pipeline."""
        return f"arn:aws:codepipeline:{self.region}:{self.account}:{name}"
