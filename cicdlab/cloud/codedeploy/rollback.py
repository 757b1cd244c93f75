"""The automatic rollback: a new deployment of the last revision that a group took.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
"""

from datetime import datetime

from ..ids import Ids
from . import deployments
from .model import FAILED, ROLLBACK, STOPPED, Deployment, RollbackInfo, Store

_EVENTS = {FAILED: "DEPLOYMENT_FAILURE", STOPPED: "DEPLOYMENT_STOP_ON_REQUEST"}


def wanted(deployment: Deployment, asked: bool | None) -> bool:
    """Tell whether a deployment that has ended is to be rolled back.

    Parameters
    ----------
    deployment
        As it ended.
    asked
        What StopDeployment said of it; None when it said nothing.
    """
    # rule: rollback-events, failed-rollback-is-not-rolled-back, stop-decides-on-the-rollback
    if deployment.creator == ROLLBACK or deployment.status not in _EVENTS:
        return False
    if deployment.status == STOPPED and asked is not None:
        return asked
    configuration = deployment.auto_rollback_configuration
    return configuration.enabled and _EVENTS[deployment.status] in configuration.events


def prepare(store: Store, ids: Ids, deployment: Deployment, now: datetime) -> Deployment | None:
    """Put down the rollback of a deployment and return it, or None when there is nothing to go back to.

    Whoever calls holds the store's lock, so that nobody sees the one without the other.
    """
    # rule: rollback-is-a-new-deployment, rollback-info, nothing-to-roll-back-to, rollback-content
    group = store.group_by_id(deployment.group_id)
    if not group:
        return None
    last = group.last_successful_deployment
    if not last or not group.target_revision:
        message = "There is no successful deployment to roll back to."
        info = RollbackInfo(rollback_message=message)
        store.update_deployment(deployment.deployment_id, lambda _: {"rollback_info": info})
        return None
    made = Deployment(
        application_name=group.application_name,
        deployment_group_name=group.deployment_group_name,
        deployment_config_name=deployment.deployment_config_name,
        deployment_id=deployments.new_id(store, ids, group),
        group_id=deployment.group_id,
        revision=group.target_revision,
        previous_revision=group.target_revision,
        create_time=now,
        creator=ROLLBACK,
        deployment_style=deployment.deployment_style,
        file_exists_behavior=store.deployments[last.deployment_id].file_exists_behavior,
        rollback_info=RollbackInfo(rollback_triggering_deployment_id=deployment.deployment_id),
    )
    info = RollbackInfo(
        rollback_deployment_id=made.deployment_id,
        rollback_message=f"Deployment {made.deployment_id} rolls back to the last successful revision.",
    )
    store.deployments[made.deployment_id] = made
    store.update_deployment(deployment.deployment_id, lambda _: {"rollback_info": info})
    return made
