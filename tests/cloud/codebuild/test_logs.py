import re
from time import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cicdlab.cloud.codebuild.logs import EVENT_OVERHEAD, MAX_BATCH, MAX_EVENTS, batches, pieces

from ...waiting import wait_until
from .conftest import Bench, phase, reason, spec, states


def test_the_log_is_where_aws_puts_it_and_the_build_says_so(bench: Bench) -> None:
    build = bench.run(spec(build=["echo hello"]))
    uuid = build["id"].partition(":")[2]
    logs = build["logs"]
    assert (logs["groupName"], logs["streamName"]) == ("/aws/codebuild/demo0", uuid)
    assert logs["cloudWatchLogsArn"] == (
        f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/codebuild/demo0:log-stream:{uuid}"
    )
    assert logs["deepLink"].endswith(f"$252Faws$252Fcodebuild$252Fdemo0/log-events/{uuid}")
    assert bench.output(build) == ["hello"]


def test_group_and_stream_may_be_named(bench: Bench) -> None:
    config = {"cloudWatchLogs": {"status": "ENABLED", "groupName": "mine", "streamName": "builds"}}
    build = bench.run(spec(build=["echo hello"]), logsConfig=config)
    uuid = build["id"].partition(":")[2]
    assert (build["logs"]["groupName"], build["logs"]["streamName"]) == ("mine", f"builds/{uuid}")
    assert bench.output(build) == ["hello"]


def test_logs_may_be_switched_off(bench: Bench) -> None:
    build = bench.run(spec(build=["echo hello"]), logsConfig={"cloudWatchLogs": {"status": "DISABLED"}})
    assert build["buildStatus"] == "SUCCEEDED"
    assert "groupName" not in build["logs"]
    assert bench.client("logs").describe_log_groups()["logGroups"] == []


def test_an_existing_group_is_used(bench: Bench) -> None:
    bench.client("logs").create_log_group(logGroupName="/aws/codebuild/demo0")
    assert bench.output(bench.run(spec(build=["echo hello"]))) == ["hello"]


def test_a_log_that_can_not_be_opened_fails_provisioning(bench: Bench) -> None:
    config = {"cloudWatchLogs": {"status": "ENABLED", "groupName": "x" * 513}}
    build = bench.run(spec(build=["echo hello"]), logsConfig=config)
    code, message = reason(build, "PROVISIONING")
    assert code == "ACCESS_DENIED"
    assert "does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams" in message
    assert list(states(build))[-3:] == ["PROVISIONING", "FINALIZING", "COMPLETED"]


def test_the_agents_lines_show_the_builds_time_and_events_the_real_one(bench: Bench) -> None:
    before = time() * 1000
    build = bench.run(spec(build=["echo hello"]))
    start = phase(build, "BUILD")["startTime"]
    line = next(event for event in bench.events(build) if "Running command" in event)
    assert re.fullmatch(
        rf"\[Container\] {start.astimezone(tz=None):%Y/%m/%d} \d\d:\d\d:\d\d\.\d{{6}} Running command echo hello\n",
        line,
    )
    logs = build["logs"]
    events = bench.client("logs").get_log_events(
        logGroupName=logs["groupName"], logStreamName=logs["streamName"], startFromHead=True
    )["events"]
    assert all(before - 1000 <= event["timestamp"] <= time() * 1000 + 1000 for event in events)


def test_the_log_can_be_read_while_a_command_runs(bench: Bench) -> None:
    bench.project("demo", spec(build=["echo early", "sleep 60"]), timeoutInMinutes=500)
    build_id = bench.start("demo")

    def seen() -> bool:
        build: dict[str, Any] = bench.get(build_id)
        return "groupName" in build["logs"] and "early" in bench.output(build)

    wait_until(seen)
    assert bench.get(build_id)["buildStatus"] == "IN_PROGRESS"
    bench.codebuild.stop_build(id=build_id)


def test_a_line_that_is_not_finished_is_not_lost(bench: Bench) -> None:
    assert bench.output(bench.run(spec(build=["printf one", "printf two"]))) == ["one", "two"]


def test_bytes_that_are_no_text_are_replaced(bench: Bench) -> None:
    assert bench.output(bench.run(spec(build=[r"printf 'a\377\376b\n'", "echo é"]))) == ["a\ufffd\ufffdb", "é"]


def test_a_lot_of_output_arrives_whole_and_in_order(bench: Bench) -> None:
    build = bench.run(spec(build=["seq 30000"]))
    assert bench.output(build) == [str(number) for number in range(1, 30001)]


def test_a_very_long_line_arrives_in_pieces(bench: Bench) -> None:
    build = bench.run(spec(build=["head -c 900000 /dev/zero | tr '\\0' x", "echo"]))
    assert "".join(bench.output(build)) == "x" * 900_000


def test_a_group_that_disappears_is_noted_in_the_build(bench: Bench) -> None:
    bench.project("demo", spec(build=["echo early", "sleep 1.5", "echo late"]), timeoutInMinutes=500)
    build_id = bench.start("demo")
    wait_until(lambda: "groupName" in bench.get(build_id)["logs"])
    bench.client("logs").delete_log_group(logGroupName="/aws/codebuild/demo")
    build = bench.ended(build_id)
    assert build["buildStatus"] == "SUCCEEDED"
    assert "could not be written to CloudWatch Logs" in reason(build, "FINALIZING")[1]


@given(st.lists(st.integers(0, 262_118), max_size=40) | st.just([1] * 25_000))
def test_batches_keep_to_the_limits_of_put_log_events(sizes: list[int]) -> None:
    events = [{"timestamp": number, "message": "x" * size} for number, size in enumerate(sizes)]
    made = list(batches(events))
    assert [event for batch in made for event in batch] == events
    for batch in made:
        assert 0 < len(batch) <= MAX_EVENTS
        assert sum(len(event["message"].encode()) + EVENT_OVERHEAD for event in batch) <= MAX_BATCH


@given(st.text(min_size=1, max_size=200), st.integers(4, 50))
def test_a_line_is_cut_between_characters(text: str, limit: int) -> None:
    text = text.encode(errors="replace").decode()
    made = list(pieces(text, limit))
    assert "".join(made) == text
    assert all(len(piece.encode()) <= limit for piece in made)
