"""What pipelines tell EventBridge, and what EventBridge asks of CodePipeline."""

import json
from typing import Any

import pytest

from cicdlab.cloud.errors import ServiceError

from ...goods import make_role, trust_in
from ...waiting import wait_until
from .bench import ACCOUNT, REGION, Bench, site, source, stage
from .jobs import allowing

TWO = (stage("Source", source()), stage("Deploy", site()))
ARN = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:pipe"
EVENTS = trust_in({"Service": "events.amazonaws.com"})


@pytest.fixture
def heard(bench: Bench) -> Bench:
    """Return a bench on which a queue gets every event of CodePipeline's."""
    sqs = bench.client("sqs")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    known = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    rule(bench, {"Arn": known["QueueArn"]}, {"source": ["aws.codepipeline"]})
    return bench


def rule(bench: Bench, target: dict[str, str], pattern: dict[str, Any], name: str = "told") -> None:
    bench.client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    bench.client("events").put_targets(Rule=name, Targets=[{"Id": "1", **target}])


def told(bench: Bench, kind: str) -> list[dict[str, Any]]:
    """Return the events about pipelines, stages or actions, in the order in which they came."""
    bench.cloud.core.events.settle()
    found: list[dict[str, Any]] = []
    sqs, url = bench.client("sqs"), bench.client("sqs").get_queue_url(QueueName="heard")["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(each["Body"]) for each in messages]
        for each in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return [event for event in found if event["detail-type"] == f"CodePipeline {kind} Execution State Change"]


def test_a_pipeline_tells_when_it_begins_and_how_it_ends(heard: Bench) -> None:
    execution_id = heard.create(*TWO)
    heard.ended(execution_id)
    first, last = told(heard, "Pipeline")
    assert (first["source"], first["resources"], first["region"]) == ("aws.codepipeline", [ARN], REGION)
    assert first["detail"] == {
        "pipeline": "pipe",
        "execution-id": execution_id,
        "start-time": "2026-11-02T09:00:00.000Z",
        "execution-trigger": {
            "trigger-type": "CreatePipeline",
            "trigger-detail": f"arn:aws:iam::{ACCOUNT}:root",
        },
        "state": "STARTED",
        "version": 1,
        "pipeline-execution-attempt": 1,
    }
    assert last["detail"]["state"] == "SUCCEEDED"


def test_stages_tell_when_they_begin_and_how_they_end(heard: Bench) -> None:
    heard.ended(heard.create(*TWO))
    states = [(each["detail"]["stage"], each["detail"]["state"]) for each in told(heard, "Stage")]
    assert states == [
        ("Source", "STARTED"),
        ("Source", "SUCCEEDED"),
        ("Deploy", "STARTED"),
        ("Deploy", "SUCCEEDED"),
    ]


def test_actions_tell_what_they_take_and_give_and_why_they_failed(heard: Bench) -> None:
    heard.ended(heard.create(stage("Source", source()), stage("Deploy", site(bucket="nowhere"))))
    _, fetched, _, published = [each["detail"] for each in told(heard, "Action")]
    assert (fetched["action"], fetched["state"]) == ("Fetch", "SUCCEEDED")
    assert fetched["type"] == {"owner": "AWS", "provider": "S3", "category": "Source", "version": "1"}
    (artifact,) = fetched["output-artifacts"]
    assert artifact["name"] == "App"
    assert published["input-artifacts"] == [artifact]
    assert published["state"] == "FAILED"
    assert published["execution-result"]["error-code"] == "ConfigurationError"
    assert "nowhere" in published["execution-result"]["external-execution-summary"]


def test_a_stopped_and_a_superseded_execution_tell_it(heard: Bench) -> None:
    first = heard.create()
    heard.token()
    second = heard.start()
    wait_until(lambda: heard.stage("Approve").get("inboundExecution"))
    third = heard.start()
    heard.ended(second)
    heard.stop(first, abandon=True)
    states = {
        each: [event["detail"]["state"] for event in told_of if event["detail"]["execution-id"] == each]
        for told_of in [told(heard, "Pipeline")]
        for each in (first, second, third)
    }
    assert states[first] == ["STARTED", "STOPPING", "STOPPED"]
    assert states[second] == ["STARTED", "SUPERSEDED"]
    assert states[third] == ["STARTED"]


def starter(bench: Bench, *allowed: str) -> str:
    return make_role(bench.client("iam"), "starter", EVENTS, allowing(*allowed, resource=ARN))


def say_deploy(bench: Bench) -> None:
    entry = {"Source": "test.shop", "DetailType": "Deploy", "Detail": "{}"}
    bench.client("events").put_events(Entries=[entry])


def test_a_rule_starts_a_pipeline(bench: Bench) -> None:
    bench.ended(bench.create(*TWO))
    role = starter(bench, "codepipeline:StartPipelineExecution")
    rule(bench, {"Arn": ARN, "RoleArn": role}, {"source": ["test.shop"]}, "deploys")
    say_deploy(bench)
    wait_until(lambda: len(bench.executions()) == 2)
    newest = bench.executions()[0]
    assert newest["trigger"] == {
        "triggerType": "CloudWatchEvent",
        "triggerDetail": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/deploys",
    }
    assert bench.ended(newest["pipelineExecutionId"])["status"] == "Succeeded"


def test_a_rule_may_give_values_of_variables(bench: Bench) -> None:
    declared = [{"name": "Color", "defaultValue": "red"}]
    bench.ended(bench.create(*TWO, variables=declared))
    role = starter(bench, "codepipeline:StartPipelineExecution")
    given = json.dumps({"variables": [{"name": "Color", "value": "blue"}]})
    rule(bench, {"Arn": ARN, "RoleArn": role, "Input": given}, {"source": ["test.shop"]}, "deploys")
    say_deploy(bench)
    wait_until(lambda: len(bench.executions()) == 2)
    newest = bench.executions()[0]["pipelineExecutionId"]
    assert bench.execution(newest)["variables"] == [{"name": "Color", "resolvedValue": "blue"}]


def test_a_rule_whose_role_may_not_start_pipelines_starts_none(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.ended(bench.create(*TWO))
    role = starter(bench, "codepipeline:GetPipeline")
    rule(bench, {"Arn": ARN, "RoleArn": role}, {"source": ["test.shop"]}, "deploys")
    say_deploy(bench)
    wait_until(lambda: "codepipeline:StartPipelineExecution" in caplog.text)
    assert len(bench.executions()) == 1


def test_an_input_that_a_start_can_not_take_is_refused(bench: Bench) -> None:
    service = bench.cloud.core.services["codepipeline"]
    with pytest.raises(ServiceError, match="variables"):
        service.target_request("pipe", {"variables": [{"name": "no spaces", "value": "1"}]})
    assert service.target_request("pipe", "text") == {"name": "pipe"}
    assert service.target_request("pipe", {"source": "test.shop", "detail": {}}) == {"name": "pipe"}
