"""The machine behind one instance: a lasting sandbox, its files, and its role's credentials."""

from datetime import timedelta
from pathlib import Path, PurePosixPath
from threading import RLock
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .. import sandbox, scratch
from ..credentials import PATH as CREDENTIALS_PATH
from ..credentials import SessionCredentials
from ..identity.roles import ServiceRoles
from ..sandbox import image
from .instance import Instance

if TYPE_CHECKING:
    from ..core import Cloud

MOST_LINKS = 40
_FRESH = timedelta(minutes=5)  # how long credentials that somebody gets now are good for, at least


class NotRunningError(Exception):
    """The instance is stopped or gone: nothing runs there."""


class NoProfileError(Exception):
    """The instance has no role: it reaches no service of AWS's."""


class Machine:
    """Where the processes of one instance run.

    Parameters
    ----------
    cloud
        The cloud that it belongs to.
    instance
        Which instance it is.
    port
        The port on which it serves.

    Attributes
    ----------
    root : Path
        Everything on the instance's disk, on this machine's.
    """

    def __init__(self, cloud: "Cloud", instance: Instance, port: int) -> None:
        self.instance = instance
        self.port = port
        self._cloud = cloud
        self._folder = cloud.root / "instances" / instance.account / instance.region / instance.id
        self.root = self._folder.resolve() / "root"
        self._roles = ServiceRoles(cloud.access, cloud.client, "ec2.amazonaws.com")
        self._lock = RLock()
        self._box: sandbox.Sandbox | None = None
        self._token = ""
        self._given: tuple[str, SessionCredentials] | None = None

    def script(self, argv: list[str], cwd: str, env: dict[str, str]) -> sandbox.Script:
        """Return a program to be run on the instance, whose paths are the instance's.

        Parameters
        ----------
        argv, cwd
            Its command line and its folder; the first part of the command line is a path.
        env
            Its variables, besides those that everything on the instance has.

        Raises
        ------
        NotRunningError
            The instance does not run.
        """
        box = self.start()
        return box.script([self.seen(argv[0]), *argv[1:]], self.seen(cwd), {**self._variables(), **env})

    def credentials(self) -> SessionCredentials:
        """Return credentials of the instance's role, which last for a while.

        Raises
        ------
        NoProfileError
            It has no instance profile, or one without a role, or the role does not trust EC2.
        ClientError
            STS refused.
        """
        instance = self.instance
        if not instance.profile:
            raise NoProfileError(f"{instance.id} has no instance profile.")
        name = instance.profile.rpartition("/")[2]
        role = self._cloud.access.directory.profile_role(instance.account, name)
        arn = f"arn:aws:ec2:{instance.region}:{instance.account}:instance/{instance.id}"
        if not role or not self._roles.trusts(role, instance.account, arn):
            raise NoProfileError(f"The instance profile {name} has no role that trusts ec2.amazonaws.com.")
        with self._lock:
            soon = self._cloud.clock.wall() + _FRESH
            if not self._given or self._given[0] != role or self._given[1].expiration < soon:
                self._given = role, self._roles.assume(instance.region, role, instance.id)
            return self._given[1]

    def place(self, inside: str) -> Path:
        """Return where a path of the instance is on this machine's disk; links on the instance are followed there.

        The last part is not followed. No path, and no link, leads out of the instance's own folder.

        Raises
        ------
        NotRunningError
            The instance does not run.
        OSError
            Links lead in a circle.
        """
        self._check()
        return _behind(self.root, inside)

    def seen(self, inside: str) -> str:
        """Return how programs on the instance name one of its paths."""
        return inside if self.start().kind == "bubblewrap" or self.is_fixed(inside) else str(self.place(inside))

    @staticmethod
    def is_fixed(inside: str) -> bool:
        """Tell whether a path belongs to the image, which nobody may change."""
        path = PurePosixPath(inside)
        return any(path.is_relative_to(each) for each in image.read_only())

    def start(self) -> sandbox.Sandbox:
        """Return the sandbox, started if it was not.

        Raises
        ------
        NotRunningError
            The instance does not run.
        """
        with self._lock:
            self._check()
            if self._box is None:
                self._box = sandbox.Sandbox.create(self._folder, [], {}, home="/root")
                self._token = self._cloud.credentials.issue_from(self._known_credentials)
            return self._box

    def stop(self) -> None:
        """End every process; the files stay."""
        with self._lock:
            box, self._box = self._box, None
            self._cloud.credentials.revoke(self._token)
        if box:
            box.close()

    def remove(self) -> None:
        """End every process and remove every file."""
        self.stop()
        scratch.remove(self._folder)

    def _check(self) -> None:
        if not self.instance.is_running:
            raise NotRunningError(f"{self.instance.id} is {self.instance.state}.")

    def _known_credentials(self) -> SessionCredentials | None:
        try:
            return self.credentials()
        except (NoProfileError, ClientError):
            return None

    def _variables(self) -> dict[str, str]:
        """Return what everything on the instance finds in its environment."""
        url = f"{self._cloud.endpoint}{CREDENTIALS_PATH}{self._token}"
        return {
            "PORT": str(self.port),
            "INSTANCE_ROOT": "" if self.start().kind == "bubblewrap" else str(self.root),
            "AWS_REGION": self.instance.region,
            "AWS_DEFAULT_REGION": self.instance.region,
            **({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url} if self._known_credentials() else {}),
            **self._cloud.endpoint_environment(),
        }


def _behind(root: Path, inside: str) -> Path:
    waiting = list(reversed(PurePosixPath("/", inside).parts[1:]))
    here, links = root, 0
    while waiting:
        part = waiting.pop()
        if part == "..":
            here = here.parent if here != root else root
            continue
        path = here / part
        if waiting and path.is_symlink():
            links += 1
            if links > MOST_LINKS:
                raise OSError(40, "Too many levels of symbolic links", inside)
            goal = PurePosixPath(str(path.readlink()))
            here = root if goal.is_absolute() else here
            waiting.extend(reversed(goal.parts[1:] if goal.is_absolute() else goal.parts))
            continue
        here = path
    return here
