"""A commit in the making: the files of its parent, and what PutFile, CreateCommit and DeleteFile change in them.

https://docs.aws.amazon.com/codecommit/latest/APIReference/API_CreateCommit.html
"""

import unicodedata
from typing import Any

from ..git import tree
from ..git.repository import Repository
from ..git.tree import FILE, FOLDER, LINK, MODULE, SCRIPT, Entry
from .errors import refused

MODES = {"NORMAL": FILE, "EXECUTABLE": SCRIPT, "SYMLINK": LINK}
MODE_NAMES = {mode: name for name, mode in MODES.items()}
LARGEST_TOGETHER = 7 * 1024**2
LONGEST_PATH, DEEPEST = 4096, 20
KEPT = ".gitkeep"


def checked(path: str, *, root: bool = False) -> str:
    """Return a path as git writes it.

    Parameters
    ----------
    path
        What the caller wrote; a slash in front is allowed.
    root
        Whether it may be empty.

    Raises
    ------
    ServiceError
        ``PathRequiredException`` or ``InvalidPathException``.
    """
    # rule: file-path
    name = path.removeprefix("/")
    if not name:
        if root:
            return ""
        raise refused("PathRequired", "The path is required and cannot be empty.")
    parts = name.split("/")
    strange = any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)
    written = all(unicodedata.category(character) not in ("Cc", "Cs") for character in name)
    if strange or not written or name.endswith("\\") or len(name) > LONGEST_PATH or len(parts) > DEEPEST + 1:
        raise refused("InvalidPath", f"The path {path!r} is not valid.")
    return name


class Draft:
    """Changes to the files of a commit.

    Parameters
    ----------
    repository
        Where the blobs are kept.
    parent
        The commit's id; empty in an empty repository.
    """

    def __init__(self, repository: Repository, parent: str) -> None:
        self._folder = repository.folder
        found = tree.entries(self._folder, parent) if parent else {}
        self.before = {path: entry for path, entry in found.items() if entry.mode != FOLDER}
        self.after = dict(self.before)
        self._size = 0

    def put(self, path: str, content: bytes, mode: str = "") -> None:
        """Add or replace a file; without a mode it keeps its own."""
        # rule: file-size
        self._size += len(content)
        if self._size > LARGEST_TOGETHER:
            raise refused("FileContentSizeLimitExceeded", "One commit takes at most 7 MB of content.")
        self._place(path)
        old = self.before.get(path)
        blob = tree.store(self._folder, content)
        self.after[path] = Entry(MODES.get(mode) or (old.mode if old else FILE), blob, len(content))

    def copy(self, path: str, source: str, mode: str = "", *, move: bool = False) -> None:
        """Put what is in another file of the parent here, too, or instead."""
        if source.rpartition("/")[2] == KEPT:
            # rule: restricted-source-file
            raise refused("RestrictedSourceFile", f"A {KEPT} file can be neither copied nor moved.")
        entry = self._blob(source)
        if move:
            del self.after[source]
        self._place(path)
        self.after[path] = Entry(MODES.get(mode, entry.mode), entry.id, entry.size)

    def delete(self, path: str, *, keep_folder: bool = False) -> Entry:
        """Take a file away, and with it a folder that has no other, unless that is kept; return what it was."""
        entry = self._blob(path)
        del self.after[path]
        folder = path.rpartition("/")[0]
        # rule: keep-empty-folders
        if keep_folder and folder and not any(other.startswith(f"{folder}/") for other in self.after):
            self.after[f"{folder}/{KEPT}"] = Entry(FILE, tree.store(self._folder, b""))
        return entry

    def set_mode(self, path: str, mode: str) -> None:
        """Make a file executable, or no longer."""
        entry = self.after.get(path)
        if not entry or entry.mode == MODULE:
            raise refused("FileDoesNotExist", f"The file {path} does not exist.")
        self.after[path] = Entry(MODES[mode], entry.id, entry.size)

    def changes(self) -> dict[str, list[dict[str, Any]]]:
        """Return what was added, updated and deleted, as CreateCommit answers it."""
        added = [path for path in self.after if path not in self.before]
        updated = [path for path in self.after if path in self.before and self.after[path] != self.before[path]]
        deleted = [path for path in self.before if path not in self.after]
        return {
            "filesAdded": [_metadata(path, self.after[path]) for path in sorted(added)],
            "filesUpdated": [_metadata(path, self.after[path]) for path in sorted(updated)],
            "filesDeleted": [_metadata(path, self.before[path]) for path in sorted(deleted)],
        }

    def _blob(self, path: str) -> Entry:
        entry = self.before.get(path)
        if not entry or entry.mode == MODULE:
            # rule: file-does-not-exist
            raise refused("FileDoesNotExist", f"The file {path} does not exist.")
        return entry

    def _place(self, path: str) -> None:
        """Refuse a path where no file can be."""
        # rule: name-conflicts
        if any(other.startswith(f"{path}/") for other in self.after):
            raise refused("FileNameConflictsWithDirectoryName", f"{path} is a folder.")
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            above = self.after.get("/".join(parts[:length]))
            if above and above.mode == MODULE:
                raise refused("FilePathConflictsWithSubmodulePath", f"{path} is in a submodule.")
            if above and length < len(parts):
                raise refused("DirectoryNameConflictsWithFileName", f"{'/'.join(parts[:length])} is a file.")


