"""Applications: made, found, renamed and deleted with all that belongs to them."""

from datetime import datetime
from typing import Any

from ..ids import Ids
from . import tags, unsupported
from .errors import refused
from .model import Application, Store


def created(store: Store, ids: Ids, request: dict[str, Any], now: datetime) -> Application:
    """Return the application that a CreateApplication request describes.

    Raises
    ------
    ServiceError
        Its compute platform is not simulated.
    """
    # rule: application-defaults
    unsupported.check_platform(request.get("computePlatform", "Server"))
    name = request["applicationName"]
    made = ids.uuid("codedeploy application", store.arn("application", name))
    return Application(application_id=made, application_name=name, create_time=now)


def find(store: Store, name: str) -> Application:
    """Return an application.

    Raises
    ------
    ServiceError
        ``ApplicationDoesNotExistException``.
    """
    # rule: application-does-not-exist
    found = store.applications.get(name)
    if not found:
        raise refused("ApplicationDoesNotExist", f"No application found for name: {name}")
    return found


def check_free(store: Store, name: str) -> None:
    """Refuse a name that an application has.

    Raises
    ------
    ServiceError
        ``ApplicationAlreadyExistsException``.
    """
    if name in store.applications:
        raise refused("ApplicationAlreadyExists", f"Application already exists: {name}")


def rename(store: Store, name: str, new: str) -> None:
    """Give an application another name, with its groups, revisions and deployments.

    Raises
    ------
    ServiceError
        It is not there, or the new name is taken.
    """
    # rule: rename-application
    with store.lock:
        application = find(store, name)
        if not new or new == name:
            return
        check_free(store, new)
        store.applications[new] = application.model_copy(update={"application_name": new})
        del store.applications[name]
        if name in store.revisions:
            store.revisions[new] = store.revisions.pop(name)
        tags.move(store, store.arn("application", name), store.arn("application", new))
        renamed = {"application_name": new}
        for group in store.groups_of(name):
            key = group.deployment_group_name
            del store.groups[name, key]
            store.groups[new, key] = group.model_copy(update=renamed)
            tags.move(
                store, store.arn("deploymentgroup", f"{name}/{key}"), store.arn("deploymentgroup", f"{new}/{key}")
            )
        for deployment in list(store.deployments.values()):
            if deployment.application_name == name:
                store.update_deployment(deployment.deployment_id, lambda _: renamed)


def delete(store: Store, name: str) -> None:
    """Delete an application with its groups and revisions; its deployments stay."""
    # rule: delete-application
    with store.lock:
        store.applications.pop(name, None)
        store.revisions.pop(name, None)
        store.tags.pop(store.arn("application", name), None)
        for group in store.groups_of(name):
            store.remove_group(group)
