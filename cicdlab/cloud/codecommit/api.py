"""CodeCommit's operations, and what git asks of its repositories."""

import re
from typing import TYPE_CHECKING, Any

from .. import scratch
from ..errors import ServiceError
from ..git.command import GitError
from ..git.repository import Commit, Person, Repository
from ..stores import Stores, page
from . import events
from .model import Kept, Metadata, Store

if TYPE_CHECKING:
    from ..core import Call, Cloud

_NAME = re.compile(r"(?!.*\.git$)[\w.-]{1,100}", re.ASCII)


class CodeCommitApi:
    """The operations of CodeCommit in one cloud.

    Parameters
    ----------
    cloud
        The cloud whose folder holds the repositories.
    """

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._stores = Stores(Store)

    def reset(self) -> None:
        """Forget every repository."""
        self._stores.clear()
        scratch.remove(self._cloud.root / "git")

    # --- repositories

    def create_repository(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Make an empty repository."""
        store, name = self._stores.of(call), request["repositoryName"]
        if not _NAME.fullmatch(name):
            # rule: repository-name
            raise ServiceError("InvalidRepositoryNameException", f"The repository name {name} is not valid.")
        if request.get("tags"):
            raise ServiceError("NotImplemented", "Tags of repositories are not simulated yet.", 501)
        with store.lock:
            if name in store.repositories:
                # rule: repository-name-exists
                raise ServiceError("RepositoryNameExistsException", f"Repository named {name} already exists")
            repository = Repository(self._cloud.root / "git" / store.account / store.region / f"{name}.git")
            repository.create()
            now = self._cloud.clock.now()
            metadata = Metadata(
                account_id=store.account,
                repository_id=self._cloud.ids.uuid("codecommit repository", store.arn(name)),
                repository_name=name,
                repository_description=request.get("repositoryDescription"),
                creation_date=now,
                last_modified_date=now,
                clone_url_http=f"{self._cloud.endpoint}/git/{store.account}/{store.region}/v1/repos/{name}",
                arn=store.arn(name),
            )
            store.repositories[name] = Kept(metadata, repository)
        return {"repositoryMetadata": metadata.wire()}

    def get_repository(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return what is known of a repository."""
        return {"repositoryMetadata": self._kept(call, request).metadata.wire()}

    def batch_get_repositories(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return what is known of the repositories with these names."""
        # rule: batch-get-repositories-not-found
        known, names = self._stores.of(call).repositories, request["repositoryNames"]
        return {
            "repositories": [known[name].metadata.wire() for name in names if name in known],
            "repositoriesNotFound": [name for name in names if name not in known],
        }

    def list_repositories(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return names and ids of the repositories, by name."""
        kept = dict(sorted(self._stores.of(call).repositories.items()))
        try:
            names, token = page(kept, request.get("nextToken"), 1000)
        except ValueError:
            raise ServiceError("InvalidContinuationTokenException", "The nextToken is not valid.") from None
        found = [{"repositoryName": name, "repositoryId": kept[name].metadata.repository_id} for name in names]
        return {"repositories": found, "nextToken": token}

    def delete_repository(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete a repository; one that is not there is no error."""
        # rule: delete-missing-repository
        kept = self._stores.of(call).repositories.pop(request["repositoryName"], None)
        if not kept:
            return {}
        scratch.remove(kept.repository.folder)
        return {"repositoryId": kept.metadata.repository_id}

    # --- branches and commits

    def create_branch(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Make a branch at a commit."""
        kept, name = self._kept(call, request), request["branchName"]
        commit = _commit(kept, request["commitId"])
        if name in kept.repository.branches():
            # rule: branch-name-exists
            raise ServiceError("BranchNameExistsException", f"The branch {name} already exists.")
        try:
            self._changed(call, kept, lambda: kept.repository.set_branch(name, commit.id))
        except GitError:
            raise ServiceError("InvalidBranchNameException", f"The branch name {name} is not valid.") from None
        return {}

    def get_branch(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a branch and its last commit."""
        name = request.get("branchName", "")
        commit = self._kept(call, request).repository.branches().get(name)
        if not commit:
            # rule: branch-does-not-exist
            raise ServiceError("BranchDoesNotExistException", f"The branch {name} does not exist.")
        return {"branch": {"branchName": name, "commitId": commit}}

    def list_branches(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the names of all branches."""
        return {"branches": sorted(self._kept(call, request).repository.branches())}

    def delete_branch(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Remove a branch, unless it is the default one; one that is not there is no error."""
        kept, name = self._kept(call, request), request["branchName"]
        if name == kept.metadata.default_branch:
            # rule: default-branch-stays
            raise ServiceError(
                "DefaultBranchCannotBeDeletedException", f"The branch {name} is the default branch and stays."
            )
        commit = kept.repository.branches().get(name)
        if not commit:
            return {}
        self._changed(call, kept, lambda: kept.repository.delete_branch(name))
        return {"deletedBranch": {"branchName": name, "commitId": commit}}

    def get_commit(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a commit."""
        commit = _commit(self._kept(call, request), request["commitId"])
        return {
            "commit": {
                "commitId": commit.id,
                "treeId": commit.tree,
                "parents": list(commit.parents),
                "message": commit.message,
                "author": _person(commit.author),
                "committer": _person(commit.committer),
                "additionalData": "",
            }
        }

    # --- git

    def find(self, account: str, region: str, name: str) -> Repository | None:
        """Return a repository for git."""
        kept = self._stores.at(account, region).repositories.get(name)
        return kept.repository if kept else None

    def pushed(self, account: str, region: str, name: str, caller_arn: str, changes: list[Any]) -> None:
        """Take note of what a push has changed."""
        store = self._stores.at(account, region)
        with store.lock:
            kept = store.repositories.get(name)
            if not kept:
                return
            branches = sorted(kept.repository.branches())
            if branches and kept.metadata.default_branch not in branches:
                # rule: first-push-sets-default-branch
                first = "main" if "main" in branches else branches[0]
                metadata = kept.metadata.model_copy(update={"default_branch": first})
                store.repositories[name] = kept = Kept(metadata, kept.repository)
        for change in changes:
            # rule: push-event
            self._cloud.events.tell(
                events.happening(kept.metadata, region, change, caller_arn, self._cloud.clock.now())
            )

    def _changed(self, call: "Call", kept: Kept, job: Any) -> None:
        changes = kept.repository.changes(job)
        self.pushed(call.account, call.region, kept.metadata.repository_name, call.caller.principal.arn, changes)

    def _kept(self, call: "Call", request: dict[str, Any]) -> Kept:
        name = request.get("repositoryName", "")
        kept = self._stores.of(call).repositories.get(name)
        if not kept:
            # rule: repository-does-not-exist
            raise ServiceError("RepositoryDoesNotExistException", f"{name} does not exist")
        return kept


def _commit(kept: Kept, commit_id: str) -> Commit:
    found = kept.repository.commit(commit_id) if re.fullmatch(r"[0-9a-f]{40}", commit_id) else None
    if not found:
        # rule: commit-does-not-exist
        raise ServiceError("CommitIdDoesNotExistException", f"The commit {commit_id} does not exist.")
    return found


def _person(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email, "date": person.date}
