"""Deployment groups, as the API keeps and checks them."""

import re
from typing import Any

import pytest

from ...goods import make_role, trust_in
from .conftest import DEPLOYER, TAG, Bench, refused

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_a_group_has_awss_defaults(bench: Bench) -> None:
    made = bench.codedeploy.create_deployment_group(**bench.settings())["deploymentGroupId"]
    assert UUID.fullmatch(made)
    assert bench.get_group() == {
        "applicationName": "app",
        "deploymentGroupId": made,
        "deploymentGroupName": "fleet",
        "deploymentConfigName": "CodeDeployDefault.OneAtATime",
        "ec2TagFilters": [TAG],
        "onPremisesInstanceTagFilters": [],
        "autoScalingGroups": [],
        "triggerConfigurations": [],
        "serviceRoleArn": bench.role,
        "autoRollbackConfiguration": {"enabled": False, "events": []},
        "deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"},
        "outdatedInstancesStrategy": "UPDATE",
        "computePlatform": "Server",
        "terminationHookEnabled": False,
    }


def test_a_second_group_of_the_same_name_is_refused(bench: Bench) -> None:
    bench.group()
    code, _ = refused(bench.codedeploy.create_deployment_group, **bench.settings())
    assert code == "DeploymentGroupAlreadyExistsException"
    bench.application("other")
    bench.group(applicationName="other")


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("get_deployment_group", {"deploymentGroupName": "gone"}),
        ("update_deployment_group", {"currentDeploymentGroupName": "gone"}),
        ("list_deployments", {"deploymentGroupName": "gone"}),
    ],
)
def test_a_missing_group_is_named(bench: Bench, operation: str, members: dict[str, str]) -> None:
    assert refused(getattr(bench.codedeploy, operation), applicationName="app", **members) == (
        "DeploymentGroupDoesNotExistException",
        "No Deployment Group found for name: gone",
    )


def test_groups_are_listed_by_name_and_got_together(bench: Bench) -> None:
    for name in ("zoo", "bar"):
        bench.group(name)
    listed = bench.codedeploy.list_deployment_groups(applicationName="app")
    assert (listed["applicationName"], listed["deploymentGroups"]) == ("app", ["bar", "zoo"])
    names = ["zoo", "gone", "bar"]
    found = bench.codedeploy.batch_get_deployment_groups(applicationName="app", deploymentGroupNames=names)
    assert [each["deploymentGroupName"] for each in found["deploymentGroupsInfo"]] == ["zoo", "bar"]
    assert "gone" in found["errorMessage"]


def test_an_update_changes_the_members_that_it_gives(bench: Bench) -> None:
    before = bench.group(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    answer = bench.codedeploy.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="fleet",
        deploymentConfigName="CodeDeployDefault.AllAtOnce",
        ec2TagFilters=[],
    )
    assert answer["hooksNotCleanedUp"] == []
    changed = {"deploymentConfigName": "CodeDeployDefault.AllAtOnce", "ec2TagFilters": []}
    assert bench.get_group() == {**before, **changed}


def test_a_group_may_get_another_name(bench: Bench) -> None:
    before = bench.group()
    bench.group("taken")
    rename = {"applicationName": "app", "currentDeploymentGroupName": "fleet"}
    update = bench.codedeploy.update_deployment_group
    code, _ = refused(update, **rename, newDeploymentGroupName="taken")
    assert code == "DeploymentGroupAlreadyExistsException"
    update(**rename, newDeploymentGroupName="web")
    assert bench.codedeploy.list_deployment_groups(applicationName="app")["deploymentGroups"] == ["taken", "web"]
    assert bench.get_group("web") == {**before, "deploymentGroupName": "web"}


def test_a_deleted_group_is_gone_and_deleting_it_again_is_no_error(bench: Bench) -> None:
    first = bench.group()["deploymentGroupId"]
    for _ in range(2):
        answer = bench.codedeploy.delete_deployment_group(applicationName="app", deploymentGroupName="fleet")
        assert answer["hooksNotCleanedUp"] == []
    assert bench.codedeploy.list_deployment_groups(applicationName="app")["deploymentGroups"] == []
    assert bench.group()["deploymentGroupId"] != first


# --- the service role


def test_the_service_role_must_trust_codedeploy(bench: Bench) -> None:
    iam = bench.client("iam")
    builder = make_role(iam, "builder", trust_in({"Service": "codebuild.amazonaws.com"}))
    create = bench.codedeploy.create_deployment_group
    for role in (builder, "arn:aws:iam::123456789012:role/gone", "arn:aws:iam::210987654321:role/other"):
        assert refused(create, **bench.settings(serviceRoleArn=role)) == (
            "InvalidRoleException",
            "Cannot assume role provided.",
        )
    assert refused(create, **bench.settings(serviceRoleArn="deployer"))[0] == "InvalidRoleException"
    bench.group()
    update = {"applicationName": "app", "currentDeploymentGroupName": "fleet", "serviceRoleArn": builder}
    assert refused(bench.codedeploy.update_deployment_group, **update)[0] == "InvalidRoleException"
    assert bench.get_group()["serviceRoleArn"] == bench.role


def test_a_trust_policy_may_ask_for_the_group(bench: Bench) -> None:
    fleet = "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:app/fleet"
    trust = trust_in({"Service": "codedeploy.amazonaws.com"}, StringEquals={"aws:SourceArn": fleet})
    role = make_role(bench.client("iam"), "narrow", trust)
    bench.group(serviceRoleArn=role)
    code, _ = refused(bench.codedeploy.create_deployment_group, **bench.settings("other", serviceRoleArn=role))
    assert code == "InvalidRoleException"