def fill(draft: Draft, request: dict[str, Any]) -> None:
    """Carry out what a CreateCommit request asks for.

    Raises
    ------
    ServiceError
        As `Draft` does, or because the entries contradict each other or change nothing.
    """
    puts, deletes, modes = (request.get(name) or [] for name in ("putFiles", "deleteFiles", "setFileModes"))
    if not (puts or deletes or modes):
        # rule: file-entry-required
        raise refused("FileEntryRequired", "A commit needs a file to put, to delete or to change the mode of.")
    _check_paths(puts, deletes, modes)
    for each in deletes:
        draft.delete(checked(each["filePath"]), keep_folder=bool(request.get("keepEmptyFolders")))
    for each in puts:
        _put(draft, each)
    for each in modes:
        draft.set_mode(checked(each["filePath"]), each["fileMode"])
    if draft.after == draft.before:
        # rule: no-change
        raise refused("NoChange", "The commit would change nothing.")


def _put(draft: Draft, entry: dict[str, Any]) -> None:
    path, mode, source = checked(entry["filePath"]), entry.get("fileMode", ""), entry.get("sourceFile")
    # rule: content-or-source
    if source and "fileContent" in entry:
        raise refused("FileContentAndSourceFileSpecified", f"{path} has both content and a source file.")
    if source:
        draft.copy(path, checked(source["filePath"]), mode, move=bool(source.get("isMove")))
    elif "fileContent" in entry:
        draft.put(path, entry["fileContent"], mode)
    else:
        raise refused("SourceFileOrContentRequired", f"{path} has neither content nor a source file.")


def _check_paths(puts: list[Any], deletes: list[Any], modes: list[Any]) -> None:
    moved = [each["sourceFile"] for each in puts if (each.get("sourceFile") or {}).get("isMove")]
    seen: set[str] = set()
    for each in (*puts, *deletes, *moved):
        path = checked(each["filePath"])
        if path in seen:
            # rule: same-path
            raise refused("SamePathRequest", f"Two changes of this commit are about {path}.")
        seen.add(path)
    if len({checked(each["filePath"]) for each in modes}) < len(modes):
        raise refused("SamePathRequest", "Two changes of this commit set the mode of the same file.")
    wanted = {checked(each["filePath"]) for each in puts}
    for path in wanted:
        if any(other.startswith(f"{path}/") for other in wanted):
            # rule: put-file-entry-conflict
            raise refused("PutFileEntryConflict", f"{path} is both a file and a folder in this commit.")


def _metadata(path: str, entry: Entry) -> dict[str, Any]:
    return {"absolutePath": path, "blobId": entry.id, "fileMode": MODE_NAMES.get(entry.mode, "NORMAL")}
