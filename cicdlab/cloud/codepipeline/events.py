"""What CodePipeline tells EventBridge.

https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
"""

from datetime import datetime
from typing import Any

from ..events import Happening
from .model import ActionExecution, ArtifactDetail, Execution, Pipeline, Store

SOURCE = "aws.codepipeline"
PIPELINE = "CodePipeline Pipeline Execution State Change"
STAGE = "CodePipeline Stage Execution State Change"
ACTION = "CodePipeline Action Execution State Change"
_STATES = {"InProgress": "STARTED", "Cancelled": "CANCELED"}

Detail = dict[str, Any]


def of_pipeline(store: Store, pipeline: Pipeline, execution: Execution, time: datetime) -> Happening:
    """Return the event of an execution whose status has changed."""
    # rule: event-pipeline-state
    detail = {
        "pipeline": pipeline.name,
        "execution-id": execution.id,
        "start-time": _moment(execution.start_time),
        "execution-trigger": {
            "trigger-type": execution.trigger.trigger_type,
            "trigger-detail": execution.trigger.trigger_detail,
        },
        "state": _state(execution.status),
        "version": execution.pipeline_version,
        "pipeline-execution-attempt": 1,
    }
    return _happening(store, pipeline, PIPELINE, detail, time)


def of_stage(
    store: Store, pipeline: Pipeline, execution: Execution, stage: str, status: str, time: datetime
) -> Happening:
    """Return the event of a stage that an execution has entered or left."""
    # rule: event-stage-state
    detail = {
        "pipeline": pipeline.name,
        "execution-id": execution.id,
        "start-time": _moment(execution.start_time),
        "stage": stage,
        "state": _state(status),
        "version": execution.pipeline_version,
        "pipeline-execution-attempt": 1,
    }
    return _happening(store, pipeline, STAGE, detail, time)


def of_action(store: Store, pipeline: Pipeline, run: ActionExecution, time: datetime) -> Happening:
    """Return the event of an action that has begun or ended."""
    # rule: event-action-state
    detail: Detail = {
        "pipeline": pipeline.name,
        "execution-id": run.pipeline_execution_id,
        "start-time": _moment(run.start_time),
        "stage": run.stage_name,
        "action-execution-id": run.id,
        "action": run.name,
        "state": _state(run.status),
        "region": run.declaration.region or store.region,
        "type": run.declaration.action_type_id.wire(),
        "version": run.pipeline_version,
        "pipeline-execution-attempt": 1,
    }
    if run.inputs:
        detail["input-artifacts"] = _artifacts(run.inputs)
    if run.outputs:
        detail["output-artifacts"] = _artifacts(run.outputs)
    result = _result(run)
    if result:
        detail["execution-result"] = result
    return _happening(store, pipeline, ACTION, detail, time)


def _result(run: ActionExecution) -> Detail:
    error = run.error_details
    shown = {
        "external-execution-url": run.external_execution_url,
        "external-execution-summary": error.message if error else run.summary,
        "external-execution-id": run.external_execution_id,
        "error-code": error.code if error else None,
    }
    return {name: value for name, value in shown.items() if value}


def _artifacts(artifacts: tuple[ArtifactDetail, ...]) -> list[Detail]:
    return [each.wire() for each in artifacts]


def _state(status: str) -> str:
    return _STATES.get(status, status.upper())


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def _happening(store: Store, pipeline: Pipeline, kind: str, detail: Detail, time: datetime) -> Happening:
    return Happening(store.account, store.region, SOURCE, kind, detail, (pipeline.arn,), time)
