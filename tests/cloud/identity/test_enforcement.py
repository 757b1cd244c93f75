"""Permissions bite, whatever the service: the action, the resource, what it implies, and AWS's words for it."""

import json
from typing import Any

import pytest

from ...goods import MACHINE, make_role
from .conftest import OWN, PARTNER, Accounts, allow, denied, policy, refused, statement

REGION = "us-east-1"
ENCRYPTED = {"ServerSideEncryption": "aws:kms"}
# A call of each service, the action it asks for, and the resource that its denial names.
CALLS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("s3", "list_objects_v2", {"Bucket": "goods"}, "s3:ListBucket", '"arn:aws:s3:::goods"'),
    ("s3", "get_bucket_location", {"Bucket": "goods"}, "s3:GetBucketLocation", '"arn:aws:s3:::goods"'),
    ("s3", "put_object", {"Bucket": "goods", "Key": "a/b c"}, "s3:PutObject", '"arn:aws:s3:::goods/a/b c"'),
    ("iam", "get_role", {"RoleName": "worker"}, "iam:GetRole", f"arn:aws:iam::{OWN}:role/team/worker"),
    ("kms", "create_key", {}, "kms:CreateKey", ""),
    (
        "logs",
        "create_log_group",
        {"logGroupName": "/g"},
        "logs:CreateLogGroup",
        f"arn:aws:logs:{REGION}:{OWN}:log-group:/g:log-stream:",
    ),
    ("ssm", "get_parameter", {"Name": "/a/b"}, "ssm:GetParameter", f"arn:aws:ssm:{REGION}:{OWN}:parameter/a/b"),
    ("ssm", "describe_parameters", {}, "ssm:DescribeParameters", ""),
    ("ec2", "describe_instances", {}, "ec2:DescribeInstances", ""),
    ("autoscaling", "describe_auto_scaling_groups", {}, "autoscaling:DescribeAutoScalingGroups", ""),
    ("elbv2", "describe_load_balancers", {}, "elasticloadbalancing:DescribeLoadBalancers", ""),
    (
        "lambda",
        "get_function",
        {"FunctionName": "f"},
        "lambda:GetFunction",
        f"arn:aws:lambda:{REGION}:{OWN}:function:f",
    ),
    ("ecs", "describe_clusters", {"clusters": ["c"]}, "ecs:DescribeClusters", f"arn:aws:ecs:{REGION}:{OWN}:cluster/c"),
    ("ecr", "get_authorization_token", {}, "ecr:GetAuthorizationToken", ""),
    ("cloudwatch", "list_metrics", {}, "cloudwatch:ListMetrics", ""),
    (
        "events",
        "put_rule",
        {"Name": "r", "ScheduleExpression": "rate(1 day)"},
        "events:PutRule",
        f"arn:aws:events:{REGION}:{OWN}:rule/r",
    ),
    ("sns", "create_topic", {"Name": "t"}, "sns:CreateTopic", f"arn:aws:sns:{REGION}:{OWN}:t"),
    ("sqs", "create_queue", {"QueueName": "q"}, "sqs:CreateQueue", f"arn:aws:sqs:{REGION}:{OWN}:q"),
    ("cloudformation", "list_stacks", {}, "cloudformation:ListStacks", ""),
    (
        "codebuild",
        "start_build",
        {"projectName": "p"},
        "codebuild:StartBuild",
        f"arn:aws:codebuild:{REGION}:{OWN}:project/p",
    ),
    (
        "codebuild",
        "batch_get_builds",
        {"ids": ["p:1"]},
        "codebuild:BatchGetBuilds",
        f"arn:aws:codebuild:{REGION}:{OWN}:project/p",
    ),
    ("dynamodb", "list_tables", {}, "dynamodb:ListTables", ""),
]


@pytest.mark.parametrize(
    ("service", "operation", "members", "action", "resource"),
    CALLS,
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_denial_names_action_and_resource(accounts: Accounts, service, operation, members, action, resource) -> None:
    accounts.bucket()
    accounts.admin("iam").create_role(RoleName="worker", Path="/team/", AssumeRolePolicyDocument=allow_trust())
    ann = accounts.user()
    message = denied(getattr(ann(service), operation), action, **members)
    where = f" on resource: {resource}" if resource else ""
    said = f"User: arn:aws:iam::{OWN}:user/ann is not authorized to perform: {action}{where} "
    assert message.endswith(said + f"because no identity-based policy allows the {action} action")
    accounts.admin("iam").put_user_policy(
        UserName="ann", PolicyName="own", PolicyDocument=allow(action, resource.strip('"') or "*")
    )
    answer = attempt(getattr(ann(service), operation), members)
    assert "not authorized" not in answer


def allow_trust() -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": OWN}, "Action": "sts:AssumeRole"}],
        }
    )


