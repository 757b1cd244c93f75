"""Brings a build's source from a git repository.

https://docs.aws.amazon.com/codebuild/latest/userguide/sample-source-version.html
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ..codeconnections.model import AVAILABLE, SERVICES
from ..credentials import SessionCredentials
from ..errors import ServiceError, aws_reason
from ..git.command import GitError, run
from ..identity.actions import ApiCall
from ..identity.enforcement import Caller
from .errors import PhaseError
from .model import Source

if TYPE_CHECKING:
    from ..core import Cloud

HOSTS = frozenset({"BITBUCKET", "GITHUB", "GITLAB"})
TYPES = HOSTS | {"CODECOMMIT"}
CONNECTION = "CODECONNECTIONS"
_CODECOMMIT = re.compile(
    r"https?://(?:git-codecommit\.(?P<at>[a-z0-9-]+)\.amazonaws\.com|[^/?#]+/git/(?P<account>\d{12})/(?P<region>[a-z0-9-]+))"
    r"/v1/repos/(?P<name>[\w.-]+?)(?:\.git)?/?",
    re.ASCII,
)
_HOSTED = re.compile(r"https?://(?:[^/@]+@)?[^/]+/(?:.*/)?(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?", re.ASCII)


def is_codecommit(location: str | None) -> bool:
    """Tell whether a source's location is the address by which git clones a repository of CodeCommit's."""
    return _CODECOMMIT.fullmatch(location or "") is not None


def is_connected(source: Source) -> bool:
    """Tell whether a source is at a code host that a connection reaches."""
    auth = source.auth
    return source.type in HOSTS and auth is not None and auth.type == CONNECTION and bool(auth.resource)


class Repositories:
    """The repositories that one build may read.

    Parameters
    ----------
    cloud
        The cloud in which they are.
    account, region
        Of the build.
    credentials
        The service role's.
    note
        Writes a line to the build's log.
    """

    def __init__(
        self, cloud: "Cloud", account: str, region: str, credentials: SessionCredentials, note: Callable[[str], None]
    ) -> None:
        self._cloud = cloud
        self._account = account
        self._region = region
        self._credentials = credentials
        self._note = note

    def bring(self, source: Source, version: str | None, folder: Path, label: str) -> str:
        """Bring a commit into a folder, as a clone, and return its id.

        Parameters
        ----------
        source
            The repository, and how much of its history is wanted.
        version
            A branch, a tag or a commit's id; None for the last commit of the default branch.
        folder
            The source folder, empty.
        label
            What to call the source when it can't be brought.

        Raises
        ------
        PhaseError
            ``CLIENT_ERROR``: the role may not read it, or there is no such repository or version.
        """
        # rule: git-source-version, git-clone-depth
        label = f"{label} and source version {version}" if version else label
        repository, default = self._found(source, label)
        commit = repository.commit(version or default)
        if not commit:
            raise PhaseError("CLIENT_ERROR", f"reference not found for {label}")
        try:
            repository.check_out(commit.id, folder, source.git_clone_depth or 0)
            run(folder, "remote", "add", "origin", source.location or "")
        except GitError as error:
            raise PhaseError("CLIENT_ERROR", f"{error} for {label}") from error
        self._note(f"Checked out commit {commit.id}")
        return str(commit.id)

    def _found(self, source: Source, label: str) -> tuple[Any, str]:
        """Return a repository and the name of its default branch."""
        if source.type in HOSTS:
            return self._behind_connection(source, label)
        match = _CODECOMMIT.fullmatch(source.location or "")
        assert match is not None  # checked when the project was made
        region, name = match["at"] or match["region"], match["name"]
        account = match["account"] or self._account
        self._check_pull(account, region, name, label)
        try:
            known = self._cloud.client("codecommit", region, account=account).get_repository(repositoryName=name)
        except (ClientError, BotoCoreError) as error:
            self._note(aws_reason(error))
            raise PhaseError("CLIENT_ERROR", f"repository not found for {label}") from error
        service: Any = self._cloud.services["codecommit"]
        return service.find(account, region, name), known["repositoryMetadata"].get("defaultBranch", "")

    def _check_pull(self, account: str, region: str, name: str, label: str) -> None:
        """Ask for the permission that the service role needs to clone a repository."""
        # rule: git-pull-needs-permission
        self._ask("codecommit", "GitPull", region, {"repositoryName": name, "accountId": account}, account, label)

    def _behind_connection(self, source: Source, label: str) -> tuple[Any, str]:
        """Return a repository that a connection reaches, and the name of its default branch."""
        # rule: connected-source-permissions, connected-source
        arn = (source.auth and source.auth.resource) or ""
        match = _HOSTED.fullmatch(source.location or "")
        parts = arn.split(":")
        if len(parts) != 6 or parts[2] not in SERVICES or not match:
            raise PhaseError("CLIENT_ERROR", f"{arn} is no connection to a repository for {label}")
        for operation in ("GetConnection", "GetConnectionToken"):
            self._ask(parts[2], operation, parts[3], {"ConnectionArn": arn}, parts[4], label)
        service: Any = self._cloud.services["codeconnections"]
        connection = service.find(arn)
        if not connection or connection.connection_status != AVAILABLE:
            state = f"it is {connection.connection_status}" if connection else "it does not exist"
            raise PhaseError("CLIENT_ERROR", f"Failed to get access token from {arn}: {state} for {label}")
        repository = service.repository(connection, match["name"])
        if not repository:
            raise PhaseError("CLIENT_ERROR", f"repository not found for {label}")
        branches = sorted(repository.branches())
        return repository, "main" if "main" in branches else next(iter(branches), "")

    def _ask(
        self, service: str, operation: str, region: str, members: dict[str, str], account: str, label: str
    ) -> None:
        """Ask for a permission of the service role on a repository, or a connection, of its own account."""
        session = self._cloud.access.sessions.find(self._credentials.access_key_id)
        assert session is not None  # issued when the machine was provisioned
        call = ApiCall(service, operation, members, region, session.principal)
        try:
            self._cloud.access.enforcement.check(call, Caller(session.principal, session))
            if account != session.principal.account:
                raise ServiceError("AccessDeniedException", "What belongs to another account can't be read.")
        except ServiceError as error:
            self._note(error.message)
            raise PhaseError("CLIENT_ERROR", f"authorization failed for {label}") from error
