"""The source that is a repository at a code host, reached through a connection."""

from typing import Any

import pytest

from cicdlab.cloud.codepipeline.actions.provider import ActionError, Outcome
from cicdlab.cloud.core import ACCOUNT

from ..codecommit.conftest import Learner
from .jobs import REGION, STORE, Jobs
from .test_code_commit import push

FULL = "anna/shop"


def make(jobs: Jobs, service: str = "codeconnections") -> str:
    made = jobs.client(service).create_connection(ConnectionName="hub", ProviderType="GitHub")
    return str(made["ConnectionArn"])


def connect(jobs: Jobs) -> str:
    """Complete the handshake; return where the repository is."""
    service: Any = jobs.cloud.core.services["codeconnections"]
    service.connect(ACCOUNT, REGION, "hub", [FULL])
    return str(service.repository(service.named(ACCOUNT, REGION, "hub"), FULL).folder)


def run(jobs: Jobs, arn: str, **given: str) -> Outcome:
    configuration = {"ConnectionArn": arn, "FullRepositoryId": FULL, "BranchName": "main", **given}
    return jobs.run("Source", "CodeStarSourceConnection", configuration, outputs=(jobs.place("Source"),))


def refused(jobs: Jobs, arn: str, **given: str) -> tuple[str, str]:
    with pytest.raises(ActionError) as caught:
        run(jobs, arn, **given)
    assert jobs.keys(STORE) == []
    return caught.value.code, caught.value.message


def test_the_last_commit_behind_a_connection_is_brought_and_told(jobs: Jobs, author: Learner) -> None:
    arn = make(jobs)
    commit = push(author, connect(jobs))
    done = run(jobs, arn)
    assert "run.sh" in jobs.names(jobs.place("Source"))
    assert done.revision and done.revision.id == commit
    assert done.variables == {
        "AuthorDate": "2026-11-02T08:00:00Z",
        "AuthorDisplayName": "Ann",
        "AuthorEmail": "ann@example.com",
        "BranchName": "main",
        "CommitId": commit,
        "CommitMessage": "First page\n",
        "ConnectionArn": arn,
        "FullRepositoryName": FULL,
    }


def test_a_connection_whose_handshake_is_open_can_not_be_used(jobs: Jobs, author: Learner) -> None:
    arn = make(jobs)
    code, message = refused(jobs, arn)
    assert code == "ConfigurationError"
    assert message == (
        f"Connection {arn} is not available: it is PENDING until its handshake is completed, in AWS's console or here "
        "by `cicdlab connect hub`."
    )
    push(author, connect(jobs))
    assert run(jobs, arn).revision


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"BranchName": "dev"}, "[GitHub] No Branch [dev] found for FullRepositoryName [anna/shop]"),
        ({"FullRepositoryId": "anna/other"}, '[GitHub] Could not access the repository "anna/other"'),
        ({"OutputArtifactFormat": "CODEBUILD_CLONE_REF"}, "CODEBUILD_CLONE_REF is not simulated"),
        ({"ConnectionArn": "arn:aws:codeconnections:us-east-1:123456789012:connection/x"}, "does not exist"),
        ({"ConnectionArn": "hub"}, "hub is not the ARN of a connection"),
    ],
)
def test_what_can_not_be_brought_is_named(jobs: Jobs, author: Learner, given: dict[str, str], said: str) -> None:
    arn = make(jobs)
    push(author, connect(jobs))
    code, message = refused(jobs, given.pop("ConnectionArn", arn), **given)
    assert (code, said in message) == ("ConfigurationError", True), message


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_the_role_must_be_allowed_to_use_the_connection(jobs: Jobs, author: Learner, service: str) -> None:
    arn = make(jobs, service)
    push(author, connect(jobs))
    other = {"codeconnections": "codestar-connections"}.get(service, "codeconnections")
    jobs.allow("s3:PutObject", f"{other}:UseConnection")
    code, message = refused(jobs, arn)
    assert code == "PermissionError"
    assert message.startswith(
        f"Unable to use Connection: {arn}. The provided role does not have sufficient permissions."
    )
    jobs.allow("s3:PutObject", f"{service}:UseConnection")
    assert run(jobs, arn).revision
