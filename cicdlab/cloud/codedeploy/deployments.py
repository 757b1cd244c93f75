"""What one deployment is asked to do: a group's settings with those of CreateDeployment, or a rollback.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html
"""

import string
from datetime import datetime
from typing import Any
from uuid import UUID

from ..ids import Ids
from . import configurations, unsupported
from .errors import refused
from .groups import check_rollback
from .model import AutoRollback, Deployment, Group, Revision, Store

_LETTERS = string.digits + string.ascii_uppercase
_OWN = ("description", "ignoreApplicationStopFailures", "fileExistsBehavior")


def ordered(
    store: Store, ids: Ids, group: Group, request: dict[str, Any], revision: Revision, now: datetime
) -> Deployment:
    """Return the deployment that a CreateDeployment request asks for.

    Raises
    ------
    ServiceError
        Its parts don't fit together, or are not simulated.
    """
    # rule: configuration-of-a-deployment, deployment-overrides
    unsupported.check_deployment(request)
    configuration = request.get("deploymentConfigName", group.deployment_config_name)
    configurations.for_server(store, configuration)
    rollback = group.auto_rollback_configuration
    if "autoRollbackConfiguration" in request:
        rollback = AutoRollback.model_validate(request["autoRollbackConfiguration"])
        check_rollback(rollback)
    return Deployment.model_validate(
        {
            **{name: request[name] for name in _OWN if name in request},
            "applicationName": group.application_name,
            "deploymentGroupName": group.deployment_group_name,
            "deploymentConfigName": configuration,
            "deploymentId": new_id(store, ids, group),
            "groupId": group.deployment_group_id,
            "revision": revision,
            "previousRevision": group.target_revision,
            "createTime": now,
            "autoRollbackConfiguration": rollback,
            "deploymentStyle": group.deployment_style,
        }
    )


def check_idle(store: Store, group: Group) -> None:
    """Refuse a second deployment to a group at once.

    Raises
    ------
    ServiceError
        ``DeploymentLimitExceededException``.
    """
    # rule: one-deployment-per-group
    active = store.active(group.deployment_group_id)
    if active:
        raise refused(
            "DeploymentLimitExceeded",
            f"The Deployment Group '{group.deployment_group_name}' already has an active Deployment "
            f"'{active.deployment_id}'",
        )


def new_id(store: Store, ids: Ids, group: Group) -> str:
    """Return the id of a group's next deployment: ``d-`` and nine digits or capitals."""
    # rule: deployment-id
    number = UUID(ids.uuid("codedeploy deployment", f"{store.account}/{store.region}/{group.deployment_group_id}")).int
    letters = []
    for _ in range(9):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return f"d-{''.join(letters)}"
