"""Automatic rollbacks: new deployments of the last revision that the group took."""

import json
from typing import Any

import pytest

from ...goods import zipped
from ...waiting import wait_until
from .conftest import Bench, bundle, place

ON_FAILURE = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
ON_STOP = {"enabled": True, "events": ["DEPLOYMENT_STOP_ON_REQUEST"]}


@pytest.fixture
def shop(fleet: Bench) -> Bench:
    """Return a bench with an instance, and revisions that work, fail and last."""
    fleet.launch()
    fleet.put(bundle(ApplicationStart="true"), "good.zip")
    fleet.put(bundle(ApplicationStart="exit 1"), "bad.zip")
    fleet.put(bundle(ApplicationStart="sleep 600"), "long.zip")
    return fleet


def site(page: str, ends: str) -> bytes:
    """Return a bundle that installs a page, and a script that ends so."""
    spec = {
        "version": 0.0,
        "os": "linux",
        "files": [{"source": "page", "destination": "/srv/www"}],
        "hooks": {"ApplicationStart": [{"location": "start.sh"}]},
    }
    return zipped({"appspec.yml": json.dumps(spec), "page": page, "start.sh": f"#!/bin/sh\n{ends}\n"})


def rolled_back(bench: Bench, deployment: dict[str, Any]) -> dict[str, Any]:
    """Return the deployment that rolled another one back, when it has ended."""
    return bench.ended(deployment["rollbackInfo"]["rollbackDeploymentId"])


def begun(bench: Bench, deployment: str) -> None:
    """Wait until the script of a deployment runs."""
    overview = "deploymentOverview"
    wait_until(lambda: bench.get(deployment).get(overview, {}).get("InProgress"))
    target = bench.targets(deployment)[0]
    wait_until(
        lambda: bench.target(deployment, target)["lifecycleEvents"][5]["status"] == "InProgress", "ApplicationStart"
    )


def test_a_failed_deployment_is_followed_by_one_of_the_last_good_revision(shop: Bench) -> None:
    good = shop.deploy(place("good.zip"))
    bad = shop.deploy(place("bad.zip"), autoRollbackConfiguration=ON_FAILURE)
    back = rolled_back(shop, bad)
    assert (bad["status"], back["status"], back["creator"]) == ("Failed", "Succeeded", "codeDeployRollback")
    assert back["revision"] == place("good.zip")
    assert len({good["deploymentId"], bad["deploymentId"], back["deploymentId"]}) == 3
    assert back["rollbackInfo"] == {"rollbackTriggeringDeploymentId": bad["deploymentId"]}
    assert back["deploymentId"] in bad["rollbackInfo"]["rollbackMessage"]
    assert shop.get_group()["lastSuccessfulDeployment"]["deploymentId"] == back["deploymentId"]


def test_a_rollback_brings_the_old_files_back(shop: Bench) -> None:
    for name, ends in (("one", "true"), ("two", "exit 1")):
        shop.put(site(name, ends), f"{name}.zip")
    assert shop.deploy(place("one.zip"))["status"] == "Succeeded"
    bad = shop.deploy(place("two.zip"), autoRollbackConfiguration=ON_FAILURE)
    assert (bad["status"], rolled_back(shop, bad)["status"]) == ("Failed", "Succeeded")
    [instance] = shop.targets(bad["deploymentId"])
    assert (shop.root(instance) / "srv" / "www" / "page").read_text() == "one"


def test_a_rollback_treats_existing_files_as_the_last_success_did(shop: Bench) -> None:
    for name, ends in (("one", "true"), ("two", "exit 1")):
        shop.put(site(name, ends), f"{name}.zip")
    shop.deploy(place("one.zip"), fileExistsBehavior="RETAIN")
    bad = shop.deploy(place("two.zip"), fileExistsBehavior="OVERWRITE", autoRollbackConfiguration=ON_FAILURE)
    assert rolled_back(shop, bad)["fileExistsBehavior"] == "RETAIN"


def test_without_a_configuration_nothing_is_rolled_back(shop: Bench) -> None:
    shop.deploy(place("good.zip"))
    for configuration in ({"enabled": False, "events": ["DEPLOYMENT_FAILURE"]}, ON_STOP):
        bad = shop.deploy(place("bad.zip"), autoRollbackConfiguration=configuration)
        assert (bad["status"], "rollbackInfo" in bad) == ("Failed", False)
    assert len(shop.codedeploy.list_deployments()["deployments"]) == 3


def test_without_a_good_revision_there_is_nothing_to_go_back_to(shop: Bench) -> None:
    bad = shop.deploy(place("bad.zip"), autoRollbackConfiguration=ON_FAILURE)
    assert bad["rollbackInfo"] == {"rollbackMessage": "There is no successful deployment to roll back to."}
    assert shop.codedeploy.list_deployments()["deployments"] == [bad["deploymentId"]]


def test_a_rollback_that_fails_is_not_rolled_back(shop: Bench) -> None:
    assert shop.deploy(place("good.zip"))["status"] == "Succeeded"
    shop.put(bundle(ApplicationStart="exit 1"), "good.zip")
    bad = shop.deploy(place("bad.zip"), autoRollbackConfiguration=ON_FAILURE)
    back = rolled_back(shop, bad)
    assert (back["status"], back["rollbackInfo"]) == (
        "Failed",
        {"rollbackTriggeringDeploymentId": bad["deploymentId"]},
    )
    assert len(shop.codedeploy.list_deployments()["deployments"]) == 3


def test_a_stopped_deployment_is_rolled_back_when_the_group_says_so(shop: Bench) -> None:
    shop.deploy(place("good.zip"))
    deployment = shop.start(place("long.zip"), autoRollbackConfiguration=ON_STOP)
    begun(shop, deployment)
    shop.codedeploy.stop_deployment(deploymentId=deployment)
    stopped = shop.get(deployment)
    assert stopped["status"] == "Stopped"
    assert rolled_back(shop, stopped)["status"] == "Succeeded"


@pytest.mark.parametrize(("asked", "configuration"), [(True, ON_FAILURE), (False, ON_STOP)])
def test_what_the_stop_says_of_a_rollback_counts_first(shop: Bench, asked: bool, configuration: Any) -> None:
    shop.deploy(place("good.zip"))
    deployment = shop.start(place("long.zip"), autoRollbackConfiguration=configuration)
    begun(shop, deployment)
    shop.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=asked)
    stopped = shop.get(deployment)
    assert (stopped["status"], "rollbackInfo" in stopped) == ("Stopped", asked)
    if asked:
        assert rolled_back(shop, stopped)["revision"] == place("good.zip")


def test_between_a_failure_and_its_rollback_nobody_gets_in(shop: Bench) -> None:
    shop.deploy(place("good.zip"))
    bad = shop.start(place("bad.zip"), autoRollbackConfiguration=ON_FAILURE)
    wait_until(lambda: shop.get(bad)["status"] == "Failed")
    back = shop.get(bad)["rollbackInfo"]["rollbackDeploymentId"]  # there as soon as the failure is
    assert shop.ended(back)["status"] == "Succeeded"
