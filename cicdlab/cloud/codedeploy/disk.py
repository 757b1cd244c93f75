"""What the agent does on an instance's disk, by the instance's paths: no path and no link leads out of its root."""

import contextlib
import errno
import functools
import os
import posixpath
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Concatenate, ParamSpec, TypeVar

from ..instances import Machine

MOST_LINKS = 40
MAX_TEXT = 1 << 20  # bytes of a file that the agent reads as a whole
_NOTHING_TO_REMOVE = frozenset(
    {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL}
)
_SHOWN_BY_THE_KERNEL = ("/dev", "/proc")
P = ParamSpec("P")
T = TypeVar("T")


def _as_root(work: "Callable[Concatenate[Disk, P], T]") -> "Callable[Concatenate[Disk, P], T]":
    """Let a method do what root may on AWS: work with files and folders whose own modes forbid it.

    The learner owns them all, so they can be opened for a moment.
    """

    @functools.wraps(work)
    def carried_out(disk: "Disk", *args: P.args, **members: P.kwargs) -> T:
        opened: dict[Path, tuple[int, int]] = {}
        try:
            while True:
                try:
                    return work(disk, *args, **members)
                except PermissionError as error:
                    if not disk.open_up(Path(str(error.filename)), opened):
                        raise
        finally:
            for path, (before, now) in reversed(opened.items()):
                with contextlib.suppress(OSError):
                    if stat.S_IMODE(path.lstat().st_mode) == now:
                        path.chmod(before)

    return carried_out


class Disk:
    """The files of one instance.

    Files are opened without following a last link and without waiting for the other end of a pipe: what is on the
    disk was made by scripts.

    Parameters
    ----------
    machine
        The instance's machine.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @property
    def staging(self) -> Path:
        """A folder beside the instance's root, which its programs do not see."""
        folder = self._machine.root.parent / "staging"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def place(self, inside: str) -> Path:
        """Return where a path is on this machine's disk; a link at its end is not followed.

        Raises
        ------
        OSError
            Links lead in a circle, or there is a null in the path: scripts may have written it.
        """
        if "\0" in inside:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), inside)
        return self._machine.place(inside)

    def followed(self, inside: str) -> Path:
        """Return where a path is on this machine's disk; a link at its end is followed, too.

        Raises
        ------
        OSError
            Links lead in a circle.
        """
        path = self.place(inside)
        for _ in range(MOST_LINKS):
            if not path.is_symlink():
                return path
            path = self.place(posixpath.join(self.inside(path.parent), str(path.readlink())))
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))

    def inside(self, host: Path) -> str:
        """Return the instance's name of a place on this machine's disk."""
        return posixpath.join("/", *host.relative_to(self._machine.root).parts)

    @_as_root
    def is_fixed(self, inside: str) -> bool:
        """Tell whether nobody may write at a path, because it belongs to the image or to the kernel."""
        path = self.inside(self.followed(inside))
        return self._machine.is_fixed(path) or any(f"{path}/".startswith(f"{each}/") for each in _SHOWN_BY_THE_KERNEL)

    @_as_root
    def exists(self, inside: str) -> bool:
        """Tell whether something is there; a link to nothing is nothing."""
        return os.path.lexists(self.followed(inside))

    @_as_root
    def is_folder(self, inside: str) -> bool:
        """Tell whether a path is a folder, or a link to one."""
        return self.followed(inside).is_dir()

    @_as_root
    def names(self, inside: str) -> list[str]:
        """Return what is in a folder, sorted."""
        return sorted(each.name for each in self.followed(inside).iterdir())

    @_as_root
    def make_folder(self, inside: str) -> None:
        """Make a folder in one that exists."""
        path = self.place(inside)
        path.mkdir()
        path.chmod(0o755)

    def make_folders(self, inside: str) -> None:
        """Make a folder and those in which it is, where they are missing."""
        path = ""
        for part in inside.strip("/").split("/"):
            path = f"{path}/{part}"
            if not self.is_folder(path):
                self.make_folder(path)

    @_as_root
    def append(self, inside: str) -> BinaryIO:
        """Open a file for writing at its end; make it if it is missing.

        Raises
        ------
        OSError
            Also when something else than a file is there.
        """
        return self._open(self.place(inside), os.O_WRONLY | os.O_CREAT | os.O_APPEND, "ab")

    @_as_root
    def write(self, inside: str, text: str) -> None:
        """Put a text into a file, in place of what was there."""
        with self._open(self.place(inside), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, "wb") as file:
            file.write(text.encode(errors="surrogateescape"))

    @_as_root
    def read(self, inside: str, most: int = MAX_TEXT) -> bytes:
        """Return the first bytes of a file; links to it are followed."""
        with self._open(self.followed(inside), os.O_RDONLY, "rb") as file:
            return file.read(most)

    @_as_root
    def copy(self, source: str, target: str) -> None:
        """Copy a file with its mode and its time, or a link as a link."""
        origin = self.place(source)
        if origin.is_symlink():
            self.place(target).symlink_to(origin.readlink())
            return
        with self._open(origin, os.O_RDONLY, "rb") as file:
            goal = self.followed(target)
            with self._open(goal, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, "wb") as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
                known = os.fstat(file.fileno())
                os.fchmod(copy.fileno(), stat.S_IMODE(known.st_mode))
            os.utime(goal, ns=(known.st_atime_ns, known.st_mtime_ns), follow_symlinks=False)

    @_as_root
    def change_mode(self, inside: str, mode: int) -> None:
        """Give a file or folder other permissions."""
        self.followed(inside).chmod(mode)

    @_as_root
    def remove(self, inside: str) -> None:
        """Remove a file, a link, or a folder with nothing in it; leave a folder that has something in it.

        A path at which nothing can be is one at which nothing is.
        """
        try:
            path = self.place(inside)
            if path.is_symlink() or not path.is_dir():
                path.unlink(missing_ok=True)
            else:
                path.rmdir()
        except OSError as error:
            if error.errno not in _NOTHING_TO_REMOVE:
                raise

    def open_up(self, path: Path, opened: dict[Path, tuple[int, int]]) -> bool:
        """Give the learner every access to a place on this machine's disk, and tell whether that changed anything.

        Parameters
        ----------
        path
            The place.
        opened
            Gets the modes, before and now, of what was opened.
        """
        known = len(opened)
        for each in (*reversed(path.parents), path):
            if not each.is_relative_to(self._machine.root) or each.is_symlink() or not each.exists():
                continue
            before = stat.S_IMODE(each.stat().st_mode)
            now = before | (0o700 if each.is_dir() else 0o600)
            if each not in opened and now != before:
                each.chmod(now)
                opened[each] = (before, now)
        return len(opened) > known

    def _open(self, path: Path, flags: int, mode: str) -> BinaryIO:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        return os.fdopen(descriptor, mode)  # type: ignore[return-value]
