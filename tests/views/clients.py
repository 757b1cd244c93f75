"""A boto3 client whose answers a test makes: requests and responses go through botocore, and nowhere else."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

Answer = Callable[[dict[str, Any]], dict[str, Any]]


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, code: str, message: str = "No.") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Service:
    """Answers operations and remembers what was asked.

    Parameters
    ----------
    name
        A service that speaks JSON.
    answers
        What each operation answers to the members of a request.
    """

    def __init__(self, name: str, **answers: Answer) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers = answers
        self.client = boto3.client(
            name, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.client.meta.events.register(f"before-send.{name}", self._answer)

    @property
    def operations(self) -> set[str]:
        """The operations that were asked for."""
        return {operation for operation, _ in self.asked}

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        members = json.loads(request.body)
        self.asked.append((operation, members))
        try:
            status, answer = 200, self.answers[operation](members)
        except Refusal as refusal:
            status, answer = 400, {"__type": refusal.code, "message": refusal.message}
        return AWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.1"}, _Body(answer))


class _Body:
    def __init__(self, answer: dict[str, Any]) -> None:
        self._bytes = json.dumps(answer, default=_seconds).encode()

    def stream(self, **_: Any) -> list[bytes]:
        return [self._bytes]


def _seconds(time: datetime) -> float:
    return time.timestamp()


def codedeploy(deployment: dict[str, Any], targets: list[dict[str, Any]], at_once: int = 100) -> Service:
    """CodeDeploy with one deployment; its target ids come in pages."""
    by_id = {target["instanceTarget"]["targetId"]: target for target in targets}

    def known(asked: dict[str, Any]) -> None:
        if asked["deploymentId"] != deployment["deploymentId"]:
            raise Refusal("DeploymentDoesNotExistException")

    def get(asked: dict[str, Any]) -> dict[str, Any]:
        known(asked)
        return {"deploymentInfo": deployment}

    def ids(asked: dict[str, Any]) -> dict[str, Any]:
        if not targets:
            raise Refusal("DeploymentNotStartedException")
        start = int(asked.get("nextToken", 0))
        more = {"nextToken": str(start + at_once)} if start + at_once < len(by_id) else {}
        return {"targetIds": list(by_id)[start : start + at_once], **more}

    def batch(asked: dict[str, Any]) -> dict[str, Any]:
        return {"deploymentTargets": [by_id[id_] for id_ in asked["targetIds"]]}

    return Service("codedeploy", GetDeployment=get, ListDeploymentTargets=ids, BatchGetDeploymentTargets=batch)


class Pipeline:
    """CodePipeline with one pipeline; `answers` may be exchanged while a view looks."""

    def __init__(self, answers: Any, at_once: int = 100, other_executions: int = 0) -> None:
        self.answers = answers
        self.approve: Answer = lambda asked: {}
        self._at_once = at_once
        self._others = other_executions
        self.service = Service(
            "codepipeline",
            GetPipeline=self._get,
            GetPipelineState=lambda asked: self.answers[1],
            ListPipelineExecutions=lambda asked: self._page("pipelineExecutionSummaries", self._executions(), asked),
            ListActionExecutions=lambda asked: self._page("actionExecutionDetails", self.answers[3], asked),
            PutApprovalResult=lambda asked: self.approve(asked),
        )

    def _get(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["name"] != self.answers[0]["name"]:
            raise Refusal("PipelineNotFoundException")
        return {"pipeline": self.answers[0]}

    def _executions(self) -> list[dict[str, Any]]:
        later = [{"pipelineExecutionId": f"later-{number}", "status": "Superseded"} for number in range(self._others)]
        return [*later, *([self.answers[2]] if self.answers[2] else [])]

    def _page(self, key: str, all_: list[dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
        start = int(asked.get("nextToken", 0))
        more = {"nextToken": str(start + self._at_once)} if start + self._at_once < len(all_) else {}
        return {key: all_[start : start + self._at_once], **more}
