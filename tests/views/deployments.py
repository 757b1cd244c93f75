"""Answers of CodeDeploy as botocore parses them, made by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)
ID = "d-A1B2C3D4E"
EVENTS = (
    "ApplicationStop", "DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart",
    "ValidateService",
)  # fmt: skip
# What a load balancer adds.
TRAFFIC = (
    "BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic", "BeforeAllowTraffic", "AllowTraffic",
    "AfterAllowTraffic",
)  # fmt: skip
HOOKS = {
    "BeforeInstall": "scripts/install_dependencies.sh",
    "AfterInstall": "scripts/change_permissions.sh",
    "ApplicationStart": "scripts/start_server.sh",
    "ValidateService": "scripts/validate.sh",
}
STEP = timedelta(seconds=2)
LOG = "LifecycleEvent - {event}\nScript - {script}\n[stdout]line 1\n[stdout]line 2\n[stderr]done"
SAID = "Script at specified location: {script} failed with exit code 1"
ERROR = SAID.format(script=HOOKS["ApplicationStart"])
OVERALL = "The overall deployment failed because too many individual instances failed deployment."


def at(seconds: float) -> datetime:
    """So long after the deployment began."""
    return START + timedelta(seconds=seconds)


def event(name: str, status: str, began: datetime, log: str = "") -> dict[str, Any]:
    """A lifecycle event that took two seconds, or has not ended."""
    result: dict[str, Any] = {"lifecycleEventName": name, "status": status}
    if status in ("Pending", "Skipped"):
        return result
    result["startTime"] = began
    if status == "InProgress":
        return result
    script = HOOKS.get(name, "")
    said = LOG.format(event=name, script=script) if script else ""
    failed = status == "Failed"
    return result | {
        "endTime": began + STEP,
        "diagnostics": {
            "errorCode": "ScriptFailed" if failed else "Success",
            "scriptName": script,
            "message": SAID.format(script=script) if failed else "Succeeded",
            "logTail": log or said,
        },
    }


def target(number: int, began: float = 0, fails: str = "", runs: str = "", log: str = "") -> dict[str, Any]:
    """An instance that began so late, and whose event of that name failed, or is what it is at."""
    events, past, time = [], False, at(began)
    for name in EVENTS:
        if past:
            status = "Skipped" if fails else "Pending"
        elif name in (fails, runs):
            past, status = True, "Failed" if name == fails else "InProgress"
        else:
            status = "Succeeded"
        events.append(event(name, status, time, log))
        time += STEP
    id_ = f"i-{number:017x}"
    return {
        "deploymentTargetType": "InstanceTarget",
        "instanceTarget": {
            "deploymentId": ID,
            "targetId": id_,
            "targetArn": f"arn:aws:ec2:us-east-1:123456789012:instance/{id_}",
            "status": "Failed" if fails else "InProgress" if runs else "Succeeded",
            "lastUpdatedAt": time,
            "lifecycleEvents": events,
        },
    }


def waiting(number: int) -> dict[str, Any]:
    """An instance that has not begun."""
    result = target(number)
    body = result["instanceTarget"] | {"status": "Pending"}
    return result | {
        "instanceTarget": body | {"lifecycleEvents": [{"lifecycleEventName": e, "status": "Pending"} for e in EVENTS]}
    }


def skipped(number: int) -> dict[str, Any]:
    """An instance that was never begun, because the deployment failed before."""
    result = target(number)
    body = result["instanceTarget"] | {"status": "Skipped"}
    return result | {
        "instanceTarget": body | {"lifecycleEvents": [{"lifecycleEventName": e, "status": "Skipped"} for e in EVENTS]}
    }


def deployment(status: str = "Succeeded", seconds: float = 42, **more: Any) -> dict[str, Any]:
    """A deployment's record."""
    ended = {} if status in ("Created", "InProgress") else {"completeTime": at(seconds)}
    return {
        "applicationName": "WordPress_App",
        "deploymentGroupName": "WordPress_DepGroup",
        "deploymentConfigName": "CodeDeployDefault.OneAtATime",
        "deploymentId": ID,
        "revision": {
            "revisionType": "S3",
            "s3Location": {
                "bucket": "deploy-bucket",
                "key": "WordPressApp.zip",
                "bundleType": "zip",
                "eTag": "ab" * 16,
            },
        },
        "status": status,
        "createTime": START,
        "startTime": START,
        **ended,
        "creator": "user",
        "deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"},
        **more,
    }


def succeeded() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Three instances, one after the other."""
    targets = [target(number, 14 * number) for number in range(3)]
    return deployment(deploymentOverview=overview(Succeeded=3)), targets


def failed() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The first of three instances fails in ApplicationStart; the others are not begun."""
    record = deployment(
        "Failed",
        14,
        errorInformation={"code": "HEALTH_CONSTRAINTS", "message": OVERALL},
        deploymentOverview=overview(Failed=1, Skipped=2),
        rollbackInfo={"rollbackDeploymentId": "d-B2C3D4E5F"},
    )
    return record, [target(0, fails="ApplicationStart"), skipped(1), skipped(2)]


def running() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The second of three instances is at AfterInstall."""
    targets = [target(0), target(1, 14, runs="AfterInstall"), waiting(2)]
    return deployment("InProgress", deploymentOverview=overview(Pending=1, InProgress=1, Succeeded=1)), targets


def overview(**numbers: int) -> dict[str, int]:
    """How many targets stand how."""
    names = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")
    return {name: numbers.get(name, 0) for name in names}


def nine() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Nine instances with long logs, each at times of its own, the last one failing."""
    log = "\n".join(f"[stdout]what the script printed in line {number}" for number in range(60))
    targets = [target(n, 14 * n + n / 10, fails="ValidateService" if n == 8 else "", log=log) for n in range(9)]
    return deployment(seconds=140, deploymentOverview=overview(Succeeded=8, Failed=1)), targets
