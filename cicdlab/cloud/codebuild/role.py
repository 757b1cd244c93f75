"""The service role: whether CodeBuild may assume it, and its credentials.

https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
"""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ..credentials import SessionCredentials
from ..errors import ServiceError

SERVICE = "codebuild.amazonaws.com"
_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:[\w+=,.@/-]+/)?([\w+=,.@-]+)")


class Roles:
    """Checks and assumes service roles.

    Parameters
    ----------
    client
        Makes a boto3 client for a service in a region.
    iam_version
        Returns a number that changes with whatever changes in IAM, or None when nobody knows.
    """

    def __init__(self, client: Callable[[str, str], Any], iam_version: Callable[[], int | None]) -> None:
        self._client = cache(client)  # making one costs more than a call
        self._iam_version = iam_version
        self._seen: dict[str, tuple[int, dict[str, Any]]] = {}

    def check(self, region: str, account: str, role: str, project_arn: str) -> str:
        """Return the ARN of a role that CodeBuild may assume.

        Parameters
        ----------
        region, account
            Where the project is, and who owns it.
        role
            ARN or name of the role.
        project_arn
            The project for which CodeBuild assumes it.

        Raises
        ------
        ServiceError
            ``InvalidInputException``: the role does not exist, is another account's, or does not trust CodeBuild.
        """
        # rule: service-role-exists, service-role-trusts-codebuild
        arn = _ARN.fullmatch(role)
        if arn and arn[1] != account:
            raise ServiceError(
                "InvalidInputException",
                "Invalid service role: Service role account ID does not match caller's account",
            )
        try:
            found = self._role(region, arn[2] if arn else role)
        except (ClientError, BotoCoreError):
            raise _not_authorized(role) from None
        if (arn and found["Arn"] != role) or not _trusts(found["AssumeRolePolicyDocument"], account, project_arn):
            raise _not_authorized(role)
        return str(found["Arn"])

    def _role(self, region: str, name: str) -> dict[str, Any]:
        """Return a role as IAM describes it; read again only when something in IAM may have changed."""
        version = self._iam_version()
        if name in self._seen and self._seen[name][0] == version:
            return self._seen[name][1]
        found = self._client("iam", region).get_role(RoleName=name)["Role"]
        if version is not None:
            self._seen[name] = (version, found)
        return dict(found)

    def assume(self, region: str, role_arn: str, build_uuid: str) -> SessionCredentials:
        """Return the role's credentials for one build.

        Raises
        ------
        ClientError
            STS refused.
        """
        session = f"AWSCodeBuild-{build_uuid}"
        answer = self._client("sts", region).assume_role(RoleArn=role_arn, RoleSessionName=session)["Credentials"]
        return SessionCredentials(
            answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], answer["Expiration"]
        )


def _not_authorized(role: str) -> ServiceError:
    return ServiceError(
        "InvalidInputException",
        f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}. "
        "Please verify that: 1) the role exists, 2) its name is written exactly so, "
        f"and 3) its trust policy lets {SERVICE} assume it.",
    )


def _trusts(policy: dict[str, Any], account: str, project_arn: str) -> bool:
    """Tell whether a trust policy lets CodeBuild assume the role; explicit denials win."""
    allowed = False
    for statement in _listed(policy.get("Statement")):
        if not _concerns_codebuild(statement):
            continue
        applies = _conditions_hold(statement.get("Condition") or {}, account, project_arn)
        if statement.get("Effect") == "Deny" and applies is not False:
            return False
        allowed = allowed or (statement.get("Effect") == "Allow" and applies is True)
    return allowed


def _concerns_codebuild(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else _listed(principal)
    actions = [str(action).lower() for action in _listed(statement.get("Action"))]
    return (SERVICE in services or "*" in services) and any(fnmatchcase("sts:assumerole", action) for action in actions)


def _conditions_hold(conditions: dict[str, Any], account: str, project_arn: str) -> bool | None:
    """Tell whether every condition holds; None when one can't be told."""
    context = {"aws:sourceaccount": account, "aws:sourcearn": project_arn}
    for operator, tests in conditions.items():
        if operator.lower() not in ("stringequals", "stringlike", "arnequals", "arnlike"):
            return None
        for key, wanted in tests.items():
            if key.lower() not in context:
                return None
            patterns = [str(value) for value in _listed(wanted)]
            value = context[key.lower()]
            exact = operator.lower() == "stringequals"
            if not any(value == pattern if exact else fnmatchcase(value, pattern) for pattern in patterns):
                return False
    return True


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
