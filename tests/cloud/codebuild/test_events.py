"""What builds tell EventBridge, and what EventBridge asks of CodeBuild."""

import json
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import pytest

from cicdlab.cloud.codebuild import events as shapes

from ...goods import make_role, trust_in, zipped
from ...waiting import wait_until
from .conftest import Bench, spec, states

STATE, PHASE = "CodeBuild Build State Change", "CodeBuild Build Phase Change"


@pytest.fixture
def heard(bench: Bench) -> Bench:
    """Return a bench on which a queue gets every event of CodeBuild's."""
    sqs = bench.client("sqs")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    known = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    rule(bench, {"Arn": known["QueueArn"]}, {"source": ["aws.codebuild"]})
    return bench


def rule(bench: Bench, target: dict[str, str], pattern: dict[str, Any], name: str = "told") -> None:
    bench.client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    bench.client("events").put_targets(Rule=name, Targets=[{"Id": "1", **target}])


def told(bench: Bench, kind: str) -> list[dict[str, Any]]:
    """Return the events of a kind, in the order in which they came."""
    bench.cloud.core.events.settle()
    found: list[dict[str, Any]] = []
    sqs, url = bench.client("sqs"), bench.client("sqs").get_queue_url(QueueName="heard")["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(each["Body"]) for each in messages]
        for each in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    assert {event["detail-type"] for event in found} <= {STATE, PHASE}
    return [event for event in found if event["detail-type"] == kind]


def test_a_build_tells_when_it_begins_and_how_it_ends(heard: Bench) -> None:
    heard.bucket()
    heard.put("goods", "app.zip", zipped({"buildspec.yml": spec(build=["exit 1"])}))
    build = heard.run("", source={"type": "S3", "location": "goods/app.zip"})
    first, last = told(heard, STATE)
    assert (first["source"], first["resources"]) == ("aws.codebuild", [build["arn"]])
    detail = first["detail"]
    assert (detail["build-status"], detail["current-phase"]) == ("IN_PROGRESS", "SUBMITTED")
    assert (detail["project-name"], detail["build-id"], detail["version"]) == ("demo0", build["arn"], "1")
    assert detail["additional-information"]["build-complete"] is False
    detail = last["detail"]
    assert (detail["build-status"], detail["current-phase"]) == ("FAILED", "COMPLETED")
    told_of = detail["additional-information"]
    assert told_of["build-complete"] is True
    assert told_of["source"] == {"type": "S3", "location": "goods/app.zip"}
    assert (told_of["initiator"], told_of["timeout-in-minutes"]) == ("administrator", 60)
    assert told_of["build-start-time"] == "Nov 2, 2026 9:00:00 AM"
    assert told_of["environment"]["compute-type"] == "BUILD_GENERAL1_SMALL"
    assert (told_of["build-number"], told_of["queued-timeout-in-minutes"], told_of["artifact"]) == (
        1,
        480,
        {"location": ""},
    )
    assert told_of["logs"]["stream-name"] == build["logs"]["streamName"]
    assert [each["phase-type"] for each in told_of["phases"]] == list(states(build))
    failed = next(each for each in told_of["phases"] if each["phase-type"] == "BUILD")
    assert (failed["phase-status"], failed["phase-context"]) == (
        "FAILED",
        ["COMMAND_EXECUTION_ERROR: Error while executing command: exit 1. Reason: exit status 1"],
    )


def test_a_build_tells_of_every_phase_that_ends(heard: Bench) -> None:
    build = heard.run(spec(build=["true", "exit 3"]))
    details = [event["detail"] for event in told(heard, PHASE)]
    assert [(each["completed-phase"], each["completed-phase-status"]) for each in details] == list(
        states(build).items()
    )[:-1]
    (ended,) = [each for each in details if each["completed-phase"] == "BUILD"]
    assert ended["completed-phase-context"].startswith("[COMMAND_EXECUTION_ERROR: ")
    assert ended["completed-phase-duration-seconds"] == 2
    assert (ended["completed-phase-start"], ended["completed-phase-end"]) == (
        "Nov 2, 2026 9:00:08 AM",
        "Nov 2, 2026 9:00:10 AM",
    )
    assert [each["phase-type"] for each in ended["additional-information"]["phases"]][-1] == "BUILD"


def test_a_build_that_is_stopped_tells_it(heard: Bench) -> None:
    heard.project("demo", spec(build=["sleep 60"]), timeoutInMinutes=500)
    build_id = heard.start("demo")
    wait_until(lambda: heard.get(build_id)["currentPhase"] == "BUILD")
    heard.codebuild.stop_build(id=build_id)
    heard.ended(build_id)
    assert [event["detail"]["build-status"] for event in told(heard, STATE)] == ["IN_PROGRESS", "STOPPED"]


@pytest.mark.parametrize(
    ("hour", "shown"), [(0, "12:05:09 AM"), (9, "9:05:09 AM"), (12, "12:05:09 PM"), (23, "11:05:09 PM")]
)
def test_times_are_written_as_americans_do(hour: int, shown: str) -> None:
    assert shapes.moment(datetime(2026, 11, 2, hour, 5, 9, tzinfo=UTC)) == f"Nov 2, 2026 {shown}"


def test_whoever_waits_for_a_build_sees_it_complete_with_the_last_event(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cicdlab.cloud.events.LOOK_AGAIN", 1_000.0)  # only an event lets the waiter look
    bench.project("demo", spec(build=["sleep 0.3"]))
    build_id, found, stopped, events = bench.start("demo"), [], Event(), bench.cloud.core.events

    def look() -> dict[str, Any] | None:
        build = bench.get(build_id)
        return build if build["buildComplete"] else None

    waiter = Thread(target=lambda: found.append(events.wait_for(look, stopped)))
    waiter.start()
    waiter.join(30)
    stopped.set()
    events.wake()
    assert [(each["buildStatus"], each["currentPhase"]) for each in found] == [("SUCCEEDED", "COMPLETED")]


# --- CodeBuild as a target


def test_a_rule_starts_a_build_with_the_input_as_overrides(bench: Bench) -> None:
    project = bench.project("demo", spec(build=["echo $GREETING $CODEBUILD_INITIATOR"]))
    given = {"environmentVariablesOverride": [{"name": "GREETING", "value": "hello"}], "unknown": 1}
    target = {"Arn": project["arn"], "RoleArn": events_role(bench), "Input": json.dumps(given)}
    rule(bench, target, {"source": ["course"]}, "nightly")
    send(bench)
    build = bench.ended(first_build(bench))
    assert bench.output(build) == ["hello rule/nightly"]
    assert build["initiator"] == "rule/nightly"


def test_a_rule_without_an_input_starts_the_build_as_the_project_says(bench: Bench) -> None:
    project = bench.project("demo", spec(build=["echo project"]))
    rule(bench, {"Arn": project["arn"], "RoleArn": events_role(bench)}, {"source": ["course"]})
    send(bench)
    assert bench.output(bench.ended(first_build(bench))) == ["project"]


def test_a_rule_whose_role_may_not_start_builds_starts_none(bench: Bench) -> None:
    project, events = bench.project("demo"), bench.cloud.core.events
    denied = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    role = make_role(bench.client("iam"), "events", trust_in({"Service": "events.amazonaws.com"}), denied)
    rule(bench, {"Arn": project["arn"], "RoleArn": role}, {"source": ["course"]})
    send(bench)
    events.settle()
    wait_until(lambda: bench.cloud.core.access.enforcement.denials())
    assert bench.codebuild.list_builds()["ids"] == []


def test_an_input_that_start_build_can_not_take_is_refused(bench: Bench) -> None:
    from cicdlab.cloud.errors import ServiceError

    service = bench.cloud.core.services["codebuild"]
    for given in ({"timeoutInMinutesOverride": "ten"}, {"timeoutInMinutesOverride": 1}):
        with pytest.raises(ServiceError):
            service.target_request("demo", given)
    for given in ("text", ["a"], None, {"projectName": "other"}):
        assert service.target_request("demo", given) == {"projectName": "demo"}


def events_role(bench: Bench) -> str:
    return make_role(bench.client("iam"), "events", trust_in({"Service": "events.amazonaws.com"}))


def send(bench: Bench) -> None:
    bench.client("events").put_events(Entries=[{"Source": "course", "DetailType": "Asked", "Detail": "{}"}])


def first_build(bench: Bench) -> str:
    return str(wait_until(lambda: bench.codebuild.list_builds()["ids"])[0])
