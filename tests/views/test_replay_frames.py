"""A finished run as frames."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicdlab.views import DeploymentView, PipelineView
from cicdlab.views.replay import Item, between, frames, moments

from . import deployments, pipelines

START = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def standings(replay: dict[str, Any]) -> list[list[str]]:
    """How every item stands in each frame, as a browser works it out."""
    now, result = list(replay["first"]), []
    for frame in replay["frames"]:
        for item, place in zip(frame["set"][::2], frame["set"][1::2], strict=True):
            now[item] = place
        result.append([replay["looks"][place][1] for place in now])
    return result


def test_each_time_at_which_something_began_or_ended_is_a_frame() -> None:
    items = [
        between("Pending", after(0), after(2), "InProgress", "Succeeded"),
        between("Pending", after(2), after(5), "InProgress", "Failed"),
        Item("Pending"),
    ]
    replay = frames(items, lambda moment: "")
    assert [frame["after"] for frame in replay["frames"]] == ["0 s", "2 s", "5 s"]
    assert standings(replay) == [
        ["In progress", "Pending", "Pending"],
        ["Succeeded", "In progress", "Pending"],
        ["Succeeded", "Failed", "Pending"],
    ]


def test_what_took_no_time_has_ended_at_once() -> None:
    items = [
        between("Pending", after(1), after(1), "InProgress", "Succeeded"),
        between("Pending", after(0), None, "InProgress", ""),
    ]
    assert [moment.now for moment in moments(items)] == [("Pending", "InProgress"), ("Succeeded", "InProgress")]


def test_one_time_in_two_zones_is_one_frame() -> None:
    zone = timezone(timedelta(hours=5))
    items = [
        Item("Pending", ((after(0), "InProgress"),)),
        Item("Pending", ((after(0).astimezone(zone), "InProgress"), (after(9).astimezone(zone), "Failed"))),
    ]
    replay = frames(items, lambda moment: "")
    assert [(frame["at"], frame["after"]) for frame in replay["frames"]] == [("09:00:00", "0 s"), ("09:00:09", "9 s")]


@pytest.mark.parametrize("items", [[], [Item("Pending")], [Item("Pending", ((START, "Failed"),))]])
def test_a_run_without_two_frames_has_no_replay(items: list[Item]) -> None:
    assert frames(items, lambda moment: "") == {}


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from(["Succeeded", "Failed"])), max_size=8)
)
def test_every_item_ends_as_it_ended(spans: list[tuple[int, int, str]]) -> None:
    items = [between("Pending", after(s), after(s + t), "InProgress", status) for s, t, status in spans]
    replay = frames(items, lambda moment: "")
    times = {s for s, _, _ in spans} | {s + t for s, t, _ in spans}
    assert len(replay.get("frames", [])) == (len(times) if len(times) > 1 else 0)
    if replay:
        assert standings(replay)[-1] == [status for _, _, status in spans]


def test_a_deployment_is_replayed_event_by_event() -> None:
    replay = DeploymentView(*deployments.failed()).replay
    assert [frame["after"] for frame in replay["frames"]] == ["0 s", "2 s", "4 s", "6 s", "8 s", "10 s", "12 s", "14 s"]
    seen = standings(replay)
    first = [row[2:9] for row in seen]  # the events of the first instance; before them: the deployment, the instance
    assert first[0] == ["In progress", *["Pending"] * 6]
    assert first[5] == [*["Succeeded"] * 5, "In progress", "Pending"]
    assert first[-1] == [*["Succeeded"] * 5, "Failed", "Skipped"]
    never = [row[9:17] for row in seen]  # the second instance and its events
    assert never == [["Pending"] * 8] * 7 + [["Skipped"] * 8], "it is given up when the deployment ends"
    assert [(row[0], row[1]) for row in (seen[0], seen[-2], seen[-1])] == [
        ("In progress", "In progress"),
        ("In progress", "Failed"),
        ("Failed", "Failed"),
    ]


def test_each_step_of_a_deployment_says_what_happens_and_how_many_targets_stand_how() -> None:
    replay = DeploymentView(*deployments.succeeded()).replay
    first, second = replay["frames"][:2]
    assert first["say"] == "ApplicationStop begins on i-00000000000000000; the deployment begins."
    assert first["texts"] == {"overview": "2 pending · 1 in progress"}
    assert second["say"] == (
        "ApplicationStop succeeds on i-00000000000000000; DownloadBundle begins on i-00000000000000000."
    )
    assert "texts" not in second
    assert replay["frames"][-1]["texts"] == {"overview": "3 succeeded"}
    assert replay["frames"][-1]["say"].endswith("the deployment succeeds.")


def test_events_that_go_on_side_by_side_are_counted() -> None:
    targets = [deployments.target(number) for number in range(3)]
    replay = DeploymentView(deployments.deployment(seconds=14), targets).replay
    assert replay["frames"][3]["say"] == "BeforeInstall succeeds on 3 targets; Install begins on 3 targets."


def test_a_pipeline_is_replayed_action_by_action() -> None:
    replay = PipelineView(*pipelines.succeeded()).replay
    # Execution; Source, its action; Build, its three; Approve, its action; Deploy, its action.
    names = ["", "Source", "Source", "Build", "Test", "Lint", "Package", "Approve", "Release", "Deploy", "Deploy"]
    seen = standings(replay)
    at = {frame["after"]: state for frame, state in zip(replay["frames"], seen, strict=True)}
    assert len(seen[0]) == len(names)
    assert at["14 s"][3:7] == ["In progress", "In progress", "Succeeded", "Not run"]
    assert at["41 s"][7:9] == ["In progress", "Waiting for approval"]
    assert at["1 min 11 s"][7:9] == ["Succeeded", "Succeeded"]
    assert set(seen[-1]) == {"Succeeded"}
    said = {frame["after"]: frame["say"] for frame in replay["frames"]}
    assert said["41 s"] == "Approve begins; Release waits for an approval."


def test_what_an_execution_did_not_reach_stays_as_it_is() -> None:
    seen = standings(PipelineView(*pipelines.failed()).replay)
    assert {tuple(row[7:]) for row in seen} == {("Not run", "Not run", "Succeeded", "Succeeded")}
    assert seen[-1][:5] == ["Failed", "Succeeded", "Succeeded", "Failed", "Failed"]


def test_a_pipeline_that_waits_for_an_approval_is_replayed_until_there() -> None:
    seen = standings(PipelineView(*pipelines.waiting()).replay)
    assert seen[-1][0] == "In progress"
    assert seen[-1][7:9] == ["In progress", "Waiting for approval"]


def test_a_retried_action_runs_twice() -> None:
    pipeline, state, execution, details = pipelines.failed()
    again = {"stageName": "Build", "actionName": "Test", "status": "Succeeded", "startTime": pipelines.at(60)}
    again |= {"lastUpdateTime": pipelines.at(70), "actionExecutionId": "a-again"}
    seen = standings(PipelineView(pipeline, state, execution, [again, *details]).replay)
    test = [row[4] for row in seen]
    assert [status for status, _ in groupby(test)] == ["Not run", "In progress", "Failed", "In progress", "Succeeded"]


@pytest.mark.parametrize(
    "view", [lambda: DeploymentView(*deployments.running()), lambda: PipelineView(*pipelines.running())]
)
def test_what_still_runs_has_no_replay(view: Any) -> None:
    assert view().replay == {}
