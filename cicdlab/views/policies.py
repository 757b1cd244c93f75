"""Reading with boto3 who makes a request, and the policies that have a say in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from cicdlab.views.reading import ViewError, ask, pages

_PRINCIPAL = re.compile(
    r"arn:[\w-]+:(?:iam::\d{12}:(user|role)/(?:[^/]+/)*([^/]+)|sts::\d{12}:assumed-role/([^/]+)/.+)"
)
_AWS_MANAGED = re.compile(r"arn:[\w-]+:iam::aws:")
_TEXT = "cicdlab:Text"


@dataclass(frozen=True)
class Policy:
    """A policy.

    Attributes
    ----------
    id
        What a simulation calls it.
    name, kind
        What a reader calls it, and its type in words.
    text
        The document as it is stored.
    """

    id: str
    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class Subject:
    """The user or role whose policies count.

    Attributes
    ----------
    kind
        `user` or `role`.
    """

    kind: str
    name: str
    arn: str
    policies: tuple[Policy, ...]
    boundary: Policy | None


def read_subject(iam: Any, principal: str) -> Subject:
    """The user or role of an ARN, or the role of a session's ARN, with all its policies.

    Raises
    ------
    ViewError
        The ARN names no user, role or session, or there is no such user or role.
    """
    named = _PRINCIPAL.fullmatch(principal)
    if not named:
        raise ViewError(f"{principal!r} is not the ARN of a user, a role or a session of a role.")
    kind, name = named[1] or "role", named[2] or named[3]
    owner = _owner(iam, kind, name)
    if named[1] and owner["Arn"] != principal:
        raise ViewError(f"There is no {kind} {principal!r}: the {kind} {name!r} has the ARN {owner['Arn']!r}.")
    with _texts_kept(iam):
        boundary = (owner.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return Subject(
            kind=kind,
            name=name,
            arn=owner["Arn"],
            policies=tuple(_policies(iam, kind, name)),
            boundary=_managed(iam, boundary, boundary.rpartition("/")[2], "Permissions boundary") if boundary else None,
        )


def _owner(iam: Any, kind: str, name: str) -> dict[str, Any]:
    def get() -> dict[str, Any]:
        if kind == "role":
            return dict(iam.get_role(RoleName=name)["Role"])
        return dict(iam.get_user(UserName=name)["User"])

    try:
        return dict(ask(get))
    except ViewError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and cause.response["Error"].get("Code") == "NoSuchEntity":
            raise ViewError(f"There is no {kind} {name!r}: look at what list_{kind}s() returns.") from cause
        raise


@contextmanager
def _texts_kept(iam: Any) -> Iterator[None]:
    """Keep each policy's text beside the document that boto3 makes of it, which has no lines and columns."""
    events = iam.meta.events
    events.register_first("after-call.iam", _keep_text)
    try:
        yield
    finally:
        events.unregister("after-call.iam", _keep_text)


def _keep_text(parsed: dict[str, Any], **_: Any) -> None:
    place = parsed.get("PolicyVersion", parsed)
    document = place.get("PolicyDocument") or place.get("Document")
    if isinstance(document, str):
        place[_TEXT] = unquote(document)


def _policies(iam: Any, kind: str, name: str) -> Iterator[Policy]:
    """Every policy once, however many ways lead to it."""
    seen: set[str] = set()
    yield from _policies_of(iam, kind, name, "", seen)
    if kind == "user":
        for group in pages(iam, "list_groups_for_user", "Groups", UserName=name):
            yield from _policies_of(iam, "group", group["GroupName"], f" of group {group['GroupName']}", seen)


def _policies_of(iam: Any, kind: str, name: str, where: str, seen: set[str]) -> Iterator[Policy]:
    owner = {f"{kind.capitalize()}Name": name}
    for policy in pages(iam, f"list_{kind}_policies", "PolicyNames", **owner):
        answer = ask(getattr(iam, f"get_{kind}_policy"), **owner, PolicyName=policy)
        yield Policy(f"{kind}_{name}_{policy}", policy, f"Inline policy{where}", answer.get(_TEXT, ""))
    for policy in pages(iam, f"list_attached_{kind}_policies", "AttachedPolicies", **owner):
        arn = policy["PolicyArn"]
        if arn not in seen:
            seen.add(arn)
            maker = "AWS managed" if _AWS_MANAGED.match(arn) else "Customer managed"
            yield _managed(iam, arn, policy["PolicyName"], f"{maker} policy{where}")


def _managed(iam: Any, arn: str, name: str, kind: str) -> Policy:
    version = ask(iam.get_policy, PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = ask(iam.get_policy_version, PolicyArn=arn, VersionId=version)["PolicyVersion"]
    return Policy(name, name, kind, answer.get(_TEXT, ""))
