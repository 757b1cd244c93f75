"""Deployments to instances, with scripts that really run on them."""

import re
from typing import Any

import pytest

from ...waiting import wait_until
from .conftest import BUCKET, EVENTS, TAG, Bench, bundle, found, place, refused, states

TOO_MANY = (
    "The overall deployment failed because too many individual instances failed deployment, too few healthy instances "
    "are available for deployment, or some instances in your deployment group are experiencing problems."
)
SILENT = (
    "CodeDeploy agent was not able to receive the lifecycle event. Check the CodeDeploy agent logs on your host and "
    "make sure the agent is running and can connect to the CodeDeploy server."
)


def counts(deployment: dict[str, Any]) -> dict[str, int]:
    return {status: number for status, number in deployment["deploymentOverview"].items() if number}


# --- one instance


def test_a_revision_is_deployed_to_an_instance(fleet: Bench) -> None:
    [instance] = fleet.launch()
    deployment = fleet.deploy(description="the first one")
    assert (deployment["status"], deployment["creator"]) == ("Succeeded", "user")
    assert (deployment["applicationName"], deployment["deploymentGroupName"]) == ("app", "fleet")
    assert (deployment["revision"], "previousRevision" in deployment) == (place(), False)
    assert (deployment["description"], deployment["computePlatform"]) == ("the first one", "Server")
    assert deployment["createTime"] < deployment["startTime"] < deployment["completeTime"]
    assert deployment["deploymentOverview"] == {
        "Pending": 0,
        "InProgress": 0,
        "Succeeded": 1,
        "Failed": 0,
        "Skipped": 0,
        "Ready": 0,
    }
    target = fleet.target(deployment["deploymentId"])
    assert (target["targetId"], target["status"]) == (instance, "Succeeded")
    assert target["targetArn"] == f"arn:aws:ec2:us-east-1:123456789012:instance/{instance}"
    assert list(states(target)) == EVENTS
    assert set(states(target).values()) == {"Succeeded"}
    success = {"errorCode": "Success", "scriptName": "", "message": "Succeeded", "logTail": ""}
    assert all(each["diagnostics"] == success for each in target["lifecycleEvents"])
    times = [moment for each in target["lifecycleEvents"] for moment in (each["startTime"], each["endTime"])]
    assert times == sorted(times)
    assert deployment["startTime"] <= times[0] < times[-1] <= deployment["completeTime"]


def test_ids_are_awss_and_the_same_on_every_run(fleet: Bench) -> None:
    fleet.launch()
    ids = [fleet.deploy()["deploymentId"] for _ in range(2)]
    assert all(re.fullmatch("d-[0-9A-Z]{9}", each) for each in ids)
    assert ids[0] != ids[1]
    fleet.codedeploy.delete_deployment_group(applicationName="app", deploymentGroupName="fleet")
    fleet.cloud.core.ids.reset()
    fleet.group()
    assert fleet.deploy()["deploymentId"] == ids[0]


def test_a_failed_script_is_shown_with_the_end_of_its_log(fleet: Bench) -> None:
    fleet.launch()
    deployment = fleet.deploy(fleet.put(bundle(BeforeInstall="true", AfterInstall="echo out of milk; exit 3")))
    assert deployment["status"] == "Failed"
    assert deployment["errorInformation"] == {"code": "HEALTH_CONSTRAINTS", "message": TOO_MANY}
    target = fleet.target(deployment["deploymentId"])
    assert target["status"] == "Failed"
    assert states(target) == {
        "ApplicationStop": "Succeeded",
        "DownloadBundle": "Succeeded",
        "BeforeInstall": "Succeeded",
        "Install": "Succeeded",
        "AfterInstall": "Failed",
        "ApplicationStart": "Skipped",
        "ValidateService": "Skipped",
    }
    diagnostics = found(target, "AfterInstall")
    assert (diagnostics["errorCode"], "AfterInstall.sh" in diagnostics["scriptName"]) == ("ScriptFailed", True)
    assert "out of milk" in diagnostics["logTail"]
    skipped = target["lifecycleEvents"][-1]
    assert not {"startTime", "endTime", "diagnostics"} & set(skipped)


