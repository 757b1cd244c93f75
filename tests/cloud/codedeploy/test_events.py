"""What deployments tell EventBridge."""

import json
from typing import Any

import pytest

from .conftest import Bench, bundle, place

DEPLOYMENT = "CodeDeploy Deployment State-change Notification"
INSTANCE = "CodeDeploy Instance State-change Notification"
ARN = "arn:aws:codedeploy:us-east-1:123456789012:"


@pytest.fixture
def heard(fleet: Bench) -> Bench:
    """Return a fleet of which a queue gets every event of CodeDeploy's."""
    sqs, events = fleet.client("sqs"), fleet.client("events")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    known = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    events.put_rule(Name="told", EventPattern=json.dumps({"source": ["aws.codedeploy"]}))
    events.put_targets(Rule="told", Targets=[{"Id": "1", "Arn": known["QueueArn"]}])
    return fleet


def told(bench: Bench) -> list[dict[str, Any]]:
    """Return the events in the order in which they came."""
    bench.cloud.core.events.settle()
    sqs = bench.client("sqs")
    url = sqs.get_queue_url(QueueName="heard")["QueueUrl"]
    events: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        events += [json.loads(each["Body"]) for each in messages]
        for each in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return events


def shown(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["detail-type"], each["detail"]["state"]) for each in events]


def test_a_deployment_tells_when_it_and_its_instances_begin_and_end(heard: Bench) -> None:
    [instance] = heard.launch()
    deployment = heard.deploy()["deploymentId"]
    events = told(heard)
    assert shown(events) == [
        (DEPLOYMENT, "START"),
        (INSTANCE, "START"),
        (INSTANCE, "SUCCESS"),
        (DEPLOYMENT, "SUCCESS"),
    ]
    where = {
        "region": "us-east-1",
        "deploymentId": deployment,
        "instanceGroupId": heard.get_group()["deploymentGroupId"],
        "deploymentGroup": "fleet",
        "application": "app",
    }
    assert events[0]["detail"] == {**where, "state": "START"}
    assert events[2]["detail"] == {**where, "state": "SUCCESS", "instanceId": instance}
    for event in events:
        assert (event["source"], event["account"], event["region"]) == ("aws.codedeploy", "123456789012", "us-east-1")
        assert event["resources"] == [f"{ARN}application:app", f"{ARN}deploymentgroup:app/fleet"]
        assert event["time"].startswith("2026-11-02T09:00")


def test_failures_are_told_and_skipped_instances_are_not(heard: Bench) -> None:
    heard.launch(2)
    heard.deploy(heard.put(bundle(BeforeInstall="exit 1")))
    assert shown(told(heard)) == [
        (DEPLOYMENT, "START"),
        (INSTANCE, "START"),
        (INSTANCE, "FAILURE"),
        (DEPLOYMENT, "FAILURE"),
    ]


def test_a_deployment_without_instances_tells_its_failure(heard: Bench) -> None:
    heard.deploy()
    assert shown(told(heard)) == [(DEPLOYMENT, "START"), (DEPLOYMENT, "FAILURE")]


def test_a_stop_is_told(heard: Bench) -> None:
    heard.launch()
    with heard.busy():
        deployment = heard.start()
        heard.codedeploy.stop_deployment(deploymentId=deployment)
    assert shown(told(heard)) == [(DEPLOYMENT, "STOP")]


def test_whoever_hears_of_the_end_sees_it_in_the_store(heard: Bench) -> None:
    heard.launch()
    heard.deploy(place())
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    core, seen = heard.cloud.core, []
    tell = core.events.tell

    def listen(happening: Any) -> None:
        if happening.detail_type == DEPLOYMENT and happening.detail["state"] == "FAILURE":
            info = heard.get(happening.detail["deploymentId"])
            seen.append((info["status"], "rollbackDeploymentId" in info["rollbackInfo"]))
        tell(happening)

    core.events.tell = listen
    try:
        bad = heard.deploy(heard.put(bundle(BeforeInstall="exit 1"), "bad.zip"), autoRollbackConfiguration=rollback)
        heard.ended(bad["rollbackInfo"]["rollbackDeploymentId"])
    finally:
        del core.events.tell
    assert seen == [("Failed", True)]
