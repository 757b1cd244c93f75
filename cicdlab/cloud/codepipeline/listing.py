"""What the operations that read pipelines, executions and actions answer."""

from collections.abc import Iterable
from typing import Any

from ..stores import page
from .actions.table import ActionType
from .errors import refused
from .model import IN_PROGRESS, ActionDeclaration, ActionExecution, Execution, Pipeline, Stage, StageDeclaration, Store

Answer = dict[str, Any]


def pipeline(store: Store, name: str) -> Pipeline:
    """Return a pipeline.

    Raises
    ------
    ServiceError
        ``PipelineNotFoundException``.
    """
    # rule: pipeline-not-found
    found = store.pipelines.get(name)
    if not found:
        raise refused("PipelineNotFound", f"Account '{store.account}' does not have a pipeline with name '{name}'")
    return found


def execution(known: Pipeline, execution_id: str) -> Execution:
    """Return an execution of a pipeline.

    Raises
    ------
    ServiceError
        ``PipelineExecutionNotFoundException``.
    """
    # rule: execution-not-found
    found = known.executions.get(execution_id)
    if not found:
        raise refused(
            "PipelineExecutionNotFound",
            f"There is no execution with id '{execution_id}' of the pipeline with name '{known.name}'",
        )
    return found


def paged(names: Iterable[str], request: Answer, most: int) -> tuple[list[str], str | None]:
    """Return a page of names and the token of the next.

    Raises
    ------
    ServiceError
        ``InvalidNextTokenException``.
    """
    # rule: lists-page
    try:
        return page(names, request.get("nextToken"), min(request.get("maxResults", most), most))
    except ValueError:
        raise refused("InvalidNextToken", "The next token is not valid.") from None


def definition(known: Pipeline, version: int | None = None) -> Answer:
    """Return what GetPipeline answers.

    Raises
    ------
    ServiceError
        ``PipelineVersionNotFoundException``.
    """
    # rule: get-pipeline-version
    number = version or known.declaration.version
    if number > len(known.versions):
        raise refused("PipelineVersionNotFound", f"The pipeline '{known.name}' does not have a version {number}")
    return {
        "pipeline": known.version(number).wire(),
        "metadata": {"pipelineArn": known.arn, "created": known.created, "updated": known.updated},
    }


def summary(known: Pipeline) -> Answer:
    """Return a pipeline as ListPipelines shows it."""
    current = known.declaration
    return {
        "name": current.name,
        "version": current.version,
        "pipelineType": current.pipeline_type,
        "executionMode": current.execution_mode,
        "created": known.created,
        "updated": known.updated,
    }


def state(store: Store, known: Pipeline) -> Answer:
    """Return what GetPipelineState answers."""
    # rule: pipeline-state
    with store.lock:  # executions and actions of one moment
        current = known.declaration
        return {
            "pipelineName": current.name,
            "pipelineVersion": current.version,
            "stageStates": [_stage(known, each) for each in current.stages],
            "created": known.created,
            "updated": known.updated,
        }


def _stage(known: Pipeline, declared: StageDeclaration) -> Answer:
    stage = known.stages.get(declared.name) or Stage(name=declared.name)
    shown: Answer = {
        "stageName": declared.name,
        "inboundTransitionState": _transition(stage),
        "actionStates": [_action(known, declared.name, each) for each in declared.actions],
    }
    if stage.waiting:
        waiting = {"pipelineExecutionId": stage.waiting, "status": IN_PROGRESS, "type": "STANDARD"}
        shown |= {"inboundExecution": waiting, "inboundExecutions": [waiting]}
    if stage.latest:
        shown["latestExecution"] = {
            "pipelineExecutionId": stage.latest,
            "status": stage.latest_status,
            "type": "STANDARD",
        }
    return shown


def _transition(stage: Stage) -> Answer:
    inbound = stage.inbound
    return _given(
        enabled=inbound.enabled,
        lastChangedBy=inbound.last_changed_by,
        lastChangedAt=inbound.last_changed_at,
        disabledReason=inbound.disabled_reason,
    )


