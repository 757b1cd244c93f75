"""One test per thing that moto would answer with success and not do."""

import pytest
from botocore.exceptions import ClientError

TEMPLATE = '{"Resources": {"P": {"Type": "AWS::CodeBuild::Project", "Properties": {}}}}'
ALARM = {
    "AlarmName": "errors",
    "MetricName": "Errors",
    "Namespace": "AWS/Lambda",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}
CALLS = {
    "a function that would not run": ("lambda", "invoke", {"FunctionName": "hook"}, "no function would run"),
    "a launch hook that would not hold": (
        "autoscaling",
        "put_lifecycle_hook",
        {
            "AutoScalingGroupName": "group",
            "LifecycleHookName": "hook",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
        },
        "no instance would wait",
    ),
    "an alarm that would stay OK": ("cloudwatch", "put_metric_alarm", ALARM, "never leave its state"),
    "an event that would not arrive": (
        "events",
        "put_targets",
        {"Rule": "rule", "Targets": [{"Id": "1", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:demo"}]},
        "no event would arrive",
    ),
    "a secret that would stay the same": ("secretsmanager", "rotate_secret", {"SecretId": "s"}, "stay the same"),
    "a stack without its project": (
        "cloudformation",
        "create_stack",
        {"StackName": "stack", "TemplateBody": TEMPLATE},
        "would say CREATE_COMPLETE",
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_refused_with_the_reason(cloud, case):
    service, operation, members, reason = CALLS[case]
    with pytest.raises(ClientError, match=reason) as refused:
        getattr(cloud.client(service), operation)(**members)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize(("service", "operation"), [("ssm", "list_nodes"), ("iam", "list_delegation_requests")])
def test_an_operation_that_moto_lacks_is_named(cloud, service, operation):
    named = f"{service}:{operation.title().replace('_', '')} is not simulated"
    with pytest.raises(ClientError, match=named) as refused:
        getattr(cloud.client(service), operation)()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_what_moto_does_still_passes(cloud):
    template = '{"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "made-by-stack"}}}}'
    cloud.client("cloudformation").create_stack(StackName="stack", TemplateBody=template)
    assert [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]] == ["made-by-stack"]
    cloud.client("events").put_rule(Name="rule", ScheduleExpression="rate(1 hour)")
    queue = {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:queue"}
    assert cloud.client("events").put_targets(Rule="rule", Targets=[queue])["FailedEntryCount"] == 0
    cloud.client("secretsmanager").create_secret(Name="s", SecretString="x")
