"""A cloud in a process of its own, driven from outside as a learner drives it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from cicdlab.lab import environment

from ..goods import make_role, zipped
from ..waiting import wait_until

ROLE = "arn:aws:iam::123456789012:role/builder"


@dataclass
class LiveCloud:
    """A running cloud process."""

    process: subprocess.Popen
    endpoint: str
    workspace: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a terminal has after ``eval "$(cicdlab env)"``."""
        place = {"CICDLAB_ENDPOINT": self.endpoint, "CICDLAB_WORKSPACE": str(self.workspace)}
        return environment.merged(environment.environment("embedded", environ={**os.environ, **place}))

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.endpoint, **keys)

    def prepare(self, bucket: str, files: dict[str, str]) -> None:
        """Make a role and a bucket with a zipped source."""
        make_role(self.client("iam"))
        self.client("s3").create_bucket(Bucket=bucket)
        self.client("s3").put_object(Bucket=bucket, Key="source.zip", Body=zipped(files))

    def finished(self, build_id: str) -> dict[str, Any]:
        """Return a build when it has ended."""

        def ended() -> dict[str, Any] | None:
            build = self.client("codebuild").batch_get_builds(ids=[build_id])["builds"][0]
            return build if build["buildComplete"] else None

        return wait_until(ended)


@pytest.fixture
def learners_shell(tmp_path: Path) -> dict[str, str]:
    """The environment of a learner with an AWS account: a home folder with credentials, and variables."""
    home = tmp_path / "home-of-ann"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "credentials").write_text("[work-profile]\naws_access_key_id = AKIAREALREALREALREAL\n")
    return {**os.environ, "HOME": str(home), "AWS_PROFILE": "work-profile", "SECRET_OF_ANN": "do-not-tell"}


@pytest.fixture
def live(tmp_path: Path, learners_shell: dict[str, str]) -> Iterator[LiveCloud]:
    """Start a cloud process on a free port, from the learner's shell."""
    command = [sys.executable, "-m", "cicdlab.cloud", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=learners_shell)
    try:
        line = process.stdout.readline()
        endpoint = re.fullmatch(r"ready (http://127\.0\.0\.1:\d+)\n", line)[1]
        yield LiveCloud(process, endpoint, tmp_path)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) is not None
