"""The state machine alone: what happens first, what happens at the same moment, and that nothing is lost."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from .bench import approval, definition, site, source, stage
from .floor import Floor

LONG = definition(
    stage("Source", source(), source("Other", output="Second")),
    stage("Check", approval(), site("First"), site("Later", runOrder=2)),
    stage("Deploy", site()),
)


@pytest.fixture
def floor() -> Floor:
    return Floor()


def through_source(floor: Floor) -> str:
    """Return an execution that has left its source stage, or waits behind it."""
    execution_id = floor.arrive()
    floor.end(floor.run("Fetch"))
    return execution_id


def test_an_execution_goes_from_stage_to_stage(floor: Floor) -> None:
    execution_id = floor.arrive()
    assert floor.pipeline.stage("Source").occupant == execution_id
    floor.end(floor.run("Fetch"))
    assert floor.pipeline.stage("Source").occupant is None
    assert floor.pipeline.stage("Approve").occupant == execution_id
    floor.approve()
    floor.end(floor.run("Publish"))
    assert floor.status(execution_id) == "Succeeded"
    assert floor.execution(execution_id).succeeded_stages == ("Source", "Approve", "Deploy")


def test_a_stage_has_one_execution_and_the_next_waits(floor: Floor) -> None:
    first = through_source(floor)
    second = through_source(floor)
    assert floor.pipeline.stage("Approve").occupant == first
    assert floor.pipeline.stage("Approve").waiting == second
    assert len(floor.waiting_approvals()) == 1
    floor.approve()
    assert floor.pipeline.stage("Approve").occupant == second
    assert floor.pipeline.stage("Deploy").occupant == first


def test_a_newer_execution_supersedes_the_one_that_waits(floor: Floor) -> None:
    first, second, third = through_source(floor), through_source(floor), through_source(floor)
    assert floor.status(first) == "InProgress"
    assert floor.status(second) == "Superseded"
    assert floor.pipeline.stage("Approve").waiting == third
    assert third in str(floor.execution(second).status_summary)


def test_an_execution_in_front_of_the_source_is_superseded_too(floor: Floor) -> None:
    first, second, third = floor.arrive(), floor.arrive(), floor.arrive()
    assert [floor.status(each) for each in (first, second, third)] == ["InProgress", "Superseded", "InProgress"]


def test_actions_run_in_the_order_of_their_numbers_and_the_same_number_together() -> None:
    floor = Floor(
        definition(
            stage("Source", source()),
            stage("Deploy", site("C", runOrder=7), site("A", runOrder=2), site("B", runOrder=2)),
        )
    )
    floor.arrive()
    floor.end(floor.run("Fetch"))
    names = [floor.pipeline.runs[each].name for each in floor.launched]
    assert names == ["Fetch", "A", "B"]
    floor.end(floor.run("B"))
    assert len(floor.launched) == 3
    floor.end(floor.run("A"))
    assert floor.pipeline.runs[floor.launched[-1]].name == "C"


def test_a_failed_action_fails_stage_and_execution_and_gives_the_lock_back(floor: Floor) -> None:
    first = through_source(floor)
    second = through_source(floor)
    floor.approve(approved=False)
    assert floor.status(first) == "Failed"
    assert floor.pipeline.stage("Approve").occupant == second
    assert not floor.pipeline.stage("Deploy").latest


def test_the_others_of_a_group_end_before_the_stage_fails() -> None:
    floor = Floor(definition(stage("Source", source()), stage("Deploy", site("A"), site("B"), site("C", runOrder=2))))
    execution_id = through_source(floor)
    floor.end(floor.run("A"), fails=True)
    assert floor.status(execution_id) == "InProgress"
    floor.end(floor.run("B"))
    assert floor.status(execution_id) == "Failed"
    assert {floor.pipeline.runs[each].name for each in floor.launched} == {"Fetch", "A", "B"}


def test_stopping_waits_for_what_runs(floor: Floor) -> None:
    execution_id = floor.arrive()
    floor.stop(execution_id)
    assert floor.status(execution_id) == "Stopping"
    assert floor.pipeline.stage("Source").latest_status == "Stopping"
    floor.end(floor.run("Fetch"))
    assert floor.status(execution_id) == "Stopped"
    assert floor.pipeline.runs[floor.run("Fetch")].status == "Succeeded"
    assert not floor.pipeline.stage("Approve").latest


def test_abandoning_does_not_wait(floor: Floor) -> None:
    execution_id = floor.arrive()
    floor.stop(execution_id, abandon=True)
    assert floor.status(execution_id) == "Stopped"
    assert floor.abandoned == floor.launched
    assert floor.pipeline.runs[floor.launched[0]].status == "Abandoned"
    assert not floor.end(floor.launched[0])
    floor.check()


def test_who_waits_between_stages_stops_at_once(floor: Floor) -> None:
    first, second = through_source(floor), through_source(floor)
    floor.stop(second)
    assert floor.status(second) == "Stopped"
    assert floor.pipeline.stage("Approve").waiting is None
    assert floor.status(first) == "InProgress"


def test_abandoning_after_stopping_ends_the_wait(floor: Floor) -> None:
    execution_id = floor.arrive()
    floor.stop(execution_id)
    floor.stop(execution_id, abandon=True)
    assert floor.status(execution_id) == "Stopped"


def test_an_update_lets_running_actions_end_and_cancels_the_executions(floor: Floor) -> None:
    first = through_source(floor)
    waiting = through_source(floor)
    last = floor.arrive()
    floor.update()
    assert floor.status(first) == "Cancelled"
    assert floor.status(waiting) == "Cancelled"
    assert floor.status(last) == "InProgress"
    floor.end(floor.run("Fetch"))
    assert floor.status(last) == "Cancelled"
    floor.check()
    again = through_source(floor)
    assert floor.execution(again).pipeline_version == 2
    assert floor.pipeline.stage("Approve").occupant == again


def test_a_version_without_the_stage_that_is_held_does_not_keep_the_lock(floor: Floor) -> None:
    old = floor.arrive()
    floor.update(definition(stage("Begin", source()), stage("Deploy", site())))
    new = floor.arrive()
    assert floor.pipeline.stage("Begin").occupant == new
    floor.end(next(each for each in floor.launched if floor.pipeline.runs[each].pipeline_execution_id == old))
    floor.finish()
    assert floor.status(old) == "Cancelled"
    assert floor.status(new) == "Succeeded"
    floor.check()


def test_what_ends_after_the_pipeline_was_deleted_changes_nothing(floor: Floor) -> None:
    floor.arrive()
    floor.machine.delete(floor.store, floor.pipeline)
    assert not floor.end(floor.launched[0])
    assert floor.launched == floor.launched[:1]
    assert not floor.store.pipelines


def test_the_times_of_actions_beside_each_other_do_not_add_up() -> None:
    floor = Floor(definition(stage("Source", source()), stage("Deploy", site("A"), site("B"))))
    execution_id = through_source(floor)
    floor.end(floor.run("A"))
    floor.end(floor.run("B"))
    ends = [floor.pipeline.runs[floor.run(name)].last_update_time for name in "AB"]
    assert ends[0] == ends[1] == floor.execution(execution_id).last_update_time


def test_events_are_told_in_the_order_of_what_happens(floor: Floor) -> None:
    floor.arrive()
    floor.end(floor.run("Fetch"))
    told = [(each.detail_type.split()[1], each.detail["state"], each.detail.get("stage")) for each in floor.told]
    assert told[:7] == [
        ("Pipeline", "STARTED", None),
        ("Stage", "STARTED", "Source"),
        ("Action", "STARTED", "Source"),
        ("Action", "SUCCEEDED", "Source"),
        ("Stage", "SUCCEEDED", "Source"),
        ("Stage", "STARTED", "Approve"),
        ("Action", "STARTED", "Approve"),
    ]


@pytest.mark.parametrize("seed", range(200))
def test_whatever_happens_at_the_same_moment_loses_nothing(seed: int) -> None:
    chance = random.Random(seed)
    floor = Floor(LONG)
    first = floor.arrive()
    for run_id in floor.running():
        floor.end(run_id)
    at_once: list[Callable[[], object]] = [
        floor.arrive,
        floor.arrive,
        lambda: floor.approve(chance.random() < 0.7),
        lambda: floor.stop(first, abandon=chance.random() < 0.5),
    ]
    if chance.random() < 0.2:
        at_once.append(floor.update)
    chance.shuffle(at_once)
    while at_once or floor.running() or floor.waiting_approvals():
        choices: list[Callable[[], object]] = at_once[:1]
        choices += [lambda each=each: floor.end(each, chance.random() < 0.1) for each in floor.running()]  # type: ignore[misc]
        if not at_once and floor.waiting_approvals():
            choices.append(floor.approve)
        chosen = chance.choice(choices)
        if at_once and chosen is at_once[0]:
            at_once.pop(0)
        chosen()
        floor.check()
    assert len(floor.pipeline.executions) == 3
    assert not floor.pipeline.progress
    assert not any(each.occupant or each.waiting for each in floor.pipeline.stages.values())
    assert all(run.status != "InProgress" for run in floor.pipeline.runs.values())


@pytest.mark.parametrize("seed", range(20))
def test_threads_at_the_same_moment_lose_nothing(seed: int) -> None:
    chance = random.Random(seed)
    floor = Floor(LONG)
    first = floor.arrive()
    for run_id in floor.running():
        floor.end(run_id)
    begun = floor.running()
    at_once: list[Callable[[], object]] = [
        floor.arrive,
        floor.arrive,
        floor.approve,
        lambda: floor.stop(first, abandon=seed % 2 == 0),
        *[lambda each=each: floor.end(each) for each in begun],  # type: ignore[misc]
    ]
    chance.shuffle(at_once)
    barrier = Barrier(len(at_once))

    def together(act: Callable[[], object]) -> None:
        barrier.wait()
        act()

    with ThreadPoolExecutor(len(at_once)) as threads:
        for done in [threads.submit(together, act) for act in at_once]:
            done.result()
    floor.check()
    floor.finish()
    floor.check()
    assert len(floor.pipeline.executions) == 3
    assert not floor.pipeline.progress
