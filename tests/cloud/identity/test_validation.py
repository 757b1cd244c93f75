"""A policy that is none, or too long, is refused where it would be stored, in the service's own words."""

import json
from typing import Any

import pytest

from ...goods import TRUST
from .conftest import Accounts, allow, policy, refused, statement

CONDITION = {"StringLooksLike": {"aws:username": "ann"}}
WRONG = {
    "no json": ("{", "JSON"),
    "no statement": ('{"Version": "2012-10-17"}', "no Statement"),
    "unknown version": ('{"Version": "2026-01-01", "Statement": []}', "version"),
    "no action": (policy({"Effect": "Allow", "Resource": "*"}), "actions"),
    "no effect": (policy({"Action": "*", "Resource": "*"}), "Effect"),
    "unknown operator": (allow("*", Condition=CONDITION), "Invalid Condition type : StringLooksLike"),
    "circular variable": (allow("*", "arn:aws:s3:::${aws:${aws:username}}"), "circular"),
    "no arn": (allow("*", "my-bucket"), "ARN format"),
    "nested too deeply": ("[" * 100_000 + "]" * 100_000, ""),
}


def store(accounts: Accounts, service: str, text: str) -> tuple[str, str]:
    """Try to store a policy in a service, and return how it refuses."""
    match service:
        case "iam user":
            accounts.admin("iam").create_user(UserName="ann")
            return refused(accounts.admin("iam").put_user_policy, UserName="ann", PolicyName="p", PolicyDocument=text)
        case "iam role":
            made = {"RoleName": "worker", "AssumeRolePolicyDocument": json.dumps(TRUST)}
            accounts.admin("iam").create_role(**made)
            return refused(
                accounts.admin("iam").put_role_policy, RoleName="worker", PolicyName="p", PolicyDocument=text
            )
        case "iam managed":
            return refused(accounts.admin("iam").create_policy, PolicyName="p", PolicyDocument=text)
        case "s3":
            return refused(accounts.admin("s3").put_bucket_policy, Bucket=accounts.bucket(), Policy=text)
        case "kms":
            return refused(accounts.admin("kms").create_key, Policy=text)
        case "secretsmanager":
            accounts.admin("secretsmanager").create_secret(Name="pin", SecretString="1")
            return refused(accounts.admin("secretsmanager").put_resource_policy, SecretId="pin", ResourcePolicy=text)
    raise ValueError(service)


CODES = {
    "iam user": "MalformedPolicyDocument",
    "iam role": "MalformedPolicyDocument",
    "iam managed": "MalformedPolicyDocument",
    "s3": "MalformedPolicy",
    "kms": "MalformedPolicyDocumentException",
    "secretsmanager": "MalformedPolicyDocumentException",
}


@pytest.mark.parametrize("service", CODES)
@pytest.mark.parametrize("wrong", [name for name in WRONG if name != "nested too deeply"])
def test_a_policy_that_is_none_is_refused_with_the_reason(accounts: Accounts, service: str, wrong: str) -> None:
    text, says = WRONG[wrong]
    if service in ("s3", "kms", "secretsmanager"):
        text = text.replace('"Effect": "Allow"', '"Principal": "*", "Effect": "Allow"')
    code, message = store(accounts, service, text)
    assert code == CODES[service]
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize("service", ["kms", "iam managed", "iam role"])
def test_a_policy_that_is_nested_too_deeply_is_refused(accounts: Accounts, service: str) -> None:
    assert store(accounts, service, WRONG["nested too deeply"][0])[0] in (CODES[service], "LimitExceeded")


@pytest.mark.parametrize(("service", "limit"), [("iam user", 2048), ("iam role", 10_240), ("iam managed", 6144)])
def test_a_policy_longer_than_iams_limit_is_refused(accounts: Accounts, service: str, limit: int) -> None:
    code, message = store(accounts, service, policy(*(statement(f"s3:A{number:05}") for number in range(limit // 50))))
    assert (code, str(limit) in message) == ("LimitExceeded", True)


def test_white_space_does_not_count(accounts: Accounts) -> None:
    accounts.admin("iam").create_user(UserName="ann")
    text = json.dumps(json.loads(allow("s3:*")), indent=400)
    assert len(text) > 2048
    accounts.admin("iam").put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=text)


@pytest.mark.parametrize(("service", "limit"), [("s3", 20_480), ("kms", 32_768), ("secretsmanager", 20_480)])
def test_a_resource_policy_longer_than_its_limit_is_refused(accounts: Accounts, service: str, limit: int) -> None:
    statements = (statement("s3:*", Principal="*", Sid=f"S{number:06}") for number in range(limit // 60))
    code, message = store(accounts, service, policy(*statements))
    assert (code, str(limit) in message) == (CODES[service], True)


@pytest.mark.parametrize(
    ("trust", "says"),
    [
        ({"Effect": "Allow", "Action": "sts:AssumeRole"}, "Principal"),
        (
            {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"},
            "prohibited field Resource",
        ),
        ({"Effect": "Allow", "Principal": {"AWS": "ann"}, "Action": "sts:AssumeRole"}, "Invalid principal in policy"),
    ],
)
def test_a_trust_policy_names_principals_and_no_resources(accounts: Accounts, trust: dict[str, Any], says: str) -> None:
    text = policy(trust)
    code, message = refused(accounts.admin("iam").create_role, RoleName="r", AssumeRolePolicyDocument=text)
    assert (code, says in message) == ("MalformedPolicyDocument", True)
    made = {"RoleName": "r", "AssumeRolePolicyDocument": json.dumps(TRUST)}
    accounts.admin("iam").create_role(**made)
    assert refused(accounts.admin("iam").update_assume_role_policy, RoleName="r", PolicyDocument=text)[0] == code


def test_an_identity_policy_names_no_principal(accounts: Accounts) -> None:
    code, message = store(accounts, "iam user", allow("s3:*", Principal="*"))
    assert (code, "principal" in message) == ("MalformedPolicyDocument", True)
