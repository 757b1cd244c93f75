"""Answers of CodeBuild as botocore parses them, made by hand."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)
STEPS = {
    "SUBMITTED": 0, "QUEUED": 1, "PROVISIONING": 5, "DOWNLOAD_SOURCE": 2, "INSTALL": 4, "PRE_BUILD": 3,
    "BUILD": 12, "POST_BUILD": 1, "UPLOAD_ARTIFACTS": 1, "FINALIZING": 0,
}  # fmt: skip
MESSAGE = "Error while executing command: python -m unittest. Reason: exit status 1"
CONTEXTS = defaultdict(
    lambda: {"statusCode": "COMMAND_EXECUTION_ERROR", "message": MESSAGE},
    UPLOAD_ARTIFACTS={"statusCode": "CLIENT_ERROR", "message": "no matching artifact paths found"},
)
FAILED_LINE = "[Container] 2026/11/02 09:00:27 Command did not exit successfully python -m unittest exit status 1"


def phases(**statuses: str) -> list[dict[str, Any]]:
    """The phases of a build; a status of "" leaves a phase out, and IN_PROGRESS is the last one."""
    result: list[dict[str, Any]] = []
    at = START
    for name, seconds in STEPS.items():
        status = statuses.get(name, "SUCCEEDED")
        if not status:
            continue
        if status == "IN_PROGRESS":
            return [*result, {"phaseType": name, "startTime": at}]
        end = at + timedelta(seconds=seconds)
        context = dict(CONTEXTS[name]) if status == "FAILED" else {"statusCode": "", "message": ""}
        result.append(
            {
                "phaseType": name,
                "phaseStatus": status,
                "startTime": at,
                "endTime": end,
                "durationInSeconds": seconds,
                "contexts": [context],
            }
        )
        at = end
    return [*result, {"phaseType": "COMPLETED", "startTime": at}]


def build(status: str = "SUCCEEDED", **statuses: str) -> dict[str, Any]:
    """A build; the statuses are those of its phases."""
    list_ = phases(**statuses)
    running = status == "IN_PROGRESS"
    ended = {} if running else {"endTime": list_[-1]["startTime"]}
    return {
        "id": "orders:6c5b1f9e-0000-4000-8000-000000000001",
        "arn": "arn:aws:codebuild:us-east-1:123456789012:build/orders:6c5b1f9e-0000-4000-8000-000000000001",
        "buildNumber": 1,
        "startTime": START,
        **ended,
        "currentPhase": list_[-1]["phaseType"],
        "buildStatus": status,
        "projectName": "orders",
        "phases": list_,
        "source": {"type": "S3", "location": "orders-source/source.zip"},
        "artifacts": {"location": "arn:aws:s3:::orders-artifacts/orders.zip", "sha256sum": "3f" * 32, "md5sum": ""},
        "logs": {"groupName": "/aws/codebuild/orders", "streamName": "6c5b1f9e-0000-4000-8000-000000000001"},
        "buildComplete": not running,
        "initiator": "developer",
    }


def failed() -> dict[str, Any]:
    """A build whose BUILD phase failed; POST_BUILD still ran."""
    return build("FAILED", BUILD="FAILED", UPLOAD_ARTIFACTS="FAILED")


def events(*lines: str) -> list[dict[str, Any]]:
    """Log events of these lines."""
    return [{"timestamp": 1, "ingestionTime": 1, "message": line + "\n"} for line in lines]


def failed_log() -> list[dict[str, Any]]:
    """The log of the failed build."""
    return events(
        "[Container] 2026/11/02 09:00:08 Entering phase INSTALL",
        "[Container] 2026/11/02 09:00:08 Running command python --version",
        "Python 3",
        *[f"test_{number} ... ok" for number in range(40)],
        "FAIL: test_total (tests.test_orders.TotalTest)",
        "AssertionError: 10 != 11",
        FAILED_LINE,
        "[Container] 2026/11/02 09:00:27 Phase complete: BUILD State: FAILED",
        "[Container] 2026/11/02 09:00:27 Phase context status code: COMMAND_EXECUTION_ERROR Message: " + MESSAGE,
        "[Container] 2026/11/02 09:00:27 Entering phase POST_BUILD",
        *[f"packed file {number}" for number in range(10)],
    )
