"""A decision of IAM, ready to be drawn: what was decided, what each policy says, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cicdlab.views.excerpts import statement_at
from cicdlab.views.policies import Policy, Subject
from cicdlab.views.reading import Question, context_values
from cicdlab.views.text import clean

# What a policy says.
DENIES, WITHHOLDS, ALLOWS = "DENIES", "WITHHOLDS", "ALLOWS"
NOTHING, OVERRULED, UNTOLD = "NOTHING", "OVERRULED", "UNTOLD"
_FIRST = (DENIES, WITHHOLDS, ALLOWS)
_SAYINGS = {"allowed": ALLOWS, "explicitDeny": DENIES, "implicitDeny": NOTHING}

# Why it was decided so.
STATEMENT_ALLOWS, STATEMENT_DENIES, NO_STATEMENT = "STATEMENT_ALLOWS", "STATEMENT_DENIES", "NO_STATEMENT"
BOUNDARY, ORGANIZATION, RESOURCE, UNKNOWN = "BOUNDARY", "ORGANIZATION", "RESOURCE", "UNKNOWN"

_RESOURCE_POLICY = "ResourcePolicy"
_RESOURCE_TYPES = ("resource", "Resource Policy")
_OF_RESOURCE = (
    "MatchedStatements",
    "MissingContextValues",
    "PermissionsBoundaryDecisionDetail",
    "EvalDecisionDetails",
)


@dataclass(frozen=True)
class Excerpt:
    """A statement of a policy.

    Attributes
    ----------
    json
        The statement; empty when it cannot be found.
    place
        Where the statement begins, in words.
    """

    json: str
    place: str


@dataclass(frozen=True)
class Row:
    """What one policy says."""

    name: str
    kind: str
    says: str
    excerpts: tuple[Excerpt, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A decision; texts are clean but not escaped.

    Attributes
    ----------
    decision
        The service's own word.
    reason
        Why it was decided so.
    subject
        Whose policies count, for example `role deploy`.
    rows
        The policies; those that decided come first.
    allowed_by_own
        Whether a policy of the subject is known to allow the request.
    boundary
        The name of the permissions boundary; None without one.
    within
        Whether the boundary allows the request; None while that is not told.
    missing
        Condition keys that a policy asks for and the request has no value for.
    context
        Condition keys with their values, as words.
    """

    decision: str
    reason: str
    action: str
    resource: str
    principal: str
    subject: str
    rows: tuple[Row, ...]
    allowed_by_own: bool
    boundary: str | None
    within: bool | None
    missing: tuple[str, ...]
    context: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Answer:
    """What a simulation says, by policy."""

    decision: str
    matched: Mapping[str, Sequence[Mapping[str, Any]]]
    details: Mapping[str, str]
    within: bool | None
    organization: bool | None


def verdict(result: Mapping[str, Any], subject: Subject, question: Question) -> Verdict:
    """Read a decision.

    Parameters
    ----------
    result
        One of the `EvaluationResults` that `simulate_principal_policy` returns; every member is optional.
    subject
        Whose policies count.
    question
        The request.
    """
    whole = _whole(result, question.resource)
    answer = _answer(whole)
    allowed_by_own = any(_says(answer, policy) == ALLOWS for policy in subject.policies)
    reason = _reason(answer, allowed_by_own)
    return Verdict(
        decision=clean(answer.decision),
        reason=reason,
        action=clean(question.action),
        resource=clean(question.resource),
        principal=clean(question.principal),
        subject=clean(f"{subject.kind} {subject.name}"),
        rows=_rows(answer, subject, question.resource_policy, reason),
        allowed_by_own=allowed_by_own,
        boundary=clean(subject.boundary.name) if subject.boundary else None,
        within=answer.within,
        missing=tuple(sorted({clean(key) for key in whole.get("MissingContextValues") or []})),
        context=tuple((clean(key), clean(", ".join(context_values(value)))) for key, value in question.context.items()),
    )


def _whole(result: Mapping[str, Any], resource: str) -> dict[str, Any]:
    """A result with what it says of this resource alone."""
    specific = result.get("ResourceSpecificResults") or []
    own: Mapping[str, Any] = next((each for each in specific if each.get("EvalResourceName") == resource), {})
    return {**result, **{member: result.get(member) or own.get(member) for member in _OF_RESOURCE}}