def test_a_bundle_that_is_not_there_fails_its_download(fleet: Bench) -> None:
    fleet.launch()
    deployment = fleet.deploy(place("gone.zip"))
    target = fleet.target(deployment["deploymentId"])
    assert (deployment["status"], states(target)["DownloadBundle"]) == ("Failed", "Failed")
    assert states(target)["BeforeInstall"] == "Skipped"


def test_application_stop_is_the_previous_revisions(fleet: Bench) -> None:
    fleet.launch()
    for name in ("first", "second"):
        fleet.put(bundle(ApplicationStop=f"echo {name} stops >&2; exit 1", ApplicationStart="true"), f"{name}.zip")
    first = fleet.deploy(place("first.zip"))
    assert first["status"] == "Succeeded"  # there was nothing to stop
    second = fleet.deploy(place("second.zip"))
    target = fleet.target(second["deploymentId"])
    assert (second["status"], states(target)["ApplicationStop"]) == ("Failed", "Failed")
    assert "first stops" in found(target, "ApplicationStop")["logTail"]
    assert second["previousRevision"] == place("first.zip")


def test_a_broken_application_stop_may_be_ignored(fleet: Bench) -> None:
    fleet.launch()
    broken = fleet.put(bundle(ApplicationStop="exit 1", ApplicationStart="true"), "broken.zip")
    assert fleet.deploy(broken)["status"] == "Succeeded"
    deployment = fleet.deploy(ignoreApplicationStopFailures=True)
    assert (deployment["status"], deployment["ignoreApplicationStopFailures"]) == ("Succeeded", True)
    target = fleet.target(deployment["deploymentId"])
    assert states(target) == {**dict.fromkeys(EVENTS, "Succeeded"), "ApplicationStop": "Failed"}
    assert target["status"] == "Succeeded"


def test_other_failures_are_not_ignored_with_it(fleet: Bench) -> None:
    fleet.launch()
    failing = fleet.put(bundle(BeforeInstall="exit 1"), "failing.zip")
    deployment = fleet.deploy(failing, ignoreApplicationStopFailures=True)
    target = fleet.target(deployment["deploymentId"])
    assert (deployment["status"], states(target)["Install"]) == ("Failed", "Skipped")


# --- instances that do not answer


def test_a_stopped_instance_fails_after_five_minutes(fleet: Bench) -> None:
    [instance] = fleet.launch()
    fleet.ec2.stop_instances(InstanceIds=[instance])
    deployment = fleet.deploy()
    target = fleet.target(deployment["deploymentId"])
    assert (deployment["status"], target["status"]) == ("Failed", "Failed")
    first = target["lifecycleEvents"][0]
    assert (first["status"], first["diagnostics"]["message"]) == ("Failed", SILENT)
    assert 300 <= (first["endTime"] - first["startTime"]).total_seconds() < 310
    assert set(list(states(target).values())[1:]) == {"Skipped"}


def test_an_instance_without_a_profile_does_not_answer(fleet: Bench) -> None:
    fleet.launch(profile="")
    deployment = fleet.deploy()
    assert found(fleet.target(deployment["deploymentId"]), "ApplicationStop")["message"] == SILENT


def test_silence_is_not_forgiven_with_application_stop(fleet: Bench) -> None:
    fleet.launch(profile="")
    deployment = fleet.deploy(ignoreApplicationStopFailures=True)
    assert states(fleet.target(deployment["deploymentId"]))["DownloadBundle"] == "Skipped"


def test_a_held_clock_keeps_a_deployment_waiting_for_the_agent(fleet: Bench) -> None:
    fleet.launch(profile="")
    fleet.cloud.core.clock.hold()
    deployment = fleet.start()
    wait_until(lambda: fleet.get(deployment).get("deploymentOverview", {}).get("InProgress"))
    fleet.cloud.core.clock.advance(299)
    assert fleet.get(deployment)["status"] == "InProgress"
    fleet.cloud.core.clock.advance(10)
    assert fleet.ended(deployment)["status"] == "Failed"


# --- which instances, and how many at once


