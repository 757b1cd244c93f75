"""Runs one build, phase after phase, and records how it went.

https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
"""

import logging
import platform
import shutil
import time
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import sandbox
from ..clock import Timeline
from ..credentials import PATH as CREDENTIALS_PATH
from ..errors import ServiceError
from . import artifacts, environment, logs, role, sources
from .buildspec import Buildspec, BuildspecError, Commands, is_inline, parse
from .errors import PhaseError, aws_reason
from .model import (
    FAILED,
    FAULT,
    STOPPED,
    SUCCEEDED,
    TIMED_OUT,
    Build,
    BuildPhase,
    Order,
    PhaseContext,
    Store,
)

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
        Where the build is recorded.
    build
        The build, submitted and queued.
    order
        What it was asked to do.
    timeline
        The build's time, which began when it was submitted.
    """

    def __init__(self, cloud: "Cloud", store: Store, build: Build, order: Order, timeline: Timeline) -> None:
        self._cloud = cloud
        self._store = store
        self._id = build.id
        self._order = order
        self._timeline = timeline
        self._log = logs.BuildLog(timeline.now)
        self._stop = Event()
        self._outcome = SUCCEEDED
        self._phase_name = "QUEUED"
        self._token = ""
        self._credentials: Any = None
        self._sandbox: sandbox.Sandbox | None = None
        self._shell: sandbox.Shell | None = None
        self._variables: dict[str, str] = {}
        self._buildspec = Buildspec("0.2", {})
        self._folder = cloud.root / "builds" / build.uuid
        # AWS draws these digits; here they follow from the build's id, which is the same on every run.
        self._source_folder = f"/codebuild/output/src{int(build.uuid[:8], 16) % 10**9}/src"

    @property
    def _build(self) -> Build:
        return self._store.builds[self._id]

    @property
    def _interrupted(self) -> bool:
        return self._outcome in (TIMED_OUT, STOPPED)

    def stop(self) -> None:
        """End the build and every process of it, from another thread."""
        self._stop.set()
        box = self._sandbox
        if box:
            box.close()

    def __call__(self) -> None:
        """Run the build to its end; it never stays in progress, whatever happens."""
        self._deadline = time.monotonic() + self._build.timeout_in_minutes * self._cloud.minute
        try:
            self._run_phases()
            self._phase("FINALIZING", self._finalize, always=True)
        except Exception as error:
            _log.exception("Build %s failed inside the engine", self._id)
            self._end_phase(FAULT, "INTERNAL_SERVICE_ERROR", f"The build engine failed: {error!r}")
            self._outcome = FAULT
        finally:
            self._clean_up()
            self._complete()

    def _run_phases(self) -> None:
        # rule: phases-order, install-failure-skips, download-failure-skips
        for name, job in (
            ("QUEUED", lambda: None),
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
            if not self._interrupted:
                self._phase(name, job)

    # --- recording

    def _phase(self, name: str, job: Callable[[], None], *, always: bool = False) -> bool:
        """Run one phase and record it; return whether it succeeded."""
        self._begin_phase(name)
        try:
            if self._stop.is_set() and not always:
                raise PhaseError("", "", STOPPED)
            job()
        except PhaseError as error:
            self._end_phase(error.status, error.code, error.message)
            if self._outcome == SUCCEEDED or error.status in (TIMED_OUT, STOPPED):
                self._outcome = error.status
            return False
        self._end_phase(SUCCEEDED, "", self._log.problem if name == "FINALIZING" else "")
        return True

    def _begin_phase(self, name: str) -> None:
        self._phase_name = name
        if name == "QUEUED":
            return  # it began when the build was submitted
        phase = BuildPhase(phase_type=name, start_time=self._timeline.now())
        self._change(lambda build: {"phases": (*build.phases, phase), "current_phase": name})

    def _end_phase(self, status: str, code: str, message: str) -> None:
        # rule: phase-durations, phase-contexts
        self._timeline.work(STEP.get(self._phase_name, 0.0))
        end = self._timeline.now()
        if self._phase_name in TOLD:
            self._log.line(f"Phase complete: {self._phase_name} State: {status}")
            self._log.line(f"Phase context status code: {code} Message: {message}")
            self._log.flush()

        def ended(build: Build) -> dict[str, Any]:
            *before, phase = build.phases
            changed = phase.model_copy(
                update={
                    "phase_status": status,
                    "end_time": end,
                    "duration_in_seconds": int((end - phase.start_time).total_seconds()),
                    "contexts": (PhaseContext(status_code=code, message=message),),
                }
            )
            return {"phases": (*before, changed)}

        self._change(ended)

    def _complete(self) -> None:
        # rule: completed-has-no-status, build-status
        now = self._timeline.now()
        self._change(
            lambda build: {
                "phases": (*build.phases, BuildPhase(phase_type="COMPLETED", start_time=now)),
                "current_phase": "COMPLETED",
                "build_status": self._outcome,
                "build_complete": True,
                "end_time": now,
            }
        )

    def _change(self, change: Callable[[Build], dict[str, Any]]) -> None:
        self._store.update_build(self._id, change)

    # --- the phases

    def _provision(self) -> None:
        """Assume the service role and create the log stream."""
        build, region, account = self._build, self._store.region, self._store.account
        client = self._cloud.client
        try:
            role_arn = role.check(client("iam", region), account, build.service_role, self._order.project.arn)
            self._credentials = role.assume(client("sts", region), role_arn, build.uuid)
        except (ClientError, BotoCoreError) as error:
            raise PhaseError("ACCESS_DENIED", f"{build.service_role}: {aws_reason(error)}") from error
        except ServiceError as error:
            raise PhaseError("ACCESS_DENIED", error.message) from error
        config = build.logs.cloud_watch_logs
        if config.status == "DISABLED":
            return  # rule: logs-disabled
        group, stream = logs.names(config, build.project_name, build.uuid)
        try:
            self._log.open(client("logs", region, self._credentials), group, stream)
        except (ClientError, BotoCoreError) as error:
            # rule: logs-denied-fails-provisioning
            raise PhaseError(
                "ACCESS_DENIED",
                f"Service role {role_arn} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams "
                f"for build {build.arn}. Error message: {aws_reason(error)}",
            ) from error
        self._change(lambda now: {"logs": logs.location(now.logs, region, account, group, stream)})

    def _download_source(self) -> None:
        """Fetch the source, read the buildspec, and open the place where its commands run."""
        self._log.line("Phase is DOWNLOAD_SOURCE")
        self._log.line(f"CODEBUILD_SRC_DIR={self._source_folder}")
        self._sandbox = sandbox.Sandbox.create(self._folder, [], {}, home="/root")
        source = self._sandbox.path(self._source_folder)
        source.mkdir(parents=True, exist_ok=True)
        build = self._build
        if build.source.type == "S3" and build.source.location:
            s3 = self._cloud.client("s3", self._store.region, self._credentials)
            sources.download(s3, build.source.location, build.source_version, source)
        try:
            self._buildspec = parse(self._buildspec_text(build))
        except BuildspecError as error:
            raise PhaseError(error.code, error.message) from error
        self._describe_buildspec()
        self._token = self._cloud.credentials.issue(self._credentials)
        place = environment.Place(
            region=self._store.region,
            source_folder=self._sandbox.inside(source),
            credentials_url=f"{self._cloud.endpoint}{CREDENTIALS_PATH}{self._token}",
            endpoints=self._cloud.endpoint_environment(),
        )
        self._variables = environment.for_build(build, self._order, self._buildspec, place)

    def _buildspec_text(self, build: Build) -> str:
        """Return the buildspec: inline, an object in S3, or a file of the source."""
        # rule: buildspec-inline, buildspec-path, buildspec-s3, buildspec-missing
        given = build.source.buildspec or ""
        if is_inline(given):
            return given
        if given.startswith("arn:aws:s3:::"):
            return sources.read_text(self._cloud.client("s3", self._store.region, self._credentials), given)
        assert self._sandbox is not None
        name = given or "buildspec.yml"
        root = self._sandbox.path(self._source_folder)
        file = (root / name).resolve()
        if not file.is_relative_to(root.resolve()):
            raise BuildspecError(f"The buildspec {name} is outside of the source folder.")
        if not file.is_file():
            missing = f"stat {self._source_folder}/{name}: no such file or directory"
            raise BuildspecError(missing if given else f"YAML file does not exist: {missing}")
        self._log.line(f"YAML location is {self._source_folder}/{name}")
        return file.read_bytes().decode(errors="replace")

    def _describe_buildspec(self) -> None:
        for language, version in self._buildspec.runtimes.items():
            here = f"Python {platform.python_version()}" if language == "python" else "what is installed on it"
            self._log.line(f"Runtime {language} {version} was asked for; builds on this machine use {here}.")
        for name in self._buildspec.unread:
            self._log.line(f"The buildspec's block {name} has no effect here.")
        self._log.line("Processing environment variables")
        self._log.line(f"Moving to directory {self._source_folder}")
        self._log.line(f"Phases found in YAML: {len(self._buildspec.phases)}")
        for phase, block in self._buildspec.phases.items():
            self._log.line(f" {phase.upper()}: {len(block.commands)} commands")

    def _run_commands(self, name: str) -> None:
        """Run a phase's commands until one fails, then its ``finally`` in any case."""
        self._log.line(f"Entering phase {name.upper()}")
        block = self._buildspec.phases.get(name, Commands())
        self._tell_whether_succeeding()
        try:
            self._run_until_failure(block.commands)
        except PhaseError as error:
            if error.status == FAILED:
                # rule: finally-always-runs, finally-does-not-rescue
                self._run_finally_after(error, block.always)
            raise
        self._run_until_failure(block.always)

    def _run_finally_after(self, first: PhaseError, commands: tuple[str, ...]) -> None:
        try:
            self._run_until_failure(commands)
        except PhaseError as error:
            raise (error if error.status != FAILED else first) from error

    def _run_until_failure(self, commands: tuple[str, ...]) -> None:
        for command in commands:
            status = self._run(command)
            if status:
                # rule: command-failure
                self._log.line(f"Command did not exit successfully {command} exit status {status}")
                raise PhaseError(
                    "COMMAND_EXECUTION_ERROR",
                    f"Error while executing command: {command}. Reason: exit status {status}",
                )

    def _run(self, command: str) -> int:
        """Run one command and return its exit status."""
        self._log.line(f"Running command {command}")
        status = self._in_shell(command, self._log.output)
        self._timeline.work(COMMAND)
        return status

    def _in_shell(self, command: str, on_output: Callable[[bytes], None]) -> int:
        # rule: one-shell-per-build, one-shell-per-command
        left = self._deadline - time.monotonic()
        if self._stop.is_set():
            raise PhaseError("", "", STOPPED)
        if left <= 0:
            raise _timed_out()
        if self._shell and self._buildspec.version == "0.1":
            self._shell.close()
            self._shell = None
        if self._shell is None:
            assert self._sandbox is not None
            self._shell = self._sandbox.open_shell(self._source_folder, self._variables)
        result = self._shell.run(command, timeout=left, on_output=on_output, on_idle=self._log.flush_if_due)
        if self._stop.is_set():
            raise PhaseError("", "", STOPPED)
        if result.timed_out:
            raise _timed_out()
        return int(result.status)

    def _tell_whether_succeeding(self) -> None:
        # rule: variable-build-succeeding
        if self._outcome == SUCCEEDED or self._variables["CODEBUILD_BUILD_SUCCEEDING"] == "0":
            return
        self._variables["CODEBUILD_BUILD_SUCCEEDING"] = "0"
        if self._shell and self._buildspec.version != "0.1":
            self._in_shell("export CODEBUILD_BUILD_SUCCEEDING=0", lambda _: None)

    def _upload_artifacts(self) -> None:
        settings = self._order.project.artifacts
        output = self._buildspec.artifacts
        if settings.type != "S3":
            return  # rule: no-artifacts-uploads-nothing
        if output is None:
            self._log.line("No artifact files specified")
            return
        name = settings.name or self._build.project_name
        if settings.override_artifact_name and output.name:
            name = self._computed(output.name)  # rule: artifact-name-override
        build, box = self._build, self._sandbox
        assert box is not None
        box.close()  # no process may change the files any more
        site = artifacts.Site(self._folder / "root", box.path(self._source_folder), box.path, self._log.line)
        found = artifacts.collect(output, site)
        s3 = self._cloud.client("s3", self._store.region, self._credentials)
        destination = artifacts.Destination(settings, name, build.uuid, build.arn)
        result = artifacts.upload(s3, destination, found)
        self._change(lambda _: {"artifacts": result})

    def _computed(self, name: str) -> str:
        """Return an artifact's name as the build's shell expands it."""
        written: list[bytes] = []
        status = self._in_shell(f"cat <<CICDLAB_NAME\n{name}\nCICDLAB_NAME", written.append)
        text = b"".join(written).decode(errors="replace").strip()
        if status or not text or "\n" in text:
            raise PhaseError("CLIENT_ERROR", f"The artifact name {name} could not be computed.")
        return text

    def _finalize(self) -> None:
        self._log.close()

    def _clean_up(self) -> None:
        """End every process, forget the credentials and remove the files."""
        for job in (self._close_sandbox, lambda: self._cloud.credentials.revoke(self._token), self._log.close):
            try:
                job()
            except Exception:
                _log.exception("Cleaning up after build %s failed", self._id)

    def _close_sandbox(self) -> None:
        if self._sandbox:
            self._sandbox.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _timed_out() -> PhaseError:
    # rule: timeout-ends-build
    return PhaseError("BUILD_TIMED_OUT", "Build has timed out. ", TIMED_OUT)


def queued(submitted: BuildPhase) -> tuple[BuildPhase, ...]:
    """Return the phases of a build that was submitted just now."""
    contexts = (PhaseContext(),)
    done = submitted.model_copy(
        update={
            "phase_status": SUCCEEDED,
            "end_time": submitted.start_time,
            "duration_in_seconds": 0,
            "contexts": contexts,
        }
    )
    return done, BuildPhase(phase_type="QUEUED", start_time=submitted.start_time)
