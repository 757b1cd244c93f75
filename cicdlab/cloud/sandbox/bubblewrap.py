"""The strong kind of sandbox: a root of its own, by bubblewrap."""

import os
import shutil
from pathlib import Path, PurePosixPath

from . import agent, image
from .places import Places

NAME = "bubblewrap"
AGENT = "/run/agent.py"
# What a container's root may do, and no more: nothing that reaches the host's mounts, devices or processes.
CAPABILITIES = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETGID",
    "CAP_SETUID",
)


class Bubblewrap:
    """Commands see AWS's paths, the build image read-only, and nothing else of the host but its network."""

    name = NAME

    def __init__(self, places: Places) -> None:
        self._places = places

    def furnish(self, new: bool) -> None:
        """Put what every machine has into a new root; take links from where an old one gets the image's paths.

        bwrap makes the places of its mounts, and would follow a link to one of the host's.
        """
        for name, text in image.SEEDED.items() if new else ():
            file = self._places.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        for target in (AGENT, *image.read_only(), *(mount.target for mount in self._places.mounts)):
            path = self._places.root
            for part in PurePosixPath(target).parts[1:]:
                path = path / part
                if path.is_symlink():
                    path.unlink()

    def path(self, inside: str) -> Path:
        """Return the host path of an inside path."""
        return self._places.behind(inside)

    def inside(self, host: Path) -> str:
        """Return the path under which commands see a host path."""
        return self._places.seen(host)

    def environment(self) -> dict[str, str]:
        """Return what every command finds in its environment."""
        return image.environment(self._places.home)

    def command(self, fd: int) -> list[str]:
        """Return the command line that starts the agent as process 1 of a new root."""
        options = ["--unshare-pid", "--as-pid-1", "--unshare-ipc", "--unshare-uts", "--hostname", image.HOSTNAME]
        if os.getuid() == 0:
            options += ["--cap-drop", "ALL"]
            for capability in CAPABILITIES:
                options += ["--cap-add", capability]
        else:
            options += ["--unshare-user", "--uid", "0", "--gid", "0"]
        options += ["--bind", str(self._places.root), "/", "--dev", "/dev", "--proc", "/proc"]
        for mount in sorted(self._places.mounts, key=lambda mount: mount.target):
            options += ["--bind" if mount.writable else "--ro-bind", str(mount.source), mount.target]
        for path in image.read_only():
            options += ["--ro-bind", path, path]
        options += ["--ro-bind", str(Path(agent.__file__)), AGENT, "--chdir", "/"]
        return [program(), *options, "--", image.interpreter(), "-I", "-S", AGENT, str(fd), "first"]


def program() -> str:
    """Return where bubblewrap is.

    Raises
    ------
    FileNotFoundError
        If it is not installed.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise FileNotFoundError("bubblewrap is not installed: no `bwrap` in PATH.")
    return found
