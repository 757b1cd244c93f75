"""Applications, as the API keeps them, and their tags."""

from typing import Any

import pytest

from .conftest import Bench, place, refused

ARN = "arn:aws:codedeploy:us-east-1:123456789012:"


def test_an_application_is_shown_as_it_was_made(bench: Bench) -> None:
    made = bench.application("shop")
    shown = bench.codedeploy.get_application(applicationName="shop")["application"]
    assert shown["createTime"].isoformat()[:10] == "2026-11-02"
    del shown["createTime"]
    assert shown == {
        "applicationId": made,
        "applicationName": "shop",
        "computePlatform": "Server",
        "linkedToGitHub": False,
    }


def test_a_second_application_of_the_same_name_is_refused(bench: Bench) -> None:
    assert refused(bench.codedeploy.create_application, applicationName="app") == (
        "ApplicationAlreadyExistsException",
        "Application already exists: app",
    )


@pytest.mark.parametrize("platform", ["Lambda", "ECS"])
def test_other_platforms_are_refused_by_name(bench: Bench, platform: str) -> None:
    code, message = refused(bench.codedeploy.create_application, applicationName="other", computePlatform=platform)
    assert (code, f"the compute platform {platform} is not simulated" in message) == ("NotImplemented", True)
    assert bench.codedeploy.list_applications()["applications"] == ["app"]


@pytest.mark.parametrize(
    ("name", "said"), [("a" * 101, "less than or equal to 100"), ("my app", "pattern"), ("é", "pattern")]
)
def test_names_have_awss_form(bench: Bench, name: str, said: str) -> None:
    deploy = bench.codedeploy
    for operation, request in (
        (deploy.create_application, {"applicationName": name}),
        (deploy.create_deployment_group, bench.settings(name)),
        (deploy.create_deployment_config, {"deploymentConfigName": name}),
    ):
        code, message = refused(operation, **request)
        assert (code, said in message) == ("ValidationException", True)
    assert deploy.list_applications()["applications"] == ["app"]


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("list_on_premises_instances", {}),
        ("register_on_premises_instance", {"instanceName": "mine", "iamUserArn": "arn:aws:iam::123456789012:user/a"}),
        ("list_git_hub_account_token_names", {}),
        ("skip_wait_time_for_instance_termination", {"deploymentId": "d-ABCDEFGHI"}),
        ("put_lifecycle_event_hook_execution_status", {"deploymentId": "d-ABCDEFGHI", "status": "Succeeded"}),
    ],
)
def test_operations_that_are_not_simulated_are_refused_by_name(bench: Bench, operation: str, members: Any) -> None:
    code, message = refused(getattr(bench.codedeploy, operation), **members)
    name = "".join(part.title() for part in operation.split("_"))
    assert (code, f"codedeploy:{name} is not simulated" in message) == ("NotImplemented", True)


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("get_application", {}),
        ("batch_get_applications", {}),
        ("update_application", {"newApplicationName": "new"}),
        ("list_deployment_groups", {}),
        ("get_deployment_group", {"deploymentGroupName": "fleet"}),
        ("register_application_revision", {"revision": place()}),
        ("list_application_revisions", {}),
        ("create_deployment", {"deploymentGroupName": "fleet", "revision": place()}),
        ("list_deployments", {"deploymentGroupName": "fleet"}),
    ],
)
def test_a_missing_application_is_named(bench: Bench, operation: str, members: dict[str, str]) -> None:
    name = {"applicationNames": ["app", "gone"]} if operation.startswith("batch") else {"applicationName": "gone"}
    assert refused(getattr(bench.codedeploy, operation), **name, **members) == (
        "ApplicationDoesNotExistException",
        "No application found for name: gone",
    )


def test_applications_are_listed_by_name_and_got_together(bench: Bench) -> None:
    for name in ("zoo", "bar"):
        bench.application(name)
    assert bench.codedeploy.list_applications()["applications"] == ["app", "bar", "zoo"]
    found = bench.codedeploy.batch_get_applications(applicationNames=["zoo", "app"])["applicationsInfo"]
    assert [each["applicationName"] for each in found] == ["zoo", "app"]


