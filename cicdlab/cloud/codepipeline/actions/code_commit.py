"""The source that is a branch of a CodeCommit repository.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ...errors import ServiceError, aws_reason
from . import commits, permission, store
from .base import Action
from .provider import ActionError, Job, Outcome, Revision

if TYPE_CHECKING:
    from ...core import Cloud


class CodeCommitSource(Action):
    """Puts the files of a branch's last commit into the artifact store."""

    def __init__(self, cloud: "Cloud") -> None:
        super().__init__(cloud, "Source", "CodeCommit")

    def run(self, job: Job) -> Outcome:
        """Bring the commit, and tell of it.

        Raises
        ------
        ActionError
            There is no such repository or branch, or the role may not read it.
        """
        # rule: codecommit-variables, codecommit-revision
        commits.check_format(job)
        name, branch = job.configuration["RepositoryName"], job.configuration["BranchName"]
        codecommit = job.client("codecommit")
        commit_id = job.revision or self.latest(job.client, job.configuration)
        try:
            commit = codecommit.get_commit(repositoryName=name, commitId=commit_id)["commit"]
        except (ClientError, BotoCoreError) as error:
            raise _refused(error, name, branch) from error
        self._upload(job, name, commit_id)
        authored, committed = (commits.moment(commit[who]["date"]) for who in ("author", "committer"))
        return Outcome(
            summary=commit["message"],
            variables={
                "AuthorDate": commits.written(authored),
                "BranchName": branch,
                "CommitId": commit_id,
                "CommitMessage": commit["message"],
                "CommitterDate": commits.written(committed),
                "RepositoryName": name,
            },
            revision=Revision(commit_id, commit["message"], _console(job, name, commit_id), committed),
        )

    def latest(self, client: Callable[[str], Any], configuration: Mapping[str, str]) -> str:
        """Return the id of the branch's last commit.

        Raises
        ------
        ActionError
            It can't be told.
        """
        name, branch = configuration["RepositoryName"], configuration["BranchName"]
        try:
            found = client("codecommit").get_branch(repositoryName=name, branchName=branch)
        except (ClientError, BotoCoreError) as error:
            raise _refused(error, name, branch) from error
        return str(found["branch"]["commitId"])

    def _upload(self, job: Job, name: str, commit_id: str) -> None:
        """Let CodeCommit write the archive, for which it asks permissions that no operation of its API has."""
        # rule: codecommit-permissions
        operations = ["CancelUploadArchive"] if job.stopped.is_set() else ["UploadArchive", "GetUploadArchiveStatus"]
        try:
            for operation in operations:
                who = permission.check(
                    self.cloud, job.credentials, job.region, "codecommit", operation, {"repositoryName": name}
                )
        except ServiceError as error:
            raise store.lacking(f"the AWS CodeCommit repository named {name}", error.message) from error
        job.check()
        service: Any = self.cloud.services["codecommit"]
        repository = service.find(who.principal.account, job.region, name)
        if not repository:
            raise ActionError("JobFailed", f"The AWS CodeCommit repository named {name} is not there any more.")
        commits.put(job, repository, commit_id, self.cloud.root)


def _refused(error: ClientError | BotoCoreError, name: str, branch: str) -> ActionError:
    # rule: codecommit-missing-branch
    if store.is_denied(error):
        return store.denied(f"the AWS CodeCommit repository named {name}", error)
    match store.code_of(error):
        case "BranchDoesNotExistException":
            return ActionError(
                "ConfigurationError",
                f"The action failed because no branch named {branch} was found in the selected AWS CodeCommit "
                f"repository {name}. Make sure you are using the correct branch name, and then try again.",
            )
        case "RepositoryDoesNotExistException":
            return ActionError(
                "ConfigurationError", f"The action failed because there is no AWS CodeCommit repository named {name}."
            )
    return ActionError("JobFailed", f"The AWS CodeCommit repository {name} can't be read. Error: {aws_reason(error)}")


def _console(job: Job, name: str, commit_id: str) -> str:
    return f"https://console.aws.amazon.com/codecommit/home?region={job.region}#/repository/{name}/commit/{commit_id}"
