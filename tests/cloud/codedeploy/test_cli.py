"""Deployments by the aws command, as AWS's tutorials make them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import BUCKET, TAG, Bench, appspec


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with an application."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "appspec.yml").write_text(appspec({"ApplicationStart": ""}))
    (tmp_path / "scripts" / "ApplicationStart.sh").write_text("#!/bin/sh\ntrue\n")
    (tmp_path / ".hidden").write_text("x")
    return tmp_path


def run(bench: Bench, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the aws command."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "AWS_ENDPOINT_URL": bench.cloud.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/nonexistent",
    }
    command = [str(Path(sys.prefix, "bin", "aws")), "deploy", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def answer(bench: Bench, *arguments: str) -> Any:
    """Return what a command answers that succeeds."""
    done = run(bench, *arguments, "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_tutorials_commands_deploy(bench: Bench, source: Path) -> None:
    bench.profile()
    [instance] = bench.launch()
    answer(bench, "create-application", "--application-name", "shop")
    tags = ",".join(f"{key}={value}" for key, value in TAG.items())
    group = ("--application-name", "shop", "--deployment-group-name", "fleet")
    answer(bench, "create-deployment-group", *group, "--ec2-tag-filters", tags, "--service-role-arn", bench.role)
    where = ("--s3-location", f"s3://{BUCKET}/shop.zip", "--source", str(source))
    pushed = run(bench, "push", "--application-name", "shop", *where, "--ignore-hidden-files")
    assert pushed.returncode == 0, pushed.stderr
    told = pushed.stdout.split("aws deploy ")[1].split()
    assert told[0] == "create-deployment"
    location = told[told.index("--s3-location") + 1]
    [revision] = bench.codedeploy.list_application_revisions(applicationName="shop")["revisions"]
    etag = bench.client("s3").head_object(Bucket=BUCKET, Key="shop.zip")["ETag"].strip('"')
    assert revision["s3Location"] == {"bucket": BUCKET, "key": "shop.zip", "bundleType": "zip", "eTag": etag}
    made = answer(bench, "create-deployment", *group, "--s3-location", location, "--description", "first")
    bench.ended(made["deploymentId"])
    waited = run(bench, "wait", "deployment-successful", "--deployment-id", made["deploymentId"])
    assert (waited.returncode, waited.stderr) == (0, "")
    target = answer(bench, "get-deployment-target", "--deployment-id", made["deploymentId"], "--target-id", instance)[
        "deploymentTarget"
    ]["instanceTarget"]
    assert (target["status"], target["lifecycleEvents"][5]["status"]) == ("Succeeded", "Succeeded")
    archives = [path.name for path in bench.root(instance).glob("opt/codedeploy-agent/deployment-root/*/*/*/.hidden")]
    assert archives == []


def test_a_deployment_that_fails_ends_the_wait_with_an_error(bench: Bench, source: Path) -> None:
    bench.profile()
    bench.launch()
    bench.group()
    (source / "scripts" / "ApplicationStart.sh").write_text("exit 1\n")
    assert (
        run(
            bench, "push", "--application-name", "app", "--s3-location", f"s3://{BUCKET}/a.zip", "--source", str(source)
        ).returncode
        == 0
    )
    location = f"bucket={BUCKET},key=a.zip,bundleType=zip"
    group = ("--application-name", "app", "--deployment-group-name", "fleet")
    made = answer(bench, "create-deployment", *group, "--s3-location", location)["deploymentId"]
    bench.ended(made)
    waited = run(bench, "wait", "deployment-successful", "--deployment-id", made)
    assert (waited.returncode, "terminal failure state" in waited.stderr) == (255, True)
    refused = run(bench, "stop-deployment", "--deployment-id", made)
    assert "(DeploymentAlreadyCompletedException) when calling the StopDeployment operation" in refused.stderr


def test_a_bundle_without_an_appspec_is_not_pushed(bench: Bench, tmp_path: Path) -> None:
    pushed = run(
        bench, "push", "--application-name", "app", "--s3-location", f"s3://{BUCKET}/a.zip", "--source", str(tmp_path)
    )
    assert (pushed.returncode, "appspec.yml was not found" in pushed.stderr) == (255, True)
    assert bench.codedeploy.list_application_revisions(applicationName="app")["revisions"] == []
