"""What CodeBuild says of a service role that it may not assume.

https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
"""

from ..errors import ServiceError
from ..identity.roles import ServiceRoles

SERVICE = "codebuild.amazonaws.com"


def checked(roles: ServiceRoles, account: str, role: str, project_arn: str) -> str:
    """Return the ARN of a role that CodeBuild may assume.

    Parameters
    ----------
    roles
        Knows the roles.
    account
        Who owns the project.
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
    arn = roles.arn(account, role)
    parts = arn.split(":")
    if len(parts) > 4 and parts[4].isdigit() and parts[4] != account:
        raise ServiceError(
            "InvalidInputException",
            "Invalid service role: Service role account ID does not match caller's account",
        )
    if not roles.trusts(arn, account, project_arn):
        raise ServiceError(
            "InvalidInputException",
            f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}. "
            "Please verify that: 1) the role exists, 2) its name is written exactly so, "
            f"and 3) its trust policy lets {SERVICE} assume it.",
        )
    return arn
