"""What our services tell, EventBridge passes on: to queues, topics and our own services, with the target's role."""

import json
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cicdlab.cloud.core import ACCOUNT
from cicdlab.cloud.events import Events, Happening
from cicdlab.cloud.server import Server, Settings

from ..conftest import RunningCloud
from ..goods import MACHINE, make_role, trust_in
from ..waiting import wait_until

REGION = "us-east-1"


@pytest.fixture(scope="module")
def one_cloud() -> Iterator[RunningCloud]:
    with Server(Settings(port=0)) as server:
        yield RunningCloud(server)


@pytest.fixture
def cloud(one_cloud: RunningCloud) -> RunningCloud:
    one_cloud.core.reset()
    return one_cloud


def happening(cloud: RunningCloud, **detail: Any) -> Happening:
    now = cloud.core.clock.now()
    return Happening(ACCOUNT, REGION, "aws.codebuild", "CodeBuild Build State Change", detail, ("arn:x",), now)


def rule(cloud: RunningCloud, target: dict[str, str], pattern: dict[str, Any] | None = None) -> Any:
    events = cloud.client("events")
    events.put_rule(Name="told", EventPattern=json.dumps(pattern or {"source": ["aws.codebuild"]}))
    events.put_targets(Rule="told", Targets=[{"Id": "1", **target}])
    return events


def queue(cloud: RunningCloud, name: str = "heard") -> tuple[str, str]:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def messages(cloud: RunningCloud, url: str) -> list[dict[str, Any]]:
    got = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [json.loads(each["Body"]) for each in got.get("Messages", [])]


def test_what_a_service_tells_reaches_a_queue_with_awss_members(cloud: RunningCloud) -> None:
    url, arn = queue(cloud)
    rule(cloud, {"Arn": arn})

    cloud.core.events.tell(happening(cloud, **{"build-status": "FAILED"}))
    cloud.core.events.settle()

    (event,) = messages(cloud, url)
    assert event["detail"] == {"build-status": "FAILED"}
    assert (event["source"], event["detail-type"], event["account"], event["region"], event["resources"]) == (
        "aws.codebuild",
        "CodeBuild Build State Change",
        ACCOUNT,
        REGION,
        ["arn:x"],
    )
    assert event["time"].startswith("2026-11-02T09:00:00")


def test_what_a_pattern_does_not_match_does_not_arrive(cloud: RunningCloud) -> None:
    url, arn = queue(cloud)
    rule(cloud, {"Arn": arn}, {"detail": {"build-status": ["FAILED"]}})

    for status in ("SUCCEEDED", "FAILED"):
        cloud.core.events.tell(happening(cloud, **{"build-status": status}))
    cloud.core.events.settle()

    assert [event["detail"]["build-status"] for event in messages(cloud, url)] == ["FAILED"]


@pytest.mark.parametrize(("branch", "fits"), [("main", True), ("draft", False)])
def test_a_pattern_can_be_tried_on_an_event(cloud: RunningCloud, branch: str, fits: bool) -> None:
    pattern = json.dumps({"source": ["aws.codecommit"], "detail": {"referenceName": ["main"]}})
    about = {"id": "1", "detail-type": "push", "source": "aws.codecommit", "account": ACCOUNT, "region": REGION}
    event = {**about, "time": "2026-11-25T12:00:00Z", "resources": [], "detail": {"referenceName": branch}}
    answer = cloud.client("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(event))
    assert answer["Result"] is fits


@pytest.mark.parametrize(("pattern", "event"), [("{}", "{}"), ("{}", "no JSON"), ("{}", "[]"), ("no JSON", "{}")])
def test_what_is_no_event_or_no_pattern_cannot_be_tried(cloud: RunningCloud, pattern: str, event: str) -> None:
    with pytest.raises(ClientError) as error:
        cloud.client("events").test_event_pattern(EventPattern=pattern, Event=event)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_disabled_rule_sends_nothing(cloud: RunningCloud) -> None:
    url, arn = queue(cloud)
    events = rule(cloud, {"Arn": arn})
    events.disable_rule(Name="told")

    cloud.core.events.tell(happening(cloud))
    cloud.core.events.settle()

    assert messages(cloud, url) == []


def test_a_topic_gets_the_event_and_passes_it_on(cloud: RunningCloud) -> None:
    url, arn = queue(cloud)
    topic = cloud.client("sns").create_topic(Name="news")["TopicArn"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    rule(cloud, {"Arn": topic})

    cloud.core.events.tell(happening(cloud, reason="told"))
    cloud.core.events.settle()

    (note,) = messages(cloud, url)
    assert json.loads(note["Message"])["detail"] == {"reason": "told"}


def test_a_log_group_gets_the_event(cloud: RunningCloud) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/events")
    rule(cloud, {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/events"})

    cloud.core.events.tell(happening(cloud, reason="told"))
    cloud.core.events.settle()

    (written,) = logs.filter_log_events(logGroupName="/events")["events"]
    assert json.loads(written["message"])["detail"] == {"reason": "told"}


def test_a_rule_reaches_the_cloud_that_was_asked_and_no_other_of_the_process(cloud: RunningCloud) -> None:
    role = make_role(cloud.client("iam"), "rules", trust_in({"Service": "events.amazonaws.com"}))
    arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/demo"
    builder = make_role(cloud.client("iam"))
    source = {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: ['true']}}\n"}
    cloud.client("codebuild").create_project(
        name="demo", source=source, artifacts={"type": "NO_ARTIFACTS"}, environment=MACHINE, serviceRole=builder
    )
    with Server(Settings(port=0)):
        rule(cloud, {"Arn": arn, "RoleArn": role}, {"source": ["course"]})
        cloud.client("events").put_events(Entries=[{"Source": "course", "DetailType": "Asked", "Detail": "{}"}])
        wait_until(lambda: cloud.client("codebuild").list_builds()["ids"])
    cloud.client("events").put_events(Entries=[{"Source": "course", "DetailType": "Asked", "Detail": "{}"}])
    wait_until(lambda: len(cloud.client("codebuild").list_builds()["ids"]) == 2)


def test_a_target_that_nothing_would_reach_is_refused(cloud: RunningCloud) -> None:
    with pytest.raises(ClientError, match="no event would arrive"):
        rule(cloud, {"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody"})


def test_whoever_waits_looks_again_after_each_event(cloud: RunningCloud) -> None:
    events, seen, found = Events(lambda *_, **__: None, lambda *_: False), [], []

    def look() -> int | None:
        seen.append(len(seen))
        return 3 if len(seen) == 3 else None

    waiter = Thread(target=lambda: found.append(events.wait_for(look, Event())))
    waiter.start()
    for number in (1, 2):
        wait_until(lambda number=number: len(seen) >= number)
        events.tell(happening(cloud))
    waiter.join(10)

    assert found == [3]
    events.close()


def test_whoever_waits_can_be_stopped(cloud: RunningCloud) -> None:
    events, stopped, found = Events(lambda *_, **__: None, lambda *_: False), Event(), []
    waiter = Thread(target=lambda: found.append(events.wait_for(lambda: None, stopped)))
    waiter.start()

    stopped.set()
    events.wake()
    waiter.join(10)

    assert found == [None]
    events.close()
