"""Commits that are made through the API, on the tip of a branch.

https://docs.aws.amazon.com/codecommit/latest/APIReference/API_PutFile.html
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..git import tree
from ..git.command import GitError
from ..git.repository import TAGS, Commit
from .draft import Draft
from .errors import refused
from .files import ID
from .model import Kept

LONGEST_MESSAGE = 256 * 1024
_NOT_IN_NAMES = re.compile(r"[<>\x00-\x1f]")


def author(request: Mapping[str, Any], caller_arn: str, now: datetime) -> dict[str, str]:
    """Return who commits, and when, as git wants it; without a name it is the caller's ARN.

    Raises
    ------
    ServiceError
        ``InvalidEmailException``.
    """
    # rule: author-is-caller
    name = _written(request.get("name") or request.get("authorName") or "")
    name = _NOT_IN_NAMES.sub("", name).strip(" .,:;\"'\\") or caller_arn
    email = _written(request.get("email") or "")
    if _NOT_IN_NAMES.search(email):
        # rule: invalid-email
        raise refused("InvalidEmail", "The email address has a character that cannot be in one.")
    return {"NAME": name, "EMAIL": email, "DATE": f"{int(now.timestamp())} +0000"}


def message(request: Mapping[str, Any], default: str) -> str:
    """Return what a commit says.

    Raises
    ------
    ServiceError
        ``CommitMessageLengthExceededException``.
    """
    # rule: commit-message
    text = _written(request.get("commitMessage") or default).replace("\0", "")
    if len(text.encode()) > LONGEST_MESSAGE:
        raise refused("CommitMessageLengthExceeded", "A commit's message has at most 256 KB.")
    return text


def _written(text: str) -> str:
    """Return a text without what no file can hold: half a character."""
    return text.encode(errors="replace").decode()


def make(
    kept: Kept, request: Mapping[str, Any], change: Callable[[Draft], None], said: str, who: Mapping[str, str]
) -> tuple[Commit, Draft]:
    """Make a commit and move the branch to it; nothing else may change the repository meanwhile.

    Parameters
    ----------
    kept
        The repository.
    request
        Names branch and parent.
    change
        Changes the parent's files.
    said, who
        Message and author.

    Raises
    ------
    ServiceError
        Branch, parent or change are not as they must be.
    """
    repository, branch = kept.repository, request["branchName"]
    parent = _parent(kept, branch, request.get("parentCommitId") or "")
    draft = Draft(repository, parent)
    change(draft)
    try:
        made = tree.commit(repository.folder, draft.after, parent, said, who)
    except GitError as error:
        raise refused("InvalidPath", f"git refuses the commit: {error}") from None
    try:
        repository.set_branch(branch, made, parent)
    except GitError:
        raise refused("InvalidBranchName", f"The branch name {branch} is not valid.") from None
    commit = repository.commit(made)
    assert commit  # it was made a moment ago
    return commit, draft


def _parent(kept: Kept, branch: str, given: str) -> str:
    """Return the commit on which a new one is made: the tip of the branch, which the caller must know."""
    branches = kept.repository.branches()
    if not branches and not given:
        # rule: first-commit-needs-no-parent
        return ""
    tip = branches.get(branch)
    if branches and not tip:
        # rule: commit-on-missing-branch
        if f"{TAGS}{branch}" in kept.repository.references():
            raise refused("BranchNameIsTagName", f"{branch} is the name of a tag.")
        raise refused("BranchDoesNotExist", f"The branch {branch} does not exist.")
    if not given:
        # rule: parent-commit-required
        raise refused("ParentCommitIdRequired", f"The commit needs a parent: the last commit of {branch} is {tip}.")
    if not ID.fullmatch(given):
        # rule: parent-commit-id
        raise refused("InvalidParentCommitId", f"{given!r} is not the id of a commit.")
    if not kept.repository.commit(given):
        raise refused("ParentCommitDoesNotExist", f"The parent {given} does not exist.")
    if given != tip:
        # rule: parent-commit-outdated
        raise refused("ParentCommitIdOutdated", f"The parent {given} is not the last commit of {branch}, {tip} is.")
    return given
