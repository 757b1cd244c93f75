"""Reading with boto3: a deployment and its targets, a pipeline and its executions."""

from __future__ import annotations

from typing import Any

from cicdlab.views.reading import ViewError, ask, pages
from cicdlab.views.stages import Answers

_TARGETS_AT_ONCE = 25  # as many as batch_get_deployment_targets takes for every platform


def read_deployment(codedeploy: Any, deployment_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A deployment and its targets.

    Raises
    ------
    ViewError
        There is no such deployment, or CodeDeploy does not tell.
    """
    missing = f"There is no deployment {deployment_id!r}: look at what list_deployments() returns."
    known = dict.fromkeys(("DeploymentDoesNotExistException", "InvalidDeploymentIdException"), missing)
    deployment = ask(codedeploy.get_deployment, known, deploymentId=deployment_id)["deploymentInfo"]
    try:
        ids = pages(codedeploy, "list_deployment_targets", "targetIds", deploymentId=deployment_id)
    except ViewError as refused:
        if refused.code != "DeploymentNotStartedException":
            raise
        ids = []
    targets: list[dict[str, Any]] = []
    for start in range(0, len(ids), _TARGETS_AT_ONCE):
        some = ids[start : start + _TARGETS_AT_ONCE]
        answer = ask(codedeploy.batch_get_deployment_targets, deploymentId=deployment_id, targetIds=some)
        targets += answer.get("deploymentTargets") or []
    return dict(deployment), targets


def read_pipeline(codepipeline: Any, name: str, execution_id: str | None = None) -> Answers:
    """A pipeline, how it stands, and one of its executions: by default the latest.

    Raises
    ------
    ViewError
        There is no such pipeline or execution, or CodePipeline does not tell.
    """
    missing = f"There is no pipeline {name!r}: look at what list_pipelines() returns."
    known = {"PipelineNotFoundException": missing}
    pipeline = ask(codepipeline.get_pipeline, known, name=name)["pipeline"]
    execution = _execution(codepipeline, name, execution_id)
    actions = []
    if execution:
        only = {"pipelineExecutionId": execution["pipelineExecutionId"]}
        actions = pages(
            codepipeline, "list_action_executions", "actionExecutionDetails", pipelineName=name, filter=only
        )
    return Answers(pipeline, ask(codepipeline.get_pipeline_state, name=name), execution, actions)


def _execution(codepipeline: Any, name: str, execution_id: str | None) -> dict[str, Any]:
    member = "pipelineExecutionSummaries"
    if execution_id is None:
        latest = ask(codepipeline.list_pipeline_executions, pipelineName=name, maxResults=1).get(member)
        return dict(latest[0]) if latest else {}
    for each in pages(codepipeline, "list_pipeline_executions", member, pipelineName=name):
        if each["pipelineExecutionId"] == execution_id:
            return dict(each)
    raise ViewError(
        f"The pipeline {name} has no execution {execution_id!r}: look at what list_pipeline_executions() returns."
    )
