"""The operations of STS and IAM that this cloud answers itself."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from . import policies
from .actions import ApiCall
from .callers import administrator
from .directory import Document, Session
from .document import PolicyError, parse
from .enforcement import Caller, principal_context
from .model import Policies, Policy, Principal, Request
from .simulation import Simulation

if TYPE_CHECKING:
    from .access import Access

_ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)")
_ACTION = re.compile(r"[A-Za-z0-9-]+:\w+")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")
NEVER = datetime.max.replace(tzinfo=UTC)
_SHORTEST, _LONGEST_CHAINED, _LONGEST_OF_USERS = 900, 3600, 129_600  # seconds


class StsApi:
    """The operations of STS."""

    def __init__(self, access: "Access") -> None:
        self._access = access

    def assume_role(self, call: ApiCall, caller: Caller) -> dict[str, Any]:
        """Return credentials of a role; that the caller may assume it was decided before."""
        members = call.members
        name, seconds = str(members["RoleSessionName"]), int(members.get("DurationSeconds", 3600))
        found = _ROLE.fullmatch(str(members["RoleArn"]))
        role = self._access.directory.role(str(members["RoleArn"])) if found else None
        if not found or role is None:
            raise ServiceError("ValidationError", f"{members['RoleArn']} is invalid")
        if not _SESSION_NAME.fullmatch(name):
            raise ServiceError(
                "ValidationError", f"The session name {name!r} is invalid: 2 to 64 of A-Z a-z 0-9 +=,.@-_"
            )
        # rule: external-id, session-tags, session-duration, chained-sessions-last-an-hour
        longest = _LONGEST_CHAINED if caller.session else role.max_session
        if not _SHORTEST <= seconds <= longest:
            raise ServiceError(
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
                if seconds > longest
                else f"DurationSeconds must be at least {_SHORTEST}.",
            )
        arn = f"arn:aws:sts::{found[1]}:assumed-role/{found[2]}/{name}"
        tags = {**role.tags, **{str(tag["Key"]): str(tag.get("Value", "")) for tag in members.get("Tags", ())}}
        principal = Principal(arn, role.arn, f"{role.id}:{name}", tags)
        identity = str(members.get("SourceIdentity") or (caller.session.source_identity if caller.session else ""))
        wanted = Session("", "", "", principal, NEVER, self._session_policies(call, found[1]), source_identity=identity)
        issued = self._access.sessions.issue(wanted, seconds)
        return {
            "Credentials": _credentials(issued),
            "AssumedRoleUser": {"AssumedRoleId": principal.id, "Arn": arn},
            "PackedPolicySize": 6,
            **({"SourceIdentity": identity} if identity else {}),
        }

    def get_caller_identity(self, _: ApiCall, caller: Caller) -> dict[str, Any]:
        """Return who calls; it needs no permission."""
        principal = caller.principal
        return {"UserId": principal.id or principal.account, "Account": principal.account, "Arn": principal.arn}

    def get_session_token(self, call: ApiCall, caller: Caller) -> dict[str, Any]:
        """Return temporary credentials of a user herself."""
        # rule: session-token-for-users
        if caller.session:
            raise ServiceError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
        seconds = int(call.members.get("DurationSeconds", 43_200))
        if not _SHORTEST <= seconds <= _LONGEST_OF_USERS:
            raise ServiceError("ValidationError", f"DurationSeconds must be {_SHORTEST} to {_LONGEST_OF_USERS}.")
        wanted = Session("", "", "", caller.principal, NEVER)
        return {"Credentials": _credentials(self._access.sessions.issue(wanted, seconds))}

    def get_access_key_info(self, call: ApiCall, caller: Caller) -> dict[str, Any]:
        """Return the account to which an access key belongs."""
        key = str(call.members["AccessKeyId"])
        return {"Account": self._access.callers.identify(key, self._token(key)).principal.account}

    def _token(self, access_key: str) -> str:
        session = self._access.sessions.find(access_key)
        return session.token if session else ""

    def _session_policies(self, call: ApiCall, account: str) -> tuple[Document, ...]:
        # rule: session-policies-given
        given: list[Document] = []
        if call.members.get("Policy"):
            given.append(("session policy", str(call.members["Policy"])))
        for each in call.members.get("PolicyArns", ()):
            text = self._access.directory.managed_policy(str(each["arn"]), account)
            if not text:
                raise ServiceError("MalformedPolicyDocument", f"There is no policy {each['arn']}.")
            given.append((str(each["arn"]), text))
        return tuple(given)


class IamApi:
    """The operations of IAM that its policy simulator and the users' boundaries need."""

    def __init__(self, access: "Access") -> None:
        self._access = access

    def simulate_principal_policy(self, call: ApiCall, _: Caller) -> dict[str, Any]:
        """Simulate requests of a user or a role, with the policies that are attached to it."""
        # rule: simulate-principal-policy
        principal = self._principal(str(call.members["PolicySourceArn"]))
        try:
            own = policies.of_caller(principal, None, self._access.directory)
        except PolicyError as error:
            raise _invalid(str(error)) from None
        return _simulated(call, principal, own, dict(principal_context(Caller(principal))))

    def simulate_custom_policy(self, call: ApiCall, caller: Caller) -> dict[str, Any]:
        """Simulate requests with policies that are given."""
        # rule: simulate-custom-policy
        return _simulated(call, caller.principal, Policies(), {})

    def put_user_permissions_boundary(self, call: ApiCall, caller: Caller) -> dict[str, Any]:
        """Set the permissions boundary of a user."""
        return self._set_boundary(call, caller, str(call.members["PermissionsBoundary"]))

    def delete_user_permissions_boundary(self, call: ApiCall, caller: Caller) -> dict[str, Any]:
        """Take the permissions boundary of a user away."""
        return self._set_boundary(call, caller, "")

    def _set_boundary(self, call: ApiCall, caller: Caller, boundary: str) -> dict[str, Any]:
        # rule: user-boundary
        account, name = caller.principal.account, str(call.members["UserName"])
        if boundary and not self._access.directory.managed_policy(boundary, account):
            raise ServiceError("NoSuchEntity", f"Policy {boundary} does not exist.", 404)
        if not self._access.directory.set_user_boundary(account, name, boundary):
            raise ServiceError("NoSuchEntity", f"The user with name {name} cannot be found.", 404)
        return {}

    def _principal(self, arn: str) -> Principal:
        directory = self._access.directory
        if arn.endswith(":root") and arn.startswith("arn:aws:iam::"):
            return administrator(arn.split(":")[4])
        role = directory.role(arn) if _ROLE.fullmatch(arn) else None
        if role:
            account, name = arn.split(":")[4], arn.rpartition("/")[2]
            session = f"arn:aws:sts::{account}:assumed-role/{name}/simulated"
            return Principal(session, role.arn, f"{role.id}:simulated", role.tags)
        principal = Principal(arn)
        if not principal.account or directory.attached(principal) is None:
            raise ServiceError("NoSuchEntity", f"The entity {arn} cannot be found.", 404)
        return principal