def test_only_instances_with_one_of_the_tags_are_deployed_to(fleet: Bench) -> None:
    web, api = fleet.launch(2), fleet.launch(name="api")
    fleet.launch(name="other")
    deployment = fleet.deploy(configuration="AllAtOnce")
    assert fleet.targets(deployment["deploymentId"]) == web
    fleet.group("both", ec2TagFilters=[TAG, {**TAG, "Value": "api"}])
    deployment = fleet.deploy(group="both", configuration="AllAtOnce")
    assert fleet.targets(deployment["deploymentId"]) == sorted(web + api)


def test_a_group_without_instances_fails(fleet: Bench) -> None:
    fleet.launch(name="other")
    fleet.group("tagless", ec2TagFilters=[])
    for group in ("fleet", "tagless"):
        deployment = fleet.deploy(group=group)
        assert (deployment["status"], deployment["errorInformation"]["code"]) == ("Failed", "NO_INSTANCES")
        assert deployment["errorInformation"]["message"].startswith("The deployment failed because no instances were")
    code, _ = refused(fleet.codedeploy.list_deployment_targets, deploymentId=deployment["deploymentId"])
    assert code == "DeploymentNotStartedException"


def test_nine_instances_half_at_a_time_go_in_batches_of_four(fleet: Bench) -> None:
    instances = fleet.launch(9)
    deployment = fleet.deploy(configuration="HalfAtATime")
    assert (deployment["status"], counts(deployment)) == ("Succeeded", {"Succeeded": 9})
    order = fleet.targets(deployment["deploymentId"])
    assert order == instances
    begun = [fleet.target(deployment["deploymentId"], each)["lifecycleEvents"][0]["startTime"] for each in order]
    assert [begun.count(each) for each in sorted(set(begun))] == [4, 4, 1]
    assert begun == sorted(begun)


def test_half_at_a_time_stops_when_five_would_not_stay_healthy(fleet: Bench) -> None:
    fleet.launch(9)
    deployment = fleet.deploy(fleet.put(bundle(ValidateService="exit 1")), configuration="HalfAtATime")
    assert (deployment["status"], counts(deployment)) == ("Failed", {"Failed": 4, "Skipped": 5})
    skipped = fleet.targets(deployment["deploymentId"])[-1]
    target = fleet.target(deployment["deploymentId"], skipped)
    assert (target["status"], set(states(target).values())) == ("Skipped", {"Skipped"})


def test_all_at_once_succeeds_when_one_of_nine_does(fleet: Bench) -> None:
    lucky = fleet.launch(9)[4]
    revision = fleet.put(bundle(ValidateService=f'[ "$PORT" = {fleet.port(lucky)} ]'))
    deployment = fleet.deploy(revision, configuration="AllAtOnce")
    assert (deployment["status"], counts(deployment)) == ("Succeeded", {"Succeeded": 1, "Failed": 8})
    assert fleet.target(deployment["deploymentId"], lucky)["status"] == "Succeeded"
    assert "errorInformation" not in deployment


def test_all_at_once_fails_when_all_do(fleet: Bench) -> None:
    fleet.launch(3)
    deployment = fleet.deploy(fleet.put(bundle(ValidateService="exit 1")), configuration="AllAtOnce")
    assert (deployment["status"], counts(deployment)) == ("Failed", {"Failed": 3})
    assert deployment["errorInformation"] == {"code": "HEALTH_CONSTRAINTS", "message": TOO_MANY}


def test_one_at_a_time_forgives_the_last_of_nine(fleet: Bench) -> None:
    instances = fleet.launch(9)
    fleet.ec2.stop_instances(InstanceIds=[instances[-1]])
    deployment = fleet.deploy()
    assert deployment["deploymentConfigName"] == "CodeDeployDefault.OneAtATime"
    assert (deployment["status"], counts(deployment)) == ("Succeeded", {"Succeeded": 8, "Failed": 1})
    assert fleet.target(deployment["deploymentId"], instances[-1])["status"] == "Failed"


def test_one_at_a_time_ends_at_the_first_failure(fleet: Bench) -> None:
    instances = fleet.launch(3)
    fleet.ec2.stop_instances(InstanceIds=[instances[1]])
    deployment = fleet.deploy()
    assert (deployment["status"], counts(deployment)) == ("Failed", {"Succeeded": 1, "Failed": 1, "Skipped": 1})


