"""git as a learner uses it: the real command, against a running cloud, with AWS's credential helper."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cicdlab.cloud.server import Server, Settings

from ...conftest import RunningCloud

HELPER = "!aws codecommit credential-helper --ignore-host-check $@"
BIN = Path(__file__).parents[3] / ".venv" / "bin"


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
        endpoint = self.cloud.endpoint
        settings = {f"credential.{endpoint}.helper": HELPER, f"credential.{endpoint}.useHttpPath": "true"}
        configured = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (name, value) in enumerate(settings.items()):
            configured |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        return subprocess.run(
            ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *arguments],
            cwd=self.folder,
            env={
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "HOME": str(self.folder),
                "GIT_TERMINAL_PROMPT": "0",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": "us-east-1",
                **configured,
                **environment,
            },
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