# --- what does not fit together


@pytest.mark.parametrize(
    ("each", "needed"),
    [
        ({"Type": "KEY_AND_VALUE", "Key": "Name"}, "a Value"),
        ({"Key": "Name"}, "a Value"),
        ({"Type": "KEY_ONLY", "Value": "web"}, "a Key"),
        ({"Type": "VALUE_ONLY", "Key": "Name"}, "a Value"),
        ({"Type": "KEY_AND_VALUE"}, "a Key and a Value"),
    ],
)
def test_a_tag_filter_needs_what_its_type_says(bench: Bench, each: dict[str, str], needed: str) -> None:
    code, message = refused(bench.codedeploy.create_deployment_group, **bench.settings(ec2TagFilters=[each]))
    assert (code, needed in message) == ("InvalidEC2TagException", True)


def test_tag_filters_of_every_type_are_kept(bench: Bench) -> None:
    filters = [
        {"Type": "KEY_ONLY", "Key": "Name"},
        {"Type": "VALUE_ONLY", "Value": "web"},
        {"Type": "KEY_AND_VALUE", "Key": "Name", "Value": "web"},
    ]
    assert bench.group(ec2TagFilters=filters)["ec2TagFilters"] == filters


def test_tag_filters_and_a_tag_set_do_not_go_together(bench: Bench) -> None:
    settings = bench.settings(ec2TagSet={"ec2TagSetList": [[TAG]]})
    code, _ = refused(bench.codedeploy.create_deployment_group, **settings)
    assert code == "InvalidEC2TagCombinationException"


def test_an_automatic_rollback_needs_events(bench: Bench) -> None:
    wrong = {"enabled": True, "events": []}
    code, _ = refused(bench.codedeploy.create_deployment_group, **bench.settings(autoRollbackConfiguration=wrong))
    assert code == "InvalidAutoRollbackConfigException"
    off = {"enabled": False, "events": []}
    assert bench.group(autoRollbackConfiguration=off)["autoRollbackConfiguration"] == off


def test_a_configuration_must_be_there_and_be_for_instances(bench: Bench) -> None:
    create = bench.codedeploy.create_deployment_group
    assert refused(create, **bench.settings(deploymentConfigName="gone")) == (
        "DeploymentConfigDoesNotExistException",
        "No Deployment Configuration found for name: gone",
    )
    code, message = refused(create, **bench.settings(deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce"))
    assert (code, "compute platform Lambda" in message) == ("InvalidDeploymentConfigNameException", True)


REFUSED: dict[str, Any] = {
    "ec2TagSet": {"ec2TagSetList": [[TAG]]},
    "onPremisesInstanceTagFilters": [TAG],
    "onPremisesTagSet": {"onPremisesTagSetList": [[TAG]]},
    "autoScalingGroups": ["group"],
    "triggerConfigurations": [{"triggerName": "t", "triggerEvents": ["DeploymentStart"], "triggerTargetArn": "arn"}],
    "blueGreenDeploymentConfiguration": {"deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT"}},
    "loadBalancerInfo": {"targetGroupInfoList": [{"name": "web"}]},
    "ecsServices": [{"serviceName": "a", "clusterName": "b"}],
    "terminationHookEnabled": True,
    "ec2DeploymentOptions": {"autoScalingGroupProcessesToSuspend": ["Terminate"]},
    "alarmConfiguration": {"enabled": True, "alarms": [{"name": "errors"}]},
    "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
}


@pytest.mark.parametrize("member", REFUSED)
def test_what_is_not_simulated_is_refused_by_name(bench: Bench, member: str) -> None:
    named = {"deploymentStyle": "the deploymentType BLUE_GREEN"}.get(member, member)
    settings = {**bench.settings(ec2TagFilters=[]), member: REFUSED[member]}
    create = bench.codedeploy.create_deployment_group
    assert refused(create, **settings) == (
        "NotImplemented",
        f"codedeploy: {named} is not simulated yet on this machine's cloud.",
    )
    bench.group()
    update = {"applicationName": "app", "currentDeploymentGroupName": "fleet", member: REFUSED[member]}
    if member == "ec2TagSet":
        update["ec2TagFilters"] = []
    assert refused(bench.codedeploy.update_deployment_group, **update)[0] == "NotImplemented"


def test_what_says_nothing_is_not_refused(bench: Bench) -> None:
    made = bench.group(
        alarmConfiguration={"enabled": False, "alarms": []},
        triggerConfigurations=[],
        autoScalingGroups=[],
        terminationHookEnabled=False,
        outdatedInstancesStrategy="IGNORE",
        deploymentStyle={"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"},
    )
    assert made["outdatedInstancesStrategy"] == "IGNORE"


def test_groups_of_other_accounts_are_apart(bench: Bench) -> None:
    bench.group()
    other = bench.cloud.client("codedeploy", aws_access_key_id="210987654321")
    assert other.list_applications()["applications"] == []
    assert bench.cloud.client("codedeploy", region_name="eu-west-1").list_applications()["applications"] == []
    other.create_application(applicationName="app")
    role = make_role(bench.cloud.client("iam", aws_access_key_id="210987654321"), "deployer", DEPLOYER)
    other.create_deployment_group(**bench.settings(serviceRoleArn=role))