def _simulated(call: ApiCall, principal: Principal, own: Policies, context: dict[str, str]) -> dict[str, Any]:
    members = call.members
    given = tuple(
        _parsed(text, f"PolicyInputList.{number}") for number, text in enumerate(members.get("PolicyInputList", ()), 1)
    )
    boundaries = members.get("PermissionsBoundaryPolicyInputList", ())
    boundary = _parsed(boundaries[0], "PermissionsBoundaryPolicyInputList.1") if boundaries else own.boundary
    resource = members.get("ResourcePolicy")
    if members.get("CallerArn"):
        principal = Principal(str(members["CallerArn"]), principal.role_arn, principal.id, principal.tags)
    elif resource and not own.identity and principal.is_root:
        raise _invalid("CallerArn is needed with a ResourcePolicy.")
    found: dict[str, tuple[str, ...]] = {name: (value,) for name, value in context.items() if value}
    for entry in members.get("ContextEntries", ()):
        found[str(entry["ContextKeyName"]).lower()] = tuple(map(str, entry.get("ContextKeyValues", ())))
    owner = str(members.get("ResourceOwner") or "")
    account = owner.split(":")[4] if owner.startswith("arn:") else owner or principal.account
    actions = tuple(map(str, members["ActionNames"]))
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise _invalid(f"Invalid action: {action}")
    simulation = Simulation(
        Request(principal, "", "", account, found),
        actions,
        tuple(map(str, members.get("ResourceArns") or ("*",))),
        Policies(
            identity=(*own.identity, *given),
            boundary=boundary,
            resource=_parsed(str(resource), "ResourcePolicy", principals=True) if resource else None,
        ),
    )
    return {"EvaluationResults": simulation.results(), "IsTruncated": False}


def _parsed(text: str, name: str, principals: bool = False) -> Policy:
    try:
        return parse(str(text), name, principals)
    except PolicyError as error:
        raise _invalid(f"{name}: {error}") from None


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidInput", message)


def _credentials(session: Session) -> dict[str, Any]:
    return {
        "AccessKeyId": session.access_key,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires,
    }
