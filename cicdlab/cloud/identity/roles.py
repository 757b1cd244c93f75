"""The roles that services assume on behalf of the learner.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
"""

import re
from collections.abc import Callable
from typing import Any

from ..credentials import SessionCredentials
from . import policies
from .access import Access
from .directory import Session
from .document import PolicyError
from .evaluation import decide
from .model import Kind, Policies, Principal, Request

_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)")


class ServiceRoles:
    """Checks and assumes roles for one service.

    Parameters
    ----------
    access
        Knows roles and sessions.
    client
        Makes a boto3 client for a service in a region and an account.
    service
        The service's principal, for example ``codebuild.amazonaws.com``.
    """

    def __init__(self, access: Access, client: Callable[..., Any], service: str) -> None:
        self._access = access
        self._client = client
        self._service = service

    def arn(self, account: str, role: str) -> str:
        """Return the ARN of a role that is given by its ARN or its name."""
        named = role if role.startswith("arn:") else f"arn:aws:iam::{account}:role/{role}"
        return named if role.startswith("arn:") else self._access.directory.entity_arn(named)

    def trusts(self, role_arn: str, account: str, source_arn: str) -> bool:
        """Tell whether a role exists and may be assumed by the service, for a resource of an account.

        Parameters
        ----------
        role_arn
            The role.
        account, source_arn
            What the trust policy sees as ``aws:SourceAccount`` and ``aws:SourceArn``.
        """
        # rule: trust-of-services, source-account-and-arn
        found = _ARN.fullmatch(role_arn)
        if not found:
            return False
        context = {
            "aws:sourceaccount": (account,),
            "aws:sourcearn": (source_arn,),
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (self._service,),
        }
        request = Request(Principal(self._service), "sts:AssumeRole", role_arn, found[1], context)
        try:
            trust = policies.of_role(role_arn, self._access.directory)
        except PolicyError:
            return False
        return decide(request, Policies(resource=trust, resource_decides=True), Kind.TRUST).allowed

    def assume(self, region: str, role_arn: str, session: str) -> SessionCredentials:
        """Return the role's credentials for one run.

        Raises
        ------
        ClientError
            STS refused.
        """
        account = role_arn.split(":")[4]
        sts = self._client("sts", region, account=account)
        answer = sts.assume_role(RoleArn=role_arn, RoleSessionName=session)
        given = answer["Credentials"]
        principal = Principal(answer["AssumedRoleUser"]["Arn"], role_arn, answer["AssumedRoleUser"]["AssumedRoleId"])
        known = Session(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], principal, given["Expiration"]
        )
        self._access.sessions.remember(known)
        return SessionCredentials(known.access_key, known.secret, known.token, known.expires)
