"""What the operations that read deployments and their targets answer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from . import applications, groups
from .errors import refused
from .model import Deployment, Store, Target

MOST_TARGETS = 25
_ID = re.compile(r"d-[A-Z0-9]{9}")


def check_batch(names: Sequence[Any], most: int) -> None:
    """Refuse a batch that is too large.

    Raises
    ------
    ServiceError
        ``BatchLimitExceededException``.
    """
    # rule: batch-limits
    if len(names) > most:
        raise refused("BatchLimitExceeded", f"At most {most} are given at once, not {len(names)}.")


def deployment(store: Store, deployment_id: str) -> Deployment:
    """Return a deployment.

    Raises
    ------
    ServiceError
        ``DeploymentDoesNotExistException``, or ``InvalidDeploymentIdException`` for what is no id.
    """
    # rule: deployment-does-not-exist, deployment-id
    if not _ID.fullmatch(deployment_id):
        raise refused("InvalidDeploymentId", f"Specified DeploymentId is not in the valid format: {deployment_id}")
    found = store.deployments.get(deployment_id)
    if not found:
        raise refused("DeploymentDoesNotExist", f"The deployment {deployment_id} could not be found")
    return found


def deployments(store: Store, request: dict[str, Any]) -> list[str]:
    """Return the ids of the deployments that a ListDeployments request asks for, the latest first.

    Raises
    ------
    ServiceError
        The application or the group is not there, only one of them is given, or the time range ends before it starts.
    """
    # rule: list-deployments
    application, group = request.get("applicationName"), request.get("deploymentGroupName")
    if application and not group:
        raise refused("DeploymentGroupNameRequired", "An application's deployments are listed group by group.")
    if group and not application:
        raise refused("ApplicationNameRequired", "A group's deployments are listed with its application's name.")
    wanted = None
    if application and group:
        applications.find(store, application)
        wanted = groups.find(store, application, group).deployment_group_id
    statuses, times = request.get("includeOnlyStatuses"), request.get("createTimeRange", {})
    if "start" in times and "end" in times and times["start"] > times["end"]:
        raise refused("InvalidTimeRange", "The time range ends before it starts.")
    with store.lock:
        known = list(store.deployments.values())[::-1]
    return [
        each.deployment_id
        for each in known
        if (not wanted or each.group_id == wanted)
        and (not statuses or each.status in statuses)
        and ("start" not in times or each.create_time >= times["start"])
        and ("end" not in times or each.create_time <= times["end"])
    ]


def targets(store: Store, deployment_id: str, filters: Mapping[str, list[str]]) -> list[str]:
    """Return the ids of a deployment's targets, in the order in which they are deployed to.

    Raises
    ------
    ServiceError
        There is no such deployment, it has not begun, or a filter is for blue/green deployments.
    """
    # rule: targets-of-a-deployment
    if filters.get("ServerInstanceLabel"):
        raise refused("InvalidDeploymentInstanceType", "Instance types are for blue/green deployments only.")
    statuses = filters.get("TargetStatus")
    return [
        each.target_id for each in _targets(store, deployment_id).values() if not statuses or each.status in statuses
    ]


def target(store: Store, deployment_id: str, target_id: str) -> Target:
    """Return a target of a deployment.

    Raises
    ------
    ServiceError
        There is no such deployment, it has not begun, or it has no such target.
    """
    found = _targets(store, deployment_id).get(target_id)
    if not found:
        raise refused("DeploymentTargetDoesNotExist", f"The deployment {deployment_id} has no target {target_id}")
    return found


def shown(found: Target) -> dict[str, Any]:
    """Return a target as GetDeploymentTarget shows it."""
    return {"deploymentTargetType": "InstanceTarget", "instanceTarget": found.wire()}


def instance(store: Store, deployment_id: str, instance_id: str) -> dict[str, Any]:
    """Return an instance of a deployment as GetDeploymentInstance shows it.

    Raises
    ------
    ServiceError
        There is no such deployment, or it has no such instance.
    """
    deployment(store, deployment_id)
    found = store.targets.get(deployment_id, {}).get(instance_id.rpartition("/")[2])
    if not found:
        raise refused("InstanceDoesNotExist", f"The deployment {deployment_id} has no instance {instance_id}")
    members = found.wire()
    return {
        "deploymentId": deployment_id,
        "instanceId": members["targetArn"],
        **{name: members[name] for name in ("status", "lastUpdatedAt", "lifecycleEvents")},
    }


def _targets(store: Store, deployment_id: str) -> dict[str, Target]:
    deployment(store, deployment_id)
    if deployment_id not in store.targets:
        # rule: deployment-not-started
        raise refused("DeploymentNotStarted", f"The deployment {deployment_id} has no targets yet.")
    return store.targets[deployment_id]
