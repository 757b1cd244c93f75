import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ...goods import TRUST
from .conftest import Bench, spec


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_project_has_awss_arn_and_defaults(bench: Bench) -> None:
    project = bench.project("demo")
    assert project["arn"] == "arn:aws:codebuild:us-east-1:123456789012:project/demo"
    assert project["timeoutInMinutes"] == 60
    assert project["queuedTimeoutInMinutes"] == 480
    assert project["encryptionKey"] == "arn:aws:kms:us-east-1:123456789012:alias/aws/s3"
    assert project["environment"]["privilegedMode"] is False
    assert project["logsConfig"]["cloudWatchLogs"]["status"] == "ENABLED"
    assert project["logsConfig"]["s3Logs"]["status"] == "DISABLED"
    assert project["created"] == project["lastModified"]
    assert bench.codebuild.batch_get_projects(names=["demo"])["projects"] == [project]


def test_every_member_that_is_given_comes_back(bench: Bench) -> None:
    given = bench.settings(
        "demo",
        description="a project",
        timeoutInMinutes=5,
        tags=[{"key": "team", "value": "a"}],
        vpcConfig={"vpcId": "vpc-1", "subnets": ["s"], "securityGroupIds": ["g"]},
        buildBatchConfig={"serviceRole": bench.role, "combineArtifacts": True},
        fileSystemLocations=[{"type": "EFS", "location": "fs-1:/a", "mountPoint": "/b", "identifier": "c"}],
    )
    project = bench.codebuild.create_project(**given)["project"]
    assert {name: project[name] for name in given if name not in ("environment", "source")} == {
        name: value for name, value in given.items() if name not in ("environment", "source")
    }
    assert {**project["environment"], **given["environment"]} == project["environment"]


def test_a_second_project_of_the_same_name_is_refused(bench: Bench) -> None:
    bench.project("demo")
    assert refused(bench.codebuild.create_project, **bench.settings("demo")) == (
        "ResourceAlreadyExistsException",
        "Project already exists: arn:aws:codebuild:us-east-1:123456789012:project/demo",
    )


@pytest.mark.parametrize("name", ["-demo", "de mo", "déjà", "x" * 151, "a"])
def test_a_name_outside_of_the_pattern_is_refused(bench: Bench, name: str) -> None:
    client = bench.cloud.client("codebuild", config=_unchecked())
    assert refused(client.create_project, **bench.settings(name))[0] in (
        "InvalidInputException",
        "ValidationException",
    )


def _unchecked() -> Any:
    from botocore.config import Config

    return Config(parameter_validation=False, retries={"max_attempts": 0})


def test_update_changes_what_is_given_and_leaves_the_rest(bench: Bench) -> None:
    bench.project("demo", description="old", timeoutInMinutes=7)
    bench.cloud.core.clock.advance(60)
    project = bench.codebuild.update_project(name="demo", description="new")["project"]
    assert (project["description"], project["timeoutInMinutes"]) == ("new", 7)
    assert (project["lastModified"] - project["created"]).total_seconds() == 60
    bench.bucket()
    project = bench.codebuild.update_project(name="demo", artifacts={"type": "S3", "location": "goods"})["project"]
    assert project["artifacts"]["packaging"] == "NONE"
    assert project["source"]["type"] == "NO_SOURCE"


def test_an_update_that_does_not_fit_changes_nothing(bench: Bench) -> None:
    bench.project("demo")
    assert refused(bench.codebuild.update_project, name="demo", artifacts={"type": "S3"})[0] == "InvalidInputException"
    assert bench.codebuild.batch_get_projects(names=["demo"])["projects"][0]["artifacts"] == {"type": "NO_ARTIFACTS"}


def test_a_missing_project_is_named(bench: Bench) -> None:
    expected = (
        "ResourceNotFoundException",
        "Project cannot be found: arn:aws:codebuild:us-east-1:123456789012:project/none",
    )
    assert refused(bench.codebuild.update_project, name="none") == expected
    assert refused(bench.codebuild.start_build, projectName="none") == expected
    assert refused(bench.codebuild.list_builds_for_project, projectName="none") == expected


def test_missing_projects_are_listed_apart(bench: Bench) -> None:
    project = bench.project("demo")
    answer = bench.codebuild.batch_get_projects(names=["none", project["arn"]])
    assert [each["name"] for each in answer["projects"]] == ["demo"]
    assert answer["projectsNotFound"] == ["none"]


