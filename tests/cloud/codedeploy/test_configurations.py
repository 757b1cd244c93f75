"""Deployment configurations: AWS's own, and the account's."""

from typing import Any

import pytest

from .conftest import Bench, refused

PREDEFINED = [
    "CodeDeployDefault.AllAtOnce",
    "CodeDeployDefault.ECSAllAtOnce",
    "CodeDeployDefault.ECSCanary10Percent15Minutes",
    "CodeDeployDefault.ECSCanary10Percent5Minutes",
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
    "CodeDeployDefault.HalfAtATime",
    "CodeDeployDefault.LambdaAllAtOnce",
    "CodeDeployDefault.LambdaCanary10Percent10Minutes",
    "CodeDeployDefault.LambdaCanary10Percent15Minutes",
    "CodeDeployDefault.LambdaCanary10Percent30Minutes",
    "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes",
    "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
    "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes",
    "CodeDeployDefault.LambdaLinear10PercentEvery3Minutes",
    "CodeDeployDefault.OneAtATime",
]


def test_awss_own_configurations_are_listed(bench: Bench) -> None:
    assert bench.codedeploy.list_deployment_configs()["deploymentConfigsList"] == PREDEFINED


@pytest.mark.parametrize(
    ("name", "platform", "members"),
    [
        ("AllAtOnce", "Server", {"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 0}}),
        ("HalfAtATime", "Server", {"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 50}}),
        ("OneAtATime", "Server", {"minimumHealthyHosts": {"type": "MOST_CONCURRENCY", "value": 1}}),
        ("LambdaAllAtOnce", "Lambda", {"trafficRoutingConfig": {"type": "AllAtOnce"}}),
        (
            "LambdaCanary10Percent5Minutes",
            "Lambda",
            {
                "trafficRoutingConfig": {
                    "type": "TimeBasedCanary",
                    "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5},
                }
            },
        ),
        (
            "ECSLinear10PercentEvery3Minutes",
            "ECS",
            {
                "trafficRoutingConfig": {
                    "type": "TimeBasedLinear",
                    "timeBasedLinear": {"linearPercentage": 10, "linearInterval": 3},
                }
            },
        ),
    ],
)
def test_awss_own_configurations_say_what_they_do(
    bench: Bench, name: str, platform: str, members: dict[str, Any]
) -> None:
    name = f"CodeDeployDefault.{name}"
    found = bench.codedeploy.get_deployment_config(deploymentConfigName=name)["deploymentConfigInfo"]
    assert found.pop("deploymentConfigId") and found.pop("createTime")
    assert found == {"deploymentConfigName": name, "computePlatform": platform, **members}


def create(bench: Bench, name: str = "mine", **members: Any) -> str:
    wanted = {"minimumHealthyHosts": {"type": "HOST_COUNT", "value": 2}, **members}
    return str(bench.codedeploy.create_deployment_config(deploymentConfigName=name, **wanted)["deploymentConfigId"])


def test_a_configuration_of_ones_own_is_kept_and_used(bench: Bench) -> None:
    made = create(bench)
    found = bench.codedeploy.get_deployment_config(deploymentConfigName="mine")["deploymentConfigInfo"]
    assert found["minimumHealthyHosts"] == {"type": "HOST_COUNT", "value": 2}
    assert (found["deploymentConfigId"], found["computePlatform"]) == (made, "Server")
    assert "mine" in bench.codedeploy.list_deployment_configs()["deploymentConfigsList"]
    assert bench.group(deploymentConfigName="mine")["deploymentConfigName"] == "mine"


@pytest.mark.parametrize("name", ["mine", "CodeDeployDefault.OneAtATime"])
def test_a_name_that_is_taken_is_refused(bench: Bench, name: str) -> None:
    create(bench)
    minimum = {"type": "HOST_COUNT", "value": 1}
    code, _ = refused(bench.codedeploy.create_deployment_config, deploymentConfigName=name, minimumHealthyHosts=minimum)
    assert code == "DeploymentConfigAlreadyExistsException"


@pytest.mark.parametrize(
    "minimum",
    [
        None,
        {"type": "HOST_COUNT"},
        {"value": 3},
        {"type": "HOST_COUNT", "value": -1},
        {"type": "FLEET_PERCENT", "value": 101},
    ],
)
def test_a_configuration_needs_a_minimum_of_healthy_hosts(bench: Bench, minimum: dict[str, Any] | None) -> None:
    members = {"minimumHealthyHosts": minimum} if minimum else {}
    code, _ = refused(bench.codedeploy.create_deployment_config, deploymentConfigName="mine", **members)
    assert code == "InvalidMinimumHealthyHostValueException"


def test_an_account_has_fifty_configurations_at_most(bench: Bench) -> None:
    for number in range(50):
        create(bench, f"c{number}")
    minimum = {"type": "HOST_COUNT", "value": 1}
    code, _ = refused(bench.codedeploy.create_deployment_config, deploymentConfigName="m", minimumHealthyHosts=minimum)
    assert code == "DeploymentConfigLimitExceededException"


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"computePlatform": "Lambda"}, "the compute platform Lambda"),
        ({"trafficRoutingConfig": {"type": "AllAtOnce"}}, "trafficRoutingConfig"),
        ({"zonalConfig": {"monitorDurationInSeconds": 1}}, "zonalConfig"),
    ],
)
def test_what_a_configuration_can_not_do_here_is_refused_by_name(
    bench: Bench, members: dict[str, Any], named: str
) -> None:
    code, message = refused(bench.codedeploy.create_deployment_config, deploymentConfigName="mine", **members)
    assert (code, f"{named} is not simulated" in message) == ("NotImplemented", True)


def test_only_an_own_configuration_that_no_group_uses_is_deleted(bench: Bench) -> None:
    create(bench)
    bench.group(deploymentConfigName="mine")
    delete = bench.codedeploy.delete_deployment_config
    code, message = refused(delete, deploymentConfigName="mine")
    assert (code, "fleet" in message) == ("DeploymentConfigInUseException", True)
    bench.codedeploy.delete_deployment_group(applicationName="app", deploymentGroupName="fleet")
    for _ in range(2):
        delete(deploymentConfigName="mine")
    assert bench.codedeploy.list_deployment_configs()["deploymentConfigsList"] == PREDEFINED
    assert refused(bench.codedeploy.get_deployment_config, deploymentConfigName="mine")[0] == (
        "DeploymentConfigDoesNotExistException"
    )


def test_awss_own_configurations_stay(bench: Bench) -> None:
    code, _ = refused(bench.codedeploy.delete_deployment_config, deploymentConfigName="CodeDeployDefault.HalfAtATime")
    assert code == "InvalidOperationException"
