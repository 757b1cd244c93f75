"""Requests with a role's credentials beside the same requests of the administrator, on one cloud."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import boto3
from botocore.config import Config

from .calls import REGION, client
from .result import Result
from .servers import Running

ROUNDS = 300
WARM_UP = 30
TARGET = 1.3
ACCOUNT, BUCKET, GROUP = "123456789012", "bench-goods", "/bench"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
}
# As a role of the labs has it: a statement for each service, with conditions, and one that forbids.
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::{BUCKET}/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"},
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"arn:aws:logs:*:{ACCOUNT}:*",
        },
        {
            "Effect": "Allow",
            "Action": "codebuild:List*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": REGION}},
        },
        {
            "Effect": "Allow",
            "Action": "ssm:GetParameter",
            "Resource": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/bench",
        },
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::payroll/*"},
    ],
}
_BUCKET_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    ],
}


@dataclass
class Caller:
    """Makes the calls as one principal and keeps how long each took.

    Parameters
    ----------
    make
        Makes its clients.
    """

    make: Callable[[str], Any]
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        s3, codebuild, ssm = self.make("s3"), self.make("codebuild"), self.make("ssm")
        self._calls: dict[str, Callable[[], Any]] = {
            "ListProjects": codebuild.list_projects,
            "GetObject": lambda: s3.get_object(Bucket=BUCKET, Key="a")["Body"].read(),
            "PutObject": lambda: s3.put_object(Bucket=BUCKET, Key="a", Body=b"x" * 1000),
            "GetParameter": lambda: ssm.get_parameter(Name="bench"),
        }
        self.seconds = {name: [] for name in self._calls}

    def round(self) -> None:
        """Make each call once."""
        for name, call in self._calls.items():
            started = time.perf_counter()
            call()
            self.seconds[name].append(time.perf_counter() - started)

    def median(self, name: str) -> float:
        """Return the median time of a call after the warm-up, in milliseconds."""
        return median(self.seconds[name][WARM_UP:]) * 1000


def measure(server: Running) -> list[Result]:
    """Return a result for every call: with a role's credentials, beside the administrator."""
    _prepare(server)
    given = client("sts", server.endpoint).assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/bench-permissions", RoleSessionName="bench"
    )["Credentials"]

    def with_role(service: str) -> Any:
        return boto3.client(
            service,
            REGION,
            endpoint_url=server.endpoint,
            config=Config(retries={"max_attempts": 0}),
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    role, administrator = Caller(with_role), Caller(lambda service: client(service, server.endpoint))
    order, callers = random.Random(0), [role, administrator]
    for _ in range(WARM_UP + ROUNDS):
        order.shuffle(callers)
        for caller in callers:
            caller.round()
    return [
        Result(f"{name} with a role", role.median(name), "administrator", administrator.median(name), "ms", TARGET)
        for name in role.seconds
    ]


def _prepare(server: Running) -> None:
    iam, s3 = client("iam", server.endpoint), client("s3", server.endpoint)
    iam.create_role(RoleName="bench-permissions", AssumeRolePolicyDocument=json.dumps(_TRUST))
    iam.put_role_policy(RoleName="bench-permissions", PolicyName="own", PolicyDocument=json.dumps(_POLICY))
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x" * 1000)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(_BUCKET_POLICY))
    client("ssm", server.endpoint).put_parameter(Name="bench", Value="x", Type="String")
