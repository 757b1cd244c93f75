"""What CodeBuild keeps: projects, builds and their phases, in AWS's shapes.

Everything here is frozen: a change replaces the object in the store, so a reader never sees one half written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any

from pydantic import Field

from ..structure import Structure

PHASES = (
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
)
SUCCEEDED, FAILED, FAULT = "SUCCEEDED", "FAILED", "FAULT"
TIMED_OUT, STOPPED, IN_PROGRESS = "TIMED_OUT", "STOPPED", "IN_PROGRESS"


class SourceAuth(Structure):
    """How CodeBuild may read a repository."""

    type: str
    resource: str | None = None


class Source(Structure):
    """Where a build's input comes from."""

    type: str
    location: str | None = None
    buildspec: str | None = None
    insecure_ssl: bool = False
    git_clone_depth: int | None = None
    auth: SourceAuth | None = None
    source_identifier: str | None = None  # only of a secondary source


class SourceVersion(Structure):
    """Which version of a secondary source is built."""

    source_identifier: str
    source_version: str


class Artifacts(Structure):
    """Where a build's output goes."""

    type: str
    location: str | None = None
    path: str | None = None
    namespace_type: str | None = None
    name: str | None = None
    packaging: str | None = None
    override_artifact_name: bool | None = None
    encryption_disabled: bool | None = None
    artifact_identifier: str | None = None  # only of a secondary artifact


class EnvironmentVariable(Structure):
    """One variable of a project or of a build."""

    name: str
    value: str
    type: str = "PLAINTEXT"


class Environment(Structure):
    """The machine that a project asks for."""

    type: str
    image: str
    compute_type: str
    environment_variables: tuple[EnvironmentVariable, ...] = ()
    privileged_mode: bool = False
    image_pull_credentials_type: str = "CODEBUILD"


class CloudWatchLogs(Structure):
    """Whether and where logs go to CloudWatch Logs."""

    status: str = "ENABLED"
    group_name: str | None = None
    stream_name: str | None = None


class S3Logs(Structure):
    """Whether and where logs go to S3."""

    status: str = "DISABLED"
    location: str | None = None
    encryption_disabled: bool = False


class LogsConfig(Structure):
    """Where logs go."""

    cloud_watch_logs: CloudWatchLogs = CloudWatchLogs()
    s3_logs: S3Logs = S3Logs()


class Project(Structure):
    """A build project, or a project as one build's overrides make it."""

    name: str
    arn: str
    source: Source
    artifacts: Artifacts
    environment: Environment
    service_role: str
    encryption_key: str
    created: datetime
    last_modified: datetime
    description: str | None = None
    source_version: str | None = None
    secondary_sources: tuple[Source, ...] = ()
    secondary_source_versions: tuple[SourceVersion, ...] = ()
    secondary_artifacts: tuple[Artifacts, ...] = ()
    cache: dict[str, Any] = {"type": "NO_CACHE"}
    timeout_in_minutes: int = 60
    queued_timeout_in_minutes: int = 480
    tags: tuple[dict[str, str], ...] = ()
    badge: dict[str, Any] = {"badgeEnabled": False}
    logs_config: LogsConfig = LogsConfig()
    concurrent_build_limit: int | None = None
    auto_retry_limit: int | None = None
    project_visibility: str = "PRIVATE"


class PhaseContext(Structure):
    """Why a phase ended as it did."""

    status_code: str = ""
    message: str = ""


class BuildPhase(Structure):
    """One phase of a build."""

    phase_type: str
    start_time: datetime
    phase_status: str | None = None
    end_time: datetime | None = None
    duration_in_seconds: int | None = None
    contexts: tuple[PhaseContext, ...] | None = None


class BuildArtifacts(Structure):
    """What a build left in S3."""

    location: str | None = None
    sha256sum: str | None = Field(None, alias="sha256sum")
    md5sum: str | None = Field(None, alias="md5sum")
    override_artifact_name: bool | None = None
    encryption_disabled: bool | None = None
    artifact_identifier: str | None = None


class ExportedVariable(Structure):
    """A variable that a build leaves to its pipeline."""

    name: str
    value: str


