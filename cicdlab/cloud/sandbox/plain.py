"""The weak kind of sandbox, where bubblewrap does not work: ordinary processes with folders of their own.

Commands see the host's files and may name any of them; what keeps the learner's out is only that HOME, TMPDIR and
the whole environment are the sandbox's own. A mount's `writable` cannot be enforced.
"""

from pathlib import Path

from . import agent, image
from .places import Places

NAME = "plain"
OWN = ("/codebuild",)  # inside paths that lie in the sandbox's own folder, beside HOME and the mounts


class Plain:
    """Inside paths are host paths; only /codebuild, HOME and mounts stand for others."""

    name = NAME

    def __init__(self, places: Places) -> None:
        self._places = places

    def furnish(self, new: bool) -> None:
        """Leave the root as it is: commands see the host's files."""

    def path(self, inside: str) -> Path:
        """Return the host path of an inside path: one of the sandbox's own, or the very path a command would use."""
        path = Path(inside)
        mounts = self._places.mounts
        on_host = (self._places.root, *(mount.source for mount in mounts))  # `inside` gave it out as it is
        own = (*OWN, self._places.home, *(mount.target for mount in mounts))
        if any(map(path.is_relative_to, on_host)) or not any(map(path.is_relative_to, own)):
            return path
        return self._places.behind(inside)

    def inside(self, host: Path) -> str:
        """Return the host path itself: commands see it where it is."""
        return str(host)

    def environment(self) -> dict[str, str]:
        """Return what every command finds in its environment."""
        home = str(self._places.behind(self._places.home))
        return {**image.environment(home), "TMPDIR": str(self._places.behind("/tmp"))}

    def command(self, fd: int) -> list[str]:
        """Return the command line that starts the agent."""
        return [image.interpreter(), "-I", "-S", agent.__file__, str(fd), "alone"]
