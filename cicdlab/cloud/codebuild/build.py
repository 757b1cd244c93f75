"""Runs one build, phase after phase.

https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
"""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ..clock import Timeline
from ..credentials import PATH as CREDENTIALS_PATH
from ..credentials import SessionCredentials
from ..errors import ServiceError, aws_reason
from ..identity.roles import ServiceRoles
from . import environment, logs, role
from .buildspec import Buildspec, Commands
from .errors import PhaseError
from .inputs import Inputs
from .machine import Machine
from .model import FAILED, FAULT, STOPPED, SUCCEEDED, TIMED_OUT, Build, Order, Store
from .outputs import Outputs
from .record import Record
from .repositories import Repositories

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
        self._record = Record(store, build.id, timeline.now, cloud.events.tell)
        self._log = logs.BuildLog(timeline.now)
        # AWS draws these digits; here they follow from the build's id, which is the same on every run.
        folder = f"/codebuild/output/src{int(build.uuid[:8], 16) % 10**9}/src"
        self._machine = Machine(cloud.root / "builds" / build.uuid, folder, build.timeout_in_minutes * cloud.minute)
        self._outcome = SUCCEEDED
        self._buildspec = Buildspec("0.2", {})
        self._credentials: SessionCredentials | None = None
        self._token = ""

    def announce(self) -> None:
        """Tell that the build is there, before it runs."""
        self._record.submitted()

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
            ("POST_BUILD", self._post_build),
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
        """Fetch the sources and read the buildspec."""
        machine = self._machine
        machine.check()
        self._log.line("Phase is DOWNLOAD_SOURCE")
        self._log.line(f"CODEBUILD_SRC_DIR={machine.source_folder}")
        inputs = Inputs(self._record.build, self._order, machine, self._client, self._repositories())
        inputs.bring()
        if inputs.resolved_version:
            self._record.change(resolved_source_version=inputs.resolved_version)
        self._buildspec = inputs.buildspec(self._log)
        machine.prepare(
            self._variables(self._record.build, inputs.secondary_folders),
            shell_per_command=self._buildspec.version == "0.1",
            posix=self._buildspec.shell != "bash",
        )

    def _repositories(self) -> Repositories:
        assert self._credentials is not None  # PROVISIONING succeeded
        store = self._store
        return Repositories(self._cloud, store.account, store.region, self._credentials, self._log.line)

    def _variables(self, build: Build, secondary_folders: Mapping[str, str]) -> dict[str, str]:
        # rule: role-credentials
        assert self._credentials is not None  # PROVISIONING succeeded
        self._token = self._cloud.credentials.issue(self._credentials)
        place = environment.Place(
            region=self._store.region,
            source_folder=self._machine.source_inside,
            credentials_url=f"{self._cloud.endpoint}{CREDENTIALS_PATH}{self._token}",
            endpoints=self._cloud.endpoint_environment(),
            secondary_folders=secondary_folders,
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

    def _post_build(self) -> None:
        """Run the last commands; then exported variables have the values that they keep."""
        try:
            self._run_commands("post_build")
        finally:
            if self._buildspec.exported:  # rule: exported-after-post-build
                self._record.change(exported_environment_variables=self._outputs.exported())

    def _upload_artifacts(self) -> None:
        self._record.change(**self._outputs.upload(self._client))

    @property
    def _outputs(self) -> Outputs:
        return Outputs(self._record.build, self._order, self._buildspec, self._machine, self._log)

    def _clean_up(self) -> None:
        """End every process, forget the credentials, remove the files, send the rest of the log."""
        for job in (self._machine.close, lambda: self._cloud.credentials.revoke(self._token), self._log.close):
            try:
                job()
            except Exception:
                _log.exception("Cleaning up after build %s failed", self._record.build.id)
