"""Makes deployment groups from requests, and checks that their parts fit together."""

from typing import Any

from ..ids import Ids
from . import applications, configurations, tags, unsupported
from .errors import refused
from .model import AutoRollback, Group, Store, TagFilter

_MEMBERS = (
    "serviceRoleArn",
    "deploymentConfigName",
    "ec2TagFilters",
    "autoRollbackConfiguration",
    "deploymentStyle",
    "outdatedInstancesStrategy",
)
_NEEDED = {"KEY_ONLY": ("Key",), "VALUE_ONLY": ("Value",), "KEY_AND_VALUE": ("Key", "Value")}


def arn(store: Store, group: Group) -> str:
    """Return the ARN of a group."""
    return store.arn("deploymentgroup", f"{group.application_name}/{group.deployment_group_name}")


def find(store: Store, application: str, name: str) -> Group:
    """Return a group of an application.

    Raises
    ------
    ServiceError
        ``ApplicationDoesNotExistException`` or ``DeploymentGroupDoesNotExistException``.
    """
    # rule: group-does-not-exist
    applications.find(store, application)
    found = store.groups.get((application, name))
    if not found:
        raise refused("DeploymentGroupDoesNotExist", f"No Deployment Group found for name: {name}")
    return found


def put(store: Store, group: Group) -> None:
    """Keep a group.

    Raises
    ------
    ServiceError
        ``DeploymentGroupAlreadyExistsException``.
    """
    # rule: group-exists
    key = group.application_name, group.deployment_group_name
    if key in store.groups:
        raise refused("DeploymentGroupAlreadyExists", f"Deployment Group already exists: {key[1]}")
    store.groups[key] = group


def replace(store: Store, group: Group, new: Group) -> None:
    """Keep a group as an update makes it, perhaps under another name.

    Raises
    ------
    ServiceError
        ``DeploymentGroupAlreadyExistsException``.
    """
    # rule: rename-group
    key = group.application_name, group.deployment_group_name
    if new.deployment_group_name == key[1]:
        store.groups[key] = new
        return
    put(store, new)
    del store.groups[key]
    tags.move(store, arn(store, group), arn(store, new))
    renamed = {"deployment_group_name": new.deployment_group_name}
    for deployment in list(store.deployments.values()):
        if deployment.group_id == new.deployment_group_id:
            store.update_deployment(deployment.deployment_id, lambda _: renamed)


def delete(store: Store, application: str, name: str) -> None:
    """Delete a group; one that is not there is no error."""
    # rule: delete-group
    with store.lock:
        group = store.groups.get((application, name))
        if group:
            store.remove_group(group)


def created(store: Store, ids: Ids, request: dict[str, Any]) -> Group:
    """Return the group that a CreateDeploymentGroup request describes.

    Raises
    ------
    ServiceError
        Its parts don't fit together, or are not simulated.
    """
    # rule: group-defaults
    application, name = request["applicationName"], request["deploymentGroupName"]
    group_id = ids.uuid("codedeploy group", store.arn("deploymentgroup", f"{application}/{name}"))
    return _checked(
        store,
        request,
        Group.model_validate(
            {
                **_members(request),
                "applicationName": application,
                "deploymentGroupName": name,
                "deploymentGroupId": group_id,
            }
        ),
    )


def updated(store: Store, group: Group, request: dict[str, Any]) -> Group:
    """Return a group with the members that an UpdateDeploymentGroup request gives.

    Raises
    ------
    ServiceError
        Its parts don't fit together, or are not simulated.
    """
    # rule: update-group-replaces-given-members
    name = request.get("newDeploymentGroupName", group.deployment_group_name)
    members = {
        **group.wire(),
        **_members(request),
        "deploymentGroupName": name,
    }
    return _checked(store, request, Group.model_validate(members))


def _members(request: dict[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in _MEMBERS if name in request}


def _checked(store: Store, request: dict[str, Any], group: Group) -> Group:
    if request.get("ec2TagFilters") and request.get("ec2TagSet"):
        # rule: tag-filters-or-tag-set
        raise refused("InvalidEC2TagCombination", "ec2TagFilters and ec2TagSet can't be used in the same call.")
    unsupported.check_group(request)
    configurations.for_server(store, group.deployment_config_name)
    check_rollback(group.auto_rollback_configuration)
    for each in group.ec2_tag_filters:
        _check_filter(each)
    return group


def check_rollback(configuration: AutoRollback) -> None:
    """Refuse an automatic rollback that never happens.

    Raises
    ------
    ServiceError
        ``InvalidAutoRollbackConfigException``.
    """
    # rule: rollback-needs-events
    if configuration.enabled and not configuration.events:
        raise refused("InvalidAutoRollbackConfig", "An automatic rollback that is enabled needs at least one event.")


def _check_filter(each: TagFilter) -> None:
    # rule: tag-filter-types
    given = each.wire()
    missing = [name for name in _NEEDED[each.type] if not given.get(name)]
    if missing:
        raise refused("InvalidEC2Tag", f"A tag filter of type {each.type} needs a {' and a '.join(missing)}.")
