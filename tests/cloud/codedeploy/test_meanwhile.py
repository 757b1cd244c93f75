"""What else happens while a deployment runs: nothing hangs, and nothing is left running."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from ...waiting import wait_until
from .conftest import WAIT, Bench, bundle, found, place, refused, states
from .test_deployments import SILENT


@pytest.fixture
def slow(fleet: Bench) -> Bench:
    """Return a fleet whose revision waits in BeforeInstall until it is let go."""
    fleet.put(bundle(BeforeInstall=WAIT, ApplicationStart="true"))
    return fleet


@pytest.mark.parametrize("what", ["group", "application"])
def test_a_deployment_outlives_its_group(slow: Bench, what: str) -> None:
    [instance] = slow.launch()
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    deployment = slow.start(autoRollbackConfiguration=rollback)
    slow.waits(instance)
    if what == "group":
        slow.codedeploy.delete_deployment_group(applicationName="app", deploymentGroupName="fleet")
    else:
        slow.codedeploy.delete_application(applicationName="app")
        slow.application()
    slow.let_go(instance)
    assert slow.ended(deployment)["status"] == "Succeeded"
    slow.group()
    assert "targetRevision" not in slow.get_group()
    second = slow.start()
    slow.waits(instance)
    slow.let_go(instance)
    assert slow.ended(second)["status"] == "Succeeded"


def test_a_deployment_without_its_group_can_be_stopped_and_is_not_rolled_back(slow: Bench) -> None:
    [instance] = slow.launch()
    assert slow.deploy(slow.put(bundle(ApplicationStart="true"), "good.zip"))["status"] == "Succeeded"
    deployment = slow.start()
    slow.waits(instance)
    slow.codedeploy.delete_deployment_group(applicationName="app", deploymentGroupName="fleet")
    slow.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    stopped = slow.get(deployment)
    assert (stopped["status"], "rollbackInfo" in stopped) == ("Stopped", False)


def test_a_group_that_gets_another_name_keeps_its_deployment(slow: Bench) -> None:
    [instance] = slow.launch()
    deployment = slow.start()
    slow.waits(instance)
    slow.codedeploy.update_deployment_group(
        applicationName="app", currentDeploymentGroupName="fleet", newDeploymentGroupName="web"
    )
    request = {"applicationName": "app", "deploymentGroupName": "web", "revision": place()}
    assert refused(slow.codedeploy.create_deployment, **request)[0] == "DeploymentLimitExceededException"
    slow.let_go(instance)
    assert slow.ended(deployment)["deploymentGroupName"] == "web"
    assert slow.get_group("web")["lastSuccessfulDeployment"]["deploymentId"] == deployment


def test_of_deployments_that_are_asked_for_at_once_a_group_takes_one(slow: Bench) -> None:
    [instance] = slow.launch()
    clients = [slow.cloud.client("codedeploy") for _ in range(8)]

    def ask(client: object) -> str:
        request = {"applicationName": "app", "deploymentGroupName": "fleet", "revision": place()}
        try:
            return str(client.create_deployment(**request)["deploymentId"])  # type: ignore[attr-defined]
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    with ThreadPoolExecutor(8) as threads:
        answers = Counter(threads.map(ask, clients))
    assert answers["DeploymentLimitExceededException"] == 7
    [deployment] = set(answers) - {"DeploymentLimitExceededException"}
    assert slow.codedeploy.list_deployments()["deployments"] == [deployment]
    slow.waits(instance)
    slow.let_go(instance)
    assert slow.ended(deployment)["status"] == "Succeeded"


# --- instances that go meanwhile


@pytest.mark.parametrize("operation", ["stop_instances", "terminate_instances"])
def test_an_instance_that_is_gone_before_its_turn_does_not_answer(slow: Bench, operation: str) -> None:
    first, second = slow.launch(2)
    deployment = slow.start()
    slow.waits(first)
    getattr(slow.ec2, operation)(InstanceIds=[second])
    slow.let_go(first)
    assert slow.ended(deployment)["status"] == "Succeeded"  # the last one's failure is tolerated
    target = slow.target(deployment, second)
    assert (target["status"], found(target, "ApplicationStop")["message"]) == ("Failed", SILENT)
    assert not slow.root(second).exists()


@pytest.mark.parametrize("operation", ["stop_instances", "terminate_instances", "reboot_instances"])
def test_an_instance_that_goes_with_its_script_has_failed(slow: Bench, operation: str) -> None:
    [instance] = slow.launch()
    deployment = slow.start()
    slow.waits(instance)
    getattr(slow.ec2, operation)(InstanceIds=[instance])
    ended = slow.ended(deployment)
    assert (ended["status"], ended["errorInformation"]["code"]) == ("Failed", "HEALTH_CONSTRAINTS")
    target = slow.target(deployment)
    assert (target["status"], states(target)["BeforeInstall"], states(target)["Install"]) == (
        "Failed",
        "Failed",
        "Skipped",
    )


def test_an_instance_that_is_started_again_takes_the_next_deployment(slow: Bench) -> None:
    [instance] = slow.launch()
    slow.ec2.stop_instances(InstanceIds=[instance])
    assert slow.deploy()["status"] == "Failed"
    slow.ec2.start_instances(InstanceIds=[instance])
    deployment = slow.start()
    slow.waits(instance)
    slow.let_go(instance)
    assert slow.ended(deployment)["status"] == "Succeeded"


def test_an_instance_that_comes_meanwhile_is_not_deployed_to(slow: Bench) -> None:
    [instance] = slow.launch()
    deployment = slow.start()
    slow.waits(instance)
    slow.launch()
    slow.let_go(instance)
    slow.ended(deployment)
    assert slow.targets(deployment) == [instance]


# --- the end of a cloud


def test_a_reset_ends_nine_instances_at_once(slow: Bench) -> None:
    instances = slow.launch(9)
    slow.start(configuration="AllAtOnce")
    for each in instances:
        slow.waits(each)
    folder = slow.root(instances[0]).parents[3]
    assert folder.name == "instances"
    slow.cloud.core.reset()
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert slow.codedeploy.list_deployments()["deployments"] == []


def test_a_reset_ends_a_wait_for_agents(slow: Bench) -> None:
    slow.launch(3, profile="")
    slow.cloud.core.clock.hold()
    deployment = slow.start(configuration="AllAtOnce")
    wait_until(lambda: slow.get(deployment).get("deploymentOverview", {}).get("InProgress") == 3)
    slow.cloud.core.reset()
    assert slow.codedeploy.list_deployments()["deployments"] == []
