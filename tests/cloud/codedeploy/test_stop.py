"""Deployments that are stopped, and clouds that are reset meanwhile."""

import uuid
from contextlib import suppress

import pytest

from ...waiting import marked, wait_until
from .conftest import Bench, bundle, refused, states


@pytest.fixture
def token(fleet: Bench) -> str:
    """Return a mark on the long-lived script of the fleet's revision."""
    mark = f"mark-{uuid.uuid4().hex}"
    fleet.put(bundle(BeforeInstall="true", AfterInstall=f"sh -c 'trap : TERM; sleep 600 & wait; sleep 600 # {mark}'"))
    return mark


def test_a_stop_ends_the_script_that_runs_and_reaches_no_more_instances(fleet: Bench, token: str) -> None:
    first, second = fleet.launch(2)
    deployment = fleet.start()
    wait_until(lambda: marked(token), "the script")
    answer = fleet.codedeploy.stop_deployment(deploymentId=deployment)
    assert answer["status"] == "Succeeded"
    stopped = fleet.get(deployment)
    assert (stopped["status"], stopped["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert "completeTime" in stopped
    assert not marked(token)
    target = fleet.target(deployment, first)
    assert (target["status"], states(target)["AfterInstall"], states(target)["ApplicationStart"]) == (
        "Failed",
        "Failed",
        "Skipped",
    )
    assert fleet.target(deployment, second)["status"] == "Skipped"


def test_a_stop_ends_the_scripts_of_a_whole_batch(fleet: Bench, token: str) -> None:
    fleet.launch(3)
    deployment = fleet.start(configuration="AllAtOnce")
    wait_until(lambda: fleet.get(deployment).get("deploymentOverview", {}).get("InProgress") == 3)
    wait_until(lambda: len(marked(token)) >= 3, "the scripts")
    fleet.codedeploy.stop_deployment(deploymentId=deployment)
    assert fleet.get(deployment)["status"] == "Stopped"
    assert not marked(token)


def test_a_stop_ends_the_wait_for_an_agent(fleet: Bench) -> None:
    fleet.launch(profile="")
    fleet.cloud.core.clock.hold()
    deployment = fleet.start()
    wait_until(lambda: fleet.get(deployment).get("deploymentOverview", {}).get("InProgress"))
    fleet.codedeploy.stop_deployment(deploymentId=deployment)
    assert fleet.get(deployment)["status"] == "Stopped"


def test_a_deployment_that_never_began_can_be_stopped(fleet: Bench) -> None:
    fleet.launch()
    with fleet.busy():
        deployment = fleet.start()
        assert fleet.codedeploy.stop_deployment(deploymentId=deployment)["status"] == "Succeeded"
        stopped = fleet.get(deployment)
        assert (stopped["status"], "startTime" in stopped) == ("Stopped", False)
    assert fleet.deploy()["status"] == "Succeeded"


def test_a_deployment_that_has_ended_can_not_be_stopped(fleet: Bench) -> None:
    fleet.launch()
    deployment = fleet.deploy()["deploymentId"]
    code, message = refused(fleet.codedeploy.stop_deployment, deploymentId=deployment)
    assert (code, deployment in message) == ("DeploymentAlreadyCompletedException", True)


def test_a_stop_at_any_moment_ends_a_deployment(fleet: Bench) -> None:
    fleet.launch(2)
    fleet.put(bundle(BeforeInstall="true", ValidateService="true"))
    ends = set()
    for moment in range(24):
        deployment = fleet.start(configuration=("AllAtOnce", "OneAtATime")[moment % 2])
        for _ in range(moment):
            fleet.get(deployment)
        with suppress(fleet.codedeploy.exceptions.DeploymentAlreadyCompletedException):
            fleet.codedeploy.stop_deployment(deploymentId=deployment)
        ended = fleet.get(deployment)
        ends.add(ended["status"])
        assert ended["status"] in ("Stopped", "Succeeded")
        assert ended.get("errorInformation", {}).get("code") == {"Stopped": "MANUAL_STOP"}.get(ended["status"])
        overview = ended.get("deploymentOverview", {})
        assert not overview.get("InProgress") and not overview.get("Pending")
    assert "Stopped" in ends


def test_after_a_stop_the_group_takes_another_deployment(fleet: Bench, token: str) -> None:
    fleet.launch()
    deployment = fleet.start()
    wait_until(lambda: marked(token), "the script")
    fleet.codedeploy.stop_deployment(deploymentId=deployment)
    assert fleet.deploy(fleet.put(bundle(AfterInstall="true"), "next.zip"))["status"] == "Succeeded"


def test_a_reset_ends_a_deployment_and_leaves_nothing(fleet: Bench, token: str) -> None:
    fleet.launch(2)
    settings = {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"]}
    fleet.start(configuration="AllAtOnce", autoRollbackConfiguration=settings)
    wait_until(lambda: len(marked(token)) >= 2, "the scripts")
    fleet.cloud.core.reset()
    assert not marked(token)
    assert fleet.codedeploy.list_applications()["applications"] == []
    assert fleet.codedeploy.list_deployments()["deployments"] == []
