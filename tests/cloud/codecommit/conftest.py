"""git as a learner uses it: the real command, against a running cloud, in the environment of a lab."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cicdlab.cloud.server import Server, Settings
from cicdlab.lab import environment as lab
from cicdlab.lab.environment import merged
from cicdlab.lab.places import Workspace

from ...conftest import RunningCloud


@dataclass
class Learner:
    """Somebody with a folder, git and AWS credentials."""

    cloud: RunningCloud
    folder: Path

    @property
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


@pytest.fixture(scope="session")
def git_cloud() -> Iterator[RunningCloud]:
    with Server(Settings(port=0)) as server:
        yield RunningCloud(server)


@pytest.fixture
def learner(git_cloud: RunningCloud, tmp_path: Path) -> Learner:
    git_cloud.core.reset()
    return Learner(git_cloud, tmp_path)
