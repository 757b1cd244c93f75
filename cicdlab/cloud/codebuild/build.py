"""Runs one build, phase after phase.

https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
"""

import logging
import platform
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ..clock import Timeline
from ..credentials import PATH as CREDENTIALS_PATH
from ..credentials import SessionCredentials
from ..errors import ServiceError, aws_reason
from ..identity.roles import ServiceRoles
from . import artifacts, environment, logs, role, sources
from .buildspec import Buildspec, BuildspecError, Commands, is_inline, parse
from .errors import PhaseError
from .machine import Machine
from .model import FAILED, FAULT, STOPPED, SUCCEEDED, TIMED_OUT, Build, Order, Store
from .record import Record

if TYPE_CHECKING:
    from ..core import Cloud

# What a phase lasts in instant mode, in seconds, besides one second for each of its commands.
STEP = {"QUEUED": 1.0, "PROVISIONING": 5.0, "DOWNLOAD_SOURCE": 2.0, "UPLOAD_ARTIFACTS": 1.0, "FINALIZING": 1.0}
COMMAND = 1.0
# The phases of which the log tells; the others happen outside of the build's machine.
TOLD = frozenset({"DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS"})
_log = logging.getLogger(__name__)


class BuildRun:
    """One run of a build.

    Parameters
    ----------
    cloud
        The cloud in which it runs.
    store
        Where the build is recorded, queued.
    build
        The build.
    order
        What it was asked to do.
    timeline
        The build's time, which began when it was submitted.
    roles
        Assumes the service role.
    """

    def __init__(
        self, cloud: "Cloud", store: Store, build: Build, order: Order, timeline: Timeline, roles: ServiceRoles
    ) -> None:
        self._cloud = cloud
        self._roles = roles
        self._store = store
        self._order = order
        self._timeline = timeline
        self._record = Record(store, build.id, timeline.now)
        self._log = logs.BuildLog(timeline.now)
        # AWS draws these digits; here they follow from the build's id, which is the same on every run.
        folder = f"/codebuild/output/src{int(build.uuid[:8], 16) % 10**9}/src"
        self._machine = Machine(cloud.root / "builds" / build.uuid, folder, build.timeout_in_minutes * cloud.minute)
        self._outcome = SUCCEEDED
        self._buildspec = Buildspec("0.2", {})
        self._credentials: SessionCredentials | None = None
        self._token = ""

    def stop(self) -> None:
        """End the build and every process of it, from another thread."""
        # rule: stop-build
        self._machine.stop()

    def give_up(self) -> None:
        """End a build that never left the queue."""
        self._record.end(STOPPED, "", "")
        self._record.complete(STOPPED)

    def __call__(self) -> None:
        """Run the build to its end; it never stays in progress, whatever happens."""
        try:
            self._machine.start_clock()
            self._run_phases()
            self._phase("FINALIZING", self._log.close)
        except Exception as error:
            _log.exception("Build %s failed inside the engine", self._record.build.id)
            self._record.end(FAULT, "INTERNAL_SERVICE_ERROR", f"The build engine failed: {error!r}")
            self._outcome = FAULT
        finally:
            self._clean_up()
            self._record.complete(self._outcome)

    def _run_phases(self) -> None:
        # rule: phases-order, install-failure-skips, download-failure-skips
        for name, job in (
            ("QUEUED", self._machine.check),
            ("PROVISIONING", self._provision),
            ("DOWNLOAD_SOURCE", self._download_source),
            ("INSTALL", lambda: self._run_commands("install")),
            ("PRE_BUILD", lambda: self._run_commands("pre_build")),
        ):
            if not self._phase(name, job):
                return
        # rule: post-build-after-failure, upload-after-failure
        for name, job in (
            ("BUILD", lambda: self._run_commands("build")),
            ("POST_BUILD", lambda: self._run_commands("post_build")),
            ("UPLOAD_ARTIFACTS", self._upload_artifacts),
        ):
            if self._outcome not in (TIMED_OUT, STOPPED):
                self._phase(name, job)

    def _phase(self, name: str, job: Callable[[], None]) -> bool:
        """Run one phase and record it; return whether it succeeded."""
        if name != "QUEUED":  # it began when the build was submitted
            self._record.begin(name)
        try:
            job()
        except PhaseError as error:
            self._end_phase(name, error.status, error.code, error.message)
            if self._outcome == SUCCEEDED or error.status in (TIMED_OUT, STOPPED):
                self._outcome = error.status
            return False
        self._end_phase(name, SUCCEEDED, "", self._log.problem if name == "FINALIZING" else "")
        return True

    def _end_phase(self, name: str, status: str, code: str, message: str) -> None:
        self._timeline.work(STEP.get(name, 0.0))
        if name in TOLD:
            self._log.line(f"Phase complete: {name} State: {status}")
            self._log.line(f"Phase context status code: {code} Message: {message}")
            self._log.flush_if_due()
        self._record.end(status, code, message)

    def _client(self, service: str) -> Any:
        """Return a client that acts as the service role."""
        return self._cloud.client(service, self._store.region, self._credentials)

    def _provision(self) -> None:
        """Start the machine, assume the service role and create the log stream."""
        self._machine.check()
        self._machine.start()
        build, region, account = self._record.build, self._store.region, self._store.account
        try:
            role_arn = role.checked(self._roles, account, build.service_role, self._order.project.arn)
            self._credentials = self._roles.assume(region, role_arn, f"AWSCodeBuild-{build.uuid}")
        except (ClientError, BotoCoreError) as error:
            raise PhaseError("ACCESS_DENIED", f"{build.service_role}: {aws_reason(error)}") from error
        except ServiceError as error:
            raise PhaseError("ACCESS_DENIED", error.message) from error
        config = build.logs.cloud_watch_logs
        if config.status == "DISABLED":
            return  # rule: logs-disabled
        group, stream = logs.names(config, build.project_name, build.uuid)
        try:
            self._log.open(self._client("logs"), group, stream)
        except (ClientError, BotoCoreError) as error:
            # rule: logs-denied-fails-provisioning
            raise PhaseError(
                "ACCESS_DENIED",
                f"Service role {role_arn} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams "
                f"for build {build.arn}. Error message: {aws_reason(error)}",
            ) from error
        self._record.change(logs=logs.location(build.logs, region, account, group, stream))

    def _download_source(self) -> None:
        """Fetch the source and read the buildspec."""
        machine, build = self._machine, self._record.build
        machine.check()
        self._log.line("Phase is DOWNLOAD_SOURCE")
        self._log.line(f"CODEBUILD_SRC_DIR={machine.source_folder}")
        if build.source.type == "S3" and build.source.location:
            sources.download(self._client("s3"), build.source.location, build.source_version, machine.source)
        try:
            self._buildspec = parse(self._buildspec_text(build))
        except BuildspecError as error:
            raise PhaseError(error.code, error.message) from error
        self._describe_buildspec()
        machine.prepare(
            self._variables(build),
            shell_per_command=self._buildspec.version == "0.1",
            posix=self._buildspec.shell != "bash",
        )

    def _buildspec_text(self, build: Build) -> str:
        """Return the buildspec: inline, an object in S3, or a file of the source."""
        # rule: buildspec-inline, buildspec-path, buildspec-s3, buildspec-missing
        given = build.source.buildspec or ""
        if is_inline(given):
            return given
        if given.startswith("arn:aws:s3:::"):
            return sources.read_text(self._client("s3"), given)
        name = given or "buildspec.yml"
        place = f"{self._machine.source_folder}/{name}"
        try:
            file = (self._machine.source / name).resolve()
            found = file.is_file()
        except (OSError, ValueError) as error:  # too long, or with a null character
            raise BuildspecError(f"stat {place}: {getattr(error, 'strerror', None) or error}") from error
        if not file.is_relative_to(self._machine.source.resolve()):
            raise BuildspecError(f"The buildspec {name} is outside of the source folder.")
        if not found:
            missing = f"stat {place}: no such file or directory"
            raise BuildspecError(missing if given else f"YAML file does not exist: {missing}")
        self._log.line(f"YAML location is {place}")
        return file.read_bytes().decode(errors="replace")

    def _describe_buildspec(self) -> None:
        for language, version in self._buildspec.runtimes.items():
            here = f"Python {platform.python_version()}" if language == "python" else "what is installed on it"
            self._log.line(f"Runtime {language} {version} was asked for; builds on this machine use {here}.")
        for name in self._buildspec.unread:
            self._log.line(f"The buildspec's block {name} has no effect here.")
        self._log.line("Processing environment variables")
        self._log.line(f"Moving to directory {self._machine.source_folder}")
        self._log.line(f"Phases found in YAML: {len(self._buildspec.phases)}")
        for phase, block in self._buildspec.phases.items():
            self._log.line(f" {phase.upper()}: {len(block.commands)} commands")

    def _variables(self, build: Build) -> dict[str, str]:
        # rule: role-credentials
        assert self._credentials is not None  # PROVISIONING succeeded
        self._token = self._cloud.credentials.issue(self._credentials)
        place = environment.Place(
            region=self._store.region,
            source_folder=self._machine.source_inside,
            credentials_url=f"{self._cloud.endpoint}{CREDENTIALS_PATH}{self._token}",
            endpoints=self._cloud.endpoint_environment(),
        )
        return environment.for_build(build, self._order, self._buildspec, place)

    def _run_commands(self, name: str) -> None:
        """Run a phase's commands until one fails, then its ``finally`` in any case."""
        self._log.line(f"Entering phase {name.upper()}")
        block = self._buildspec.phases.get(name, Commands())
        if name == "post_build" and self._outcome != SUCCEEDED:
            # rule: variable-build-succeeding
            self._machine.export("CODEBUILD_BUILD_SUCCEEDING", "0")
        try:
            self._run_until_failure(block.commands)
        except PhaseError as error:
            if error.status == FAILED:
                self._run_finally_after(error, block.always)
            raise
        self._run_until_failure(block.always)

    def _run_finally_after(self, first: PhaseError, commands: tuple[str, ...]) -> None:
        # rule: finally-always-runs, finally-does-not-rescue
        try:
            self._run_until_failure(commands)
        except PhaseError as error:
            raise (error if error.status != FAILED else first) from error

    def _run_until_failure(self, commands: tuple[str, ...]) -> None:
        for command in commands:
            self._log.line(f"Running command {command}")
            status = self._machine.run(command, self._log.output, self._log.flush_if_due)
            self._timeline.work(COMMAND)
            if status:
                # rule: command-failure
                self._log.line(f"Command did not exit successfully {command} exit status {status}")
                raise PhaseError(
                    "COMMAND_EXECUTION_ERROR",
                    f"Error while executing command: {command}. Reason: exit status {status}",
                )

    def _upload_artifacts(self) -> None:
        settings, output, build = self._order.project.artifacts, self._buildspec.artifacts, self._record.build
        if settings.type != "S3":
            return  # rule: no-artifacts-uploads-nothing
        if output is None:
            self._log.line("No artifact files specified")
            return
        name = settings.name or build.project_name
        if settings.override_artifact_name and output.name:
            name = self._computed(output.name)  # rule: artifact-name-override
        machine = self._machine
        machine.check()
        machine.end_processes()  # nothing may change the files any more
        found = artifacts.collect(output, artifacts.Site(machine.root, machine.source, machine.path, self._log.line))
        destination = artifacts.Destination(settings, name, build.uuid, build.arn, build.encryption_key)
        self._record.change(artifacts=artifacts.upload(self._client("s3"), destination, found))

    def _computed(self, name: str) -> str:
        """Return an artifact's name as the build's shell expands it."""
        written: list[bytes] = []
        status = self._machine.run(f"{{ cat <<CICDLAB_NAME\n{name}\nCICDLAB_NAME\n}} 2>/dev/null", written.append)
        text = b"".join(written).decode(errors="replace").strip()
        if status or not text or "\n" in text:
            raise PhaseError("CLIENT_ERROR", f"The artifact name {name} could not be computed.")
        return text

    def _clean_up(self) -> None:
        """End every process, forget the credentials, remove the files, send the rest of the log."""
        for job in (self._machine.close, lambda: self._cloud.credentials.revoke(self._token), self._log.close):
            try:
                job()
            except Exception:
                _log.exception("Cleaning up after build %s failed", self._record.build.id)
