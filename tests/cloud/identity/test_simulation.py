"""IAM's policy simulator answers from the evaluator that decides on real requests."""

import json
from typing import Any

import pytest

from cicdlab.cloud.identity.simulation import position, spans

from .conftest import OWN, PARTNER, Accounts, allow, policy, refused, statement

OBJECT = "arn:aws:s3:::goods/a"


def results(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (one["EvalActionName"], one["EvalResourceName"], one["EvalDecision"]) for one in answer["EvaluationResults"]
    ]


def test_a_principal_is_simulated_with_all_its_policies(accounts: Accounts) -> None:
    text = policy(statement("s3:GetObject", "arn:aws:s3:::goods/*"), statement("s3:Delete*", effect="Deny"))
    accounts.user(text)
    answer = accounts.admin("iam").simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{OWN}:user/ann",
        ActionNames=["s3:GetObject", "s3:DeleteObject", "s3:PutObject"],
        ResourceArns=[OBJECT],
    )
    assert results(answer) == [
        ("s3:GetObject", OBJECT, "allowed"),
        ("s3:DeleteObject", OBJECT, "explicitDeny"),
        ("s3:PutObject", OBJECT, "implicitDeny"),
    ]


def test_the_statements_that_decided_are_shown_with_their_place(accounts: Accounts) -> None:
    text = json.dumps(json.loads(policy(statement("sns:*"), statement("s3:*"))), indent=2)
    accounts.role(text)
    accounts.admin("iam").put_role_policy(RoleName="worker", PolicyName="all", PolicyDocument=text)
    [result] = accounts.admin("iam").simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{OWN}:role/worker", ActionNames=["s3:GetObject"], ResourceArns=[OBJECT]
    )["EvaluationResults"]
    [matched] = result["MatchedStatements"]
    assert (matched["SourcePolicyId"], matched["SourcePolicyType"]) == ("role_worker_all", "IAM Policy")
    lines = text.splitlines()
    start, end = matched["StartPosition"], matched["EndPosition"]
    assert '"s3:*"' in "\n".join(lines[start["Line"] - 1 : end["Line"]])
    assert '"sns:*"' not in "\n".join(lines[start["Line"] - 1 : end["Line"]])
    assert lines[start["Line"] - 1][start["Column"] - 1] == "{"


@pytest.mark.parametrize(
    "text",
    [allow("s3:*"), json.dumps({"Statement": json.loads(allow("s3:*"))["Statement"][0], "Version": "2012-10-17"})],
)
def test_a_statement_is_found_alone_and_in_a_list(text: str) -> None:
    [(start, end)] = spans(text)
    assert json.loads(text[start:end])["Action"] == "s3:*"
    assert position(text, start)["Line"] == 1


def test_policies_that_are_given_are_simulated(accounts: Accounts) -> None:
    answer = accounts.admin("iam").simulate_custom_policy(
        PolicyInputList=[allow("s3:*")], ActionNames=["s3:GetObject", "sns:Publish"]
    )
    assert [one[2] for one in results(answer)] == ["allowed", "implicitDeny"]


def test_a_boundary_is_simulated(accounts: Accounts) -> None:
    [result] = accounts.admin("iam").simulate_custom_policy(
        PolicyInputList=[allow("*")], PermissionsBoundaryPolicyInputList=[allow("sns:*")], ActionNames=["s3:GetObject"]
    )["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


@pytest.mark.parametrize(
    ("owner", "caller_policy", "resource_allows", "expected"),
    [
        (OWN, allow("s3:*"), False, "allowed"),
        (PARTNER, allow("s3:*"), False, "implicitDeny"),
        (PARTNER, allow("s3:*"), True, "allowed"),
        (PARTNER, allow("sns:*"), True, "implicitDeny"),
        (OWN, allow("sns:*"), True, "allowed"),
    ],
)
def test_a_resource_policy_an_owner_and_a_caller_are_simulated(
    accounts: Accounts, owner: str, caller_policy: str, resource_allows: bool, expected: str
) -> None:
    accounts.user(caller_policy)
    ann = f"arn:aws:iam::{OWN}:user/ann"
    resource = allow("s3:GetObject" if resource_allows else "s3:PutObject", OBJECT, Principal={"AWS": ann})
    answer = accounts.admin("iam").simulate_principal_policy(
        PolicySourceArn=ann,
        ActionNames=["s3:GetObject"],
        ResourceArns=[OBJECT],
        ResourcePolicy=resource,
        ResourceOwner=f"arn:aws:iam::{owner}:root",
        CallerArn=ann,
    )
    assert [one[2] for one in results(answer)] == [expected]


def test_context_is_given_and_what_is_missing_is_named(accounts: Accounts) -> None:
    text = allow("s3:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1", "s3:prefix": "a"}})
    asked = {"PolicyInputList": [text], "ActionNames": ["s3:ListBucket"]}
    [result] = accounts.admin("iam").simulate_custom_policy(**asked)["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["aws:requestedregion", "s3:prefix"]
    entries = [
        {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for name, value in (("aws:RequestedRegion", "eu-west-1"), ("s3:prefix", "a"))
    ]
    [result] = accounts.admin("iam").simulate_custom_policy(**asked, ContextEntries=entries)["EvaluationResults"]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])


@pytest.mark.parametrize(
    "wrong", ["{", "{}", allow("s3:*", Principal="*"), allow("s3:*", Condition={"Odd": {"a": "b"}})]
)
def test_a_policy_that_is_none_is_a_clear_error_and_never_an_allow(accounts: Accounts, wrong: str) -> None:
    code, message = refused(
        accounts.admin("iam").simulate_custom_policy, PolicyInputList=[wrong], ActionNames=["s3:GetObject"]
    )
    assert code == "InvalidInput"
    assert message.startswith("PolicyInputList.1: ")


def test_a_principal_that_is_not_there_is_named(accounts: Accounts) -> None:
    for arn in (f"arn:aws:iam::{OWN}:user/eve", f"arn:aws:iam::{OWN}:role/missing"):
        code, message = refused(
            accounts.admin("iam").simulate_principal_policy, PolicySourceArn=arn, ActionNames=["s3:Get"]
        )
        assert (code, arn in message) == ("NoSuchEntity", True)
