"""Several accounts, users and roles on one cloud, driven through boto3."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cicdlab.cloud.server import Server, Settings

from ...conftest import RunningCloud
from ...goods import make_role, trust_in

OWN, PARTNER = "123456789012", "210987654321"


def statement(actions: str | list[str], resources: str | list[str] = "*", effect: str = "Allow", **more: Any) -> dict:
    return {"Effect": effect, "Action": actions, "Resource": resources, **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> str:
    return policy(statement(actions, resources, **more))


def refused(call: Callable[..., Any], **members: Any) -> tuple[str, str]:
    """Return code and message of the error that a call ends with."""
    with pytest.raises(ClientError) as error:
        call(**members)
    answer = error.value.response["Error"]
    return str(answer["Code"]), str(answer["Message"])


def denied(call: Callable[..., Any], action: str, **members: Any) -> str:
    """Return the message by which a call is denied; it names the action."""
    code, message = refused(call, **members)
    assert code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"), code
    assert f"not authorized to perform: {action}" in message
    return message


@dataclass
class Accounts:
    """Makes principals in several accounts, and clients that act as them."""

    cloud: RunningCloud
    count: int = field(default=0)

    def admin(self, service: str, account: str = OWN, **options: Any) -> Any:
        return self.cloud.client(service, aws_access_key_id=account, aws_secret_access_key="test", **options)

    def user(self, text: str = "", name: str = "ann", account: str = OWN) -> Callable[..., Any]:
        """Make a user with a policy; return a function that makes clients with her key."""
        iam = self.admin("iam", account)
        iam.create_user(UserName=name)
        if text:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=text)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.acting(key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, text: str = "", name: str = "worker", account: str = OWN, trusted: Any = None) -> str:
        """Make a role that its own account, or ``trusted``, may assume."""
        trust = trust_in(trusted or {"AWS": account})
        return make_role(self.admin("iam", account), name, trust, json.loads(text) if text else None)

    def session(self, role_arn: str, by: Callable[..., Any] | None = None, **members: Any) -> Callable[..., Any]:
        """Assume a role as its account's administrator, or as somebody else; return a maker of clients."""
        sts = by("sts") if by else self.admin("sts", role_arn.split(":")[4])
        given = sts.assume_role(RoleArn=role_arn, RoleSessionName="session", **members)["Credentials"]
        return self.acting(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def acting(self, key: str, secret: str, token: str | None = None) -> Callable[..., Any]:
        def client(service: str, **options: Any) -> Any:
            keys = {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token}
            return self.cloud.client(service, **keys, **options)

        return client

    def bucket(self, name: str = "goods", account: str = OWN, **objects: bytes) -> str:
        s3 = self.admin("s3", account)
        s3.create_bucket(Bucket=name)
        for key, body in objects.items():
            s3.put_object(Bucket=name, Key=key, Body=body)
        return name

    def key(self, text: str = "", account: str = OWN) -> str:
        """Make a KMS key and return its ARN."""
        given = {"Policy": text, "BypassPolicyLockoutSafetyCheck": True} if text else {}
        return str(self.admin("kms", account).create_key(**given)["KeyMetadata"]["Arn"])


@pytest.fixture(scope="module")
def running() -> Iterator[RunningCloud]:
    """Start one cloud for all tests of a module: a new one costs a second."""
    with Server(Settings(port=0)) as server:
        yield RunningCloud(server)


@pytest.fixture
def accounts(running: RunningCloud) -> Accounts:
    """Return an empty cloud with as many accounts as a test wants."""
    running.core.reset()
    return Accounts(running)
