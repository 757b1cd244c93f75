"""Which host path stands behind a path that a command uses, and the other way round."""

import posixpath
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mount:
    """A host folder or file that a sandbox sees at a place of its own."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class Places:
    """The folders of one sandbox: a root on the host, and the mounts over it."""

    root: Path
    mounts: tuple[Mount, ...]
    home: str

    def behind(self, inside: str) -> Path:
        """Return the host path of an absolute inside path; `..` cannot climb above the root, links are not followed."""
        path = posixpath.normpath(f"/{inside.lstrip('/')}")
        for mount in reversed(self.mounts):
            if path == mount.target or path.startswith(f"{mount.target}/"):
                return mount.source / path[len(mount.target) :].lstrip("/")
        return self.root / path.lstrip("/")

    def seen(self, host: Path) -> str:
        """Return the inside path of a host path.

        Raises
        ------
        ValueError
            If the sandbox does not show that path.
        """
        for mount in reversed(self.mounts):
            if host.is_relative_to(mount.source):
                return posixpath.join(mount.target, *host.relative_to(mount.source).parts)
        if not host.is_relative_to(self.root):
            raise ValueError(f"{host} is not part of this sandbox.")
        return posixpath.join("/", *host.relative_to(self.root).parts)
