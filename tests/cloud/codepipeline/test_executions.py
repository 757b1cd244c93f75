"""Executions through the endpoint: what runs, what is seen of it, and what comes out the same every time."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ...waiting import wait_until
from .bench import Bench, action, approval, build, site, source, stage

TWO = (stage("Source", source()), stage("Deploy", site()))


def test_a_pipeline_publishes_what_its_source_has(bench: Bench) -> None:
    execution_id = bench.create()
    assert "index.html" not in bench.keys("site")
    bench.answer()
    assert bench.ended(execution_id)["status"] == "Succeeded"
    assert bench.body("site", "index.html") == b"hello"
    states = [
        each["latestExecution"]["status"] for each in bench.codepipeline.get_pipeline_state(name="pipe")["stageStates"]
    ]
    assert states == ["Succeeded"] * 3


def test_an_execution_shows_what_its_source_brought(bench: Bench) -> None:
    version = bench.put({"index.html": "second"})
    ended = bench.ended(bench.create(*TWO))
    (revision,) = ended["artifactRevisions"]
    assert (revision["name"], revision["revisionId"]) == ("App", version)
    assert bench.executions()[0]["sourceRevisions"][0]["actionName"] == "Fetch"
    (state,) = bench.stage("Source")["actionStates"]
    assert state["currentRevision"]["revisionId"] == version


def test_artifacts_have_awss_keys(bench: Bench) -> None:
    name, output = "a-pipeline-with-a-long-name", "ArtifactOfTheSource"
    deploy = action("Publish", "Deploy", "S3", {"BucketName": "site", "Extract": "true"}, (output,))
    execution_id = bench.create(stage("Source", source(output=output)), stage("Deploy", deploy), name=name)
    bench.ended(execution_id, name)
    (key,) = bench.keys("store")
    assert re.fullmatch(r"a-pipeline-with-a-lo/ArtifactOf/[0-9A-Za-z]{7}", key)
    written = bench.run("Fetch", name)["output"]["outputArtifacts"]
    assert written == bench.run("Publish", name)["input"]["inputArtifacts"]
    assert written == [{"name": output, "s3location": {"bucket": "store", "key": key}}]


def test_every_execution_has_artifacts_of_its_own(bench: Bench) -> None:
    bench.ended(bench.create(*TWO))
    bench.ended(bench.start())
    assert len(set(bench.keys("store"))) == 2


def test_a_failed_action_says_why_and_stops_the_execution(bench: Bench) -> None:
    execution_id = bench.create(stage("Source", source(key="none.zip")), stage("Deploy", site()))
    assert bench.ended(execution_id)["status"] == "Failed"
    code, message = bench.error("Fetch")
    assert code == "ConfigurationError"
    assert "none.zip" in message
    assert bench.latest("Source", "Fetch")["errorDetails"]["message"] == message
    assert bench.latest("Deploy", "Publish") == {}
    assert bench.stage("Source")["latestExecution"]["status"] == "Failed"


def test_ids_and_times_are_the_same_on_every_run(bench: Bench) -> None:
    def once() -> list[Any]:
        bench.cloud.core.reset()
        bench.prepare()
        bench.ended(bench.create(*TWO))
        bench.ended(bench.start())
        return [
            *[(each["pipelineExecutionId"], each["startTime"], each["lastUpdateTime"]) for each in bench.executions()],
            *[(each["actionExecutionId"], each["startTime"], each["lastUpdateTime"]) for each in bench.runs()],
            *bench.keys("store"),
        ]

    assert once() == once()


def test_a_start_may_be_repeated_with_its_token(bench: Bench) -> None:
    bench.ended(bench.create(*TWO))
    first = bench.start(clientRequestToken="once")
    assert bench.start(clientRequestToken="once") == first
    bench.ended(first)
    assert bench.start(clientRequestToken="once") == first
    assert bench.start(clientRequestToken="twice") != first
    with pytest.raises(ClientError, match="ValidationException"):
        bench.start(clientRequestToken="once", sourceRevisions=[])


def test_a_start_says_who_it_was(bench: Bench) -> None:
    bench.ended(bench.create(*TWO))
    bench.start()
    trigger = bench.executions()[0]["trigger"]
    assert trigger["triggerType"] == "StartPipelineExecution"
    assert trigger["triggerDetail"].endswith(":root")


def test_a_waiting_execution_is_shown_in_front_of_its_stage(bench: Bench) -> None:
    first = bench.create()
    bench.token()
    second = bench.start()
    wait_until(lambda: bench.stage("Approve").get("inboundExecution"))
    shown = bench.stage("Approve")
    assert shown["inboundExecution"]["pipelineExecutionId"] == second
    assert shown["latestExecution"]["pipelineExecutionId"] == first
    third = bench.start()
    assert bench.ended(second)["status"] == "Superseded"
    bench.answer()
    bench.ended(first)
    bench.answer()
    assert bench.ended(third)["status"] == "Succeeded"


def test_executions_are_listed_latest_first_and_by_the_stage_they_passed(bench: Bench) -> None:
    first = bench.create()
    bench.answer("Rejected")
    bench.ended(first)
    second = bench.start()
    bench.answer()
    bench.ended(second)
    assert [each["pipelineExecutionId"] for each in bench.executions()] == [second, first]
    list_executions = bench.codepipeline.list_pipeline_executions
    passed = list_executions(pipelineName="pipe", filter={"succeededInStage": {"stageName": "Approve"}})
    assert [each["pipelineExecutionId"] for each in passed["pipelineExecutionSummaries"]] == [second]
    page = list_executions(pipelineName="pipe", maxResults=1)
    assert len(page["pipelineExecutionSummaries"]) == 1
    rest = list_executions(pipelineName="pipe", nextToken=page["nextToken"])["pipelineExecutionSummaries"]
    assert [each["pipelineExecutionId"] for each in rest] == [first]


def test_action_executions_are_filtered_by_execution(bench: Bench) -> None:
    first = bench.create(*TWO)
    bench.ended(first)
    second = bench.start()
    bench.ended(second)
    assert [each["actionName"] for each in bench.runs()] == ["Fetch", "Publish"] * 2
    assert {each["pipelineExecutionId"] for each in bench.runs(execution_id=second)} == {second}
    latest = {"latestInPipelineExecution": {"pipelineExecutionId": first, "startTimeRange": "Latest"}}
    answer = bench.codepipeline.list_action_executions(pipelineName="pipe", filter=latest)
    assert {each["pipelineExecutionId"] for each in answer["actionExecutionDetails"]} == {first}
    with pytest.raises(ClientError, match="PipelineExecutionNotFoundException"):
        bench.runs(execution_id="11111111-1111-4111-8111-111111111111")
    with pytest.raises(ClientError, match="PipelineExecutionNotFoundException"):
        bench.execution("11111111-1111-4111-8111-111111111111")


def test_a_build_between_source_and_deployment(bench: Bench) -> None:
    bench.project("grep -q hello index.html")
    execution_id = bench.create(stage("Source", source()), stage("Build", build()), stage("Deploy", site()))
    assert bench.ended(execution_id)["status"] == "Succeeded"
    assert bench.run("Make")["output"]["executionResult"]["externalExecutionId"].startswith("demo:")


def test_a_failing_test_keeps_the_old_version(bench: Bench) -> None:
    bench.project("grep -q hello index.html")
    execution_id = bench.create(stage("Source", source()), stage("Build", build()), stage("Deploy", site()))
    bench.ended(execution_id)
    bench.put({"index.html": "broken"})
    assert bench.ended(bench.start())["status"] == "Failed"
    assert bench.body("site", "index.html") == b"hello"
    assert bench.stage("Build")["latestExecution"]["status"] == "Failed"


def test_a_start_may_choose_the_revision_of_a_source(bench: Bench) -> None:
    old = bench.put({"index.html": "old"})
    bench.put({"index.html": "new"})
    bench.ended(bench.create(*TWO, pipelineType="V2"))
    chosen = [{"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": old}]
    assert bench.ended(bench.start(sourceRevisions=chosen))["status"] == "Succeeded"
    assert bench.body("site", "index.html") == b"old"


def test_a_revision_is_chosen_for_a_source_that_is_there_and_can_be_told(bench: Bench) -> None:
    bench.create(*TWO, pipelineType="V2")
    wrong = [{"actionName": "Other", "revisionType": "COMMIT_ID", "revisionValue": "1"}]
    with pytest.raises(ClientError, match="has no source action Other"):
        bench.start(sourceRevisions=wrong)
    image = [{"actionName": "Fetch", "revisionType": "IMAGE_DIGEST", "revisionValue": "1"}]
    with pytest.raises(ClientError, match="IMAGE_DIGEST is not simulated"):
        bench.start(sourceRevisions=image)


def test_only_pipelines_of_type_v2_let_revisions_be_chosen(bench: Bench) -> None:
    bench.create(*TWO)
    chosen = [{"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "1"}]
    with pytest.raises(ClientError, match="type V2"):
        bench.start(sourceRevisions=chosen)


def test_a_disabled_transition_keeps_executions_out_until_it_is_enabled(bench: Bench) -> None:
    first = bench.create(*TWO)
    bench.ended(first)
    place = {"pipelineName": "pipe", "stageName": "Deploy", "transitionType": "Inbound"}
    bench.codepipeline.disable_stage_transition(**place, reason="Not on Fridays")
    second = bench.start()
    wait_until(lambda: bench.stage("Deploy").get("inboundExecution"))
    state = bench.stage("Deploy")["inboundTransitionState"]
    assert (state["enabled"], state["disabledReason"]) == (False, "Not on Fridays")
    third = bench.start()
    assert bench.ended(second)["status"] == "Superseded"
    bench.codepipeline.enable_stage_transition(**place)
    assert bench.ended(third)["status"] == "Succeeded"
    assert bench.stage("Deploy")["inboundTransitionState"]["enabled"]


def test_a_transition_out_of_a_stage_can_be_disabled_too(bench: Bench) -> None:
    bench.ended(bench.create(*TWO))
    place = {"pipelineName": "pipe", "stageName": "Source", "transitionType": "Outbound"}
    bench.codepipeline.disable_stage_transition(**place, reason="wait")
    second = bench.start()
    wait_until(lambda: bench.stage("Deploy").get("inboundExecution"))
    bench.codepipeline.enable_stage_transition(**place)
    assert bench.ended(second)["status"] == "Succeeded"
    with pytest.raises(ClientError, match="StageNotFoundException"):
        bench.codepipeline.enable_stage_transition(pipelineName="pipe", stageName="No", transitionType="Inbound")


def test_actions_of_the_same_number_wait_beside_each_other(bench: Bench) -> None:
    asks = stage("Approve", approval("A"), approval("B"), approval("C", runOrder=2))
    execution_id = bench.create(stage("Source", source()), asks)
    tokens = {name: bench.token("Approve", name) for name in "AB"}
    assert bench.latest("Approve", "C") == {}
    for name, token in tokens.items():
        bench.answer(token=token, action_name=name)
    bench.answer(action_name="C")
    assert bench.ended(execution_id)["status"] == "Succeeded"
