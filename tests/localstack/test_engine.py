"""Our CodeBuild on LocalStack: it finds there what builds need, fails as on AWS, and has no other backend."""

import io
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..goods import EVERYTHING, make_role, trust_in

BUILDSPEC = """
version: 0.2
phases:
  build:
    commands: ['python3 -c "print(6 * 7)" | tee answer.txt']
artifacts:
  files: [answer.txt]
"""
DEADLINE = 120.0


@pytest.fixture
def make_project(target: Any) -> Callable[..., str]:
    """Return a function that makes a bucket with a source, a role and a project, all of one name."""

    def make(
        name: str,
        trusted: str = "codebuild.amazonaws.com",
        with_source: bool = True,
        permissions: Mapping[str, Any] = EVERYTHING,
    ) -> str:
        s3 = target.client("s3")
        s3.create_bucket(Bucket=f"{name}-bucket")
        if with_source:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr("buildspec.yml", BUILDSPEC)
            s3.put_object(Bucket=f"{name}-bucket", Key="source.zip", Body=packed.getvalue())
        role = make_role(target.client("iam"), name, trust_in({"Service": trusted}), permissions)
        target.client("codebuild").create_project(
            name=name,
            source={"type": "S3", "location": f"{name}-bucket/source.zip"},
            artifacts={"type": "S3", "location": f"{name}-bucket", "packaging": "ZIP", "path": "out"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=role,
        )
        return name

    return make


def test_a_build_reads_and_writes_localstack_only(target: Any, make_project: Callable[..., str]) -> None:
    build = _build(target, make_project("answer"))
    assert build["buildStatus"] == "SUCCEEDED"
    stored = target.inside("s3").get_object(Bucket="answer-bucket", Key="out/answer")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(stored)) as artifact:
        assert artifact.read("answer.txt") == b"42\n"
    events = target.inside("logs").get_log_events(
        logGroupName=build["logs"]["groupName"], logStreamName=build["logs"]["streamName"], startFromHead=True
    )["events"]
    assert "42" in [event["message"].strip() for event in events]


def test_a_missing_source_fails_in_download_source(target: Any, make_project: Callable[..., str]) -> None:
    build = _build(target, make_project("sourceless", with_source=False))
    assert build["buildStatus"] == "FAILED"
    failed = [phase["phaseType"] for phase in build["phases"] if phase.get("phaseStatus") == "FAILED"]
    assert failed == ["DOWNLOAD_SOURCE"]


def test_a_role_may_do_here_what_it_may_do_on_aws(target: Any, make_project: Callable[..., str]) -> None:
    """LocalStack evaluates nothing, so the engine decides before it asks."""
    forbidden = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::forbidden-bucket/*"}
    permissions = {"Version": "2012-10-17", "Statement": [*EVERYTHING["Statement"], forbidden]}
    build = _build(target, make_project("forbidden", permissions=permissions))
    (failed,) = [phase for phase in build["phases"] if phase.get("phaseStatus") == "FAILED"]
    assert failed["phaseType"] == "DOWNLOAD_SOURCE"
    message = failed["contexts"][0]["message"]
    assert "is not authorized to perform: s3:GetObject on resource" in message
    assert "with an explicit deny in an identity-based policy" in message
    build = _build(target, make_project("powerless", permissions={"Version": "2012-10-17", "Statement": [forbidden]}))
    assert (
        "logs:CreateLogStream"
        in [phase for phase in build["phases"] if phase.get("phaseStatus") == "FAILED"][0]["contexts"][0]["message"]
    )


def test_a_role_that_trusts_another_service_is_refused(make_project: Callable[..., str]) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        make_project("distrusted", trusted="ec2.amazonaws.com")


def test_the_cloud_beside_localstack_never_loads_moto(target: Any, make_project: Callable[..., str]) -> None:
    _build(target, make_project("modules"))
    modules = {line.split("|")[-1].strip().split(".")[0] for line in target.modules.read_text().splitlines()}
    assert "waitress" in modules, "Python did not report what the cloud imports"
    assert "moto" not in modules


def test_what_is_not_ours_is_refused_with_the_address_that_has_it(target: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{target.engine}/some-bucket", timeout=10)
    assert refused.value.code == 501
    assert target.localstack in refused.value.read().decode()


def _build(target: Any, project: str) -> dict[str, Any]:
    codebuild = target.client("codebuild")
    build = codebuild.start_build(projectName=project)["build"]
    deadline = time.monotonic() + DEADLINE
    while not build["buildComplete"]:
        assert time.monotonic() < deadline, f"the build is still in {build['currentPhase']}"
        time.sleep(0.05)
        (build,) = codebuild.batch_get_builds(ids=[build["id"]])["builds"]
    return build