def _action(known: Pipeline, stage: str, declared: ActionDeclaration) -> Answer:
    shown: Answer = {"actionName": declared.name}
    run_id = known.latest.get((stage, declared.name))
    if run_id:
        run = known.runs[run_id]
        shown["latestExecution"] = _latest(run)
        if run.revision:
            shown["currentRevision"] = _given(
                revisionId=run.revision.revision_id,
                revisionChangeId=run.revision.revision_change_identifier,
                created=run.revision.created,
            )
            if run.revision.revision_url:
                shown["revisionUrl"] = run.revision.revision_url
    return shown


def _latest(run: ActionExecution) -> Answer:
    # rule: token-while-it-waits
    return _given(
        actionExecutionId=run.id,
        status=run.status,
        summary=run.summary,
        lastStatusChange=run.last_update_time,
        token=run.token if run.status == IN_PROGRESS else None,
        lastUpdatedBy=run.last_updated_by,
        externalExecutionId=run.external_execution_id,
        externalExecutionUrl=run.external_execution_url,
        errorDetails=run.error_details.wire() if run.error_details else None,
    )


def execution_summary(known: Pipeline, shown: Execution) -> Answer:
    """Return an execution as ListPipelineExecutions shows it."""
    sources = {
        artifact.name: action.name
        for action in known.version(shown.pipeline_version).stages[0].actions
        for artifact in action.output_artifacts
    }
    return _given(
        pipelineExecutionId=shown.id,
        status=shown.status,
        statusSummary=shown.status_summary,
        startTime=shown.start_time,
        lastUpdateTime=shown.last_update_time,
        sourceRevisions=[
            _given(
                actionName=sources.get(each.name, ""),
                revisionId=each.revision_id,
                revisionSummary=each.revision_summary,
                revisionUrl=each.revision_url,
            )
            for each in shown.artifact_revisions
        ],
        trigger=shown.trigger.wire(),
        stopTrigger={"reason": shown.stop_reason} if shown.stop_reason else None,
        executionMode=shown.execution_mode,
        executionType=shown.execution_type,
    )


def action_execution(run: ActionExecution, region: str) -> Answer:
    """Return a run of an action as ListActionExecutions shows it."""
    declared = run.declaration
    result = _given(
        externalExecutionId=run.external_execution_id,
        externalExecutionSummary=run.summary,
        externalExecutionUrl=run.external_execution_url,
        errorDetails=run.error_details.wire() if run.error_details else None,
    )
    return _given(
        pipelineExecutionId=run.pipeline_execution_id,
        actionExecutionId=run.id,
        pipelineVersion=run.pipeline_version,
        stageName=run.stage_name,
        actionName=run.name,
        startTime=run.start_time,
        lastUpdateTime=run.last_update_time,
        updatedBy=run.last_updated_by,
        status=run.status,
        input=_given(
            actionTypeId=declared.action_type_id.wire(),
            configuration=declared.configuration,
            resolvedConfiguration=run.resolved_configuration,
            roleArn=declared.role_arn,
            region=declared.region or region,
            inputArtifacts=[each.wire() for each in run.inputs],
            namespace=declared.namespace,
        ),
        output={
            "outputArtifacts": [each.wire() for each in run.outputs],
            "executionResult": result,
            "outputVariables": run.output_variables,
        },
    )


def action_type(kind: ActionType) -> Answer:
    """Return an action type as ListActionTypes shows it."""
    return {
        "id": dict(zip(("category", "owner", "provider", "version"), kind.key, strict=True)),
        "settings": {},
        "actionConfigurationProperties": [
            {"name": name, "required": name in kind.required, "key": name in kind.required, "secret": False}
            for name in sorted(kind.required | kind.optional)
        ],
        "inputArtifactDetails": dict(zip(("minimumCount", "maximumCount"), kind.inputs, strict=True)),
        "outputArtifactDetails": dict(zip(("minimumCount", "maximumCount"), kind.outputs, strict=True)),
    }


def _given(**members: Any) -> Answer:
    return {name: value for name, value in members.items() if value is not None}
