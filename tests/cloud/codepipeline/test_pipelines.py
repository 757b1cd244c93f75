"""Pipelines as resources: created, changed, listed, tagged, deleted."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ...goods import make_role
from ...waiting import wait_until
from .bench import ACCOUNT, REGION, Bench, approval, definition, site, source, stage


def refused(error: Any) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_pipeline_has_awss_shape_and_defaults(bench: Bench) -> None:
    given = definition(role=bench.role)
    made = bench.codepipeline.create_pipeline(pipeline=given)["pipeline"]
    assert (made["version"], made["pipelineType"], made["executionMode"]) == (1, "V1", "SUPERSEDED")
    assert made["stages"][1]["actions"][0]["runOrder"] == 1
    answer = bench.codepipeline.get_pipeline(name="pipe")
    assert answer["pipeline"] == made
    assert answer["metadata"]["pipelineArn"] == f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:pipe"
    assert answer["metadata"]["created"] == answer["metadata"]["updated"]


def test_creating_starts_an_execution(bench: Bench) -> None:
    bench.create()
    (first,) = bench.executions()
    assert first["trigger"]["triggerType"] == "CreatePipeline"
    assert first["trigger"]["triggerDetail"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_a_second_pipeline_of_the_same_name_is_refused(bench: Bench) -> None:
    bench.create()
    with pytest.raises(ClientError) as error:
        bench.create()
    code, message = refused(error)
    assert code == "PipelineNameInUseException"
    assert message == f"A pipeline with the name 'pipe' already exists in account '{ACCOUNT}'"
    assert len(bench.executions()) == 1


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("get_pipeline", {"name": "none"}),
        ("get_pipeline_state", {"name": "none"}),
        ("start_pipeline_execution", {"name": "none"}),
        ("list_pipeline_executions", {"pipelineName": "none"}),
        ("list_action_executions", {"pipelineName": "none"}),
        ("update_pipeline", {"pipeline": definition(name="none")}),
    ],
)
def test_a_missing_pipeline_is_named(bench: Bench, operation: str, members: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as error:
        getattr(bench.codepipeline, operation)(**members)
    assert refused(error) == (
        "PipelineNotFoundException",
        f"Account '{ACCOUNT}' does not have a pipeline with name 'none'",
    )


def test_an_update_makes_a_version_and_starts_nothing(bench: Bench) -> None:
    first = bench.create()
    bench.answer()
    bench.ended(first)
    changed = definition(stage("Source", source()), stage("Deploy", site()), role=bench.role)
    assert bench.codepipeline.update_pipeline(pipeline=changed)["pipeline"]["version"] == 2
    assert len(bench.executions()) == 1
    assert len(bench.codepipeline.get_pipeline(name="pipe")["pipeline"]["stages"]) == 2
    assert len(bench.codepipeline.get_pipeline(name="pipe", version=1)["pipeline"]["stages"]) == 3
    with pytest.raises(ClientError, match="PipelineVersionNotFoundException"):
        bench.codepipeline.get_pipeline(name="pipe", version=3)


def test_an_update_cancels_what_waits_for_an_approval(bench: Bench) -> None:
    first = bench.create()
    token = bench.token()
    bench.codepipeline.update_pipeline(pipeline=definition(role=bench.role))
    assert bench.status(first) == "Cancelled"
    assert bench.run("Ask")["status"] == "Abandoned"
    with pytest.raises(ClientError, match="ApprovalAlreadyCompletedException"):
        bench.answer(token=token)
    second = bench.start()
    assert bench.execution(second)["pipelineVersion"] == 2
    bench.answer(token=wait_until(lambda: bench.latest("Approve", "Ask").get("token")))
    assert bench.ended(second)["status"] == "Succeeded"


def test_an_update_that_is_refused_changes_nothing(bench: Bench) -> None:
    first = bench.create()
    bench.token()
    with pytest.raises(ClientError, match="minimum of 2 stages"):
        bench.codepipeline.update_pipeline(pipeline=definition(stage("Source", source()), role=bench.role))
    assert bench.codepipeline.get_pipeline(name="pipe")["pipeline"]["version"] == 1
    assert bench.status(first) == "InProgress"


def test_deleting_forgets_the_pipeline_and_its_executions(bench: Bench) -> None:
    bench.create()
    bench.token()
    bench.codepipeline.delete_pipeline(name="pipe")
    bench.codepipeline.delete_pipeline(name="pipe")
    assert bench.codepipeline.list_pipelines()["pipelines"] == []
    bench.create()
    assert len(bench.executions()) == 1


def test_lists_are_paged(bench: Bench) -> None:
    for number in range(5):
        bench.create(stage("Source", source()), stage("Ask", approval()), name=f"pipe{4 - number}")
    paginator = bench.codepipeline.get_paginator("list_pipelines")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["pipelines"]) for page in pages] == [2, 2, 1]
    assert [each["name"] for page in pages for each in page["pipelines"]] == [f"pipe{number}" for number in range(5)]
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        bench.codepipeline.list_pipelines(nextToken="nowhere")


def test_tags_are_kept_until_the_pipeline_is_deleted(bench: Bench) -> None:
    given = definition(role=bench.role)
    answer = bench.codepipeline.create_pipeline(pipeline=given, tags=[{"key": "team", "value": "blue"}])
    assert answer["tags"] == [{"key": "team", "value": "blue"}]
    arn = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:pipe"
    bench.codepipeline.tag_resource(
        resourceArn=arn, tags=[{"key": "cost", "value": "9"}, {"key": "team", "value": "red"}]
    )
    bench.codepipeline.untag_resource(resourceArn=arn, tagKeys=["cost"])
    assert bench.codepipeline.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "red"}]
    bench.codepipeline.delete_pipeline(name="pipe")
    with pytest.raises(ClientError) as error:
        bench.codepipeline.list_tags_for_resource(resourceArn=arn)
    assert refused(error)[0] == "ResourceNotFoundException"


def test_tags_that_aws_refuses(bench: Bench) -> None:
    bench.create()
    arn = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:pipe"
    with pytest.raises(ClientError, match="InvalidTagsException"):
        bench.codepipeline.tag_resource(resourceArn=arn, tags=[{"key": "aws:team", "value": "blue"}])
    many = [{"key": f"k{number}", "value": ""} for number in range(51)]
    with pytest.raises(ClientError, match="TooManyTagsException"):
        bench.codepipeline.tag_resource(resourceArn=arn, tags=many)
    with pytest.raises(ClientError, match="InvalidArnException"):
        bench.codepipeline.tag_resource(resourceArn=arn.replace(REGION, "eu-west-1"), tags=many[:1])


def test_action_types_are_listed_with_their_artifacts_and_configuration(bench: Bench) -> None:
    types = bench.codepipeline.list_action_types(actionOwnerFilter="AWS")["actionTypes"]
    found = {(each["id"]["category"], each["id"]["provider"]): each for each in types}
    build = found["Build", "CodeBuild"]
    assert build["inputArtifactDetails"] == {"minimumCount": 1, "maximumCount": 5}
    required = [each["name"] for each in build["actionConfigurationProperties"] if each["required"]]
    assert required == ["ProjectName"]
    assert bench.codepipeline.list_action_types(actionOwnerFilter="Custom")["actionTypes"] == []


def test_a_role_that_codepipeline_may_not_assume_is_refused(bench: Bench) -> None:
    other = make_role(bench.client("iam"), "builder")
    for role in (other, other.replace("builder", "nobody"), other.replace(ACCOUNT, "210987654321")):
        with pytest.raises(ClientError) as error:
            bench.codepipeline.create_pipeline(pipeline=definition(role=role))
        assert refused(error) == (
            "InvalidStructureException",
            f"CodePipeline is not authorized to perform AssumeRole on role {role}",
        )


def test_an_operation_that_is_not_there_says_so(bench: Bench) -> None:
    with pytest.raises(ClientError, match="RollbackStage is not simulated") as error:
        bench.codepipeline.rollback_stage(
            pipelineName="pipe", stageName="Deploy", targetPipelineExecutionId="11111111-1111-4111-8111-111111111111"
        )
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_regions_and_accounts_are_apart(bench: Bench) -> None:
    bench.create()
    elsewhere = bench.cloud.client("codepipeline", region_name="eu-west-1")
    assert elsewhere.list_pipelines()["pipelines"] == []
