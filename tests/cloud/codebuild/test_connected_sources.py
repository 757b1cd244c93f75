"""Sources at a code host that a connection reaches."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cicdlab.cloud.core import ACCOUNT

from ..codecommit.conftest import Learner
from .conftest import Bench, reason, spec
from .test_repositories import allow

ADDRESS = "https://github.com/anna/shop.git"
PREFIX = "arn:aws:codeconnections:us-east-1:123456789012:connection/"


@pytest.fixture
def arn(bench: Bench) -> str:
    """Return a connection whose handshake is open, and a project whose source is behind it."""
    made = bench.client("codeconnections").create_connection(ConnectionName="hub", ProviderType="GitHub")
    arn = str(made["ConnectionArn"])
    bench.project("demo", source=source(arn))
    return arn


def source(arn: str, **members: str) -> dict[str, Any]:
    return {"type": "GITHUB", "location": ADDRESS, "auth": {"type": "CODECONNECTIONS", "resource": arn}, **members}


def push(bench: Bench, folder: Path, *commands: str, branch: str = "main") -> str:
    """Complete the handshake, push a commit with a buildspec, and return its id."""
    service: Any = bench.cloud.core.services["codeconnections"]
    service.connect(ACCOUNT, "us-east-1", "hub", ["anna/shop"])
    repository = service.repository(service.named(ACCOUNT, "us-east-1", "hub"), "anna/shop")
    learner = Learner(bench.cloud, folder)
    learner.commit()
    (folder / "buildspec.yml").write_text(spec(build=list(commands)))
    learner.git("add", "buildspec.yml")
    learner.git("commit", "--quiet", "--message", "Build it")
    learner.git("push", "--quiet", str(repository.folder), f"main:{branch}")
    return learner.git("rev-parse", "HEAD").stdout.strip()


def test_a_repository_behind_a_connection_is_the_source(bench: Bench, arn: str, tmp_path: Path) -> None:
    commit = push(bench, tmp_path, "cat page.txt", "git log --format=%s", "git remote get-url origin")
    build = bench.build("demo")
    assert bench.output(build) == ["one", "Build it", "one", ADDRESS]
    assert build["resolvedSourceVersion"] == commit


def test_a_branch_may_be_asked_for_and_the_only_one_is_the_default(bench: Bench, arn: str, tmp_path: Path) -> None:
    commit = push(bench, tmp_path, "true", branch="dev")
    for version in ({}, {"sourceVersion": "dev"}):
        assert bench.build("demo", **version)["resolvedSourceVersion"] == commit
    assert "reference not found" in reason(bench.build("demo", sourceVersion="main"), "DOWNLOAD_SOURCE")[1]


def test_without_a_handshake_there_is_no_token(bench: Bench, arn: str, tmp_path: Path) -> None:
    code, message = reason(bench.build("demo"), "DOWNLOAD_SOURCE")
    assert (code, f"Failed to get access token from {arn}: it is PENDING" in message) == ("CLIENT_ERROR", True)
    push(bench, tmp_path, "true")
    assert bench.build("demo")["buildStatus"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"location": "https://github.com/anna/other"}, "repository not found"),
        ({"location": "git@github.com:anna/shop.git"}, "is no connection to a repository"),
        ({"auth": {"type": "CODECONNECTIONS", "resource": f"{PREFIX}none"}}, "it does not exist"),
        ({"auth": {"type": "CODECONNECTIONS", "resource": "hub"}}, "hub is no connection to a repository"),
    ],
)
def test_what_can_not_be_reached_is_named(
    bench: Bench, arn: str, tmp_path: Path, members: dict[str, Any], said: str
) -> None:
    push(bench, tmp_path, "true")
    bench.codebuild.update_project(name="demo", source=source(arn) | members)
    code, message = reason(bench.build("demo"), "DOWNLOAD_SOURCE")
    assert (code, said in message) == ("CLIENT_ERROR", True), message


def test_a_report_to_the_code_host_is_refused_by_name(bench: Bench, arn: str) -> None:
    bench.codebuild.update_project(name="demo", source={**source(arn), "reportBuildStatus": True})
    with pytest.raises(ClientError, match="reportBuildStatus of a source is not simulated"):
        bench.start("demo")


def test_the_role_needs_a_token_of_the_connection(bench: Bench, arn: str, tmp_path: Path) -> None:
    push(bench, tmp_path, "true")
    allow(bench, ("logs:*", "*"), ("codeconnections:GetConnection", arn))
    build = bench.build("demo")
    assert reason(build, "DOWNLOAD_SOURCE")[0] == "CLIENT_ERROR"
    assert "is not authorized to perform: codeconnections:GetConnectionToken" in bench.log(build)
    allow(bench, ("logs:*", "*"), ("codeconnections:GetConnection", arn), ("codeconnections:GetConnectionToken", arn))
    assert bench.build("demo")["buildStatus"] == "SUCCEEDED"
