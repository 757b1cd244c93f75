"""The source that is a branch of a repository at a code host, reached through a connection.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...codeconnections.model import AVAILABLE, SERVICES
from ...errors import ServiceError
from ...git.repository import Commit, Repository
from . import commits, permission
from .base import Action
from .provider import ActionError, Job, Outcome, Revision

if TYPE_CHECKING:
    from ...core import Cloud

_ARN = re.compile(rf"arn:aws:({'|'.join(SERVICES)}):[a-z0-9-]+:\d{{12}}:connection/[\w-]+", re.ASCII)


class ConnectionSource(Action):
    """Puts the files of a branch's last commit into the artifact store."""

    def __init__(self, cloud: "Cloud") -> None:
        super().__init__(cloud, "Source", "CodeStarSourceConnection")

    def run(self, job: Job) -> Outcome:
        """Bring the commit, and tell of it.

        Raises
        ------
        ActionError
            The connection can't be used, or there is no such repository or branch.
        """
        # rule: connection-variables
        commits.check_format(job)
        given = job.configuration
        arn, full_name, branch = given["ConnectionArn"], given["FullRepositoryId"], given["BranchName"]
        repository, provider = self._repository(job)
        commit = _commit(repository, job.revision, branch, provider, full_name)
        job.check()
        commits.put(job, repository, commit.id, self.cloud.root)
        authored, committed = commits.moment(commit.author.date), commits.moment(commit.committer.date)
        return Outcome(
            summary=commit.message,
            variables={
                "AuthorDate": commits.written(authored),
                "AuthorDisplayName": commit.author.name,
                "AuthorEmail": commit.author.email,
                "BranchName": branch,
                "CommitId": commit.id,
                "CommitMessage": commit.message,
                "ConnectionArn": arn,
                "FullRepositoryName": full_name,
            },
            revision=Revision(commit.id, commit.message, "", committed),
        )

    def latest(self, client: Callable[[str], Any], configuration: Mapping[str, str]) -> str:
        """Return nothing: nobody asks a code host again and again, its webhook tells of a push."""
        return ""

    def _repository(self, job: Job) -> tuple[Repository, str]:
        """Return the repository behind a connection that the role may use, and the code host's name."""
        given = job.configuration
        arn, full_name = given["ConnectionArn"], given["FullRepositoryId"]
        known = _ARN.fullmatch(arn)
        if not known:
            raise ActionError("ConfigurationError", f"{arn} is not the ARN of a connection.")
        # rule: connection-needs-use-connection
        members = {"ConnectionArn": arn, "FullRepositoryId": full_name, "BranchName": given["BranchName"]}
        try:
            permission.check(self.cloud, job.credentials, job.region, known[1], "UseConnection", members)
        except ServiceError as error:
            raise ActionError(
                "PermissionError",
                f"Unable to use Connection: {arn}. The provided role does not have sufficient permissions. "
                f"Error: {error.message}",
            ) from error
        service: Any = self.cloud.services["codeconnections"]
        connection = service.find(arn)
        if not connection:
            raise ActionError("ConfigurationError", f"The connection {arn} does not exist.")
        if connection.connection_status != AVAILABLE:
            # rule: pending-connection-fails
            raise ActionError(
                "ConfigurationError",
                f"Connection {arn} is not available: it is {connection.connection_status} until its handshake is "
                f"completed, in AWS's console or here by `cicdlab connect {connection.connection_name}`.",
            )
        repository = service.repository(connection, full_name)
        if not repository:
            raise ActionError(
                "ConfigurationError",
                f'[{connection.provider_type}] Could not access the repository "{full_name}": the connection '
                f"{connection.connection_name} does not reach it.",
            )
        return repository, connection.provider_type


def _commit(repository: Repository, revision: str, branch: str, provider: str, full_name: str) -> Commit:
    wanted = revision or repository.branches().get(branch, "")
    commit = repository.commit(wanted)
    if not commit:
        raise ActionError(
            "ConfigurationError", f"[{provider}] No Branch [{branch}] found for FullRepositoryName [{full_name}]"
        )
    return commit
