"""What CodeDeploy says of a service role that it may not assume, or that may do too little.

https://docs.aws.amazon.com/codedeploy/latest/userguide/getting-started-create-service-role.html
"""

from ..identity.roles import ServiceRoles
from .errors import DeploymentError, refused
from .model import Group, Store

SERVICE = "codedeploy.amazonaws.com"


def check(roles: ServiceRoles, store: Store, role_arn: str, group_arn: str) -> None:
    """Refuse a role that CodeDeploy may not assume for a group.

    Raises
    ------
    ServiceError
        ``InvalidRoleException``: the role does not exist, is another account's, or does not trust CodeDeploy.
    """
    # rule: service-role-trusts-codedeploy
    parts = role_arn.split(":")
    if len(parts) < 6 or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise refused("InvalidRole", f"The service role ARN {role_arn} is not valid.")
    if parts[4] != store.account or not roles.trusts(role_arn, store.account, group_arn):
        raise refused("InvalidRole", "Cannot assume role provided.")


def missing(group: Group) -> DeploymentError:
    """Return the end of a deployment whose service role is gone, or trusts CodeDeploy no more."""
    # rule: service-role-missing
    return DeploymentError(
        "IAM_ROLE_MISSING",
        f"CodeDeploy can't assume the service role {group.service_role_arn} of the deployment group "
        f"{group.deployment_group_name}. Check that the role exists and that its trust policy names {SERVICE}.",
    )


def denied(group: Group, service: str) -> DeploymentError:
    """Return the end of a deployment whose service role may not ask another service."""
    # rule: service-role-permissions
    return DeploymentError(
        "IAM_ROLE_PERMISSIONS",
        f"The IAM role {group.service_role_arn} does not give you permission to perform operations in the following "
        f"AWS service: {service}. Contact your AWS administrator if you need help. If you are an AWS administrator, "
        "you can grant permissions to your users or groups by creating IAM policies.",
    )
