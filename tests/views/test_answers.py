"""The answers that other tests make by hand have the shapes of AWS's: members, types and the values of enumerations."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.validate import validate_parameters

from . import deployments, pipelines

DEPLOYMENTS = (deployments.succeeded, deployments.failed, deployments.running, deployments.nine)
PIPELINES = (pipelines.succeeded, pipelines.failed, pipelines.waiting, pipelines.running)


def of_codedeploy() -> Iterator[tuple[str, dict[str, Any]]]:
    for made in DEPLOYMENTS:
        deployment, targets = made()
        yield "GetDeployment", {"deploymentInfo": deployment}
        yield "BatchGetDeploymentTargets", {"deploymentTargets": targets}


def of_codepipeline() -> Iterator[tuple[str, dict[str, Any]]]:
    for made in PIPELINES:
        pipeline, state, execution, actions = made()
        yield "GetPipeline", {"pipeline": pipeline}
        yield "GetPipelineState", state
        yield "ListPipelineExecutions", {"pipelineExecutionSummaries": [execution]}
        yield "ListActionExecutions", {"actionExecutionDetails": actions}


def strange_words(value: Any, shape: Any) -> Iterator[str]:
    """Values that are not in their shape's enumeration."""
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from strange_words(member, shape.members[name])
    elif shape.type_name == "list":
        for each in value:
            yield from strange_words(each, shape.member)
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{shape.name}: {value}"


@pytest.mark.parametrize(("service", "answers"), [("codedeploy", of_codedeploy), ("codepipeline", of_codepipeline)])
def test_the_answers_made_by_hand_have_the_shapes_of_aws(service: str, answers: Any) -> None:
    model = boto3.client(service, region_name="us-east-1").meta.service_model
    for operation, answer in answers():
        shape = model.operation_model(operation).output_shape
        validate_parameters(answer, shape)
        assert list(strange_words(answer, shape)) == []
