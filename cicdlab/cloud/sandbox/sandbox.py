"""One sandbox: its folders, its environment, its processes."""

from pathlib import Path
from typing import Self

from .bubblewrap import Bubblewrap
from .errors import SandboxError
from .places import Mount, Places
from .plain import Plain
from .processes import Processes
from .script import Script
from .shell import Shell


class Sandbox:
    """A machine of its own for commands. Use `Sandbox.create`; `close` it, or leave its `with` block.

    The folder holds `root` (the sandbox's files, readable by their host paths before and after `close`) and `log`.
    """

    def __init__(self, kind: Bubblewrap | Plain, env: dict[str, str], log: Path) -> None:
        self._kind = kind
        self._env = {**kind.environment(), **env}
        self.processes = Processes(kind.command, self._env if kind.name == "plain" else {}, log)

    @classmethod
    def create(
        cls, folder: Path, mounts: list[Mount], env: dict[str, str], home: str = "/root", kind: str | None = None
    ) -> Self:
        """Make and start a sandbox.

        Parameters
        ----------
        folder : Path
            Holds everything the sandbox writes; made if missing, used as it is otherwise. The caller removes it.
        mounts : list of Mount
            Host paths to show inside.
        env : dict
            Variables of every command, over those of the build image.
        home : str
            HOME, as an inside path.
        kind : str, optional
            "bubblewrap" or "plain"; what `available` says, if not given.

        Raises
        ------
        SandboxError, OSError
            If it cannot start.
        """
        from .probe import available

        for mount in mounts:
            if not mount.source.exists():
                raise SandboxError(f"The sandbox cannot show {mount.source}: it does not exist.")
        root = folder.resolve() / "root"
        new = not root.exists()
        mounts = [Mount(mount.source.resolve(), mount.target.rstrip("/"), mount.writable) for mount in mounts]
        places = Places(root, tuple(mounts), home)
        chosen = Plain(places) if (kind or available()) == "plain" else Bubblewrap(places)
        if new:  # commands may have put links to anywhere into a root that was used before
            for name in ("tmp", home.lstrip("/")):
                (root / name).mkdir(parents=True, exist_ok=True)
            (root / "tmp").chmod(0o1777)
        chosen.furnish(new)
        return cls(chosen, env, root.parent / "log")

    @property
    def kind(self) -> str:
        """Which kind this is: "bubblewrap" or "plain"."""
        return self._kind.name

    def path(self, inside: str) -> Path:
        """Return the host path of an inside path. Links in it, which commands may have made, are not followed."""
        return self._kind.path(inside)

    def inside(self, host: Path) -> str:
        """Return the path under which commands see a host path; the host path itself in a plain sandbox."""
        return self._kind.inside(host)

    def open_shell(self, cwd: str, env: dict[str, str], posix: bool = True) -> Shell:
        """Start a shell.

        Parameters
        ----------
        cwd : str
            Its folder, as an inside path; must exist.
        env : dict
            Variables over those of the sandbox.
        posix : bool
            Whether it is bash as `sh`, as in CodeBuild's own images, or as `bash`.

        Raises
        ------
        SandboxError
            If the shell does not start.
        """
        folder = str(self.path(cwd)) if self.kind == "plain" else cwd
        return Shell(self.processes, folder, {**self._env, **env}, posix)

    def script(self, argv: list[str], cwd: str, env: dict[str, str]) -> Script:
        """Return a program to be run beside whatever else runs here.

        Parameters
        ----------
        argv : list
            Its command line; the first part is an inside path.
        cwd : str
            Its folder, as an inside path; must exist.
        env : dict
            Variables over those of the sandbox.
        """
        folder = str(self.path(cwd)) if self.kind == "plain" else cwd
        return Script(self.processes, argv, folder, {**self._env, **env})

    def close(self) -> None:
        """End every process, whatever it forked or ignores; return when none is left."""
        self.processes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