def attempt(call: Any, members: dict[str, Any]) -> str:
    """Make a call and return the error's message, if there is one."""
    try:
        call(**members)
    except Exception as error:  # noqa: BLE001  (a missing thing is no denial)
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("s3", "list_buckets", "AccessDenied", 403),
        ("iam", "list_roles", "AccessDenied", 403),
        ("codebuild", "list_projects", "AccessDeniedException", 400),
        ("logs", "describe_log_groups", "AccessDeniedException", 400),
        ("lambda", "list_functions", "AccessDeniedException", 403),
        ("ec2", "describe_vpcs", "UnauthorizedOperation", 403),
        ("sns", "list_topics", "AuthorizationError", 403),
    ],
)
def test_a_denial_has_the_code_and_status_of_its_service(accounts: Accounts, service, operation, code, status) -> None:
    client = accounts.user()(service)
    with pytest.raises(client.exceptions.ClientError) as error:
        getattr(client, operation)()
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_an_explicit_deny_says_so(accounts: Accounts) -> None:
    ann = accounts.user(policy(statement("*"), statement("s3:List*", effect="Deny")))
    assert denied(ann("s3").list_buckets, "s3:ListAllMyBuckets").endswith(
        "with an explicit deny in an identity-based policy"
    )


def test_an_inline_a_group_and_a_managed_policy_count_together(accounts: Accounts) -> None:
    ann, iam = accounts.user(allow("sns:ListTopics")), accounts.admin("iam")
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="s3", PolicyDocument=allow("s3:ListAllMyBuckets"))
    denied(ann("s3").list_buckets, "s3:ListAllMyBuckets")
    iam.add_user_to_group(GroupName="readers", UserName="ann")
    ann("s3").list_buckets()
    denied(ann("codebuild").list_projects, "codebuild:ListProjects")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AWSCodeBuildReadOnlyAccess")
    ann("codebuild").list_projects()
    ann("sns").list_topics()


def test_the_default_version_of_a_managed_policy_counts(accounts: Accounts) -> None:
    ann, iam = accounts.user(), accounts.admin("iam")
    arn = iam.create_policy(PolicyName="mine", PolicyDocument=allow("s3:ListAllMyBuckets"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    ann("s3").list_buckets()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("sns:*"), SetAsDefault=True)
    denied(ann("s3").list_buckets, "s3:ListAllMyBuckets")


def test_a_boundary_limits_users_and_roles(accounts: Accounts) -> None:
    iam = accounts.admin("iam")
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    ann = accounts.user(allow("*"))
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=arn)
    worker = accounts.session(accounts.role(allow("*")))
    iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=arn)
    iam.create_user(UserName="bob", PermissionsBoundary=arn)
    iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=allow("*"))
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    for client in (ann, worker, accounts.acting(key["AccessKeyId"], key["SecretAccessKey"])):
        client("s3").list_buckets()
        message = denied(client("codebuild").list_projects, "codebuild:ListProjects")
        assert message.endswith("because no permissions boundary allows the codebuild:ListProjects action")
    assert iam.get_user(UserName="ann")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    iam.delete_user_permissions_boundary(UserName="ann")
    ann("codebuild").list_projects()


def test_conditions_see_the_request(accounts: Accounts) -> None:
    accounts.bucket("goods", a=b"1")
    here = allow("s3:ListAllMyBuckets", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})
    ann = accounts.user(here)
    ann("s3").list_buckets()
    denied(ann("s3", region_name="eu-west-1").list_buckets, "s3:ListAllMyBuckets")
    prefix = allow("s3:ListBucket", Condition={"StringLike": {"s3:prefix": "${aws:username}/*"}})
    bob = accounts.user(prefix, "bob")
    bob("s3").list_objects_v2(Bucket="goods", Prefix="bob/x")
    for wrong in ({"Prefix": "ann/"}, {}):
        denied(bob("s3").list_objects_v2, "s3:ListBucket", Bucket="goods", **wrong)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": OWN}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:user/*"}}, True),
        ({"StringEquals": {"aws:PrincipalType": "User", "aws:username": "ann"}}, True),
        ({"Null": {"aws:TokenIssueTime": "false"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "blue"}}, True),
        ({"StringEquals": {"aws:ResourceAccount": PARTNER}}, False),
    ],
)
def test_conditions_see_the_caller_and_the_moment(accounts: Accounts, condition: dict[str, Any], allowed: bool) -> None:
    ann = accounts.user(allow("s3:ListAllMyBuckets", Condition=condition))
    accounts.admin("iam").tag_user(UserName="ann", Tags=[{"Key": "team", "Value": "blue"}])
    assert ("not authorized" not in attempt(ann("s3").list_buckets, {})) is allowed