def test_a_minimum_that_is_not_there_fails_before_anything_is_done(fleet: Bench) -> None:
    fleet.launch(2)
    minimum = {"type": "FLEET_PERCENT", "value": 95}
    fleet.codedeploy.create_deployment_config(deploymentConfigName="nearly", minimumHealthyHosts=minimum)
    deployment = fleet.deploy(deploymentConfigName="nearly")
    assert (deployment["status"], counts(deployment)) == ("Failed", {"Skipped": 2})
    assert deployment["errorInformation"]["code"] == "HEALTH_CONSTRAINTS_INVALID"
    assert "minimum number of healthy instances" in deployment["errorInformation"]["message"]


def test_unhealthy_instances_come_first_and_current_ones_last(fleet: Bench) -> None:
    instances = fleet.launch(3)
    fleet.ec2.stop_instances(InstanceIds=[instances[2]])
    assert counts(fleet.deploy(configuration="AllAtOnce")) == {"Succeeded": 2, "Failed": 1}
    fleet.ec2.start_instances(InstanceIds=[instances[2]])
    fleet.ec2.stop_instances(InstanceIds=[instances[0]])
    deployment = fleet.deploy(fleet.put(bundle(ApplicationStart="true"), "new.zip"), configuration="AllAtOnce")
    assert fleet.targets(deployment["deploymentId"]) == [instances[2], instances[0], instances[1]]
    fleet.ec2.start_instances(InstanceIds=[instances[0]])
    deployment = fleet.deploy(place("new.zip"), configuration="AllAtOnce")
    assert fleet.targets(deployment["deploymentId"]) == [instances[0], instances[1], instances[2]]


# --- the group and its deployments


def test_one_deployment_at_a_time_runs_in_a_group(fleet: Bench) -> None:
    fleet.launch(profile="")
    fleet.group("other")
    fleet.cloud.core.clock.hold()
    running = fleet.start()
    request = {"applicationName": "app", "deploymentGroupName": "fleet", "revision": place()}
    assert refused(fleet.codedeploy.create_deployment, **request) == (
        "DeploymentLimitExceededException",
        f"The Deployment Group 'fleet' already has an active Deployment '{running}'",
    )
    beside = fleet.start(group="other")
    fleet.cloud.core.clock.release()
    assert {fleet.ended(each)["status"] for each in (running, beside)} == {"Failed"}


def test_a_group_shows_its_last_deployments_and_its_target(fleet: Bench) -> None:
    fleet.launch()
    good = fleet.deploy()
    bad = fleet.deploy(fleet.put(bundle(ValidateService="exit 1"), "bad.zip"))
    group = fleet.get_group()
    assert group["targetRevision"] == place()
    assert group["lastSuccessfulDeployment"] == {
        "deploymentId": good["deploymentId"],
        "status": "Succeeded",
        "createTime": good["createTime"],
        "endTime": good["completeTime"],
    }
    attempted = group["lastAttemptedDeployment"]
    assert (attempted["deploymentId"], attempted["status"]) == (bad["deploymentId"], "Failed")
    shown = fleet.codedeploy.get_application_revision(applicationName="app", revision=place())["revisionInfo"]
    assert shown["deploymentGroups"] == ["fleet"]
    listed = fleet.codedeploy.list_application_revisions
    assert listed(applicationName="app", deployed="include")["revisions"] == [place()]
    assert listed(applicationName="app", deployed="exclude")["revisions"] == [place("bad.zip")]


def test_a_deployed_revision_is_registered_with_its_times(fleet: Bench) -> None:
    fleet.launch()
    first, second = fleet.deploy(), fleet.deploy()
    shown = fleet.codedeploy.get_application_revision(applicationName="app", revision=place())["revisionInfo"]
    assert shown["registerTime"] == shown["firstUsedTime"] == first["createTime"]
    assert shown["lastUsedTime"] == second["createTime"]


