"""CodeCommit's operations, and what git asks of its repositories."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import scratch
from ..git.command import GitError
from ..git.repository import Commit, Person, Repository
from ..stores import Stores, page
from . import commits, draft, events, files, tags
from .draft import Draft
from .errors import refused
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
        tagged = tags.merged({}, request.get("tags") or {})
        with store.lock:
            _check_new_name(store, name)
            id_ = self._cloud.ids.uuid("codecommit repository", store.arn(name))
            repository = Repository(self._cloud.root / "git" / store.account / store.region / f"{id_}.git")
            repository.create()
            now = self._cloud.clock.now()
            metadata = Metadata(
                account_id=store.account,
                repository_id=id_,
                repository_name=name,
                repository_description=request.get("repositoryDescription"),
                creation_date=now,
                last_modified_date=now,
                clone_url_http=self._clone_url(store, name),
                arn=store.arn(name),
            )
            store.repositories[name] = Kept(metadata, repository, tagged)
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
            raise refused("InvalidContinuationToken", "The nextToken is not valid.") from None
        found = [{"repositoryName": name, "repositoryId": kept[name].metadata.repository_id} for name in names]
        return {"repositories": found, "nextToken": token}

    def update_repository_name(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Rename a repository; its branches and commits stay."""
        store, old, new = self._stores.of(call), request["oldName"], request["newName"]
        with store.lock:
            kept = _known(store, old)
            _check_new_name(store, new)
            # rule: renamed-repository
            changed = {"repository_name": new, "arn": store.arn(new), "clone_url_http": self._clone_url(store, new)}
            store.update(kept, **changed, last_modified_date=self._cloud.clock.now())
            del store.repositories[old]
        return {}

    def update_repository_description(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Change what is said of a repository."""
        store, description = self._stores.of(call), request.get("repositoryDescription")
        with store.lock:
            kept = _known(store, request["repositoryName"])
            store.update(kept, repository_description=description, last_modified_date=self._cloud.clock.now())
        return {}

    def update_default_branch(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Make a branch the default one, which a clone checks out."""
        store, branch = self._stores.of(call), request["defaultBranchName"]
        with store.lock:
            kept = _known(store, request["repositoryName"])
            _branch(kept, branch)
            # rule: default-branch-is-cloned
            kept.repository.set_head(branch)
            store.update(kept, default_branch=branch, last_modified_date=self._cloud.clock.now())
        return {}

    def delete_repository(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete a repository; one that is not there is no error."""
        # rule: delete-missing-repository
        kept = self._stores.of(call).repositories.pop(request["repositoryName"], None)
        if not kept:
            return {}
        scratch.remove(kept.repository.folder)
        return {"repositoryId": kept.metadata.repository_id}

    # --- tags

    def tag_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Give a repository tags."""
        store = self._stores.of(call)
        with store.lock:
            name = tags.repository_of(store, request["resourceArn"])
            kept = store.repositories[name]
            store.repositories[name] = replace(kept, tags=tags.merged(kept.tags, request["tags"]))
        return {}

    def untag_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Take tags from a repository."""
        store = self._stores.of(call)
        with store.lock:
            name = tags.repository_of(store, request["resourceArn"])
            kept = store.repositories[name]
            store.repositories[name] = replace(kept, tags=tags.without(kept.tags, request["tagKeys"]))
        return {}

    def list_tags_for_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the tags of a repository."""
        store = self._stores.of(call)
        name = tags.repository_of(store, request["resourceArn"])
        return {"tags": dict(store.repositories[name].tags)}

    # --- branches and commits

    def create_branch(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Make a branch at a commit."""
        kept, name = self._kept(call, request), request["branchName"]
        commit = _commit(kept, request["commitId"])
        if name in kept.repository.branches():
            # rule: branch-name-exists
            raise refused("BranchNameExists", f"The branch {name} already exists.")
        try:
            self._changed(call, kept, lambda: kept.repository.set_branch(name, commit.id))
        except GitError:
            raise refused("InvalidBranchName", f"The branch name {name} is not valid.") from None
        return {}

    def get_branch(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a branch and its last commit."""
        name = request.get("branchName", "")
        return {"branch": {"branchName": name, "commitId": _branch(self._kept(call, request), name)}}

    def list_branches(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the names of all branches."""
        return {"branches": sorted(self._kept(call, request).repository.branches())}

    def delete_branch(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Remove a branch, unless it is the default one; one that is not there is no error."""
        kept, name = self._kept(call, request), request["branchName"]
        if name == kept.metadata.default_branch:
            # rule: default-branch-stays
            raise refused("DefaultBranchCannotBeDeleted", f"The branch {name} is the default branch and stays.")
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

    # --- files

    def get_file(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a file of a commit."""
        return files.read_file(self._kept(call, request), request.get("commitSpecifier", ""), request["filePath"])

    def get_folder(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return what is in a folder of a commit."""
        return files.read_folder(self._kept(call, request), request.get("commitSpecifier", ""), request["folderPath"])

    def get_blob(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return what is in a blob."""
        return {"content": files.read_blob(self._kept(call, request), request["blobId"])}

    def get_differences(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return what differs between two commits."""
        return files.differences(self._kept(call, request), request)

    def put_file(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Add or replace a file, with a commit."""
        path, content = draft.checked(request["filePath"]), request["fileContent"]
        if not content:
            # rule: file-content-required
            raise refused("FileContentRequired", "An empty file cannot be put.")

        def change(made: Draft) -> None:
            made.put(path, content, request.get("fileMode", ""))
            if made.after == made.before:
                # rule: same-file-content
                raise refused("SameFileContent", f"{path} has this content already.")

        commit, made = self._commit(call, request, f"Put {path}", change)
        return {"commitId": commit.id, "blobId": made.after[path].id, "treeId": commit.tree}

    def delete_file(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete a file, with a commit."""
        path, keep = draft.checked(request["filePath"]), bool(request.get("keepEmptyFolders"))

        def change(made: Draft) -> None:
            made.delete(path, keep_folder=keep)

        commit, made = self._commit(call, request, f"Delete {path}", change)
        return {"commitId": commit.id, "blobId": made.before[path].id, "treeId": commit.tree, "filePath": path}

    def create_commit(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Put and delete files, with one commit."""
        commit, made = self._commit(call, request, "Change files", lambda made: draft.fill(made, request))
        return {"commitId": commit.id, "treeId": commit.tree, **made.changes()}

    def _commit(
        self, call: "Call", request: dict[str, Any], message: str, change: Callable[[Draft], None]
    ) -> tuple[Commit, Draft]:
        """Make a commit on a branch; the message is the default one."""
        kept = self._kept(call, request)
        author = commits.author(request, call.caller.principal.arn, self._cloud.clock.now())
        said = commits.message(request, message)
        done: list[tuple[Commit, Draft]] = []
        # rule: api-commit-event
        self._changed(call, kept, lambda: done.append(commits.make(kept, request, change, said, author)))
        return done[0]

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
                kept.repository.set_head(first)
                kept = store.update(kept, default_branch=first)
        for change in changes:
            # rule: push-event
            self._cloud.events.tell(
                events.happening(kept.metadata, region, change, caller_arn, self._cloud.clock.now())
            )

    def _changed(self, call: "Call", kept: Kept, job: Any) -> None:
        changes = kept.repository.changes(job)
        self.pushed(call.account, call.region, kept.metadata.repository_name, call.caller.principal.arn, changes)

    def _kept(self, call: "Call", request: dict[str, Any]) -> Kept:
        return _known(self._stores.of(call), request.get("repositoryName", ""))

    def _clone_url(self, store: Store, name: str) -> str:
        return f"{self._cloud.endpoint}/git/{store.account}/{store.region}/v1/repos/{name}"


def _known(store: Store, name: str) -> Kept:
    kept = store.repositories.get(name)
    if not kept:
        # rule: repository-does-not-exist
        raise refused("RepositoryDoesNotExist", f"{name} does not exist")
    return kept


def _check_new_name(store: Store, name: str) -> None:
    if not _NAME.fullmatch(name):
        # rule: repository-name
        raise refused("InvalidRepositoryName", f"The repository name {name} is not valid.")
    if name in store.repositories:
        # rule: repository-name-exists
        raise refused("RepositoryNameExists", f"Repository named {name} already exists")


def _branch(kept: Kept, name: str) -> str:
    """Return the last commit of a branch."""
    commit = kept.repository.branches().get(name)
    if not commit:
        # rule: branch-does-not-exist
        raise refused("BranchDoesNotExist", f"The branch {name} does not exist.")
    return commit


def _commit(kept: Kept, commit_id: str) -> Commit:
    found = kept.repository.commit(commit_id) if files.ID.fullmatch(commit_id) else None
    if not found:
        # rule: commit-does-not-exist
        raise refused("CommitIdDoesNotExist", f"The commit {commit_id} does not exist.")
    return found


def _person(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email, "date": person.date}
