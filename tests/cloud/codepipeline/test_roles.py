"""With whose permissions a pipeline works."""

import json
from typing import Any

from ...goods import make_role, trust_in
from .bench import ACCOUNT, Bench, build, site, source, stage
from .jobs import PIPELINE_TRUST, allowing

TWO = (stage("Source", source()), stage("Deploy", site()))
READ = ("s3:GetObject*", "s3:GetBucketVersioning", "s3:ListBucket")


def limit(bench: Bench, *actions: str, role: str = "pipeline", resource: str = "*") -> None:
    """Let a role do these things, and nothing else."""
    text = json.dumps(allowing(*actions, resource=resource))
    bench.client("iam").put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=text)


def failed(bench: Bench, action: str, *stages: Any) -> tuple[str, str]:
    assert bench.ended(bench.create(*(stages or TWO)))["status"] == "Failed"
    return bench.error(action)


def test_a_role_that_may_not_read_the_source_fails_the_action(bench: Bench) -> None:
    limit(bench, "s3:GetBucketVersioning")
    code, message = failed(bench, "Fetch")
    assert code == "PermissionError"
    assert message.startswith("The service role or action role doesn’t have the permissions required to access")
    assert "the Amazon S3 bucket named source" in message


def test_a_role_that_may_not_write_artifacts_fails_the_action(bench: Bench) -> None:
    limit(bench, *READ)
    code, message = failed(bench, "Fetch")
    assert code == "PermissionError"
    assert "the Amazon S3 bucket named store" in message


def test_the_least_that_a_pipeline_needs(bench: Bench) -> None:
    limit(bench, *READ, "s3:PutObject")
    assert bench.ended(bench.create(*TWO))["status"] == "Succeeded"


def test_a_role_that_may_not_build_fails_the_action(bench: Bench) -> None:
    bench.project("true")
    limit(bench, *READ, "s3:PutObject")
    code, message = failed(bench, "Make", stage("Source", source()), stage("Build", build()))
    assert code == "PermissionError"
    assert "codebuild:StartBuild" in message


def test_a_role_that_trusts_nobody_any_more_fails_the_action(bench: Bench) -> None:
    bench.ended(bench.create(*TWO))
    trust = json.dumps(trust_in({"Service": "codebuild.amazonaws.com"}))
    bench.client("iam").update_assume_role_policy(RoleName="pipeline", PolicyDocument=trust)
    assert bench.ended(bench.start())["status"] == "Failed"
    (_, _, last) = bench.runs()
    error = last["output"]["executionResult"]["errorDetails"]
    assert error["code"] == "PermissionError"
    assert error["message"] == f"CodePipeline is not authorized to perform AssumeRole on role {bench.role}"


def test_an_action_works_with_its_own_role(bench: Bench) -> None:
    own = make_role(bench.client("iam"), "publisher", trust_in({"AWS": bench.role}), allowing(*READ, "s3:PutObject"))
    stages = stage("Source", source()), stage("Deploy", site(roleArn=own))
    limit(bench, *READ, "s3:PutObject", "sts:AssumeRole")
    assert bench.ended(bench.create(*stages))["status"] == "Succeeded"
    assert bench.run("Publish")["input"]["roleArn"] == own
    limit(bench, "s3:GetObject", role="publisher")
    assert bench.ended(bench.start())["status"] == "Failed"
    last = bench.runs()[-1]
    assert last["actionName"] == "Publish"
    assert last["output"]["executionResult"]["errorDetails"]["code"] == "PermissionError"


def test_the_service_role_needs_permission_to_assume_an_actions_role(bench: Bench) -> None:
    own = make_role(bench.client("iam"), "publisher", trust_in({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    stages = stage("Source", source()), stage("Deploy", site(roleArn=own))
    limit(bench, *READ, "s3:PutObject")
    code, message = failed(bench, "Publish", *stages)
    assert code == "PermissionError"
    assert f"The role {bench.role} is not authorized to perform AssumeRole on role {own}" in message


def test_an_actions_role_has_to_trust_the_pipelines_role(bench: Bench) -> None:
    own = make_role(bench.client("iam"), "publisher", PIPELINE_TRUST)
    code, _ = failed(bench, "Publish", stage("Source", source()), stage("Deploy", site(roleArn=own)))
    assert code == "PermissionError"


def test_artifacts_are_encrypted_with_the_stores_key(bench: Bench) -> None:
    key = bench.client("kms").create_key()["KeyMetadata"]["Arn"]
    store = {"type": "S3", "location": "store", "encryptionKey": {"id": key, "type": "KMS"}}
    assert bench.ended(bench.create(*TWO, artifactStore=store))["status"] == "Succeeded"
    (name,) = bench.keys("store")
    head = bench.client("s3").head_object(Bucket="store", Key=name)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
