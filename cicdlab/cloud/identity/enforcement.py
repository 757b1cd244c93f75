"""Lets a request pass, or denies it, before a service sees it."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ..errors import ServiceError, not_simulated
from . import messages, policies
from .actions import ApiCall, Need, needs
from .actions import context as members_context
from .directory import Directory, Key, Session
from .document import PolicyError
from .evaluation import decide
from .implied import GENERATE, key_uses, managed_key_policy, roles_passed
from .model import Decision, Effect, Kind, Policies, Principal, Request

KEPT = 50  # denials
_BUILDING = frozenset(
    {"CreateStack", "UpdateStack", "DeleteStack", "RollbackStack", "ContinueUpdateRollback", "ExecuteChangeSet"}
    | {"ExecuteStackRefactor", "ImportStacksToStackSet"}
    | {f"{verb}{what}" for verb in ("Create", "Update", "Delete") for what in ("StackSet", "StackInstances")}
)


@dataclass(frozen=True)
class Passage:
    """How a request that is allowed goes on.

    Parameters
    ----------
    owner
        The account that owns what it is about.
    key
        The ARN of the key with which it encrypts what it stores, or an empty string.
    """

    owner: str
    key: str = ""


@dataclass(frozen=True)
class Caller:
    """Who makes a request, and with which session."""

    principal: Principal
    session: Session | None = None


class Enforcement:
    """Decides on requests and remembers what it denied.

    Parameters
    ----------
    directory
        Reads the cloud's resources.
    now
        Returns the time that policies see.
    """

    def __init__(self, directory: Directory, now: Callable[[], datetime]) -> None:
        self._directory = directory
        self._now = now
        # By service: returns what only it knows of a request, as further members, such as a deployment's group.
        self.completes: dict[str, Callable[[ApiCall], Mapping[str, Any]]] = {}
        self._denials: deque[Decision] = deque(maxlen=KEPT)

    def denials(self) -> list[dict[str, Any]]:
        """Return the last denied requests with the reason of each, the latest first."""
        return [each.document() for each in reversed(self._denials)]

    def reset(self) -> None:
        """Forget what was denied."""
        self._denials.clear()

    def check(self, call: ApiCall, caller: Caller) -> Passage:
        """Return how a request goes on.

        Raises
        ------
        ServiceError
            The request is denied.
        """
        if call.service in self.completes:
            call = replace(call, members={**call.members, **self.completes[call.service](call)})
        self._refuse_what_s3_refuses(call, caller)
        if _needs_unknown_permissions(call) and not caller.principal.is_root:
            raise not_simulated(call.service, f"{call.operation} by anybody but an administrator")
        wanted = needs(call, self._directory)
        owner = wanted[0].owner if wanted else caller.principal.account
        for need in wanted:
            self._require(call, caller, need)
        for need in roles_passed(call, self._directory):
            self._require(call, caller, need)
        encrypts_with = ""
        for need, key in key_uses(call, self._directory):
            self._require(call, caller, need, key)
            encrypts_with = key.arn if need.action == GENERATE else encrypts_with
        for need in self._hidden(call, owner):
            self._require(call, caller, need)
        self._keep_key_policy_changeable(call, caller)
        return Passage(owner, encrypts_with)

    def _refuse_what_s3_refuses(self, call: ApiCall, caller: Caller) -> None:
        """Refuse a bucket's name that another account has, and a bucket whose owner is not the expected one."""
        # rule: bucket-names-are-everybodys, expected-bucket-owner
        if call.service != "s3":
            return
        owner = self._directory.bucket_owner(str(call.members.get("Bucket", "")))
        if call.operation == "CreateBucket" and owner and owner != caller.principal.account:
            message = (
                "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                "system. Please select a different name and try again."
            )
            raise ServiceError("BucketAlreadyExists", message, 409)
        expected = call.members.get("ExpectedBucketOwner")
        if expected and owner and owner != expected:
            raise ServiceError("AccessDenied", "Access Denied", 403)

    def decide(self, call: ApiCall, caller: Caller, need: Need, key: Key | None = None) -> Decision:
        """Return the decision on one permission."""
        principal, is_trust = caller.principal, _asks_trust(need)
        context = {
            **self._context(call, caller, need),
            **(members_context(call) if need.direct else {}),
            **need.context,
        }
        request = Request(principal, need.action, need.resource, need.owner, context)
        kind = Kind.TRUST if is_trust else Kind.RESOURCE
        try:
            return decide(request, self._policies(call, caller, need, key), kind)
        except PolicyError as error:
            return Decision(request, Effect.IMPLICIT_DENY, kind, (), str(error))

    def _require(self, call: ApiCall, caller: Caller, need: Need, key: Key | None = None) -> None:
        principal = caller.principal
        if principal.is_root and principal.account == need.owner and not _asks_trust(need):
            return
        decision = self.decide(call, caller, need, key)
        if not decision.allowed:
            self._denials.append(decision)
            raise messages.denied(call.service, decision)

    def _keep_key_policy_changeable(self, call: ApiCall, caller: Caller) -> None:
        """Refuse a key policy that does not let its author change it again, unless she says that she means it."""
        # rule: key-policy-lockout
        text = call.members.get("Policy")
        written = call.service == "kms" and call.operation in ("CreateKey", "PutKeyPolicy") and text
        if not written or call.members.get("BypassPolicyLockoutSafetyCheck"):
            return
        arn = f"arn:aws:kms:{call.region}:{caller.principal.account}:key/new"
        need = Need("kms:PutKeyPolicy", arn, caller.principal.account)
        if not self.decide(call, caller, need, Key(arn, str(text))).allowed:
            message = "The new key policy will not allow you to update the key policy in the future."
            raise ServiceError("MalformedPolicyDocumentException", message)

    def _hidden(self, call: ApiCall, owner: str) -> Iterator[Need]:
        """Yield the permission without which S3 does not tell that an object is missing."""
        # rule: s3-missing-object-needs-list
        if call.service != "s3" or call.operation not in ("GetObject", "HeadObject"):
            return
        bucket, version = str(call.members.get("Bucket", "")), str(call.members.get("VersionId") or "")
        exists = self._directory.object_encryption(bucket, str(call.members.get("Key", "")), version)
        if exists is None and self._directory.bucket_owner(bucket):
            yield Need("s3:ListBucket", f"arn:aws:s3:::{bucket}", owner)

    def _policies(self, call: ApiCall, caller: Caller, need: Need, key: Key | None) -> Policies:
        own = policies.of_caller(caller.principal, caller.session, self._directory)
        if _asks_trust(need):
            return replace(own, resource=policies.of_role(need.resource, self._directory), resource_decides=True)
        is_key = need.resource.startswith("arn:aws:kms:") and ":key/" in need.resource
        if key is None and is_key:
            key = self._directory.key(need.resource, call.region, caller.principal.account)
        if key and key.managed:
            key = replace(key, policy=managed_key_policy(call.service, call.region, need.owner))
        resource = policies.of_resource(need.resource, self._directory, key)
        return replace(own, resource=resource, resource_decides=is_key)

    def _context(self, call: ApiCall, caller: Caller, need: Need) -> dict[str, tuple[str, ...]]:
        # rule: global-context
        now = self._now().astimezone(UTC)
        found = {
            "aws:requestedregion": call.region,
            "aws:currenttime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "aws:epochtime": str(int(now.timestamp())),
            "aws:securetransport": "true",  # loopback needs no TLS; on AWS the SDKs use it
            "aws:sourceip": "127.0.0.1",
            "aws:viaawsservice": "false",
            "aws:resourceaccount": need.owner,
            "kms:calleraccount": caller.principal.account,
            **principal_context(caller),
        }
        return {name: (value,) for name, value in found.items() if value}