def test_the_deployments_own_settings_beat_the_groups(fleet: Bench) -> None:
    fleet.launch(2)
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    fleet.codedeploy.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="fleet",
        deploymentConfigName="CodeDeployDefault.HalfAtATime",
        autoRollbackConfiguration=rollback,
    )
    usual = fleet.deploy()
    assert usual["deploymentConfigName"] == "CodeDeployDefault.HalfAtATime"
    assert (usual["autoRollbackConfiguration"], usual["fileExistsBehavior"]) == (rollback, "DISALLOW")
    off = {"enabled": False, "events": []}
    own = fleet.deploy(configuration="AllAtOnce", autoRollbackConfiguration=off, fileExistsBehavior="OVERWRITE")
    assert own["deploymentConfigName"] == "CodeDeployDefault.AllAtOnce"
    assert (own["autoRollbackConfiguration"], own["fileExistsBehavior"]) == (off, "OVERWRITE")


def test_a_group_deleted_before_its_deployment_starts_is_missing(fleet: Bench) -> None:
    with fleet.busy():
        deployment = fleet.start()
        assert fleet.get(deployment)["status"] == "Created"
        fleet.codedeploy.delete_deployment_group(applicationName="app", deploymentGroupName="fleet")
    assert fleet.ended(deployment)["errorInformation"]["code"] == "DEPLOYMENT_GROUP_MISSING"
    fleet.group()
    with fleet.busy():
        deployment = fleet.start()
        fleet.codedeploy.delete_application(applicationName="app")
    assert fleet.ended(deployment)["errorInformation"]["code"] == "APPLICATION_MISSING"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("targetInstances", {"autoScalingGroups": ["group"]}),
        ("updateOutdatedInstancesOnly", True),
        ("overrideAlarmConfiguration", {"enabled": True}),
        ("ec2DeploymentOptions", {"autoScalingGroupProcessesToSuspend": ["Terminate"]}),
        ("deploymentMode", "RESTART"),
    ],
)
def test_what_is_not_simulated_is_refused_by_name(fleet: Bench, member: str, value: Any) -> None:
    request = {"applicationName": "app", "deploymentGroupName": "fleet", "revision": place(), member: value}
    code, message = refused(fleet.codedeploy.create_deployment, **request)
    assert (code, member in message) == ("NotImplemented", True)
    assert fleet.codedeploy.list_deployments()["deployments"] == []


# --- reading


def test_deployments_are_listed_with_the_latest_first(fleet: Bench) -> None:
    fleet.launch()
    fleet.group("other")
    bad = fleet.put(bundle(ValidateService="exit 1"), "bad.zip")
    deployments = [fleet.deploy(), fleet.deploy(bad), fleet.deploy(group="other")]
    first, second, third = (each["deploymentId"] for each in deployments)
    listed = fleet.codedeploy.list_deployments
    assert listed()["deployments"] == [third, second, first]
    where = {"applicationName": "app", "deploymentGroupName": "fleet"}
    assert listed(**where)["deployments"] == [second, first]
    assert listed(includeOnlyStatuses=["Failed"])["deployments"] == [second]
    begun = deployments[1]["createTime"]
    assert listed(createTimeRange={"start": begun})["deployments"] == [third, second]
    assert listed(createTimeRange={"end": begun})["deployments"] == [second, first]
    got = fleet.codedeploy.batch_get_deployments(deploymentIds=[second, "d-GONE00000", first])["deploymentsInfo"]
    assert [each["deploymentId"] for each in got] == [second, first]
    late = {"start": begun, "end": deployments[0]["createTime"]}
    assert refused(listed, createTimeRange=late)[0] == "InvalidTimeRangeException"
    assert refused(listed, applicationName="app")[0] == "DeploymentGroupNameRequiredException"
    assert refused(listed, deploymentGroupName="fleet")[0] == "ApplicationNameRequiredException"