def test_tags_of_a_request_are_seen(accounts: Accounts) -> None:
    text = allow(
        "iam:*",
        Condition={
            "StringEquals": {"aws:RequestTag/team": "blue"},
            "ForAllValues:StringEquals": {"aws:TagKeys": "team"},
        },
    )
    ann = accounts.user(text)
    ann("iam").create_user(UserName="bob", Tags=[{"Key": "team", "Value": "blue"}])
    for tags in (
        [],
        [{"Key": "team", "Value": "red"}],
        [{"Key": "team", "Value": "blue"}, {"Key": "more", "Value": "1"}],
    ):
        denied(ann("iam").create_user, "iam:CreateUser", UserName="eve", Tags=tags)


def test_one_operation_may_need_several_permissions(accounts: Accounts) -> None:
    accounts.bucket("goods", a=b"1")
    accounts.bucket("open")
    ann = accounts.user(
        policy(statement("s3:PutObject", "arn:aws:s3:::open/*"), statement("s3:GetObject", "arn:aws:s3:::open/*"))
    )
    s3 = ann("s3")
    denied(s3.copy_object, "s3:GetObject", Bucket="open", Key="b", CopySource="goods/a")
    s3.put_object(Bucket="open", Key="b", Body=b"")
    s3.copy_object(Bucket="open", Key="c", CopySource="open/b")
    denied(s3.put_object, "s3:PutObjectTagging", Bucket="open", Key="b", Body=b"", Tagging="a=b")


def test_a_version_of_an_object_is_a_permission_of_its_own(accounts: Accounts) -> None:
    accounts.bucket()
    s3 = accounts.admin("s3")
    s3.put_bucket_versioning(Bucket="goods", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="goods", Key="a", Body=b"1")["VersionId"]
    ann = accounts.user(allow("s3:GetObject"))
    ann("s3").get_object(Bucket="goods", Key="a")
    denied(ann("s3").get_object, "s3:GetObjectVersion", Bucket="goods", Key="a", VersionId=version)


def test_whether_an_object_is_missing_is_told_to_those_who_may_list(accounts: Accounts) -> None:
    accounts.bucket()
    ann, bob = accounts.user(allow("s3:GetObject")), accounts.user(allow("s3:*"), "bob")
    denied(ann("s3").get_object, "s3:ListBucket", Bucket="goods", Key="missing")
    assert refused(bob("s3").get_object, Bucket="goods", Key="missing")[0] == "NoSuchKey"
    assert refused(ann("s3").head_object, Bucket="goods", Key="missing")[0] == "403"


def test_a_role_can_only_be_passed_with_permission(accounts: Accounts) -> None:
    role = make_role(accounts.admin("iam"))
    project = {
        "name": "demo",
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\n"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": MACHINE,
        "serviceRole": role,
    }
    ann = accounts.user(allow("codebuild:*"))
    message = denied(ann("codebuild").create_project, "iam:PassRole", **project)
    assert f"on resource: {role} because" in message
    pass_on = statement(
        "iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}}
    )
    bob = accounts.user(policy(statement("codebuild:*"), pass_on), "bob")
    bob("codebuild").create_project(**project)
    bob("codebuild").update_project(name="demo", description="no role is passed here")
    ann("codebuild").update_project(name="demo", description="nor here")


def test_what_overrides_a_buildspec_can_be_forbidden(accounts: Accounts) -> None:
    role = make_role(accounts.admin("iam"))
    accounts.admin("codebuild").create_project(
        name="demo",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: ['true']}}"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment=MACHINE,
        serviceRole=role,
    )
    deny = statement("codebuild:StartBuild", effect="Deny", Condition={"Null": {"codebuild:source.buildspec": "false"}})
    ann = accounts.user(policy(statement("codebuild:StartBuild"), deny))
    ann("codebuild").start_build(projectName="demo")
    denied(ann("codebuild").start_build, "codebuild:StartBuild", projectName="demo", buildspecOverride="version: 0.2\n")


def test_a_policy_that_cannot_be_read_allows_nothing(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = accounts.user(allow("*"))
    directory = accounts.cloud.core.access.directory
    attached = directory.attached

    def damaged(principal: Any) -> Any:
        found = attached(principal)
        return type(found)((*found.identity, ("damaged", '{"Statement": ')), found.boundary)

    monkeypatch.setattr(directory, "attached", damaged)
    message = denied(ann("s3").list_buckets, "s3:ListAllMyBuckets")
    assert "because a policy cannot be read: The policy is not in the correct JSON format" in message


def test_what_was_denied_is_remembered_with_its_reasons(accounts: Accounts) -> None:
    ann = accounts.user(allow("s3:GetObject", "arn:aws:s3:::other/*"))
    accounts.bucket("goods", a=b"1")
    denied(ann("s3").get_object, "s3:GetObject", Bucket="goods", Key="a")
    [denial] = accounts.cloud.core.access.enforcement.denials()
    assert (denial["action"], denial["decision"], denial["decidedBy"]) == (
        "s3:GetObject",
        "implicitDeny",
        "identity-based policy",
    )
    [said] = denial["statements"]
    assert (said["policy"], said["applies"]) == ("user_ann_own", False)
    assert said["reason"] == "its Resource does not include arn:aws:s3:::goods/a"
