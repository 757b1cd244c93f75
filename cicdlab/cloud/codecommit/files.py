"""Files, folders and differences of commits.

https://docs.aws.amazon.com/codecommit/latest/APIReference/API_GetFolder.html
"""

import re
from typing import Any

from ..git import tree
from ..git.repository import HEADS, TAGS, Commit, Repository
from ..git.tree import FOLDER, LINK, MODULE, Entry
from ..stores import page
from .draft import MODE_NAMES, checked
from .errors import refused
from .model import Kept

ID = re.compile(r"[0-9a-f]{40}")
LARGEST = 6 * 1024**2


def find(kept: Kept, specifier: str) -> Commit:
    """Return the commit that a branch, a tag, a full reference, HEAD or an id means; nothing means HEAD.

    Raises
    ------
    ServiceError
        ``CommitDoesNotExistException``.
    """
    # rule: commit-specifier
    name = kept.metadata.default_branch or "" if specifier in ("", "HEAD") else specifier
    known = kept.repository.references()
    full = next((each for each in (f"{HEADS}{name}", f"{TAGS}{name}", name) if each in known), "")
    commit = kept.repository.commit(full or (name if ID.fullmatch(name) else ""))
    if not commit:
        raise refused("CommitDoesNotExist", f"The commit {specifier or 'of the default branch'} does not exist.")
    return commit


def read_file(kept: Kept, specifier: str, path: str) -> dict[str, Any]:
    """Return a file, as GetFile answers it."""
    commit, name = find(kept, specifier), checked(path)
    entry = tree.entries(kept.repository.folder, commit.id).get(name)
    if not entry or entry.mode in (FOLDER, MODULE):
        # rule: file-does-not-exist
        raise refused("FileDoesNotExist", f"The file {name} does not exist.")
    return {
        "commitId": commit.id,
        "blobId": entry.id,
        "filePath": name,
        "fileMode": MODE_NAMES.get(entry.mode, "NORMAL"),
        "fileSize": entry.size,
        "fileContent": _content(kept.repository, entry.id, entry.size),
    }


def read_blob(kept: Kept, blob: str) -> bytes:
    """Return what is in a blob."""
    if not ID.fullmatch(blob):
        # rule: blob-id
        raise refused("InvalidBlobId", f"{blob!r} is not the id of a blob.")
    size = tree.size(kept.repository.folder, blob)
    if size is None:
        raise refused("BlobIdDoesNotExist", f"The blob {blob} does not exist.")
    return _content(kept.repository, blob, size)


def _content(repository: Repository, blob: str, size: int) -> bytes:
    if size > LARGEST:
        # rule: file-too-large
        raise refused("FileTooLarge", "The file has more than 6 MB; use git to read it.")
    return tree.read(repository.folder, blob)


def read_folder(kept: Kept, specifier: str, path: str) -> dict[str, Any]:
    """Return what is in a folder, as GetFolder answers it."""
    commit, name = find(kept, specifier), checked(path.removesuffix("/"), root=True)
    found = tree.entries(kept.repository.folder, commit.id)
    own = found.get(name)
    if name and (not own or own.mode != FOLDER):
        # rule: folder-does-not-exist
        raise refused("FolderDoesNotExist", f"The folder {name} does not exist.")
    answer: dict[str, Any] = {"commitId": commit.id, "folderPath": name, "treeId": own.id if own else commit.tree}
    answer |= {"subFolders": [], "files": [], "symbolicLinks": [], "subModules": []}
    for each, entry in found.items():
        folder, _, relative = each.rpartition("/")
        if folder == name:
            kind, member = _member(entry)
            answer[kind].append({"absolutePath": each, "relativePath": relative, **member})
    return answer


def _member(entry: Entry) -> tuple[str, dict[str, str]]:
    """Return the list of GetFolder's answer in which something is, and what that says of it."""
    if entry.mode == FOLDER:
        return "subFolders", {"treeId": entry.id}
    if entry.mode == MODULE:
        return "subModules", {"commitId": entry.id}
    mode = MODE_NAMES.get(entry.mode, "NORMAL")
    return "symbolicLinks" if entry.mode == LINK else "files", {"blobId": entry.id, "fileMode": mode}


def differences(kept: Kept, request: dict[str, Any]) -> dict[str, Any]:
    """Return what differs between two commits, as GetDifferences answers it."""
    most = request.get("MaxResults") or 100
    if most < 0:
        raise refused("InvalidMaxResults", "MaxResults must be more than 0.")
    after = _below(kept, request["afterCommitSpecifier"], request.get("afterPath", ""))
    # rule: differences-without-before
    first = request.get("beforeCommitSpecifier")
    before = _below(kept, first, request.get("beforePath") or request.get("afterPath", "")) if first else {}
    if not before and not after and request.get("afterPath"):
        # rule: difference-path
        raise refused("PathDoesNotExist", f"The path {request['afterPath']} does not exist.")
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    try:
        paths, token = page(changed, request.get("NextToken"), most)
    except ValueError:
        raise refused("InvalidContinuationToken", "The NextToken is not valid.") from None
    return {"differences": [_difference(path, before.get(path), after.get(path)) for path in paths], "NextToken": token}


def _below(kept: Kept, specifier: str, path: str) -> dict[str, Entry]:
    """Return the files of a commit at a path or below it."""
    name = checked(path.removesuffix("/"), root=True)
    found = tree.entries(kept.repository.folder, find(kept, specifier).id)
    return {
        each: entry
        for each, entry in found.items()
        if entry.mode != FOLDER and (not name or each == name or each.startswith(f"{name}/"))
    }


def _difference(path: str, before: Entry | None, after: Entry | None) -> dict[str, Any]:
    # rule: difference-types
    kind = "A" if not before else "D" if not after else "M"
    blobs = {
        name: {"blobId": entry.id, "path": path, "mode": entry.mode}
        for name, entry in (("beforeBlob", before), ("afterBlob", after))
        if entry
    }
    return {"changeType": kind, **blobs}
