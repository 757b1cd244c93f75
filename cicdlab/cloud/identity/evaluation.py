"""Decides whether a request is allowed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterable
from dataclasses import replace

from . import conditions
from .matching import action_matches, arn_matches, resource_pattern
from .model import ANYBODY, Decision, Effect, Finding, Kind, Policies, Policy, Principal, Request, Statement

# How closely a resource's policy names the caller, from the account she belongs to up to the very session.
_ACCOUNT, _ROLE, _ANYBODY, _SELF = 1, 2, 3, 4


def decide(request: Request, policies: Policies, resource_kind: Kind = Kind.RESOURCE) -> Decision:
    """Return the decision on a request.

    Parameters
    ----------
    request
        Who wants to do what.
    policies
        The policies that have a say.
    resource_kind
        What the resource's policy is called: a role's is its trust policy.
    """
    groups = {
        Kind.IDENTITY: policies.identity,
        Kind.BOUNDARY: (policies.boundary,) if policies.boundary else (),
        Kind.SESSION: policies.session,
        resource_kind: (policies.resource,) if policies.resource else (),
    }
    findings = tuple(finding for kind, group in groups.items() for finding in _findings(request, kind, group))
    # rule: explicit-deny-first
    for finding in findings:
        if not finding.miss and not finding.statement.allows:
            return Decision(request, Effect.EXPLICIT_DENY, finding.kind, findings)
    if _shut_out(request, policies):
        return Decision(request, Effect.EXPLICIT_DENY, resource_kind, findings)
    missing = _missing(request, policies, findings, resource_kind)
    return Decision(request, Effect.IMPLICIT_DENY if missing else Effect.ALLOWED, missing, findings)


def _missing(request: Request, policies: Policies, findings: tuple[Finding, ...], resource_kind: Kind) -> Kind | None:
    """Return the type of policy whose Allow is missing, or None when the request is allowed."""
    allowing = [each for each in findings if not each.miss and each.statement.allows]
    kinds = {each.kind for each in allowing}
    named = max(
        (_closeness(each.statement, request.principal) for each in allowing if each.kind is resource_kind), default=0
    )
    caller = _caller_side(policies, kinds, named, request)
    if request.principal.account != request.owner:
        # rule: cross-account-needs-both
        if caller and request.principal.account:
            return caller
        return None if named else resource_kind
    if named > _ACCOUNT:
        # rule: same-account-resource-policy
        return None if caller is Kind.IDENTITY else caller
    if policies.resource_decides and not named:
        # rule: kms-key-policy-decides
        return resource_kind
    return caller


def _caller_side(policies: Policies, kinds: set[Kind], named: int, request: Request) -> Kind | None:
    """Return which of the caller's own policies does not allow; all of them have to."""
    # rule: resource-policy-names-session, resource-policy-passes-boundary, wildcard-passes-limits
    unlimited = named in (_SELF, _ANYBODY) and request.principal.account == request.owner
    # rule: session-policy-intersects
    if policies.session and Kind.SESSION not in kinds and not unlimited:
        return Kind.SESSION
    # rule: boundary-intersects
    if policies.boundary and Kind.BOUNDARY not in kinds and not unlimited:
        return Kind.BOUNDARY
    return None if Kind.IDENTITY in kinds else Kind.IDENTITY


def _findings(request: Request, kind: Kind, policies: Iterable[Policy]) -> Iterable[Finding]:
    for policy in policies:
        for statement in policy.statements:
            yield Finding(kind, policy, statement, _miss(request, statement))


def _miss(request: Request, statement: Statement) -> str:
    """Return why a statement does not apply to a request; empty when it does."""
    # rule: action-not-action
    if statement.actions:
        if not any(action_matches(each, request.action) for each in statement.actions):
            return f"its Action does not include {request.action}"
    elif any(action_matches(each, request.action) for each in statement.not_actions):
        return f"its NotAction excepts {request.action}"
    if reason := _resource_miss(request, statement):
        return reason
    if statement.principals and not _closeness(statement, request.principal):
        return f"its Principal does not include {request.principal.arn}"
    if statement.not_principals and _excepted(statement, request.principal):
        return f"its NotPrincipal excepts {request.principal.arn}"
    # rule: conditions-and-or
    for operator, key, wanted in statement.conditions:
        if not conditions.holds(operator, key, wanted, request.context, statement.variables):
            has = " and ".join(request.context.get(key, ())) or "not set"
            return (
                f"its condition {operator} on {key} does not hold: {key} is {has}, the policy says {', '.join(wanted)}"
            )
    return ""


def _resource_miss(request: Request, statement: Statement) -> str:
    # rule: resource-not-resource, variable-in-resource, variable-without-value
    given = statement.resources or statement.not_resources
    patterns = [resource_pattern(each, request.context, statement.variables) for each in given]
    matches = any(each is not None and arn_matches(each, request.resource) for each in patterns)
    if statement.resources:
        return "" if matches else f"its Resource does not include {request.resource}"
    if None in patterns and statement.allows:
        return "its NotResource has a policy variable without a value"  # it must not allow more for that
    return f"its NotResource excepts {request.resource}" if matches else ""


def _closeness(statement: Statement, principal: Principal) -> int:
    """Return how closely a statement names a principal; 0 when it does not."""
    if statement.not_principals:
        return 0 if _excepted(statement, principal) else _ANYBODY
    return max((_names(kind, value, principal) for kind, value in statement.principals), default=0)


def _names(kind: str, value: str, principal: Principal) -> int:
    # rule: principal-forms
    if kind == "*":
        return _ANYBODY
    if principal.is_service:
        return _SELF if kind == "Service" and value == principal.arn else 0
    if kind != "AWS":
        return 0
    if value == "*":
        return _ANYBODY
    if principal.arn == ANYBODY:
        return 0
    if value == principal.arn:
        return _ACCOUNT if principal.is_root else _SELF
    if value in principal.roles:
        return _ROLE
    return _ACCOUNT if value in (principal.root, principal.account) else 0


def _excepted(statement: Statement, principal: Principal) -> bool:
    """Tell whether a NotPrincipal element excepts a caller.

    From a Deny it excepts whom it names with all that stands above her, role and account too; from an Allow already
    whom it names in any of these ways.
    """
    # rule: not-principal-names-account-too, not-principal-with-allow
    named = {value for _, value in statement.not_principals}
    if "*" in named or principal.is_service:
        return "*" in named or principal.arn in named
    above = {principal.arn, *principal.roles}
    account = {principal.root, principal.account}
    if statement.allows:
        return not named.isdisjoint(above | account)
    return above - {principal.root} <= named and not named.isdisjoint(account)


def _shut_out(request: Request, policies: Policies) -> bool:
    """Tell whether a Deny with NotPrincipal meets a caller with a boundary: then it denies whomever it names."""
    # rule: not-principal-denies-bounded
    if not (policies.boundary and policies.resource):
        return False
    return any(
        not each.allows and each.not_principals and _miss(request, _for_anybody(each)) == ""
        for each in policies.resource.statements
    )


def _for_anybody(statement: Statement) -> Statement:
    return replace(statement, not_principals=(), principals=(("*", "*"),))
