"""CodeBuild calls: the same boto3 code against every server, in interleaved rounds."""

import json
import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import boto3
from botocore.config import Config

from .result import Result
from .servers import Running

ROUNDS = 200
WARM_UP = 20
PROJECTS = 10
TARGET = 0.5
REGION = "us-east-1"
_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

_LOGS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}


def client(service: str, endpoint: str) -> Any:
    """Return a boto3 client for a server."""
    return boto3.client(service, endpoint_url=endpoint, config=Config(retries={"max_attempts": 0}), **_KEYS)


def service_role(endpoint: str) -> str:
    """Make a role that CodeBuild may assume and that may write logs, and return its ARN."""
    iam = client("iam", endpoint)
    role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]
    iam.put_role_policy(RoleName="bench", PolicyName="logs", PolicyDocument=json.dumps(_LOGS))
    return str(role["Arn"])


# moto takes no project without a source location
SOURCE = {"type": "S3", "location": "bench-source/source.zip"}


def project(name: str, role: str, source: dict[str, str] = SOURCE) -> dict[str, Any]:
    """Return what CreateProject takes."""
    return {
        "name": name,
        "source": source,
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        "serviceRole": role,
    }


class Caller:
    """Makes the calls against one server and keeps how long each took.

    Parameters
    ----------
    server
        The server to call; it is given some projects first.
    """

    def __init__(self, server: Running) -> None:
        self.name = server.kind.name
        self.seconds: dict[str, list[float]] = {"ListProjects": [], "BatchGetProjects": [], "CreateProject": []}
        self._codebuild = client("codebuild", server.endpoint)
        self._role = service_role(server.endpoint)
        self._names = [f"bench-{number}" for number in range(PROJECTS)]
        for name in self._names:
            self._codebuild.create_project(**project(name, self._role))

    def round(self) -> None:
        """Call each operation once."""
        self._time("ListProjects", self._codebuild.list_projects)
        self._time("BatchGetProjects", lambda: self._codebuild.batch_get_projects(names=self._names[:1]))
        self._time("CreateProject", lambda: self._codebuild.create_project(**project("bench-new", self._role)))
        self._codebuild.delete_project(name="bench-new")

    def median(self, operation: str) -> float:
        """Return the median time of an operation after the warm-up, in milliseconds."""
        return median(self.seconds[operation][WARM_UP:]) * 1000

    def _time(self, operation: str, call: Callable[[], Any]) -> None:
        started = time.perf_counter()
        call()
        self.seconds[operation].append(time.perf_counter() - started)


def measure(ours: Running, peers: list[Running]) -> list[Result]:
    """Return a result for every operation and peer; the target is for the first peer."""
    callers = [Caller(server) for server in (ours, *peers)]
    order = random.Random(0)
    for _ in range(WARM_UP + ROUNDS):
        order.shuffle(callers)
        for caller in callers:
            caller.round()
    by_name = {caller.name: caller for caller in callers}
    mine = by_name[ours.kind.name]
    return [
        Result(
            operation,
            mine.median(operation),
            peer.kind.name,
            by_name[peer.kind.name].median(operation),
            "ms",
            TARGET if peer is peers[0] else None,
        )
        for peer in peers
        for operation in mine.seconds
    ]
