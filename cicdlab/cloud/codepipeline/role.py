"""The roles of a pipeline: its service role, and the roles of single actions that the service role assumes.

https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
"""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ..credentials import SessionCredentials
from ..errors import aws_reason
from ..identity.directory import Session
from ..identity.model import Principal
from ..identity.roles import ServiceRoles
from .actions.provider import ActionError
from .errors import refused
from .model import ActionDeclaration, Declaration, Store

if TYPE_CHECKING:
    from ..core import Cloud

SERVICE = "codepipeline.amazonaws.com"


def check(roles: ServiceRoles, store: Store, definition: Declaration) -> None:
    """Refuse a service role that CodePipeline may not assume for a pipeline.

    Raises
    ------
    ServiceError
        ``InvalidStructureException``: the role does not exist, is another account's, or does not trust CodePipeline.
    """
    # rule: service-role-trusts-codepipeline
    arn = definition.role_arn
    if arn.split(":")[4] != store.account or not roles.trusts(arn, store.account, store.arn(definition.name)):
        raise refused("InvalidStructure", f"CodePipeline is not authorized to perform AssumeRole on role {arn}")


def credentials(
    cloud: "Cloud", roles: ServiceRoles, store: Store, definition: Declaration, action: ActionDeclaration, session: str
) -> SessionCredentials:
    """Return the credentials with which an action works: its role's, or else the pipeline's.

    Raises
    ------
    ActionError
        The service role can't be assumed, or it may not assume the action's role.
    """
    # rule: actions-work-with-the-service-role, action-role-is-assumed-by-the-service-role
    arn = definition.role_arn
    if not roles.trusts(arn, store.account, store.arn(definition.name)):
        raise ActionError("PermissionError", f"CodePipeline is not authorized to perform AssumeRole on role {arn}")
    try:
        own = roles.assume(store.region, arn, session)
        return own if not action.role_arn else _chained(cloud, store.region, own, action.role_arn, session)
    except (ClientError, BotoCoreError) as error:
        wanted = action.role_arn or arn
        raise ActionError(
            "PermissionError",
            f"The role {arn} is not authorized to perform AssumeRole on role {wanted}. Error: {aws_reason(error)}",
        ) from error


def _chained(cloud: "Cloud", region: str, own: SessionCredentials, role_arn: str, session: str) -> SessionCredentials:
    answer = cloud.client("sts", region, own).assume_role(RoleArn=role_arn, RoleSessionName=session)
    given, user = answer["Credentials"], answer["AssumedRoleUser"]
    principal = Principal(user["Arn"], role_arn, user["AssumedRoleId"])
    known = Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], principal, given["Expiration"]
    )
    if cloud.access.sessions.find(known.access_key) is None:  # another backend has issued it
        cloud.access.sessions.remember(known)
    return SessionCredentials(known.access_key, known.secret, known.token, known.expires)
