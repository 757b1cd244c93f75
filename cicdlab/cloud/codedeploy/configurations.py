"""Deployment configurations: AWS's own, and those of an account.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..clock import EPOCH
from ..ids import Ids
from . import unsupported
from .errors import refused
from .model import Configuration, MinimumHealthyHosts, Store

PREFIX = "CodeDeployDefault."
MOST = 50  # an account's own, in a Region
_PREDEFINED = Path(__file__).with_name("configurations.yml")


def find(store: Store, name: str) -> Configuration:
    """Return a configuration.

    Raises
    ------
    ServiceError
        ``DeploymentConfigDoesNotExistException``.
    """
    found = predefined().get(name) or store.configurations.get(name)
    if not found:
        # rule: configuration-does-not-exist
        raise refused("DeploymentConfigDoesNotExist", f"No Deployment Configuration found for name: {name}")
    return found


def for_server(store: Store, name: str) -> Configuration:
    """Return a configuration that deploys to instances.

    Raises
    ------
    ServiceError
        There is none of that name, or it shifts traffic.
    """
    found = find(store, name)
    if found.compute_platform != "Server":
        # rule: configuration-of-the-platform
        raise refused(
            "InvalidDeploymentConfigName",
            f"The deployment configuration {name} is for the compute platform {found.compute_platform}, not Server.",
        )
    return found


def names(store: Store) -> list[str]:
    """Return the names of all configurations."""
    # rule: predefined-configurations
    with store.lock:
        return sorted({*predefined(), *store.configurations})


def created(store: Store, ids: Ids, request: dict[str, Any], now: datetime) -> Configuration:
    """Return the configuration that a CreateDeploymentConfig request describes.

    Raises
    ------
    ServiceError
        Its name is taken, there are too many, it has no minimum of healthy hosts, or it is not for instances.
    """
    # rule: custom-configuration
    name, minimum = request["deploymentConfigName"], request.get("minimumHealthyHosts")
    unsupported.check_configuration(request)
    if name in predefined() or name in store.configurations:
        # rule: configuration-exists
        raise refused("DeploymentConfigAlreadyExists", f"Deployment Configuration {name} already exists")
    if name.startswith(PREFIX):
        raise refused("InvalidDeploymentConfigName", f"Only AWS's own configurations begin with {PREFIX}")
    if len(store.configurations) >= MOST:
        # rule: configuration-limit
        raise refused("DeploymentConfigLimitExceeded", f"An account has at most {MOST} configurations of its own.")
    # rule: minimum-of-a-configuration
    if not minimum or "type" not in minimum or "value" not in minimum:
        raise refused("InvalidMinimumHealthyHostValue", "minimumHealthyHosts needs a type and a value.")
    most = 100 if minimum["type"] == "FLEET_PERCENT" else 2**31
    if not 0 <= minimum["value"] <= most:
        raise refused("InvalidMinimumHealthyHostValue", f"The value {minimum['value']} is not valid.")
    return Configuration(
        deployment_config_id=ids.uuid("codedeploy configuration", store.arn("deploymentconfig", name)),
        deployment_config_name=name,
        create_time=now,
        minimum_healthy_hosts=MinimumHealthyHosts.model_validate(minimum),
    )


def delete(store: Store, name: str) -> None:
    """Delete a configuration of the account's own; one that is not there is no error.

    Raises
    ------
    ServiceError
        It is AWS's, or a group uses it.
    """
    with store.lock:
        if name in predefined():
            # rule: predefined-stay
            raise refused("InvalidOperation", f"The deployment configuration {name} is AWS's own and can't be deleted.")
        users = [each.deployment_group_name for each in store.groups.values() if each.deployment_config_name == name]
        if users:
            # rule: configuration-in-use
            raise refused(
                "DeploymentConfigInUse", f"The deployment configuration {name} is used by {', '.join(sorted(users))}."
            )
        store.configurations.pop(name, None)


@cache
def predefined() -> dict[str, Configuration]:
    """Return AWS's own configurations, by name."""
    known = yaml.safe_load(_PREDEFINED.read_text(encoding="utf-8"))
    return {
        PREFIX + name: _predefined(platform, PREFIX + name, settings)
        for platform, names in known.items()
        for name, settings in names.items()
    }


def _predefined(platform: str, name: str, settings: dict[str, Any]) -> Configuration:
    members: dict[str, Any] = (
        {"minimum_healthy_hosts": MinimumHealthyHosts.model_validate(settings)}
        if platform == "Server"
        else {"traffic_routing_config": _routing(settings)}
    )
    return Configuration(
        deployment_config_id=Ids().uuid("codedeploy configuration", name),
        deployment_config_name=name,
        create_time=EPOCH,
        compute_platform=platform,
        **members,
    )


def _routing(settings: dict[str, Any]) -> dict[str, Any]:
    for kind in ("canary", "linear"):
        if kind in settings:
            steps = {f"{kind}Percentage": settings[kind], f"{kind}Interval": settings["minutes"]}
            return {"type": f"TimeBased{kind.title()}", f"timeBased{kind.title()}": steps}
    return {"type": "AllAtOnce"}