class LogsLocation(Structure):
    """Where a build's log is."""

    cloud_watch_logs: CloudWatchLogs
    s3_logs: S3Logs
    group_name: str | None = None
    stream_name: str | None = None
    deep_link: str | None = None
    cloud_watch_logs_arn: str | None = None


class Build(Structure):
    """One build as the API shows it."""

    id: str
    arn: str
    build_number: int
    project_name: str
    start_time: datetime
    source: Source
    artifacts: BuildArtifacts
    environment: Environment
    service_role: str
    logs: LogsLocation
    timeout_in_minutes: int
    queued_timeout_in_minutes: int
    initiator: str
    encryption_key: str
    cache: dict[str, Any]
    current_phase: str = "SUBMITTED"
    build_status: str = IN_PROGRESS
    build_complete: bool = False
    phases: tuple[BuildPhase, ...] = ()
    end_time: datetime | None = None
    source_version: str | None = None
    resolved_source_version: str | None = None
    secondary_sources: tuple[Source, ...] = ()
    secondary_source_versions: tuple[SourceVersion, ...] = ()
    secondary_artifacts: tuple[BuildArtifacts, ...] = ()
    exported_environment_variables: tuple[ExportedVariable, ...] = ()

    @property
    def uuid(self) -> str:
        """The part of the id after the project's name."""
        return self.id.partition(":")[2]


@dataclass(frozen=True)
class PipelineArtifact:
    """A zip in a pipeline's artifact store: its name in the pipeline, and where it is or has to go."""

    name: str
    bucket: str
    key: str

    @property
    def arn(self) -> str:
        """The object's ARN."""
        return f"arn:aws:s3:::{self.bucket}/{self.key}"


@dataclass(frozen=True)
class PipelineWork:
    """What CodePipeline hands to a build, in the place of the project's own source and artifacts.

    Parameters
    ----------
    initiator
        ``codepipeline/`` and the pipeline's name.
    source
        The artifact that holds the buildspec, in which commands run.
    secondary_sources
        The action's other input artifacts.
    outputs
        The action's output artifacts; the build writes each to exactly this place.
    revision
        The revision of ``source``, as its source action tells it; empty when there is none.
    """

    initiator: str
    source: PipelineArtifact
    secondary_sources: tuple[PipelineArtifact, ...] = ()
    outputs: tuple[PipelineArtifact, ...] = ()
    revision: str = ""


@dataclass(frozen=True)
class Order:
    """What a build was asked to do; a retry asks for the same again.

    Parameters
    ----------
    project
        The project with the overrides of this build.
    overrides
        The environment variables given to StartBuild.
    source_version
        The version of the source, for S3 an object's version id.
    work
        What CodePipeline handed over, when it started the build.
    """

    project: Project
    overrides: tuple[EnvironmentVariable, ...] = ()
    source_version: str | None = None
    work: PipelineWork | None = None


@dataclass
class Store:
    """The projects and builds of one account in one region."""

    account: str
    region: str
    projects: dict[str, Project] = field(default_factory=dict)
    builds: dict[str, Build] = field(default_factory=dict)  # oldest first
    orders: dict[str, Order] = field(default_factory=dict)
    tokens: dict[str, "UsedToken"] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN of a project or a build."""
        return f"arn:aws:codebuild:{self.region}:{self.account}:{kind}/{name}"

    def find_build(self, reference: str) -> Build | None:
        """Return the build with this id or ARN."""
        return self.builds.get(reference.removeprefix(self.arn("build", "")))

    def builds_of(self, project: str) -> list[Build]:
        """Return the builds of a project, oldest first."""
        with self.lock:
            return [build for build in self.builds.values() if build.project_name == project]

    def update_build(self, build_id: str, change: Callable[[Build], dict[str, Any]]) -> Build | None:
        """Replace a build by one with the changed members and return it; a build that was deleted stays deleted."""
        with self.lock:
            build = self.builds.get(build_id)
            if build:
                build = self.builds[build_id] = build.model_copy(update=change(build))
            return build


@dataclass(frozen=True)
class UsedToken:
    """An idempotency token: what was asked with it, until when it counts, and the build it started."""

    request: dict[str, Any]
    until: datetime
    build_id: str
