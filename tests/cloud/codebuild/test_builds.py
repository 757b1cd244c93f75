"""Operations on builds: start, retry, list, delete."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ...goods import EVERYTHING, make_role, trust_in
from ...waiting import wait_until
from .conftest import Bench, spec


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_build_has_awss_id_arn_and_number(bench: Bench) -> None:
    bench.project("demo")
    first, second = bench.build("demo"), bench.build("demo")
    assert first["id"].startswith("demo:")
    assert first["arn"] == f"arn:aws:codebuild:us-east-1:123456789012:build/{first['id']}"
    assert (first["buildNumber"], second["buildNumber"]) == (1, 2)
    assert first["id"] != second["id"]


def test_start_build_answers_with_a_queued_build(bench: Bench) -> None:
    bench.project("demo", spec(build=["true"]))
    build = bench.codebuild.start_build(projectName="demo")["build"]
    assert (build["currentPhase"], build["buildStatus"], build["buildComplete"]) == ("QUEUED", "IN_PROGRESS", False)
    assert [each["phaseType"] for each in build["phases"]] == ["SUBMITTED", "QUEUED"]
    bench.ended(build["id"])


def test_builds_are_found_by_id_and_by_arn_and_missing_ones_listed_apart(bench: Bench) -> None:
    build = bench.run(spec(build=["true"]))
    answer = bench.codebuild.batch_get_builds(ids=[build["id"], build["arn"], "demo:none"])
    assert [each["id"] for each in answer["builds"]] == [build["id"]] * 2
    assert answer["buildsNotFound"] == ["demo:none"]


def test_a_build_names_who_started_it(bench: Bench) -> None:
    bench.project("demo", spec(build=["echo $CODEBUILD_INITIATOR"]))
    iam = bench.client("iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    role = make_role(iam, "releaser", trust_in({"AWS": "123456789012"}))
    sts = bench.cloud.client("sts", aws_access_key_id="123456789012")
    given = sts.assume_role(RoleArn=role, RoleSessionName="friday")["Credentials"]
    session = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    for who, name in ((keys, "ann"), (session, "releaser/friday"), ({}, "administrator")):
        codebuild = bench.cloud.client("codebuild", **who)
        build = bench.ended(codebuild.start_build(projectName="demo")["build"]["id"])
        assert (build["initiator"], bench.output(build)) == (name, [name])
        again = bench.ended(bench.codebuild.retry_build(id=build["id"])["build"]["id"])
        assert again["initiator"] == "administrator"


def test_overrides_count_for_one_build_only(bench: Bench) -> None:
    bench.project("demo", spec(build=["echo project"]))
    build = bench.build(
        "demo",
        buildspecOverride=spec(build=["echo override"]),
        imageOverride="my/image:1",
        computeTypeOverride="BUILD_GENERAL1_LARGE",
        environmentTypeOverride="ARM_CONTAINER",
        timeoutInMinutesOverride=90,
    )
    assert bench.output(build) == ["override"]
    assert build["environment"]["image"] == "my/image:1"
    assert build["environment"]["computeType"] == "BUILD_GENERAL1_LARGE"
    assert build["environment"]["type"] == "ARM_CONTAINER"
    assert build["timeoutInMinutes"] == 90
    assert bench.output(bench.build("demo")) == ["project"]


def test_how_a_source_is_read_may_be_overridden(bench: Bench) -> None:
    bench.project("demo")
    auth = {"type": "CODECONNECTIONS", "resource": "arn:aws:codeconnections:us-east-1:123456789012:connection/a"}
    source = bench.build("demo", sourceAuthOverride=auth, gitCloneDepthOverride=3)["source"]
    assert (source["auth"], source["gitCloneDepth"]) == (auth, 3)


def test_source_and_artifacts_may_be_overridden(bench: Bench) -> None:
    from ...goods import zipped

    bench.bucket()
    bench.put("goods", "app.zip", zipped({"greeting": "hello"}))
    bench.project("demo")
    text = "version: 0.2\nphases: {build: {commands: [cat greeting]}}\nartifacts: {files: [greeting]}\n"
    build = bench.build(
        "demo",
        sourceTypeOverride="S3",
        sourceLocationOverride="goods/app.zip",
        buildspecOverride=text,
        artifactsOverride={"type": "S3", "location": "goods", "name": "out"},
    )
    assert bench.output(build) == ["hello"]
    assert bench.body("goods", "out/greeting") == b"hello"


def test_an_overriding_role_must_trust_codebuild_and_is_used(bench: Bench) -> None:
    bench.project("demo", spec(build=["aws sts get-caller-identity --query Arn --output text"]))
    code, message = refused(bench.codebuild.start_build, projectName="demo", serviceRoleOverride="nobody")
    assert (code, "not authorized to perform: sts:AssumeRole" in message) == ("InvalidInputException", True)
    build = bench.build("demo", serviceRoleOverride=bench.make_role("second"))
    assert build["serviceRole"].endswith(":role/second")
    assert "assumed-role/second/AWSCodeBuild-" in bench.output(build)[0]


@pytest.mark.parametrize(
    "override",
    [
        {"debugSessionEnabled": True},
        {"cacheOverride": {"type": "NO_CACHE"}},
        {"gitSubmodulesConfigOverride": {"fetchSubmodules": True}},
        {"certificateOverride": "b/c"},
        {"fleetOverride": {"fleetArn": "a"}},
        {"autoRetryLimitOverride": 1},
    ],
)
def test_an_override_that_is_not_simulated_is_refused_by_name(bench: Bench, override: dict[str, Any]) -> None:
    bench.project("demo")
    assert refused(bench.codebuild.start_build, projectName="demo", **override) == (
        "InvalidInputException",
        f"{next(iter(override))} is not simulated yet.",
    )


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"cache": {"type": "S3", "location": "b"}}, "cache of type S3"),
        ({"vpcConfig": {"vpcId": "vpc-1", "subnets": ["s"], "securityGroupIds": ["g"]}}, "vpcConfig"),
        ({"fileSystemLocations": [{"type": "EFS", "identifier": "a"}]}, "fileSystemLocations"),
        ({"autoRetryLimit": 2}, "autoRetryLimit"),
        ({"badgeEnabled": True}, "badgeEnabled"),
        ({"logsConfig": {"s3Logs": {"status": "ENABLED", "location": "b"}}}, "logsConfig.s3Logs"),
        ({"source": {"type": "GITHUB", "location": "https://github.com/a/b"}}, "a source of type GITHUB"),
    ],
)
def test_a_project_setting_that_is_not_simulated_is_kept_and_refused_at_the_build(
    bench: Bench, members: dict[str, Any], name: str
) -> None:
    bench.codebuild.create_project(**{**bench.settings(), **members})
    assert refused(bench.codebuild.start_build, projectName="demo") == (
        "InvalidInputException",
        f"{name} is not simulated yet.",
    )


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"type": "WINDOWS_SERVER_2022_CONTAINER"}, "an environment of type WINDOWS_SERVER_2022_CONTAINER"),
        ({"type": "LINUX_LAMBDA_CONTAINER"}, "an environment of type LINUX_LAMBDA_CONTAINER"),
        ({"fleet": {"fleetArn": "a"}}, "environment.fleet"),
        ({"certificate": "b/c"}, "environment.certificate"),
        (
            {"environmentVariables": [{"name": "A", "value": "/b", "type": "PARAMETER_STORE"}]},
            "the environment variable A of type PARAMETER_STORE",
        ),
    ],
)
def test_an_environment_that_is_not_simulated_is_refused_at_the_build(
    bench: Bench, change: dict[str, Any], name: str
) -> None:
    bench.project("demo", environment={**bench.settings()["environment"], **change})
    assert refused(bench.codebuild.start_build, projectName="demo")[1] == f"{name} is not simulated yet."


def test_a_token_gives_the_same_build_for_five_minutes(bench: Bench) -> None:
    bench.project("demo")
    first = bench.build("demo", idempotencyToken="t")
    assert bench.start("demo", idempotencyToken="t") == first["id"]
    bench.cloud.core.clock.advance(301)
    assert bench.start("demo", idempotencyToken="t") != first["id"]


def test_a_token_with_other_parameters_is_refused(bench: Bench) -> None:
    bench.project("demo")
    bench.build("demo", idempotencyToken="t")
    code, _ = refused(bench.codebuild.start_build, projectName="demo", idempotencyToken="t", imageOverride="x")
    assert code == "InvalidInputException"


def test_a_retry_is_a_new_build_with_the_same_settings(bench: Bench) -> None:
    bench.project("demo", spec(build=["echo project"]))
    first = bench.build("demo", buildspecOverride=spec(build=["echo $A"]), environmentVariablesOverride=[
        {"name": "A", "value": "given"}
    ])  # fmt: skip
    bench.codebuild.update_project(name="demo", description="changed")
    second = bench.ended(bench.codebuild.retry_build(id=first["id"])["build"]["id"])
    assert second["id"] != first["id"]
    assert second["buildNumber"] == 2
    assert bench.output(second) == ["given"]


def test_a_running_build_can_not_be_retried_or_deleted(bench: Bench) -> None:
    bench.project("demo", spec(build=["sleep 60"]), timeoutInMinutes=500)
    build_id = bench.start("demo")
    assert refused(bench.codebuild.retry_build, id=build_id)[0] == "InvalidInputException"
    answer = bench.codebuild.batch_delete_builds(ids=[build_id])
    assert [each["statusCode"] for each in answer["buildsNotDeleted"]] == ["BUILD_IN_PROGRESS"]
    bench.codebuild.stop_build(id=build_id)


def test_deleted_builds_are_gone(bench: Bench) -> None:
    build = bench.run(spec(build=["true"]))
    answer = bench.codebuild.batch_delete_builds(ids=[build["id"], "demo:none"])
    assert answer["buildsDeleted"] == [build["arn"]]
    assert answer["buildsNotDeleted"] == [{"id": "demo:none", "statusCode": "BUILD_NOT_FOUND"}]
    assert bench.codebuild.batch_get_builds(ids=[build["id"]])["buildsNotFound"] == [build["id"]]
    assert bench.codebuild.list_builds()["ids"] == []


def test_a_missing_build_is_named(bench: Bench) -> None:
    for call in (bench.codebuild.stop_build, bench.codebuild.retry_build):
        assert refused(call, id="demo:none") == ("ResourceNotFoundException", "Build cannot be found: demo:none")


def test_a_projects_builds_are_listed_by_number(bench: Bench) -> None:
    bench.project("demo")
    bench.project("other")
    ids = [bench.build("demo")["id"] for _ in range(3)]
    bench.build("other")
    listed = bench.codebuild.list_builds_for_project
    assert listed(projectName="demo")["ids"] == ids[::-1]
    assert listed(projectName="demo", sortOrder="ASCENDING")["ids"] == ids
    assert len(bench.codebuild.list_builds()["ids"]) == 4


def test_a_project_without_builds_has_an_empty_list(bench: Bench) -> None:
    bench.project("demo")
    assert bench.codebuild.list_builds_for_project(projectName="demo")["ids"] == []


def test_more_than_a_hundred_builds_can_not_be_sorted(bench: Bench) -> None:
    bench.project("demo", artifacts={"type": "NO_ARTIFACTS"})
    ids = [bench.start("demo") for _ in range(101)]
    for build_id in ids:
        bench.ended(build_id)
    listed = bench.codebuild.list_builds_for_project
    assert refused(listed, projectName="demo", sortOrder="ASCENDING")[0] == "InvalidInputException"
    pages = bench.codebuild.get_paginator("list_builds_for_project").paginate(projectName="demo")
    assert [build_id for page in pages for build_id in page["ids"]] == ids[::-1]


def test_builds_over_a_projects_limit_are_rejected_not_queued(bench: Bench) -> None:
    bench.project("demo", spec(build=["sleep 60"]), timeoutInMinutes=500, concurrentBuildLimit=1)
    build_id = bench.start("demo")
    assert refused(bench.codebuild.start_build, projectName="demo")[0] == "AccountLimitExceededException"
    bench.codebuild.stop_build(id=build_id)
    second = wait_until(lambda: bench.start("demo"))
    bench.codebuild.stop_build(id=second)


def test_a_limit_of_minus_one_removes_the_limit(bench: Bench) -> None:
    bench.project("demo", concurrentBuildLimit=1)
    changed = bench.codebuild.update_project(name="demo", concurrentBuildLimit=-1)["project"]
    assert "concurrentBuildLimit" not in changed
    assert bench.build("demo")["buildStatus"] == "SUCCEEDED"


def test_what_is_not_offered_answers_501(bench: Bench) -> None:
    with pytest.raises(ClientError) as caught:
        bench.codebuild.start_build_batch(projectName="demo")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "StartBuildBatch" in str(caught.value)
