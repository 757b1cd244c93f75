"""What is in a commit, and how a new one is made without a checkout."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .command import GitError, run

FILE, SCRIPT, LINK, MODULE, FOLDER = "100644", "100755", "120000", "160000", "040000"


@dataclass(frozen=True)
class Entry:
    """A file, a link, a submodule or a folder.

    Parameters
    ----------
    mode
        git's, as in `FILE` and its neighbours.
    id
        Of the object: a blob, a submodule's commit or a tree.
    size
        In bytes; 0 for what is no blob.
    """

    mode: str
    id: str
    size: int = 0


def entries(folder: Path, commit: str) -> dict[str, Entry]:
    """Return everything in a commit by its path, folders too."""
    found = {}
    for line in run(folder, "ls-tree", "-r", "-t", "-z", "--long", commit).split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, id_, size = about.decode().split()
        found[path.decode(errors="replace")] = Entry(mode, id_, int(size) if size.isdigit() else 0)
    return found


def size(folder: Path, blob: str) -> int | None:
    """Return how many bytes a blob has; None when there is no such blob."""
    try:
        kind = run(folder, "cat-file", "-t", blob).strip()
        return int(run(folder, "cat-file", "-s", blob)) if kind == b"blob" else None
    except GitError:
        return None


def read(folder: Path, blob: str) -> bytes:
    """Return what is in a blob."""
    return run(folder, "cat-file", "blob", blob)


def store(folder: Path, content: bytes) -> str:
    """Keep some content as a blob and return its id."""
    return run(folder, "hash-object", "-w", "--stdin", given=content).decode().strip()


def commit(folder: Path, files: Mapping[str, Entry], parent: str, message: str, author: Mapping[str, str]) -> str:
    """Make a commit of these files, and nothing else, and return its id.

    Parameters
    ----------
    folder
        The repository.
    files
        What the commit holds, by path; without folders.
    parent
        The commit before; empty for the first one.
    message
        What it says.
    author
        ``NAME``, ``EMAIL`` and ``DATE`` of who wrote it and committed it.

    Raises
    ------
    GitError
        git refuses it.
    """
    lines = (f"{entry.mode} {entry.id} 0\t{path}\0".encode() for path, entry in files.items())
    every_name = ("-c", "core.protectNTFS=false", "-c", "core.protectHFS=false")
    with tempfile.TemporaryDirectory() as place:
        index = {"GIT_INDEX_FILE": str(Path(place, "index"))}
        run(folder, *every_name, "update-index", "-z", "--add", "--index-info", given=b"".join(lines), variables=index)
        kept = run(folder, "ls-files", "-z", variables=index).count(b"\0")
        if kept != len(files):  # git leaves out a name that it does not like, and says nothing
            raise GitError("One of the paths is not valid.")
        tree = run(folder, *every_name, "write-tree", "--missing-ok", variables=index).decode().strip()
    people = {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in author.items()}
    parents = ("-p", parent) if parent else ()
    return run(folder, "commit-tree", tree, *parents, given=message.encode(), variables=people).decode().strip()
