"""The CodeDeploy agent of one instance: brings a revision there, installs it, and runs its scripts.

https://docs.aws.amazon.com/codedeploy/latest/userguide/codedeploy-agent.html

It keeps its files where the agent on AWS keeps them: ``/opt/codedeploy-agent/deployment-root``.
"""

import contextlib
import tempfile
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .. import scratch
from ..clock import Timeline
from ..errors import aws_reason
from ..instances import Machine, NoProfileError, NotRunningError
from ..sandbox import SandboxError
from . import appspec, bundle
from .appspec import AppSpec
from .assignment import Assignment
from .disk import Disk
from .errors import LifecycleError, failed
from .hooks import Hooks
from .installer import Installer

if TYPE_CHECKING:
    from ..core import Cloud

__all__ = ["Agent", "Assignment", "LifecycleError"]

# rule: deployment-archive
ROOT = "/opt/codedeploy-agent/deployment-root"
INSTRUCTIONS = f"{ROOT}/deployment-instructions"
MAX_REVISIONS = 5
# Events that run before the new revision has come, or take it out of use: their scripts are the previous one's.
OF_THE_PREVIOUS = frozenset({"BeforeBlockTraffic", "AfterBlockTraffic", "ApplicationStop"})


class Agent:
    """Carries out the lifecycle events of one deployment on an instance.

    Parameters
    ----------
    cloud
        The cloud in which the instance is.
    machine
        The instance's machine.
    assignment
        What the deployment is.
    timeline
        The deployment's time on this instance.
    """

    def __init__(self, cloud: "Cloud", machine: Machine, assignment: Assignment, timeline: Timeline) -> None:
        self._cloud = cloud
        self._machine = machine
        self.assignment = assignment
        self._disk = Disk(machine)
        self._hooks = Hooks(machine, self._disk, timeline, real_time=cloud.clock.speed == 1.0)
        self._stopped = Event()
        self._version, self._etag = assignment.version, assignment.etag
        self._group = f"{ROOT}/{assignment.group_id}"
        self._folder = f"{self._group}/{assignment.deployment_id}"

    def stop(self) -> None:
        """End what runs, from another thread; nothing else starts."""
        self._stopped.set()
        self._hooks.stop()
        self._cloud.clock.wake()

    def run(self, event: str) -> None:
        """Carry out a lifecycle event.

        Raises
        ------
        LifecycleError
            It failed, or was stopped.
        """
        if self._stopped.is_set():
            raise failed("The deployment was stopped.")
        try:
            self._machine.start()
            self._disk.make_folders(f"{self._folder}/logs")
            self._disk.make_folders(INSTRUCTIONS)
            match event:
                case "DownloadBundle":
                    self._download()
                case "Install":
                    self._install()
                case _:
                    self._run_hooks(event)
        except OSError as error:
            raise failed(self._told(error)) from error
        except (SandboxError, NotRunningError) as error:
            raise failed(str(error)) from error

    def succeeded(self) -> None:
        """Note that every lifecycle event has succeeded: the next deployment stops this revision."""
        # rule: application-stop-of-the-previous-revision
        with contextlib.suppress(OSError, NotRunningError):  # it may be gone, or scripts have put something else there
            self._disk.make_folders(INSTRUCTIONS)
            self._disk.write(self._noted("last_successful_install"), self._folder)

    def _download(self) -> None:
        # rule: max-revisions
        self._remove_old_revisions()
        given = self.assignment
        # rule: instance-profile
        try:
            credentials = self._machine.credentials()
        except NoProfileError as error:
            raise failed(
                f"Missing credentials - please check if this instance was started with an IAM instance profile: {error}"
            ) from error
        except ClientError as error:
            raise failed(aws_reason(error)) from error
        s3 = self._cloud.client("s3", given.region, credentials)
        with tempfile.TemporaryDirectory(dir=self._disk.staging) as name:
            file, folder = Path(name, "bundle.tar"), Path(name, "deployment-archive")
            folder.mkdir()
            found = bundle.download(s3, given.bucket, given.key, given.version, given.etag, file)
            self._etag, self._version = found[0], given.version or found[1]
            bundle.unpack(file, given.bundle_type, folder)
            for each in (file, folder):
                self._take(each)
        self._disk.write(self._noted("most_recent_install"), self._folder)

    def _take(self, path: Path) -> None:
        """Move what came from outside of the instance to where the agent keeps it."""
        target = self._disk.place(f"{self._folder}/{path.name}")
        if target.is_dir() and not target.is_symlink():
            scratch.remove(target)
        else:
            target.unlink(missing_ok=True)
        path.rename(target)

    def _install(self) -> None:
        name, spec = self._appspec(self._folder)
        spec.check_events(name)
        installer = Installer(self._disk, INSTRUCTIONS, self.assignment.group_id, self._stopped.is_set)
        installer.install(spec, f"{self._folder}/deployment-archive", self.assignment.file_exists_behavior)

    def _run_hooks(self, event: str) -> None:
        # rule: hooks-are-optional, application-stop-first-deployment
        folder = self._folder
        if event in OF_THE_PREVIOUS:
            folder = self._previous()
            if not folder:
                return
        _, spec = self._appspec(folder)
        hooks = spec.hooks.get(event)
        if hooks:
            log = f"{self._folder}/logs/scripts.log"
            self._hooks.run(event, hooks, f"{folder}/deployment-archive", self._environment(event), log)

    def _environment(self, event: str) -> dict[str, str]:
        # rule: hook-environment
        given = self.assignment
        return {
            "LIFECYCLE_EVENT": event,
            "DEPLOYMENT_ID": given.deployment_id,
            "APPLICATION_NAME": given.application,
            "DEPLOYMENT_GROUP_NAME": given.group,
            "DEPLOYMENT_GROUP_ID": given.group_id,
            "BUNDLE_BUCKET": given.bucket,
            "BUNDLE_KEY": given.key,
            **({"BUNDLE_VERSION": self._version} if self._version else {}),
            **({"BUNDLE_ETAG": self._etag} if self._etag else {}),
        }

    def _appspec(self, folder: str) -> tuple[str, AppSpec]:
        """Return the AppSpec file of a revision, and what it is called."""
        archive = f"{folder}/deployment-archive"
        for name in appspec.NAMES:
            if self._disk.exists(f"{archive}/{name}"):
                return name, appspec.parse(self._disk.read(f"{archive}/{name}"))
        # rule: appspec-missing
        raise failed(
            "The CodeDeploy agent did not find an AppSpec file within the unpacked revision directory at "
            f'revision-relative path "{appspec.NAMES[0]}". The revision was unpacked to directory "{archive}", and the '
            f'AppSpec file was expected but not found at path "{archive}/{appspec.NAMES[0]}". Consult the AWS '
            "CodeDeploy Appspec documentation for more information at "
            "http://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html"
        )

    def _previous(self) -> str:
        """Return the folder of the last deployment of this group that has succeeded here; empty when there is none."""
        noted = self._noted("last_successful_install")
        if not self._disk.exists(noted):
            return ""
        folder = self._disk.read(noted).decode(errors="replace").strip()
        return folder if folder.startswith(f"{self._group}/") else ""

    def _noted(self, name: str) -> str:
        return f"{INSTRUCTIONS}/{self.assignment.group_id}_{name}"

    def _remove_old_revisions(self) -> None:
        kept = {self._folder, self._previous()}
        others = [f"{self._group}/{name}" for name in self._disk.names(self._group)]
        extra = len([each for each in others if each != self._folder]) - MAX_REVISIONS + 1
        places = [self._disk.place(each) for each in others if each not in kept]
        places.sort(key=lambda place: place.lstat().st_mtime_ns)
        for place in places[: max(extra, 0)]:
            if place.is_dir() and not place.is_symlink():
                scratch.remove(place)
            else:
                place.unlink()

    def _told(self, error: OSError) -> str:
        """Return what went wrong, with the instance's name of the place."""
        reason = error.strerror or str(error)
        try:
            return f"{reason} - {self._disk.inside(Path(str(error.filename)))}"
        except ValueError:
            return reason
