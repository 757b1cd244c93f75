"""The source that is a branch of a CodeCommit repository."""

import io
import zipfile
from typing import Any

import pytest

from cicdlab.cloud.codepipeline.actions import providers
from cicdlab.cloud.codepipeline.actions.provider import ActionError, Outcome
from cicdlab.cloud.core import ACCOUNT

from ..codecommit.conftest import Learner
from .jobs import REGION, STORE, Jobs

GIVEN = {"RepositoryName": "shop", "BranchName": "main"}
WHEN = {"GIT_AUTHOR_DATE": "2026-11-02T10:00:00+0200", "GIT_COMMITTER_DATE": "2026-11-03T10:00:00+0000"}
NEEDED = ("codecommit:GetBranch", "codecommit:GetCommit", "codecommit:UploadArchive")
NEEDED += ("codecommit:GetUploadArchiveStatus", "s3:PutObject")


@pytest.fixture
def pushed(jobs: Jobs, author: Learner) -> str:
    """Return the id of a commit in the repository ``shop``."""
    author.repository("shop")
    return push(author, folder(jobs))


def folder(jobs: Jobs) -> str:
    """Return where the repository ``shop`` is: a push to it needs no sign-in, which takes a second."""
    service: Any = jobs.cloud.core.services["codecommit"]
    return str(service.find(ACCOUNT, REGION, "shop").folder)


def push(author: Learner, address: str, branch: str = "main") -> str:
    """Push a first commit and return its id."""
    author.git("init", "--quiet", "--initial-branch=main")
    (author.folder / "run.sh").write_text("echo hello\n")
    (author.folder / "run.sh").chmod(0o755)
    (author.folder / "a").mkdir()
    (author.folder / "a" / "page.txt").write_text("one\n")
    author.git("add", "run.sh", "a")
    author.git("commit", "--quiet", "--message", "First page", **WHEN)
    author.git("push", "--quiet", address, f"main:{branch}")
    return author.git("rev-parse", "HEAD").stdout.strip()


def run(jobs: Jobs, **given: str) -> Outcome:
    return jobs.run("Source", "CodeCommit", {**GIVEN, **given}, outputs=(jobs.place("Source"),))


def refused(jobs: Jobs, **given: str) -> tuple[str, str]:
    with pytest.raises(ActionError) as caught:
        run(jobs, **given)
    return caught.value.code, caught.value.message


def test_the_files_of_the_last_commit_become_a_zip(jobs: Jobs, pushed: str) -> None:
    run(jobs)
    archive = zipfile.ZipFile(io.BytesIO(jobs.body(STORE, jobs.place("Source").key)))
    files = {each.filename: each for each in archive.infolist() if not each.is_dir()}
    assert sorted(files) == ["a/page.txt", "run.sh"]
    assert archive.read("a/page.txt") == b"one\n"
    assert files["run.sh"].external_attr >> 16 & 0o100


def test_the_commit_is_the_revision_and_its_members_are_variables(jobs: Jobs, pushed: str) -> None:
    done = run(jobs)
    assert done.revision and (done.revision.id, done.revision.summary) == (pushed, "First page\n")
    assert done.variables == {
        "AuthorDate": "2026-11-02T08:00:00Z",
        "BranchName": "main",
        "CommitId": pushed,
        "CommitMessage": "First page\n",
        "CommitterDate": "2026-11-03T10:00:00Z",
        "RepositoryName": "shop",
    }


def test_an_earlier_commit_can_be_asked_for(jobs: Jobs, author: Learner, pushed: str) -> None:
    (author.folder / "run.sh").write_text("echo again\n")
    author.git("commit", "--quiet", "--all", "--message", "Second")
    author.git("push", "--quiet", folder(jobs), "main")
    made = providers(jobs.cloud.core)["Source", "AWS", "CodeCommit", "1"]
    assert run(jobs).variables["CommitId"] != pushed
    job = jobs.job(GIVEN, outputs=(jobs.place("Source"),), revision=pushed)
    assert made.run(job).variables["CommitId"] == pushed
    assert b"hello" in zipfile.ZipFile(io.BytesIO(jobs.body(STORE, jobs.place("Source").key))).read("run.sh")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"BranchName": "dev"}, "no branch named dev was found in the selected AWS CodeCommit repository shop"),
        ({"RepositoryName": "other"}, "there is no AWS CodeCommit repository named other"),
        ({"OutputArtifactFormat": "CODEBUILD_CLONE_REF"}, "OutputArtifactFormat CODEBUILD_CLONE_REF is not simulated"),
    ],
)
def test_what_can_not_be_brought_is_named(jobs: Jobs, pushed: str, given: dict[str, str], said: str) -> None:
    code, message = refused(jobs, **given)
    assert (code, said in message, jobs.keys(STORE)) == ("ConfigurationError", True, [])
    assert run(jobs, OutputArtifactFormat="CODE_ZIP").revision


@pytest.mark.parametrize("missing", NEEDED[:-1])
def test_every_permission_is_needed(jobs: Jobs, pushed: str, missing: str) -> None:
    jobs.allow(*(each for each in NEEDED if each != missing))
    code, message = refused(jobs)
    assert (code, jobs.keys(STORE)) == ("PermissionError", [])
    assert "required to access the AWS CodeCommit repository named shop" in message
    assert f"perform: {missing} on resource: arn:aws:codecommit:us-east-1:123456789012:shop" in message
    jobs.allow(*NEEDED)
    assert run(jobs).revision


def test_the_latest_revision_is_the_branchs_last_commit(jobs: Jobs, pushed: str) -> None:
    source: Any = providers(jobs.cloud.core)["Source", "AWS", "CodeCommit", "1"]
    assert source.latest(jobs.by_role, GIVEN) == pushed


def test_a_stopped_action_brings_nothing_and_cancels_the_upload(jobs: Jobs, pushed: str) -> None:
    jobs.stopped.set()
    assert refused(jobs) == ("JobFailed", "The action was stopped.")
    jobs.allow(*NEEDED)
    code, message = refused(jobs)
    assert (code, "perform: codecommit:CancelUploadArchive" in message) == ("PermissionError", True)
    assert jobs.keys(STORE) == []
