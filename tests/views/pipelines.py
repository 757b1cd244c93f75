"""Answers of CodePipeline as botocore parses them, made by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)
NAME = "orders-pipeline"
EXECUTION = "7a1b2c3d-0000-4000-8000-000000000001"
EARLIER = "6f5e4d3c-0000-4000-8000-000000000002"
NEXT = "8b2c3d4e-0000-4000-8000-000000000003"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SAID = "Greet in Dutch"
TOKEN = "3e0f6a52-0000-4000-8000-00000000000a"
ERROR = "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR"
ACTIONS = {
    "Source": [("Source", "Source", "CodeCommit", 1)],
    "Build": [("Test", "Test", "CodeBuild", 1), ("Lint", "Test", "CodeBuild", 1), ("Package", "Build", "CodeBuild", 2)],
    "Approve": [("Release", "Approval", "Manual", 1)],
    "Deploy": [("Deploy", "Deploy", "CodeDeploy", 1)],
}
# Begin and end of each action, in seconds after the execution.
TIMES = {
    "Source": (1, 3),
    "Test": (4, 24),
    "Lint": (4, 14),
    "Package": (25, 40),
    "Release": (41, 71),
    "Deploy": (72, 100),
}
EXTERNAL = {"Test": "orders-test:1a", "Lint": "orders-lint:2b", "Package": "orders:3c", "Deploy": "d-A1B2C3D4E"}


def at(seconds: float) -> datetime:
    """So long after the execution began."""
    return START + timedelta(seconds=seconds)


def pipeline() -> dict[str, Any]:
    """The pipeline's declaration."""
    stages = [
        {
            "name": stage,
            "actions": [
                {
                    "name": name,
                    "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
                    "runOrder": order,
                    "configuration": {"CustomData": "Look at the change."} if category == "Approval" else {},
                }
                for name, category, provider, order in actions
            ],
        }
        for stage, actions in ACTIONS.items()
    ]
    return {
        "name": NAME,
        "roleArn": "arn:aws:iam::123456789012:role/pipeline",
        "stages": stages,
        "version": 1,
        "executionMode": "SUPERSEDED",
        "pipelineType": "V2",
    }


def execution(status: str = "Succeeded", updated: float = 101, **more: Any) -> dict[str, Any]:
    """The execution's summary."""
    return {
        "pipelineExecutionId": EXECUTION,
        "status": status,
        "startTime": START,
        "lastUpdateTime": at(updated),
        "sourceRevisions": [{"actionName": "Source", "revisionId": COMMIT, "revisionSummary": f"{SAID}\n\nFor Jan."}],
        "trigger": {"triggerType": "CloudWatchEvent", "triggerDetail": "on-push"},
        **more,
    }


def statuses(**given: str) -> dict[str, str]:
    """The status of each action: Succeeded, but what is given; what comes after one that did not succeed is not run."""
    found: dict[str, str] = {}
    stopped = False
    for actions in ACTIONS.values():
        for order in sorted({each[3] for each in actions}):
            names = [name for name, _, _, number in actions if number == order]
            for name in names:
                found[name] = "" if stopped else given.get(name, "Succeeded")
            stopped = stopped or any(found[name] != "Succeeded" for name in names)
    return found


def state(said: dict[str, str], **stages: dict[str, Any]) -> dict[str, Any]:
    """What get_pipeline_state says; of each stage more may be given."""
    return {
        "pipelineName": NAME,
        "pipelineVersion": 1,
        "stageStates": [_stage(name, said, stages.get(name, {})) for name in ACTIONS],
        "created": START,
        "updated": START,
    }


def _stage(stage: str, said: dict[str, str], more: dict[str, Any]) -> dict[str, Any]:
    own = [said[name] for name, *_ in ACTIONS[stage]]
    status = next((s for s in ("Failed", "InProgress") if s in own), "Succeeded" if all(own) else "")
    latest = {"latestExecution": {"pipelineExecutionId": EXECUTION, "status": status}} if status else {}
    into = {} if stage == "Source" else {"inboundTransitionState": {"enabled": True}}
    return {
        "stageName": stage,
        **into,
        "actionStates": [_action(name, said) for name, *_ in ACTIONS[stage]],
        **latest,
        **more,
    }


def _action(name: str, said: dict[str, str]) -> dict[str, Any]:
    status = said[name]
    result: dict[str, Any] = {"actionName": name}
    if name == "Source":
        result["currentRevision"] = {"revisionId": COMMIT, "revisionChangeId": "c", "created": at(3)}
    if not status:
        return result
    latest: dict[str, Any] = {
        "actionExecutionId": f"a-{name}",
        "status": status,
        "lastStatusChange": at(TIMES[name][status != "InProgress"]),
    }
    if name in EXTERNAL:
        latest["externalExecutionId"] = EXTERNAL[name]
    if name == "Release" and status == "InProgress":
        latest["token"] = TOKEN
    if status == "Failed":
        latest["errorDetails"] = {"code": "JobFailed", "message": ERROR}
    return result | {"latestExecution": latest}


def details(said: dict[str, str]) -> list[dict[str, Any]]:
    """What list_action_executions says: the latest first."""
    stage_of = {name: stage for stage, actions in ACTIONS.items() for name, *_ in actions}
    found = [
        {
            "pipelineExecutionId": EXECUTION,
            "actionExecutionId": f"a-{name}",
            "stageName": stage_of[name],
            "actionName": name,
            "startTime": at(TIMES[name][0]),
            "lastUpdateTime": at(TIMES[name][status != "InProgress"]),
            "status": status,
        }
        for name, status in said.items()
        if status
    ]
    return found[::-1]


Answers = tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[dict[str, Any]]]


def succeeded() -> Answers:
    """An execution that went through."""
    said = statuses()
    return pipeline(), state(said), execution(), details(said)


def failed() -> Answers:
    """The tests failed; what was deployed before still is."""
    said = statuses(Test="Failed")
    action = _action("Deploy", {"Deploy": "Succeeded"})
    deployed = {"latestExecution": {"pipelineExecutionId": EARLIER, "status": "Succeeded"}, "actionStates": [action]}
    return pipeline(), state(said, Deploy=deployed), execution("Failed", 25), details(said)


def waiting() -> Answers:
    """Somebody has to approve; another execution waits in front of the stage, and nothing may be deployed."""
    said = statuses(Release="InProgress")
    inbound = {"pipelineExecutionId": NEXT, "status": "InProgress"}
    closed = {"inboundTransitionState": {"enabled": False, "disabledReason": "Friday", "lastChangedBy": "ann"}}
    more = {"Approve": {"inboundExecution": inbound, "inboundExecutions": [inbound]}, "Deploy": closed}
    return pipeline(), state(said, **more), execution("InProgress", 41), details(said)


def running() -> Answers:
    """The tests run."""
    said = statuses(Test="InProgress")
    return pipeline(), state(said), execution("InProgress", 4), details(said)