def _needs_unknown_permissions(call: ApiCall) -> bool:
    """Tell whether a request reaches what it does not name: a stack's resources, every secret that fits a filter."""
    if call.service == "secretsmanager":
        return call.operation == "BatchGetSecretValue" and not call.members.get("SecretIdList")
    return call.service == "cloudformation" and call.operation in _BUILDING


def _asks_trust(need: Need) -> bool:
    """Tell whether a role's trust policy has a say: in assuming the role, and in tagging the session."""
    return need.action.startswith("sts:") and ":role/" in need.resource


def principal_context(caller: Caller) -> Mapping[str, str]:
    """Return the condition keys that tell who the caller is.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
    """
    # rule: principal-context
    principal, session = caller.principal, caller.session
    if principal.is_service:
        return {"aws:principalisawsservice": "true", "aws:principalservicename": principal.arn}
    if not principal.account:
        return {"aws:principaltype": "Anonymous", "aws:principalisawsservice": "false"}
    found = {
        "aws:principalarn": principal.roles[0] if principal.is_session else principal.arn,
        "aws:principalaccount": principal.account,
        "aws:principalisawsservice": "false",
        "aws:userid": principal.id or principal.account,
        "aws:principaltype": "Account" if principal.is_root else "AssumedRole" if principal.is_session else "User",
        **{f"aws:principaltag/{name.lower()}": value for name, value in principal.tags.items()},
    }
    if session:
        found["aws:tokenissuetime"] = f"{session.issued:%Y-%m-%dT%H:%M:%SZ}" if session.issued else ""
        found["aws:sourceidentity"] = session.source_identity
    if not principal.is_root and not principal.is_session:
        found["aws:username"] = principal.name
    return found
