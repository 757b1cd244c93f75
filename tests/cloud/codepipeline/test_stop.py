"""Stopping executions and deleting pipelines while something runs."""

import uuid

import pytest
from botocore.exceptions import ClientError

from ...waiting import marked, wait_until
from .bench import Bench, approval, build, site, source, stage


def building(bench: Bench) -> tuple[str, str]:
    """Return an execution whose build runs, and what marks the build's process."""
    token = f"mark-{uuid.uuid4()}"
    bench.project(f'sleep 600 {token} || sh -c "sleep 600; : {token}"')
    bench.create(stage("Source", source()), stage("Build", build()), stage("Deploy", site()))
    wait_until(lambda: marked(token), "the build runs")
    wait_until(lambda: bench.latest("Build", "Make").get("externalExecutionId"), "the build is shown")
    return bench.executions()[0]["pipelineExecutionId"], token


def build_of(bench: Bench) -> dict[str, str]:
    (build_id,) = bench.client("codebuild").list_builds()["ids"]
    return dict(bench.client("codebuild").batch_get_builds(ids=[build_id])["builds"][0])


def test_stop_waits_for_the_running_action(bench: Bench) -> None:
    execution_id, _ = building(bench)
    bench.stop(execution_id, reason="enough")
    assert bench.status(execution_id) == "Stopping"
    assert bench.stage("Build")["latestExecution"]["status"] == "Stopping"
    assert build_of(bench)["buildStatus"] == "IN_PROGRESS"
    bench.client("codebuild").stop_build(id=build_of(bench)["id"])
    assert bench.ended(execution_id)["status"] == "Stopped"
    assert bench.executions()[0]["stopTrigger"] == {"reason": "enough"}
    assert bench.latest("Deploy", "Publish") == {}


def test_stop_and_abandon_leaves_the_build_running(bench: Bench) -> None:
    execution_id, token = building(bench)
    bench.stop(execution_id, abandon=True)
    assert bench.status(execution_id) == "Stopped"
    assert bench.run("Make")["status"] == "Abandoned"
    assert build_of(bench)["buildStatus"] == "IN_PROGRESS"
    assert marked(token)
    bench.client("codebuild").stop_build(id=build_of(bench)["id"])
    wait_until(lambda: not marked(token))
    assert bench.run("Make")["status"] == "Abandoned"
    assert bench.status(execution_id) == "Stopped"


def test_a_second_stop_is_refused_unless_it_abandons(bench: Bench) -> None:
    execution_id = bench.create()
    bench.token()
    bench.stop(execution_id)
    with pytest.raises(ClientError, match="DuplicatedStopRequestException"):
        bench.stop(execution_id)
    bench.stop(execution_id, abandon=True)
    assert bench.status(execution_id) == "Stopped"
    with pytest.raises(ClientError, match="PipelineExecutionNotStoppableException"):
        bench.stop(execution_id, abandon=True)


def test_an_approval_that_is_answered_while_stopping_ends_the_execution(bench: Bench) -> None:
    execution_id = bench.create()
    token = bench.token()
    bench.stop(execution_id)
    bench.answer(token=token)
    assert bench.ended(execution_id)["status"] == "Stopped"
    assert bench.latest("Deploy", "Publish") == {}


def test_the_next_execution_gets_the_stage_of_a_stopped_one(bench: Bench) -> None:
    first = bench.create()
    bench.token()
    second = bench.start()
    wait_until(lambda: bench.stage("Approve").get("inboundExecution"))
    bench.stop(first, abandon=True)
    bench.answer()
    assert bench.ended(second)["status"] == "Succeeded"


def test_an_execution_that_waits_stops_at_once(bench: Bench) -> None:
    first = bench.create()
    bench.token()
    second = bench.start()
    wait_until(lambda: bench.stage("Approve").get("inboundExecution"))
    bench.stop(second)
    assert bench.status(second) == "Stopped"
    assert "inboundExecution" not in bench.stage("Approve")
    assert bench.status(first) == "InProgress"


def test_deleting_stops_the_build_that_runs(bench: Bench) -> None:
    _, token = building(bench)
    bench.codepipeline.delete_pipeline(name="pipe")
    wait_until(lambda: not marked(token), "the build's processes are gone")
    wait_until(lambda: build_of(bench)["buildStatus"] == "STOPPED")
    with pytest.raises(ClientError, match="PipelineNotFoundException"):
        bench.codepipeline.get_pipeline_state(name="pipe")


def test_deleting_stops_an_abandoned_build_too(bench: Bench) -> None:
    execution_id, token = building(bench)
    bench.stop(execution_id, abandon=True)
    bench.codepipeline.delete_pipeline(name="pipe")
    wait_until(lambda: not marked(token))


def test_a_reset_ends_everything(bench: Bench) -> None:
    _, token = building(bench)
    bench.cloud.core.reset()
    assert not marked(token)
    assert bench.codepipeline.list_pipelines()["pipelines"] == []


def test_a_pipeline_of_the_same_name_begins_anew(bench: Bench) -> None:
    old = bench.create()
    token = bench.token()
    bench.codepipeline.delete_pipeline(name="pipe")
    new = bench.create(stage("Source", source()), stage("Approve", approval()))
    assert new != old
    assert bench.token() != token
    with pytest.raises(ClientError, match="InvalidApprovalTokenException"):
        bench.answer(token=token)
