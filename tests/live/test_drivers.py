"""The same cloud, driven by boto3, by the aws command and by localstack-client."""

import json
import subprocess
import sys
from pathlib import Path

import localstack_client.session

from ..goods import MACHINE
from .conftest import ROLE

AWS = str(Path(sys.executable).with_name("aws"))
BUILDSPEC = """\
version: 0.2
phases:
  build:
    commands:
      - tr a-z A-Z < greeting.txt > loud.txt
      - cat loud.txt
artifacts:
  files: [loud.txt]
"""
SOURCE = {"buildspec.yml": BUILDSPEC, "greeting.txt": "hello\n"}
PROJECT = {
    "name": "greeter",
    "source": {"type": "S3", "location": "sources/source.zip"},
    "artifacts": {"type": "S3", "location": "sources", "path": "out", "packaging": "NONE"},
    "environment": MACHINE,
    "serviceRole": ROLE,
}


def assert_built(live, build_id):
    assert live.finished(build_id)["buildStatus"] == "SUCCEEDED"
    artifact = live.client("s3").get_object(Bucket="sources", Key="out/greeter/loud.txt")
    assert artifact["Body"].read() == b"HELLO\n"
    stream = {"logGroupName": "/aws/codebuild/greeter", "logStreamName": build_id.split(":")[1]}
    log = live.client("logs").get_log_events(**stream, startFromHead=True)["events"]
    assert "HELLO\n" in [event["message"] for event in log]


def test_boto3_builds(live):
    live.prepare("sources", SOURCE)
    codebuild = live.client("codebuild")
    codebuild.create_project(**PROJECT)
    assert_built(live, codebuild.start_build(projectName="greeter")["build"]["id"])


def test_the_aws_command_builds(live):
    live.prepare("sources", SOURCE)

    def aws(*arguments: str) -> dict:
        done = subprocess.run([AWS, *arguments], env=live.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    aws("codebuild", "create-project", "--cli-input-json", json.dumps(PROJECT))
    build = aws("codebuild", "start-build", "--project-name", "greeter")["build"]
    assert_built(live, build["id"])
    shown = aws("codebuild", "batch-get-builds", "--ids", build["id"], "--query", "builds[0].buildStatus")
    assert shown == "SUCCEEDED"


def test_the_aws_command_shows_aws_own_error(live):
    command = [AWS, "codebuild", "start-build", "--project-name", "nothing"]
    done = subprocess.run(command, env=live.environment, capture_output=True, text=True, check=False)
    assert done.returncode not in (0, 1)
    assert "ResourceNotFoundException" in done.stderr


def test_localstack_client_builds(live, monkeypatch):
    live.prepare("sources", SOURCE)
    for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    session = localstack_client.session.Session(localstack_host=live.endpoint.removeprefix("http://"))
    codebuild = session.client("codebuild")
    codebuild.create_project(**PROJECT)
    assert_built(live, codebuild.start_build(projectName="greeter")["build"]["id"])
    assert [bucket["Name"] for bucket in session.client("s3").list_buckets()["Buckets"]] == ["sources"]