def test_lists_go_on_where_a_page_ended(bench: Bench) -> None:
    for number in range(100):
        bench.application(f"a{number:03}")
    first = bench.codedeploy.list_applications()
    assert len(first["applications"]) == 100
    assert bench.codedeploy.list_applications(nextToken=first["nextToken"])["applications"] == ["app"]
    assert refused(bench.codedeploy.list_applications, nextToken="x")[0] == "InvalidNextTokenException"


def test_no_more_than_a_hundred_are_got_together(bench: Bench) -> None:
    names = [f"a{number}" for number in range(101)]
    assert refused(bench.codedeploy.batch_get_applications, applicationNames=names)[0] == "BatchLimitExceededException"
    request = {"applicationName": "app", "deploymentGroupNames": names}
    assert refused(bench.codedeploy.batch_get_deployment_groups, **request)[0] == "BatchLimitExceededException"
    ids = [f"d-{number:09}" for number in range(26)]
    assert refused(bench.codedeploy.batch_get_deployments, deploymentIds=ids)[0] == "BatchLimitExceededException"


def test_a_renamed_application_keeps_what_belongs_to_it(bench: Bench) -> None:
    bench.group(tags=[{"Key": "team", "Value": "a"}])
    bench.codedeploy.register_application_revision(applicationName="app", revision=place())
    bench.application("taken")
    rename = bench.codedeploy.update_application
    assert refused(rename, applicationName="app", newApplicationName="taken")[0] == "ApplicationAlreadyExistsException"
    rename(applicationName="app", newApplicationName="shop")
    assert bench.codedeploy.list_applications()["applications"] == ["shop", "taken"]
    assert bench.codedeploy.list_deployment_groups(applicationName="shop")["deploymentGroups"] == ["fleet"]
    assert bench.codedeploy.list_application_revisions(applicationName="shop")["revisions"] == [place()]
    tags = bench.codedeploy.list_tags_for_resource(ResourceArn=f"{ARN}deploymentgroup:shop/fleet")["Tags"]
    assert tags == [{"Key": "team", "Value": "a"}]


def test_a_deleted_application_takes_its_groups_and_revisions_with_it(bench: Bench) -> None:
    bench.group()
    bench.codedeploy.register_application_revision(applicationName="app", revision=place())
    for _ in range(2):  # one that is not there is no error
        bench.codedeploy.delete_application(applicationName="app")
    bench.application()
    assert bench.codedeploy.list_deployment_groups(applicationName="app")["deploymentGroups"] == []
    assert bench.codedeploy.list_application_revisions(applicationName="app")["revisions"] == []


def test_applications_and_groups_have_tags(bench: Bench) -> None:
    deploy = bench.codedeploy
    deploy.create_application(applicationName="shop", tags=[{"Key": "b", "Value": "1"}])
    bench.group(tags=[{"Key": "a", "Value": "1"}])
    deploy.tag_resource(
        ResourceArn=f"{ARN}application:shop", Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    )
    tags = deploy.list_tags_for_resource(ResourceArn=f"{ARN}application:shop")["Tags"]
    assert tags == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    deploy.untag_resource(ResourceArn=f"{ARN}deploymentgroup:app/fleet", TagKeys=["a", "c"])
    assert deploy.list_tags_for_resource(ResourceArn=f"{ARN}deploymentgroup:app/fleet")["Tags"] == []


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("nonsense", "InvalidArnException"),
        (f"{ARN}deploymentconfig:mine", "ArnNotSupportedException"),
        ("arn:aws:codedeploy:eu-west-1:123456789012:application:app", "ArnNotSupportedException"),
        (f"{ARN}application:gone", "ApplicationDoesNotExistException"),
        (f"{ARN}deploymentgroup:app/gone", "DeploymentGroupDoesNotExistException"),
    ],
)
def test_what_can_not_have_tags_is_refused(bench: Bench, arn: str, code: str) -> None:
    assert refused(bench.codedeploy.tag_resource, ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])[0] == code
    assert refused(bench.codedeploy.untag_resource, ResourceArn=arn, TagKeys=["a"])[0] == code
    assert refused(bench.codedeploy.list_tags_for_resource, ResourceArn=arn)[0] == code
