"""git as a learner uses it: the real command, against a running cloud, in the environment of a lab."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cicdlab.cloud.server import Server, Settings
from cicdlab.lab import environment as lab
from cicdlab.lab.environment import merged
from cicdlab.lab.places import Workspace

from ...conftest import RunningCloud

NAME = "demo"


@dataclass
class Learner:
    """Somebody with a folder, git and AWS credentials."""

    cloud: RunningCloud
    folder: Path

    @cached_property
    def codecommit(self) -> Any:
        return self.cloud.client("codecommit")

    def repository(self, name: str = "demo") -> str:
        """Make a repository and return its address."""
        made = self.codecommit.create_repository(repositoryName=name)
        return str(made["repositoryMetadata"]["cloneUrlHttp"])

    def git(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run git in the learner's folder."""
        given = {"CICDLAB_ENDPOINT": self.cloud.endpoint, "PATH": os.environ["PATH"], "HOME": str(self.folder)}
        return subprocess.run(
            ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *arguments],
            cwd=self.folder,
            env=merged(lab.environment("embedded", Workspace(self.folder / ".aws"), given), given) | environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=60,
        )

    def commit(self, text: str = "one\n") -> str:
        """Write a file, commit it and return the commit's id."""
        if not (self.folder / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main")
        (self.folder / "page.txt").write_text(text)
        self.git("add", "page.txt")
        self.git("commit", "--quiet", "--message", text.strip())
        return self.git("rev-parse", "HEAD").stdout.strip()


@dataclass
class Files:
    """The repository of a learner."""

    learner: Learner

    @property
    def codecommit(self) -> Any:
        return self.learner.codecommit

    @property
    def url(self) -> str:
        return str(self.codecommit.get_repository(repositoryName=NAME)["repositoryMetadata"]["cloneUrlHttp"])

    def tip(self, branch: str = "main") -> str:
        return str(self.codecommit.get_branch(repositoryName=NAME, branchName=branch)["branch"]["commitId"])

    def request(self, **members: Any) -> dict[str, Any]:
        """Return a request for a commit on main, or on another branch, after its last commit."""
        request: dict[str, Any] = {"repositoryName": NAME, "branchName": "main", **members}
        if "parentCommitId" not in request and self.codecommit.list_branches(repositoryName=NAME)["branches"]:
            request["parentCommitId"] = self.tip(request["branchName"])
        return request

    def put(self, path: str = "page.txt", content: bytes = b"one\n", **members: Any) -> dict[str, Any]:
        return dict(self.codecommit.put_file(**self.request(filePath=path, fileContent=content, **members)))

    def delete(self, path: str, **members: Any) -> dict[str, Any]:
        return dict(self.codecommit.delete_file(**self.request(filePath=path, **members)))

    def commit(self, **members: Any) -> dict[str, Any]:
        return dict(self.codecommit.create_commit(**self.request(**members)))

    def commit_files(self, files: dict[str, bytes]) -> str:
        """Put files with one commit and return its id."""
        entries = [{"filePath": path, "fileContent": content} for path, content in files.items()]
        return str(self.commit(putFiles=entries)["commitId"])

    def listed(self, commit: str = "main") -> list[str]:
        """Return the paths of all files, as a clone has them."""
        self.learner.git("init", "--quiet")
        self.learner.git("fetch", "--quiet", self.url, commit)
        return self.learner.git("ls-tree", "-r", "--name-only", "FETCH_HEAD").stdout.split()

    def get(self, path: str, **members: Any) -> dict[str, Any]:
        return dict(self.codecommit.get_file(repositoryName=NAME, filePath=path, **members))


def refused(operation: Any, *given: Any, **request: Any) -> str:
    """Return the code of the error with which an operation answers, without ``Exception``."""
    with pytest.raises(ClientError) as error:
        operation(*given, **request)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error.value.response["Error"]["Message"]
    return str(error.value.response["Error"]["Code"]).removesuffix("Exception")


@pytest.fixture(scope="session")
def git_cloud() -> Iterator[RunningCloud]:
    with Server(Settings(port=0)) as server:
        yield RunningCloud(server)


@pytest.fixture
def learner(git_cloud: RunningCloud, tmp_path: Path) -> Learner:
    git_cloud.core.reset()
    return Learner(git_cloud, tmp_path)


@pytest.fixture
def files(learner: Learner) -> Files:
    """Return an empty repository to change and read through the API."""
    learner.repository()
    return Files(learner)
