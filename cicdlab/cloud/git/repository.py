"""One bare repository: its branches and commits."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from .command import GitError, run

HEADS, TAGS = "refs/heads/", "refs/tags/"
NOTHING = "0" * 40
_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B"


@dataclass(frozen=True)
class Person:
    """Who wrote or committed, and when: seconds since 1970 and the offset from UTC."""

    name: str
    email: str
    date: str


@dataclass(frozen=True)
class Commit:
    """One commit."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


@dataclass(frozen=True)
class Change:
    """A reference that was made, moved or removed.

    Parameters
    ----------
    name
        In full, for example ``refs/heads/main``.
    old, new
        Ids of commits; empty when the reference was not, or is no longer, there.
    """

    name: str
    old: str
    new: str


class Repository:
    """A bare repository.

    Parameters
    ----------
    folder
        Where it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = RLock()

    def create(self) -> None:
        """Make the repository, empty."""
        self.folder.mkdir(parents=True)
        run(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", "--template=")
        run(self.folder, "config", "http.receivepack", "true")

    def references(self) -> dict[str, str]:
        """Return the commits of all branches and tags, by the references' full names."""
        lines = run(self.folder, "for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def branches(self) -> dict[str, str]:
        """Return the commits of all branches, by their names."""
        found = self.references().items()
        return {name.removeprefix(HEADS): commit for name, commit in found if name.startswith(HEADS)}

    def commit(self, reference: str) -> Commit | None:
        """Return the commit that a branch, a tag or an id means."""
        if not reference or reference.startswith("-"):
            return None
        try:
            text = run(self.folder, "log", "-1", "--date=raw", f"--format={_FORMAT}", "--end-of-options", reference)
        except GitError:
            return None
        if not text:  # an empty range of commits
            return None
        parts = text.decode(errors="replace").split("\0")
        return Commit(
            parts[0], parts[1], tuple(parts[2].split()), Person(*parts[3:6]), Person(*parts[6:9]), parts[9][:-1]
        )

    def check_out(self, commit: str, folder: Path, depth: int = 0) -> None:
        """Put a commit's files and its history into an empty folder, as a clone with a detached head.

        Parameters
        ----------
        commit
            The commit's id.
        folder
            The empty folder.
        depth
            How many commits of the history; 0 is all of it, with all branches and tags.

        Raises
        ------
        GitError
            There is no such commit.
        """
        served = ("--upload-pack", "git -c uploadpack.allowAnySHA1InWant=true upload-pack", self.folder.as_uri())
        wanted = ("--depth", str(depth), "--no-tags") if depth else ("--tags",)
        branches = () if depth else (f"+{HEADS}*:refs/remotes/origin/*",)
        run(folder, "init", "--quiet", "--template=", ".")
        run(folder, "fetch", "--quiet", *wanted, *served, commit, *branches)
        run(folder, "checkout", "--quiet", "--detach", commit)

    def pack(self, commit: str, target: Path) -> None:
        """Write a zip with a commit's files, without any history."""
        run(self.folder, "archive", "--format=zip", f"--output={target}", commit)

    def set_branch(self, name: str, commit: str, old: str = "") -> None:
        """Make a branch, or move it away from where it was.

        Raises
        ------
        GitError
            The name is no name of a branch, or the branch was not at ``old``.
        """
        run(self.folder, "check-ref-format", f"{HEADS}{name}")
        run(self.folder, "update-ref", f"{HEADS}{name}", commit, old or NOTHING)

    def set_head(self, name: str) -> None:
        """Make a branch the one that a clone checks out."""
        run(self.folder, "symbolic-ref", "HEAD", f"{HEADS}{name}")

    def delete_branch(self, name: str) -> None:
        """Remove a branch."""
        run(self.folder, "update-ref", "-d", f"{HEADS}{name}")

    def changes(self, job: Callable[[], None]) -> list[Change]:
        """Return which references a job made, moved or removed; one job at a time."""
        with self.lock:
            before = self.references()
            job()
            after = self.references()
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        return [Change(name, before.get(name, ""), after.get(name, "")) for name in names]
