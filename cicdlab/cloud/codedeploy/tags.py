"""Tags of applications and deployment groups."""

from collections.abc import Iterable

from .errors import refused
from .model import Store


def check(store: Store, arn: str) -> None:
    """Refuse an ARN that names nothing that can have tags.

    Raises
    ------
    ServiceError
        It is no ARN, not of an application or a group, or there is no such thing.
    """
    # rule: tagged-resources
    if not arn.startswith("arn:") or len(arn.split(":")) < 7:
        raise refused("InvalidArn", f"{arn} is not a valid ARN.")
    prefix, kind, name = arn.rsplit(":", 2)
    if prefix != store.arn("", "").removesuffix("::") or kind not in ("application", "deploymentgroup"):
        raise refused("ArnNotSupported", f"{arn} can't have tags.")
    if kind == "application" and name not in store.applications:
        raise refused("ApplicationDoesNotExist", f"No application found for name: {name}")
    application, _, group = name.partition("/")
    if kind == "deploymentgroup" and (application, group) not in store.groups:
        raise refused("DeploymentGroupDoesNotExist", f"No Deployment Group found for name: {group}")


def add(store: Store, arn: str, tags: Iterable[dict[str, str]]) -> None:
    """Give a resource tags; one that it has already gets the new value."""
    given = {tag.get("Key", ""): tag.get("Value", "") for tag in tags}
    with store.lock:
        store.tags[arn] = {**store.tags.get(arn, {}), **given}


def remove(store: Store, arn: str, keys: Iterable[str]) -> None:
    """Take tags from a resource."""
    left_out = set(keys)
    with store.lock:
        store.tags[arn] = {key: value for key, value in store.tags.get(arn, {}).items() if key not in left_out}


def move(store: Store, arn: str, new: str) -> None:
    """Let a resource that was renamed keep its tags."""
    if arn in store.tags:
        store.tags[new] = store.tags.pop(arn)


def listed(store: Store, arn: str) -> list[dict[str, str]]:
    """Return the tags of a resource, by key."""
    return [{"Key": key, "Value": value} for key, value in sorted(store.tags.get(arn, {}).items())]
