"""A build may do what its service role may, and fails where and how AWS fails it."""

import json
from typing import Any

import pytest

from ...goods import make_role, trust_in, zipped
from .conftest import Bench, phase, reason, spec, states

OWN, PARTNER = "123456789012", "210987654321"
GROUP = f"arn:aws:logs:*:{OWN}:log-group:/aws/codebuild/*"
LOGS = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": GROUP,
}
SOURCE = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::goods/source.zip"}
OUTPUT = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::goods/out/*"}
BUILDSPEC = {
    "version": 0.2,
    "phases": {"build": {"commands": ["echo hello > hello.txt"]}},
    "artifacts": {"files": ["hello.txt"]},
}
PROJECT = {
    "source": {"type": "S3", "location": "goods/source.zip"},
    "artifacts": {"type": "S3", "location": "goods", "path": "out"},
}


def allow(bench: Bench, *statements: dict[str, Any]) -> None:
    """Let the role do just this."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    bench.client("iam").put_role_policy(RoleName="builder", PolicyName="all", PolicyDocument=text)


@pytest.fixture
def project(bench: Bench) -> Bench:
    bench.bucket("goods")
    bench.put("goods", "source.zip", zipped({"buildspec.yml": json.dumps(BUILDSPEC)}))
    bench.project("demo", **PROJECT)
    return bench


def who(build: dict[str, Any]) -> str:
    return f"User: arn:aws:sts::{OWN}:assumed-role/builder/AWSCodeBuild-{build['id'].split(':')[1]}"


def test_a_role_that_may_do_just_what_the_build_does_is_enough(project: Bench) -> None:
    allow(project, LOGS, SOURCE, OUTPUT)
    assert project.build("demo")["buildStatus"] == "SUCCEEDED"


def test_without_reading_the_source_a_build_fails_in_download_source(project: Bench) -> None:
    allow(project, LOGS, OUTPUT)
    build = project.build("demo")
    code, message = reason(build, "DOWNLOAD_SOURCE")
    said = f'{who(build)} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::goods/source.zip" '
    assert (code, message) == (
        "CLIENT_ERROR",
        f"AccessDenied: {said}because no identity-based policy allows the s3:GetObject action status code: 403 "
        "for primary source goods/source.zip",
    )
    assert "BUILD" not in states(build)


def test_without_logs_a_build_has_no_log_and_says_why(project: Bench) -> None:
    allow(project, SOURCE, OUTPUT)
    build = project.build("demo")
    code, message = reason(build, "PROVISIONING")
    assert code == "ACCESS_DENIED"
    assert message.startswith(
        f"Service role arn:aws:iam::{OWN}:role/builder does not allow AWS CodeBuild to create Amazon CloudWatch Logs "
        f"log streams for build {build['arn']}. Error message: AccessDeniedException: {who(build)} "
        "is not authorized to perform: logs:CreateLogStream on resource: "
    )
    assert "streamName" not in build["logs"]
    assert project.client("logs").describe_log_groups()["logGroups"] == []


def test_without_writing_to_the_bucket_a_build_fails_in_upload_artifacts(project: Bench) -> None:
    allow(project, LOGS, SOURCE)
    build = project.build("demo")
    assert "not authorized to perform: s3:PutObject on resource" in reason(build, "UPLOAD_ARTIFACTS")[1]
    assert states(build)["BUILD"] == "SUCCEEDED"


def test_artifacts_are_encrypted_with_the_projects_key(project: Bench) -> None:
    key = project.client("kms").create_key()["KeyMetadata"]["Arn"]
    project.client("kms").create_alias(AliasName="alias/goods", TargetKeyId=key)
    for chosen in (key, "alias/goods"):
        project.codebuild.update_project(name="demo", encryptionKey=chosen)
        allow(project, LOGS, SOURCE, OUTPUT)
        message = reason(project.build("demo"), "UPLOAD_ARTIFACTS")[1]
        assert f"not authorized to perform: kms:GenerateDataKey on resource: {key} because" in message
        allow(project, LOGS, SOURCE, OUTPUT, {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key})
        assert project.build("demo")["buildStatus"] == "SUCCEEDED"
        stored = project.client("s3").head_object(Bucket="goods", Key="out/demo/hello.txt")
        assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", key)


def test_artifacts_are_encrypted_with_awss_own_key_unless_encryption_is_off(project: Bench) -> None:
    head = project.client("s3").head_object
    project.build("demo")
    stored = head(Bucket="goods", Key="out/demo/hello.txt")
    assert stored["ServerSideEncryption"] == "aws:kms"
    awss = project.client("kms").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]
    assert stored["SSEKMSKeyId"] == awss
    project.build("demo", artifactsOverride={**PROJECT["artifacts"], "encryptionDisabled": True})
    assert "ServerSideEncryption" not in head(Bucket="goods", Key="out/demo/hello.txt")


def test_a_build_may_be_given_another_key(project: Bench) -> None:
    key = project.client("kms").create_key()["KeyMetadata"]["Arn"]
    build = project.build("demo", encryptionKeyOverride=key)
    assert build["encryptionKey"] == key
    assert project.client("s3").head_object(Bucket="goods", Key="out/demo/hello.txt")["SSEKMSKeyId"] == key


def test_a_condition_on_the_region_fails_the_build_in_the_other_region_only(project: Bench) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    allow(project, {**everything, "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}})
    assert project.build("demo")["buildStatus"] == "SUCCEEDED"
    there = Bench(
        project.cloud, project.role, {"codebuild": project.cloud.client("codebuild", region_name="eu-west-1")}
    )
    there.project("demo", **PROJECT)
    build = there.build("demo")
    assert build["buildStatus"] == "FAILED"
    assert "not authorized to perform: logs:CreateLogStream" in phase(build, "PROVISIONING")["contexts"][0]["message"]


def test_commands_inside_a_build_are_denied_by_the_same_role(bench: Bench) -> None:
    bench.bucket("salaries")
    bench.put("salaries", "all.csv", b"ann,1")
    allow(bench, LOGS)
    build = bench.run(
        spec(
            build=[
                "aws s3 cp s3://salaries/all.csv . || true",
                "aws codebuild list-projects || true",
                "python3 -c \"import boto3; boto3.client('iam').create_access_key(UserName='ann')\" || true",
                "aws sts get-caller-identity --query Arn --output text",
            ]
        )
    )
    log = bench.log(build)
    assert build["buildStatus"] == "SUCCEEDED"
    assert "An error occurred (403) when calling the HeadObject operation: Forbidden" in log
    assert f"{who(build)} is not authorized to perform: codebuild:ListProjects" in log
    assert f"{who(build)} is not authorized to perform: iam:CreateAccessKey" in log
    assert who(build).removeprefix("User: ") in bench.output(build)


def test_a_build_assumes_a_role_of_another_account_that_trusts_it(bench: Bench) -> None:
    iam = bench.cloud.client("iam", aws_access_key_id=PARTNER)
    trusting = make_role(iam, "trusting", trust_in({"AWS": f"arn:aws:iam::{OWN}:role/builder"}))
    closed = make_role(iam, "closed", trust_in({"AWS": PARTNER}))
    allow(bench, LOGS, {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": [trusting, closed]})
    assume = "aws sts assume-role --role-session-name build --query AssumedRoleUser.Arn --output text --role-arn"
    build = bench.run(spec(build=[f"{assume} {trusting}", f"{assume} {closed}"]))
    assert f"arn:aws:sts::{PARTNER}:assumed-role/trusting/build" in bench.output(build)
    assert states(build)["BUILD"] == "FAILED"
    assert "because no role trust policy allows the sts:AssumeRole action" in bench.log(build)
