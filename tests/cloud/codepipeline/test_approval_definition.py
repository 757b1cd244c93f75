"""What an approval tells, and to whom."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cicdlab.cloud.codepipeline.actions.approval import Manual
from cicdlab.cloud.codepipeline.actions.provider import ActionError

from .jobs import Jobs

EXPIRES = datetime(2026, 11, 9, 9, 5, 30, tzinfo=UTC)


@pytest.fixture
def topic(jobs: Jobs) -> str:
    """Return a topic whose messages go to the queue ``heard``."""
    sqs, sns = jobs.client("sqs"), jobs.client("sns")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    made = str(sns.create_topic(Name="reviewers")["TopicArn"])
    sns.subscribe(TopicArn=made, Protocol="sqs", Endpoint=arn)
    return made


def heard(jobs: Jobs) -> list[dict[str, Any]]:
    sqs = jobs.client("sqs")
    url = sqs.get_queue_url(QueueName="heard")["QueueUrl"]
    return [json.loads(each["Body"]) for each in sqs.receive_message(QueueUrl=url).get("Messages", [])]


def notify(jobs: Jobs, **given: str) -> None:
    Manual(jobs.cloud.core).notify(jobs.job(given), "token-1", EXPIRES)


def test_reviewers_are_told_in_awss_shape(jobs: Jobs, topic: str) -> None:
    notify(jobs, NotificationArn=topic, CustomData="Look at it.", ExternalEntityLink="https://example.com/x")
    (got,) = heard(jobs)
    console = "https://console.aws.amazon.com/codepipeline/home?region=us-east-1#/view/pipe"
    assert got["Subject"] == "APPROVAL NEEDED: AWS CodePipeline pipe for action Act"
    assert json.loads(got["Message"]) == {
        "region": "us-east-1",
        "consoleLink": console,
        "approval": {
            "pipelineName": "pipe",
            "stageName": "Stage",
            "actionName": "Act",
            "token": "token-1",
            "expires": "2026-11-09T09:05Z",
            "externalEntityLink": "https://example.com/x",
            "approvalReviewLink": f"{console}/Stage/Act/approve/token-1",
            "customData": "Look at it.",
        },
    }


def test_without_a_topic_nobody_is_told(jobs: Jobs, topic: str) -> None:
    notify(jobs, CustomData="Look at it.")
    assert heard(jobs) == []


def test_the_role_needs_the_permission_to_publish(jobs: Jobs, topic: str) -> None:
    jobs.allow("s3:*")
    with pytest.raises(ActionError, match=f"access the Amazon SNS topic {topic}.*sns:Publish") as refused:
        notify(jobs, NotificationArn=topic)
    assert (refused.value.code, heard(jobs)) == ("PermissionError", [])


def test_a_topic_that_is_not_there_is_named(jobs: Jobs, topic: str) -> None:
    with pytest.raises(ActionError, match=f"could not be told to {topic}x") as refused:
        notify(jobs, NotificationArn=f"{topic}x")
    assert refused.value.code == "ConfigurationError"
