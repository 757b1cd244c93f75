"""The action that lets CodeDeploy install an artifact on instances."""

import threading

import pytest

from cicdlab.cloud.codepipeline.actions.provider import ActionError, Artifact, Outcome

from ...goods import make_role
from ...waiting import wait_until
from ..codedeploy.conftest import DEPLOYER, WAIT, Bench, bundle
from .jobs import STORE, Jobs

GROUP = {"ApplicationName": "app", "DeploymentGroupName": "fleet"}
APPLICATION = "arn:aws:codedeploy:us-east-1:123456789012:application:app"
NEEDED = ("RegisterApplicationRevision", "GetApplicationRevision", "CreateDeployment", "GetDeployment")
NEEDED += ("GetDeploymentConfig",)


@pytest.fixture
def fleet(jobs: Jobs) -> Bench:
    """Return a group that finds instances by their name."""
    made = Bench(jobs.cloud)
    made.role = make_role(jobs.client("iam"), "deployer", DEPLOYER)
    made.profile()
    made.application()
    made.group()
    return made


def supply(jobs: Jobs, **hooks: str) -> Artifact:
    return jobs.supply(bundle(**hooks))


def deploy(jobs: Jobs, artifact: Artifact, **given: str) -> Outcome:
    return jobs.run("Deploy", "CodeDeploy", {**GROUP, **given}, inputs=(artifact,))


def refused(jobs: Jobs, artifact: Artifact, **given: str) -> tuple[str, str]:
    with pytest.raises(ActionError) as caught:
        deploy(jobs, artifact, **given)
    return caught.value.code, caught.value.message


def deployments(fleet: Bench) -> list[str]:
    return list(fleet.codedeploy.list_deployments()["deployments"])


def test_the_artifact_is_deployed_and_the_deployment_is_the_external_execution(jobs: Jobs, fleet: Bench) -> None:
    [instance] = fleet.launch()
    done = deploy(jobs, supply(jobs, AfterInstall="echo deployed > /tmp/seen"))
    assert (fleet.root(instance) / "tmp" / "seen").read_text() == "deployed\n"
    assert deployments(fleet) == [done.external_id]
    assert jobs.reported == {"external_id": done.external_id, "external_url": done.external_url}
    assert done.external_id in done.external_url


def test_the_revision_is_the_artifact_as_it_is(jobs: Jobs, fleet: Bench) -> None:
    fleet.launch()
    artifact = supply(jobs)
    done = deploy(jobs, artifact)
    place = fleet.get(done.external_id)["revision"]["s3Location"]
    etag = jobs.client("s3").head_object(Bucket=STORE, Key=artifact.key)["ETag"].strip('"')
    assert place == {"bucket": STORE, "key": artifact.key, "bundleType": "zip", "eTag": etag}
    listed = fleet.codedeploy.list_application_revisions(applicationName="app")["revisions"]
    assert [each["s3Location"]["key"] for each in listed] == [artifact.key]


def test_a_failed_deployment_fails_the_action_with_its_reason(jobs: Jobs, fleet: Bench) -> None:
    fleet.launch()
    code, message = refused(jobs, supply(jobs, BeforeInstall="exit 1"))
    [deployment] = deployments(fleet)
    why = fleet.get(deployment)["errorInformation"]
    assert (code, message) == ("JobFailed", f"Deployment {deployment} failed. {why['code']}: {why['message']}")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ApplicationName": "other"}, "No application found for name: other"),
        ({"DeploymentGroupName": "other"}, "No Deployment Group found for name: other"),
    ],
)
def test_a_missing_application_or_group_is_named(jobs: Jobs, fleet: Bench, given: dict[str, str], said: str) -> None:
    code, message = refused(jobs, supply(jobs), **given)
    assert (code, said in message, deployments(fleet)) == ("ConfigurationError", True, [])


def test_a_missing_artifact_is_named(jobs: Jobs, fleet: Bench) -> None:
    code, message = refused(jobs, jobs.place("Nothing"))
    assert (code, STORE in message, deployments(fleet)) == ("ConfigurationError", True, [])


@pytest.mark.parametrize("missing", NEEDED)
def test_every_permission_is_needed(jobs: Jobs, fleet: Bench, missing: str) -> None:
    artifact = supply(jobs)
    jobs.allow("s3:GetObject", *(f"codedeploy:{each}" for each in NEEDED if each != missing))
    code, message = refused(jobs, artifact)
    assert (code, f"codedeploy:{missing}" in message) == ("PermissionError", True), message
    if missing != "GetDeployment":
        assert deployments(fleet) == []


def test_these_permissions_are_enough(jobs: Jobs, fleet: Bench) -> None:
    fleet.launch()
    artifact = supply(jobs)
    jobs.allow("s3:GetObject", *(f"codedeploy:{each}" for each in NEEDED))
    assert fleet.get(deploy(jobs, artifact).external_id)["status"] == "Succeeded"


def test_what_an_abandoned_action_began_goes_on(jobs: Jobs, fleet: Bench) -> None:
    [instance] = fleet.launch()
    artifact, failed = supply(jobs, AfterInstall=WAIT), list[tuple[str, str]]()
    action = threading.Thread(target=lambda: failed.append(refused(jobs, artifact)))
    action.start()
    fleet.waits(instance)
    jobs.stopped.set()
    jobs.cloud.core.events.wake()
    action.join(timeout=30)
    assert failed == [("JobFailed", "The action was stopped.")]
    fleet.let_go(instance)
    [deployment] = deployments(fleet)
    wait_until(lambda: fleet.get(deployment)["status"] == "Succeeded")


def test_an_action_that_was_stopped_before_begins_no_deployment(jobs: Jobs, fleet: Bench) -> None:
    jobs.stopped.set()
    assert refused(jobs, supply(jobs)) == ("JobFailed", "The action was stopped.")
    assert deployments(fleet) == []
