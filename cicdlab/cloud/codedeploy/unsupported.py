"""What CodeDeploy has and this cloud does not simulate yet: refused by name, so that nothing turns green untried.

Left out on purpose: settings that change nothing where there are no Auto Scaling groups
(``outdatedInstancesStrategy``).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import not_simulated

# Members of a group that are refused when they say anything.
_GROUP = (
    "ec2TagSet",
    "onPremisesInstanceTagFilters",
    "onPremisesTagSet",
    "autoScalingGroups",
    "ec2DeploymentOptions",
    "triggerConfigurations",
    "blueGreenDeploymentConfiguration",
    "loadBalancerInfo",
    "ecsServices",
    "terminationHookEnabled",
)
_DEPLOYMENT = (
    "targetInstances",
    "updateOutdatedInstancesOnly",
    "overrideAlarmConfiguration",
    "ec2DeploymentOptions",
)


def check_platform(platform: str) -> None:
    """Refuse an application of another platform than Server."""
    if platform != "Server":
        raise not_simulated(f"the compute platform {platform}")


def check_group(request: Mapping[str, Any]) -> None:
    """Refuse what a group asks for and does not get.

    Raises
    ------
    ServiceError
        With status 501 and the member's name.
    """
    _check(request, _GROUP)
    alarms = request.get("alarmConfiguration", {})
    if alarms.get("enabled") or alarms.get("alarms"):
        raise not_simulated("alarmConfiguration")
    style = request.get("deploymentStyle", {})
    for member, usual in (("deploymentType", "IN_PLACE"), ("deploymentOption", "WITHOUT_TRAFFIC_CONTROL")):
        if style.get(member, usual) != usual:
            raise not_simulated(f"the {member} {style[member]}")


def check_deployment(request: Mapping[str, Any]) -> None:
    """Refuse what a CreateDeployment request asks for and does not get.

    Raises
    ------
    ServiceError
        With status 501 and the member's name.
    """
    _check(request, _DEPLOYMENT)
    if request.get("deploymentMode", "STANDARD") != "STANDARD":
        raise not_simulated(f"the deploymentMode {request['deploymentMode']}")


def check_configuration(request: Mapping[str, Any]) -> None:
    """Refuse a configuration that is not for instances, or goes zone by zone.

    Raises
    ------
    ServiceError
        With status 501 and the member's name.
    """
    check_platform(request.get("computePlatform", "Server"))
    _check(request, ("trafficRoutingConfig", "zonalConfig"))


def check_revision(revision: Mapping[str, Any]) -> None:
    """Refuse a revision that is not in S3.

    Raises
    ------
    ServiceError
        With status 501 and the revision's type.
    """
    if revision.get("revisionType", "S3") != "S3":
        raise not_simulated(f"a revision of type {revision['revisionType']}")


def _check(request: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if request.get(name):
            raise not_simulated(name)
