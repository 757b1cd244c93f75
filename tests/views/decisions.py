"""Answers of IAM, made by hand, and a boto3 client that gives them."""

import copy
import json
from typing import Any
from urllib.parse import quote

import boto3
from botocore.awsrequest import AWSResponse

ROLE = "arn:aws:iam::123456789012:role/service/deploy"
SESSION = "arn:aws:sts::123456789012:assumed-role/deploy/release-7"
USER = "arn:aws:iam::123456789012:user/ann"
OBJECT = "arn:aws:s3:::orders-artifacts/orders.zip"
ACTION = "s3:GetObject"
LIMIT = "arn:aws:iam::123456789012:policy/limits/course-limit"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def statement(effect: str = "Allow", **members: Any) -> dict[str, Any]:
    """A statement about reading the artifact."""
    return {"Effect": effect, "Action": ACTION, "Resource": OBJECT, **members}


def policy(*statements: dict[str, Any]) -> str:
    """A policy's text, on several lines."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=4)


def matched(source: str, text: str, number: int = 1, kind: str = "IAM Policy") -> dict[str, Any]:
    """An entry of `MatchedStatements` for the statement with this number."""
    start = end = -1
    for _ in range(number):
        start = text.rindex("{", 0, text.index('"Effect"', end + 1))
        end = start + 1
        while text[start:end].count("{") > text[start:end].count("}"):
            end += 1
    return {
        "SourcePolicyId": source,
        "SourcePolicyType": kind,
        "StartPosition": position(text, start),
        "EndPosition": position(text, end),
    }


def position(text: str, offset: int) -> dict[str, int]:
    """Where a sign of a text stands, as IAM says it."""
    before = text[:offset]
    return {"Line": before.count("\n") + 1, "Column": offset - (before.rfind("\n") + 1) + 1}


def result(decision: str = "implicitDeny", *statements: dict[str, Any], **members: Any) -> dict[str, Any]:
    """One of the `EvaluationResults`."""
    return {
        "EvalActionName": ACTION,
        "EvalResourceName": OBJECT,
        "EvalDecision": decision,
        "MatchedStatements": list(statements),
        "MissingContextValues": [],
        **members,
    }


def within(allowed: bool) -> dict[str, Any]:
    """What a result says of the permissions boundary."""
    return {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": allowed}}


class Iam:
    """An account with role `deploy` and user `ann`.

    Parameters
    ----------
    result
        What the simulation answers.
    inline
        Texts of inline policies by owner (`role deploy`, `user ann`, `group devs`) and name.
    managed
        Texts of managed policies by ARN.
    attached
        ARNs of managed policies by owner.
    groups
        The groups of the user.
    boundary
        The ARN of the permissions boundary.
    refusals
        Codes of errors by operation.
    """

    def __init__(
        self,
        result: dict[str, Any],
        inline: dict[str, dict[str, str]] | None = None,
        managed: dict[str, str] | None = None,
        attached: dict[str, list[str]] | None = None,
        groups: tuple[str, ...] = (),
        boundary: str = "",
        refusals: dict[str, str] | None = None,
    ) -> None:
        self.result, self.inline, self.managed, self.attached = result, inline or {}, managed or {}, attached or {}
        self.groups, self.boundary, self.refusals = groups, boundary, refusals or {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.client = boto3.client("iam", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        self.client.meta.events.register("before-parameter-build.iam", self._note)
        self.client.meta.events.register("before-call.iam", self._answer)

    @property
    def question(self) -> dict[str, Any]:
        """What the simulation was asked."""
        return next(members for operation, members in self.asked if operation == "SimulatePrincipalPolicy")

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.asked.append((model.name, params))

    def _answer(self, **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        operation, members = self.asked[-1]
        if code := self.refusals.get(operation):
            error = {"Error": {"Code": code, "Message": f"No to {operation}."}}
            return AWSResponse("", 400, {}, None), error
        return AWSResponse("", 200, {}, None), copy.deepcopy(self._parsed(operation, members))

    def _parsed(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        kind = next((kind for kind in ("Role", "User", "Group") if f"{kind}Name" in members), "")
        owner = f"{kind.lower()} {members.get(f'{kind}Name')}"
        if operation in ("GetRole", "GetUser"):
            limit = {"PermissionsBoundary": {"PermissionsBoundaryArn": self.boundary}} if self.boundary else {}
            return {kind: {"Arn": {"Role": ROLE, "User": USER}[kind], **limit}}
        if operation == "ListGroupsForUser":
            return {"Groups": [{"GroupName": name} for name in self.groups]}
        if operation.startswith("ListAttached"):
            arns = self.attached.get(owner, [])
            return {"AttachedPolicies": [{"PolicyArn": arn, "PolicyName": arn.rpartition("/")[2]} for arn in arns]}
        if operation.startswith("List"):
            return {"PolicyNames": list(self.inline.get(owner, {}))}
        if operation == "GetPolicy":
            return {"Policy": {"DefaultVersionId": "v3"}}
        if operation == "GetPolicyVersion":
            return {"PolicyVersion": {"Document": quote(self.managed[members["PolicyArn"]])}}
        if operation == "SimulatePrincipalPolicy":
            return {"EvaluationResults": [self.result], "IsTruncated": False}
        return {"PolicyDocument": quote(self.inline[owner][members["PolicyName"]])}