def test_deleting_a_project_keeps_its_builds(bench: Bench) -> None:
    bench.project("demo")
    build = bench.build("demo")
    bench.codebuild.delete_project(name="demo")
    assert bench.codebuild.batch_get_projects(names=["demo"])["projectsNotFound"] == ["demo"]
    assert bench.get(build["id"])["buildStatus"] == "SUCCEEDED"
    assert bench.codebuild.list_builds_for_project(projectName="demo")["ids"] == [build["id"]]


def test_deleting_a_project_that_is_not_there_is_no_error(bench: Bench) -> None:
    bench.codebuild.delete_project(name="none")


def test_projects_are_sorted_as_asked(bench: Bench) -> None:
    for name in ("beta", "alpha", "gamma"):
        bench.project(name)
        bench.cloud.core.clock.advance(1)
    bench.codebuild.update_project(name="beta", description="changed")

    def listed(**order: str) -> list[str]:
        return list(bench.codebuild.list_projects(**order)["projects"])

    assert listed() == ["alpha", "beta", "gamma"]
    assert listed(sortOrder="DESCENDING") == ["gamma", "beta", "alpha"]
    assert listed(sortBy="CREATED_TIME") == ["beta", "alpha", "gamma"]
    assert listed(sortBy="LAST_MODIFIED_TIME", sortOrder="DESCENDING") == ["beta", "gamma", "alpha"]


def test_lists_come_a_hundred_at_a_time(bench: Bench) -> None:
    names = [f"p{number:03}" for number in range(205)]
    for name in names:
        bench.project(name)
    first = bench.codebuild.list_projects()
    assert len(first["projects"]) == 100
    pages = list(bench.codebuild.get_paginator("list_projects").paginate())
    assert [len(page["projects"]) for page in pages] == [100, 100, 5]
    assert [name for page in pages for name in page["projects"]] == names
    assert refused(bench.codebuild.list_projects, nextToken="nonsense")[0] == "InvalidInputException"


S3 = {"type": "S3", "location": "goods/app.zip"}


@pytest.mark.parametrize(
    ("members", "part"),
    [
        ({"source": {"type": "NO_SOURCE"}}, "needs an inline buildspec"),
        ({"source": {"type": "NO_SOURCE", "buildspec": "ci.yml"}}, "needs an inline buildspec"),
    ],
)
def test_no_source_needs_an_inline_buildspec(bench: Bench, members: Any, part: str) -> None:
    code, message = refused(bench.codebuild.create_project, **{**bench.settings(), **members})
    assert (code, part in message) == ("InvalidInputException", True)


@pytest.mark.parametrize("location", [None, "", "goods", "goods/", "/key.zip"])
def test_an_s3_source_needs_bucket_and_key(bench: Bench, location: str | None) -> None:
    source = {"type": "S3", **({"location": location} if location is not None else {})}
    code, message = refused(bench.codebuild.create_project, **{**bench.settings(), "source": source})
    assert (code, "location must be" in message) == ("InvalidInputException", True)


def test_s3_artifacts_need_a_bucket(bench: Bench) -> None:
    code, message = refused(bench.codebuild.create_project, **bench.settings(artifacts={"type": "S3"}))
    assert (code, "need a location" in message) == ("InvalidInputException", True)


def test_codepipeline_is_both_ends_or_none(bench: Bench) -> None:
    pipeline = {"type": "CODEPIPELINE"}
    create = bench.codebuild.create_project
    expected = (
        "InvalidInputException",
        "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE",
    )
    assert refused(create, **bench.settings(artifacts=pipeline)) == expected
    assert refused(create, **{**bench.settings(), "source": pipeline}) == expected
    assert create(**{**bench.settings(artifacts=pipeline), "source": pipeline})["project"]["source"]["type"]


def test_encryption_is_switched_off_for_s3_artifacts_only(bench: Bench) -> None:
    artifacts = {"type": "NO_ARTIFACTS", "encryptionDisabled": True}
    assert refused(bench.codebuild.create_project, **bench.settings(artifacts=artifacts))[0] == "InvalidInputException"
    bench.project("demo", artifacts={"type": "S3", "location": "goods", "encryptionDisabled": True})


def test_build_status_is_reported_to_git_providers_only(bench: Bench) -> None:
    source = {**S3, "reportBuildStatus": True}
    code, _ = refused(bench.codebuild.create_project, **{**bench.settings(), "source": source})
    assert code == "InvalidInputException"


def test_s3_artifacts_have_awss_defaults(bench: Bench) -> None:
    artifacts = bench.project("demo", artifacts={"type": "S3", "location": "goods"})["artifacts"]
    assert artifacts == {
        "type": "S3",
        "location": "goods",
        "name": "demo",
        "namespaceType": "NONE",
        "packaging": "NONE",
        "encryptionDisabled": False,
    }


