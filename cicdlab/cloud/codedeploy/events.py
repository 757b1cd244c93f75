"""What CodeDeploy tells EventBridge.

https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-cloudwatch-events.html
"""

from datetime import datetime

from ..events import Happening
from .model import FAILED, IN_PROGRESS, STOPPED, SUCCEEDED, Deployment, Store, Target

SOURCE = "aws.codedeploy"
DEPLOYMENT = "CodeDeploy Deployment State-change Notification"
INSTANCE = "CodeDeploy Instance State-change Notification"
_STATES = {IN_PROGRESS: "START", SUCCEEDED: "SUCCESS", FAILED: "FAILURE", STOPPED: "STOP"}


def of_deployment(store: Store, deployment: Deployment, time: datetime) -> Happening:
    """Return the event of a deployment that has begun or ended."""
    # rule: event-deployment-state
    return _happening(store, deployment, DEPLOYMENT, {"state": _STATES[deployment.status]}, time)


def of_instance(store: Store, deployment: Deployment, target: Target, time: datetime) -> Happening:
    """Return the event of an instance on which a deployment has begun or ended."""
    # rule: event-instance-state
    members = {"instanceId": target.target_id, "state": _STATES[target.status]}
    return _happening(store, deployment, INSTANCE, members, time)


def _happening(store: Store, deployment: Deployment, kind: str, members: dict[str, str], time: datetime) -> Happening:
    application, group = deployment.application_name, deployment.deployment_group_name
    detail = {
        "region": store.region,
        "deploymentId": deployment.deployment_id,
        "instanceGroupId": deployment.group_id,
        "deploymentGroup": group,
        "application": application,
        **members,
    }
    resources = store.arn("application", application), store.arn("deploymentgroup", f"{application}/{group}")
    return Happening(store.account, store.region, SOURCE, kind, detail, resources, time)
