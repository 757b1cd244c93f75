"""What identity and access management keeps: principals, policies, requests and decisions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_SESSION = re.compile(r"arn:aws[\w-]*:sts::(\d{12}):assumed-role/([^/]+)/(.+)")
_OWNED = re.compile(r"arn:aws[\w-]*:(?:iam|sts)::(\d{12}):(.+)")
ANYBODY = "*"  # the principal of a request that nobody signed


class Kind(StrEnum):
    """The types of policy, named as in AWS's messages."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    TRUST = "role trust policy"


class Effect(StrEnum):
    """What an evaluation comes to, named as IAM's policy simulator names it."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicitDeny"
    EXPLICIT_DENY = "explicitDeny"


@dataclass(frozen=True)
class Principal:
    """Who makes a request.

    Parameters
    ----------
    arn
        A user's, a session's or an account root's ARN, a service such as ``codebuild.amazonaws.com``, or ``*`` for
        somebody without credentials.
    role_arn
        The role of a session, with its path.
    id
        The unique id, which ``aws:userid`` shows.
    tags
        What ``aws:PrincipalTag`` shows.
    """

    arn: str
    role_arn: str = ""
    id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The account it belongs to; empty for services and for somebody without credentials."""
        owned = _OWNED.fullmatch(self.arn)
        return owned[1] if owned else ""

    @property
    def is_service(self) -> bool:
        """Whether it is an AWS service."""
        return not self.arn.startswith("arn:") and self.arn != ANYBODY

    @property
    def is_root(self) -> bool:
        """Whether it is an account's administrator."""
        return self.arn.endswith(":root")

    @property
    def is_session(self) -> bool:
        """Whether it is a session of a role."""
        return bool(_SESSION.fullmatch(self.arn))

    @property
    def root(self) -> str:
        """The ARN of the account it belongs to."""
        return f"arn:aws:iam::{self.account}:root"

    @property
    def name(self) -> str:
        """The user's name, or ROLE/SESSION, or ``root``."""
        owned = _OWNED.fullmatch(self.arn)
        if not owned:
            return self.arn
        what = owned[2]
        return what.partition("/")[2] if self.is_session else what.rpartition("/")[2]

    @property
    def roles(self) -> tuple[str, ...]:
        """The ARN, or without a known path the likely ARN, of a session's role."""
        session = _SESSION.fullmatch(self.arn)
        if not session:
            return ()
        return (self.role_arn or f"arn:aws:iam::{session[1]}:role/{session[2]}",)


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, checked.

    Parameters
    ----------
    index
        Its number in the policy, from 0.
    sid, allows
        Its id, and whether its effect is Allow.
    actions, not_actions, resources, not_resources
        Patterns; one of each pair is empty.
    principals, not_principals
        Pairs such as ``("AWS", "123456789012")``; both empty in an identity-based policy.
    conditions
        Triples of operator, key in lower case, and values.
    variables
        Whether ``${…}`` stands for a value: only in version 2012-10-17.
    """

    index: int
    sid: str
    allows: bool
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    not_principals: tuple[tuple[str, str], ...] = ()
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    variables: bool = True


@dataclass(frozen=True)
class Policy:
    """A policy document, checked.

    Parameters
    ----------
    name
        By which name or ARN the owner knows it.
    statements
        Its statements.
    text
        The document as it was given.
    """

    name: str
    statements: tuple[Statement, ...]
    text: str = ""


@dataclass(frozen=True)
class Policies:
    """All policies that have a say in a request.

    Parameters
    ----------
    identity
        What is attached to the user, her groups, or the role.
    boundary
        The permissions boundary, if there is one.
    session
        What AssumeRole was given to narrow the session; empty for nothing.
    resource
        The policy of the resource, if it has one.
    resource_decides
        Whether nothing is allowed without the resource's policy: so it is with KMS keys and with a role's trust.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] = ()
    resource: Policy | None = None
    resource_decides: bool = False


@dataclass(frozen=True)
class Request:
    """One action on one resource.

    Parameters
    ----------
    principal
        Who asks.
    action
        For example ``s3:GetObject``.
    resource
        The resource's ARN, or ``*`` for an action on none in particular.
    owner
        The account that owns the resource.
    context
        Condition keys in lower case, each with all its values; no value is as good as no key.
    """

    principal: Principal
    action: str
    resource: str
    owner: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """What one statement says to a request.

    Parameters
    ----------
    kind, policy, statement
        Which statement, of which policy.
    miss
        Why it does not apply; empty when it does.
    """

    kind: Kind
    policy: Policy
    statement: Statement
    miss: str = ""


@dataclass(frozen=True)
class Decision:
    """What a request comes to.

    Parameters
    ----------
    request
        The request.
    effect
        What was decided.
    kind
        The type of policy that denied, or did not allow; None when the request is allowed.
    findings
        What every statement says, those that apply and those that do not.
    unreadable
        What is wrong with a policy that could not be read; then nothing is allowed.
    """

    request: Request
    effect: Effect
    kind: Kind | None
    findings: tuple[Finding, ...]
    unreadable: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the request may go on."""
        return self.effect is Effect.ALLOWED

    @property
    def matched(self) -> tuple[Finding, ...]:
        """The statements that apply and speak for what was decided."""
        return tuple(each for each in self.findings if not each.miss and each.statement.allows is self.allowed)

    def document(self) -> dict[str, Any]:
        """Return the decision as JSON, for people who ask why."""
        return {
            "principal": self.request.principal.arn,
            "action": self.request.action,
            "resource": self.request.resource,
            "decision": self.effect.value,
            "decidedBy": self.kind.value if self.kind else "",
            "unreadable": self.unreadable,
            "statements": [
                {
                    "policy": each.policy.name,
                    "type": each.kind.value,
                    "statement": each.statement.sid or f"statement {each.statement.index + 1}",
                    "effect": "Allow" if each.statement.allows else "Deny",
                    "applies": not each.miss,
                    "reason": each.miss,
                }
                for each in self.findings
            ],
        }
