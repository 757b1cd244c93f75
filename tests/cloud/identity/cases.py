"""Requests with all their policies as plain data, and what our evaluator says to them.

A case has an ``id``, a ``principal`` (an ARN, a service or ``anonymous``), an ``action``, a ``resource`` and its
``owner``, a ``context`` of keys with lists of values, and the policies: ``identity`` and ``session`` lists of
documents, ``boundary`` and ``resource_policy`` one document or none.
"""

import json
from collections.abc import Mapping
from typing import Any

from cicdlab.cloud.identity.document import parse
from cicdlab.cloud.identity.evaluation import decide
from cicdlab.cloud.identity.model import ANYBODY, Decision, Policies, Policy, Principal, Request

ACCOUNT, OTHER = "111111111111", "222222222222"
ANN, BOB = f"arn:aws:iam::{ACCOUNT}:user/ann", f"arn:aws:iam::{ACCOUNT}:user/bob"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SERVICE = "codebuild.amazonaws.com"
Case = Mapping[str, Any]
Document = dict[str, Any]


def document(*statements: Document, version: str | None = "2012-10-17") -> Document:
    """Return a policy document of these statements."""
    return {**({"Version": version} if version else {}), "Statement": list(statements)}


def allow(action: str = "s3:GetObject", resource: str = "*", **more: Any) -> Document:
    """Return a statement that allows; what is named in `more` comes on top or instead."""
    usual = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    for name in ("Action", "Resource"):
        if f"Not{name}" in more:
            usual.pop(name)
    return usual


def deny(action: str = "s3:GetObject", resource: str = "*", **more: Any) -> Document:
    """Return a statement that denies."""
    return allow(action, resource, **{"Effect": "Deny", **more})


def case(**members: Any) -> dict[str, Any]:
    """Return a case: ann reads an object of her account, unless told otherwise."""
    usual = {
        "id": 0,
        "principal": ANN,
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::goods/home/ann/report",
        "owner": ACCOUNT,
        "context": {},
        "identity": [],
        "boundary": None,
        "session": [],
        "resource_policy": None,
    }
    assert not members.keys() - usual.keys()
    return {**usual, **members}


def decision(given: Case) -> Decision:
    """Return what our evaluator decides."""
    context = {key.lower(): tuple(values) for key, values in given["context"].items()}
    principal = Principal(ANYBODY if given["principal"] == "anonymous" else given["principal"])
    request = Request(principal, given["action"], given["resource"], given["owner"], context)
    return decide(request, policies(given))


def allowed(given: Case | None = None, **members: Any) -> bool:
    """Tell whether a case, or the usual case with these members, is allowed."""
    return decision(given or case(**members)).allowed


def policies(given: Case) -> Policies:
    """Return the policies of a case."""
    trust = given["action"] == "sts:AssumeRole"
    return Policies(
        identity=tuple(map(read, given["identity"])),
        boundary=read(given["boundary"]) if given["boundary"] else None,
        session=tuple(map(read, given["session"])),
        resource=read(given["resource_policy"], True, not trust) if given["resource_policy"] else None,
        resource_decides=trust or given["action"].startswith("kms:"),
    )


def read(given: Document, principals: bool = False, resources: bool = True) -> Policy:
    """Return a document, checked."""
    return parse(json.dumps(given), principals=principals, resources=resources)