def _answer(whole: Mapping[str, Any]) -> _Answer:
    matched: dict[str, list[Mapping[str, Any]]] = {}
    for statement in whole["MatchedStatements"] or []:
        matched.setdefault(_source(statement), []).append(statement)
    return _Answer(
        decision=str(whole.get("EvalDecision", "")),
        matched=matched,
        details={key.replace(" ", ""): value for key, value in (whole["EvalDecisionDetails"] or {}).items()},
        within=(whole["PermissionsBoundaryDecisionDetail"] or {}).get("AllowedByPermissionsBoundary"),
        organization=(whole.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations"),
    )


def _source(statement: Mapping[str, Any]) -> str:
    if statement.get("SourcePolicyType") in _RESOURCE_TYPES:
        return _RESOURCE_POLICY
    return str(statement.get("SourcePolicyId") or "unnamed policy")


def _reason(answer: _Answer, allowed_by_own: bool) -> str:
    if answer.decision == "allowed":
        return STATEMENT_ALLOWS
    if answer.decision not in _SAYINGS:
        return UNKNOWN
    if answer.organization is False and not answer.matched:
        return ORGANIZATION
    if answer.decision == "explicitDeny":
        return STATEMENT_DENIES
    if answer.within is False:
        return BOUNDARY
    return RESOURCE if allowed_by_own else NO_STATEMENT


def _rows(answer: _Answer, subject: Subject, resource_policy: str, reason: str) -> tuple[Row, ...]:
    known = list(subject.policies)
    if resource_policy:
        known.append(Policy(_RESOURCE_POLICY, "Policy of the resource", "Resource-based policy", resource_policy))
    rows = [_row(answer, policy, _says(answer, policy) or _otherwise(reason)) for policy in known]
    named = {policy.id for policy in known}
    if subject.boundary:
        limit = subject.boundary
        is_own = limit.id in named  # then its statements already stand there
        rows.append(_row(answer, limit, _boundary_says(answer, limit, reason), with_excerpts=not is_own))
        named.add(limit.id)
    for other, statements in answer.matched.items():
        if other not in named:
            policy = Policy(other, other, str(statements[0].get("SourcePolicyType") or "Unknown type"), "")
            rows.append(_row(answer, policy, _says(answer, policy)))
    return tuple(sorted(rows, key=lambda row: _FIRST.index(row.says) if row.says in _FIRST else len(_FIRST)))


def _row(answer: _Answer, policy: Policy, says: str, with_excerpts: bool = True) -> Row:
    statements = answer.matched.get(policy.id, ()) if with_excerpts else ()
    excerpts = tuple(_excerpt(policy, statement) for statement in statements)
    return Row(clean(policy.name), clean(policy.kind), says, excerpts)


def _says(answer: _Answer, policy: Policy) -> str:
    """What a policy is known to say; empty when the answer does not name it."""
    statements = answer.matched.get(policy.id)
    if not statements:
        return _SAYINGS.get(answer.details.get(policy.id, ""), "")
    effects = [(_found(policy, statement) or {}).get("Effect") for statement in statements]
    denies = "Deny" in effects or (not any(effects) and answer.decision == "explicitDeny")
    return DENIES if denies else ALLOWS


def _boundary_says(answer: _Answer, boundary: Policy, reason: str) -> str:
    if answer.within is None:
        return _says(answer, boundary) or (OVERRULED if reason == STATEMENT_DENIES else UNTOLD)
    if _says(answer, boundary) == DENIES:
        return DENIES
    return ALLOWS if answer.within else WITHHOLDS


def _otherwise(reason: str) -> str:
    """What to say of a policy that the answer does not name: it names only those that decided."""
    if reason == UNKNOWN:
        return UNTOLD
    return OVERRULED if reason in (STATEMENT_DENIES, BOUNDARY, ORGANIZATION) else NOTHING


def _found(policy: Policy, statement: Mapping[str, Any]) -> dict[str, Any] | None:
    return statement_at(policy.text, statement.get("StartPosition"), statement.get("EndPosition"))


def _excerpt(policy: Policy, statement: Mapping[str, Any]) -> Excerpt:
    found = _found(policy, statement)
    text = clean(json.dumps(found, indent=2, ensure_ascii=False)) if found else ""
    start = statement.get("StartPosition") or {}
    place = f"line {start.get('Line')}, column {start.get('Column')}" if start else "a place that was not told"
    return Excerpt(text, place)