def test_a_variable_that_no_process_can_have_is_refused(bench: Bench) -> None:
    for variable in ({"name": "A=B", "value": "c"}, {"name": "A", "value": "c\0d"}, {"name": "A", "value": "\ud800"}):
        environment = {**bench.settings()["environment"], "environmentVariables": [variable]}
        code, message = refused(bench.codebuild.create_project, **bench.settings(environment=environment))
        assert (code, "Invalid environment variable" in message) == ("InvalidInputException", True)


# --- the service role


def test_a_role_that_does_not_exist_is_refused(bench: Bench) -> None:
    role = "arn:aws:iam::123456789012:role/nobody"
    code, message = refused(bench.codebuild.create_project, **{**bench.settings(), "serviceRole": role})
    assert code == "InvalidInputException"
    assert message.startswith(f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}. Please verify that")


def test_another_accounts_role_is_refused(bench: Bench) -> None:
    role = "arn:aws:iam::999999999999:role/builder"
    assert refused(bench.codebuild.create_project, **{**bench.settings(), "serviceRole": role}) == (
        "InvalidInputException",
        "Invalid service role: Service role account ID does not match caller's account",
    )


def trust(**changes: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{**TRUST["Statement"][0], **changes}]}


DENIAL = {"Effect": "Deny", "Principal": "*", "Action": "*"}


@pytest.mark.parametrize(
    "policy",
    [
        trust(Principal={"Service": "codedeploy.amazonaws.com"}),
        trust(Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        trust(Action="sts:TagSession"),
        trust(Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}),
        trust(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:codebuild:us-east-1:123456789012:project/other*"}}),
        trust(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        {"Version": "2012-10-17", "Statement": [TRUST["Statement"][0], DENIAL]},
    ],
)
def test_a_role_that_does_not_trust_codebuild_is_refused(bench: Bench, policy: dict[str, Any]) -> None:
    role = bench.make_role("other", policy)
    code, message = refused(bench.codebuild.create_project, **{**bench.settings(), "serviceRole": role})
    assert (code, "not authorized to perform: sts:AssumeRole" in message) == ("InvalidInputException", True)


@pytest.mark.parametrize(
    "policy",
    [
        trust(Principal={"Service": ["ec2.amazonaws.com", "codebuild.amazonaws.com"]}, Action=["sts:*"]),
        trust(Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}}),
        trust(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:codebuild:us-east-1:123456789012:project/*"}}),
    ],
)
def test_a_role_that_trusts_codebuild_in_other_words_is_accepted(bench: Bench, policy: dict[str, Any]) -> None:
    role = bench.make_role("other", policy)
    assert bench.codebuild.create_project(**{**bench.settings(), "serviceRole": role})["project"]["serviceRole"] == role


def test_projects_of_two_regions_do_not_meet(bench: Bench) -> None:
    bench.project("demo")
    elsewhere = bench.cloud.client("codebuild", region_name="eu-west-1")
    assert elsewhere.list_projects()["projects"] == []
    elsewhere.create_project(**bench.settings("demo", buildspec=spec(build=["true"])))
    assert bench.codebuild.list_projects()["projects"] == ["demo"]


def test_a_role_counts_as_it_is_at_the_moment(bench: Bench) -> None:
    iam, strange = bench.client("iam"), json.dumps(trust(Principal={"Service": "ec2.amazonaws.com"}))
    bench.project("first")
    iam.update_assume_role_policy(RoleName="builder", PolicyDocument=strange)
    assert refused(bench.codebuild.create_project, **bench.settings("second"))[0] == "InvalidInputException"
    iam.update_assume_role_policy(RoleName="builder", PolicyDocument=json.dumps(TRUST))
    bench.project("second")
    iam.delete_role_policy(RoleName="builder", PolicyName="all")
    iam.delete_role(RoleName="builder")
    assert refused(bench.codebuild.create_project, **bench.settings("third"))[0] == "InvalidInputException"


def test_a_role_that_a_stack_makes_and_deletes_counts_too(bench: Bench) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "stacked", "AssumeRolePolicyDocument": TRUST}}
    stacks, settings = bench.client("cloudformation"), {"serviceRole": "arn:aws:iam::123456789012:role/stacked"}
    assert refused(bench.codebuild.create_project, **{**bench.settings(), **settings})[0] == "InvalidInputException"
    stacks.create_stack(StackName="roles", TemplateBody=json.dumps({"Resources": {"Role": role}}))
    bench.project("first", **settings)
    stacks.delete_stack(StackName="roles")
    assert refused(bench.codebuild.create_project, **{**bench.settings(), **settings})[0] == "InvalidInputException"