def test_targets_and_instances_are_listed_by_status(fleet: Bench) -> None:
    instances = fleet.launch(2)
    fleet.ec2.stop_instances(InstanceIds=[instances[0]])
    deployment = fleet.deploy(configuration="AllAtOnce")["deploymentId"]
    deploy = fleet.codedeploy
    failed = deploy.list_deployment_targets(deploymentId=deployment, targetFilters={"TargetStatus": ["Failed"]})
    assert failed["targetIds"] == [instances[0]]
    listed = deploy.list_deployment_instances(deploymentId=deployment, instanceStatusFilter=["Succeeded"])
    assert listed["instancesList"] == [instances[1]]
    got = deploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=instances)["deploymentTargets"]
    assert [each["deploymentTargetType"] for each in got] == ["InstanceTarget"] * 2
    assert [each["instanceTarget"]["status"] for each in got] == ["Failed", "Succeeded"]
    summary = deploy.get_deployment_instance(deploymentId=deployment, instanceId=instances[1])["instanceSummary"]
    assert summary["instanceId"] == f"arn:aws:ec2:us-east-1:123456789012:instance/{instances[1]}"
    assert (summary["deploymentId"], summary["status"]) == (deployment, "Succeeded")
    assert summary["lifecycleEvents"] == got[1]["instanceTarget"]["lifecycleEvents"]
    both = deploy.batch_get_deployment_instances(deploymentId=deployment, instanceIds=instances)["instancesSummary"]
    assert [each["status"] for each in both] == ["Failed", "Succeeded"]
    assert both[1] == summary


def test_blue_and_green_are_not_for_deployments_in_place(fleet: Bench) -> None:
    fleet.launch()
    deployment = fleet.deploy()["deploymentId"]
    deploy = fleet.codedeploy
    code, _ = refused(deploy.list_deployment_instances, deploymentId=deployment, instanceTypeFilter=["Blue"])
    assert code == "InvalidDeploymentInstanceTypeException"
    filters = {"ServerInstanceLabel": ["Green"]}
    code, _ = refused(deploy.list_deployment_targets, deploymentId=deployment, targetFilters=filters)
    assert code == "InvalidDeploymentInstanceTypeException"


def test_a_deployment_in_place_can_not_be_continued(fleet: Bench) -> None:
    fleet.launch(profile="")
    fleet.cloud.core.clock.hold()
    deployment = fleet.start()
    proceed = fleet.codedeploy.continue_deployment
    code, message = refused(proceed, deploymentId=deployment)
    assert (code, "blue/green" in message) == ("UnsupportedActionForDeploymentTypeException", True)
    assert refused(proceed)[0] == "DeploymentIdRequiredException"
    fleet.cloud.core.clock.release()
    fleet.ended(deployment)
    assert refused(proceed, deploymentId=deployment)[0] == "DeploymentAlreadyCompletedException"


def test_what_is_not_there_is_named(fleet: Bench) -> None:
    fleet.launch()
    deploy, gone = fleet.codedeploy, "d-GONE00000"
    for operation in (deploy.get_deployment, deploy.stop_deployment, deploy.list_deployment_targets):
        code, message = refused(operation, deploymentId=gone)
        assert (code, gone in message) == ("DeploymentDoesNotExistException", True)
        code, message = refused(operation, deploymentId="first")
        assert (code, "first" in message) == ("InvalidDeploymentIdException", True)
    deployment = fleet.deploy()["deploymentId"]
    code, _ = refused(deploy.get_deployment_target, deploymentId=deployment, targetId="i-gone")
    assert code == "DeploymentTargetDoesNotExistException"
    code, _ = refused(deploy.get_deployment_instance, deploymentId=deployment, instanceId="i-gone")
    assert code == "InstanceDoesNotExistException"
    many = [f"i-{number}" for number in range(26)]
    code, _ = refused(deploy.batch_get_deployment_targets, deploymentId=deployment, targetIds=many)
    assert code == "DeploymentTargetListSizeExceededException"


def test_other_buckets_versions_are_deployed_as_asked(fleet: Bench) -> None:
    fleet.launch()
    s3 = fleet.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    good = s3.put_object(Bucket=BUCKET, Key="v.zip", Body=bundle(ApplicationStart="true"))
    fleet.put(bundle(ApplicationStart="exit 1"), "v.zip")
    assert fleet.deploy(place("v.zip"))["status"] == "Failed"
    assert fleet.deploy(place("v.zip", version=good["VersionId"]))["status"] == "Succeeded"
