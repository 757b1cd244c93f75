"""What the service role and the callers must be allowed to."""

import json

from ...goods import make_role, trust_in
from .conftest import DEPLOYER, Bench, place, refused

TRUST = "codedeploy.amazonaws.com"


def test_the_service_role_needs_to_see_instances(fleet: Bench) -> None:
    fleet.launch()
    fleet.allow("deployer", ("s3:*", "*"))
    deployment = fleet.deploy()
    assert (deployment["status"], deployment["errorInformation"]["code"]) == ("Failed", "IAM_ROLE_PERMISSIONS")
    assert fleet.role in deployment["errorInformation"]["message"]
    assert "AWS service: AmazonEC2" in deployment["errorInformation"]["message"]
    fleet.allow("deployer", ("ec2:DescribeInstances", "*"))
    assert fleet.deploy()["status"] == "Succeeded"


def test_a_service_role_that_is_gone_is_missing(fleet: Bench) -> None:
    fleet.launch()
    iam = fleet.client("iam")
    iam.update_assume_role_policy(
        RoleName="deployer", PolicyDocument=json.dumps(trust_in({"Service": "ec2.amazonaws.com"}))
    )
    assert fleet.deploy()["errorInformation"]["code"] == "IAM_ROLE_MISSING"
    iam.update_assume_role_policy(RoleName="deployer", PolicyDocument=json.dumps(DEPLOYER))
    assert fleet.deploy()["status"] == "Succeeded"
    iam.delete_role_policy(RoleName="deployer", PolicyName="all")
    iam.delete_role(RoleName="deployer")
    deployment = fleet.deploy()
    assert (deployment["status"], deployment["errorInformation"]["code"]) == ("Failed", "IAM_ROLE_MISSING")


def test_a_caller_needs_permission_for_the_group(fleet: Bench) -> None:
    iam, arn = fleet.client("iam"), "arn:aws:codedeploy:us-east-1:123456789012:"
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    ann = fleet.cloud.client("codedeploy", **keys)
    request = {"applicationName": "app", "deploymentGroupName": "fleet", "revision": place()}
    code, message = refused(ann.create_deployment, **request)
    assert (code, f"{arn}deploymentgroup:app/fleet" in message) == ("AccessDeniedException", True)
    statement = {
        "Effect": "Allow",
        "Action": "codedeploy:CreateDeployment",
        "Resource": f"{arn}deploymentgroup:app/fleet",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ann", PolicyName="deploy", PolicyDocument=text)
    fleet.launch()
    assert fleet.ended(ann.create_deployment(**request)["deploymentId"])["status"] == "Succeeded"
    fleet.group("other")
    assert refused(ann.create_deployment, **{**request, "deploymentGroupName": "other"})[0] == "AccessDeniedException"


def test_what_happens_to_a_deployment_needs_permission_for_its_group(fleet: Bench) -> None:
    [instance] = fleet.launch(1, profile="")
    fleet.group("other")
    mine, others = fleet.deploy()["deploymentId"], fleet.deploy(group="other")["deploymentId"]
    role = make_role(fleet.client("iam"), "dev", trust_in({"AWS": "arn:aws:iam::123456789012:root"}))
    fleet.allow("dev", ("codedeploy:*", "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:app/fleet"))
    given = fleet.client("sts").assume_role(RoleArn=role, RoleSessionName="dev")["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    dev = fleet.cloud.client("codedeploy", **keys)
    assert dev.get_deployment(deploymentId=mine)["deploymentInfo"]["status"] == "Failed"
    assert dev.batch_get_deployments(deploymentIds=[mine])["deploymentsInfo"]
    assert dev.list_deployment_targets(deploymentId=mine)["targetIds"] == [instance]
    assert dev.get_deployment_target(deploymentId=mine, targetId=instance)["deploymentTarget"]
    assert refused(dev.stop_deployment, deploymentId=mine)[0] == "DeploymentAlreadyCompletedException"
    for operation, request in (
        (dev.get_deployment, {"deploymentId": others}),
        (dev.batch_get_deployments, {"deploymentIds": [mine, others]}),
        (dev.stop_deployment, {"deploymentId": others}),
        (dev.list_deployment_targets, {"deploymentId": others}),
        (dev.get_deployment, {"deploymentId": "d-GONE00000"}),
    ):
        assert refused(operation, **request)[0] == "AccessDeniedException"


def test_whoever_makes_a_group_must_be_allowed_to_pass_its_role(bench: Bench) -> None:
    iam = bench.client("iam")
    role = make_role(iam, "dev", trust_in({"AWS": "arn:aws:iam::123456789012:root"}))
    bench.allow("dev", ("codedeploy:*", "*"))
    given = bench.client("sts").assume_role(RoleArn=role, RoleSessionName="dev")["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    dev = bench.cloud.client("codedeploy", **keys)
    code, message = refused(dev.create_deployment_group, **bench.settings())
    assert (code, "iam:PassRole" in message) == ("AccessDeniedException", True)
    bench.allow("dev", ("codedeploy:*", "*"), ("iam:PassRole", bench.role))
    dev.create_deployment_group(**bench.settings())
