"""The pipeline view as HTML, what a notebook stores of it, and what it asks CodePipeline."""

import json
import re
from typing import Any

import pytest

from cicdlab.views import PipelineView, ViewError

from ..waiting import wait_until
from . import pipelines
from .clients import Pipeline, Refusal

READS = {"GetPipeline", "GetPipelineState", "ListPipelineExecutions", "ListActionExecutions"}


def html(view: PipelineView) -> str:
    return str(view._repr_mimebundle_()[0]["text/html"])


def words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()


def ask(view: PipelineView, status: str = "Approved", action: str = "Release", comment: str = "Fine.") -> None:
    """Send what a browser sends when a reader answers."""
    content = {"kind": "approval", "stage": "Approve", "action": action, "status": status, "comment": comment}
    view._handle_custom_msg(content, [])


def test_the_fallback_is_a_table_with_every_action() -> None:
    text = html(PipelineView(*pipelines.failed())).split("</script>")[1]
    assert "<details>" in text and "<caption" in text and text.count('<th scope="row">') == 6
    said = words(text)
    for row in (
        "Source Source CodeCommit ✓ Succeeded 01234567: Greet in Dutch 09:00:03 UTC · took 2 s",
        f"Build Test CodeBuild ✗ Failed JobFailed: {pipelines.ERROR} Id orders-test:1a 09:00:24 UTC · took 20 s",
        "Build Package CodeBuild ○ Not run",
        "Deploy Deploy CodeDeploy ✓ Succeeded Id d-A1B2C3D4E",
    ):
        assert row in said


def test_the_fallback_says_where_an_approval_can_be_given_and_which_transition_is_closed() -> None:
    said = words(html(PipelineView(*pipelines.waiting())).split("</script>")[1])
    assert "Approving or rejecting needs the notebook" in said
    assert "The transition into Deploy is disabled: Friday." in said
    assert "needs the notebook" not in html(PipelineView(*pipelines.succeeded()))


def test_the_head_tells_the_execution_its_cause_and_its_revision() -> None:
    said = words(PipelineView(*pipelines.succeeded()).parts["head"])
    for part in (
        "Pipeline orders-pipeline ✓ Succeeded",
        "Execution 7a1b2c3d · Started 2026-11-02 09:00:00 UTC · by CloudWatchEvent on-push",
        "Revision 01234567: Greet in Dutch",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("answers", "news"),
    [
        (pipelines.succeeded, "Execution 7a1b2c3d of pipeline orders-pipeline: succeeded."),
        (pipelines.failed, "Execution 7a1b2c3d of pipeline orders-pipeline: failed in stage Build."),
        (pipelines.running, "Execution 7a1b2c3d of pipeline orders-pipeline is in progress: Build."),
        (
            pipelines.waiting,
            "Execution 7a1b2c3d of pipeline orders-pipeline waits for an approval: Release in stage Approve.",
        ),
        (
            lambda: (pipelines.pipeline(), {"stageStates": []}),
            "Pipeline orders-pipeline has not been started yet.",
        ),
    ],
)
def test_those_who_listen_hear_how_it_stands(answers: Any, news: str) -> None:
    assert PipelineView(*answers()).parts["news"] == news


def test_actions_of_one_run_order_stand_side_by_side() -> None:
    stages = PipelineView(*pipelines.succeeded()).parts["stages"]
    build = stages.split('aria-label="Stage Build"')[1].split("</li>")[0]
    rows = build.split('<div class="cicd-actions">')[1:]
    assert [re.findall(r'aria-label="Action (\w+)"', row) for row in rows] == [["Test", "Lint"], ["Package"]]


def test_transitions_and_who_waits_in_front_of_them_are_shown() -> None:
    stages = words(PipelineView(*pipelines.waiting()).parts["stages"])
    assert "↓ Execution 8b2c3d4e waits here Approve" in stages
    assert "⊘ Transition disabled: Friday Deploy" in stages
    assert "waits here" not in words(PipelineView(*pipelines.succeeded()).parts["stages"])


def test_a_stage_that_shows_another_execution_says_so() -> None:
    stages = words(PipelineView(*pipelines.failed()).parts["stages"])
    assert "Deploy ✓ Succeeded of execution 6f5e4d3c" in stages
    assert stages.count("of execution") == 1


def test_a_stopped_execution_says_why() -> None:
    pipeline, state, _, actions = pipelines.failed()
    stopped = pipelines.execution("Stopped", 30, stopTrigger={"reason": "Wrong branch"})
    head = words(PipelineView(pipeline, state, stopped, actions).parts["head"])
    assert "■ Stopped" in head and "Wrong branch" in head


def test_an_approvals_token_is_nowhere_on_the_page() -> None:
    assert pipelines.TOKEN not in html(PipelineView(*pipelines.waiting()))


def test_the_same_responses_give_the_same_output() -> None:
    outputs = [PipelineView(*pipelines.waiting())._repr_mimebundle_()[0] for _ in range(2)]
    for output in outputs:
        output.pop("application/vnd.jupyter.widget-view+json")
    assert outputs[0] == outputs[1]
    assert outputs[0]["text/plain"] == PipelineView.sentence


def test_the_state_is_json_that_the_page_module_reads() -> None:
    [payload] = re.findall(
        r'<script type="application/json">(.*?)</script>', html(PipelineView(*pipelines.succeeded())), re.DOTALL
    )
    state = json.loads(payload)["state"]
    assert state["parts"]["title"] == "Pipeline orders-pipeline"
    assert len(payload) < 20_000


def test_a_pipeline_is_read_page_by_page_and_by_reading_only() -> None:
    source = Pipeline(pipelines.succeeded(), at_once=2, other_executions=5)
    view = PipelineView.of(source.service.client, pipelines.NAME, pipelines.EXECUTION)
    assert view.parts == PipelineView(*pipelines.succeeded()).parts
    assert view.replay == PipelineView(*pipelines.succeeded()).replay
    assert source.service.operations == READS


def test_the_latest_execution_is_shown_when_none_is_named() -> None:
    source = Pipeline(pipelines.succeeded(), other_executions=1)
    assert "Execution later-0" in PipelineView.of(source.service.client, pipelines.NAME).parts["head"]


def test_what_does_not_exist_is_named() -> None:
    client = Pipeline(pipelines.succeeded()).service.client
    with pytest.raises(ViewError, match="There is no pipeline 'other'"):
        PipelineView.of(client, "other")
    with pytest.raises(ViewError, match="has no execution 'other'"):
        PipelineView.of(client, pipelines.NAME, "other")


@pytest.mark.parametrize("answers", [pipelines.succeeded, pipelines.failed, pipelines.waiting])
def test_watching_goes_on_until_the_end_or_an_approval(
    answers: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CICDLAB_RECORD", "1")
    source = Pipeline((*pipelines.running()[:2], {}, []))
    turns = iter([pipelines.running()])

    def state(asked: dict[str, Any]) -> dict[str, Any]:
        answer = source.answers[1]
        source.answers = next(turns, answers())
        return answer

    source.service.answers["GetPipelineState"] = state
    PipelineView.watch(source.service.client, pipelines.NAME)
    assert capsys.readouterr().out.count("PipelineView object") == 1
    assert source.service.operations == READS


def test_watching_ends_when_the_time_is_over() -> None:
    source = Pipeline(pipelines.running())
    with pytest.raises(ViewError, match=r"has not come to an end after 0 s: stop it with stop_pipeline_execution\(\)"):
        PipelineView.watch(source.service.client, pipelines.NAME, timeout=0)


@pytest.mark.parametrize("status", ["Approved", "Rejected"])
def test_an_answer_is_given_with_the_token_and_the_view_goes_on(status: str) -> None:
    source = Pipeline(pipelines.waiting())
    view = PipelineView.of(source.service.client, pipelines.NAME)
    ask(view, status, comment="Seen.")
    [given] = [asked for operation, asked in source.service.asked if operation == "PutApprovalResult"]
    assert given == {
        "pipelineName": pipelines.NAME,
        "stageName": "Approve",
        "actionName": "Release",
        "result": {"status": status, "summary": "Seen."},
        "token": pipelines.TOKEN,
    }
    assert view.notice == f"{status}: Release in stage Approve."
    assert "Waiting for approval" in view.parts["stages"], "the pipeline has not taken it yet"
    source.answers = pipelines.succeeded()
    wait_until(lambda: view.parts["news"].endswith("succeeded."), "the view follows the pipeline to its end")
    wait_until(lambda: not view._follower.is_alive())  # type: ignore[union-attr]
    assert view.replay == PipelineView(*pipelines.succeeded()).replay


def test_a_refused_answer_is_told_and_can_be_tried_again() -> None:
    source = Pipeline(pipelines.waiting())

    def refuse(asked: dict[str, Any]) -> dict[str, Any]:
        raise Refusal("InvalidApprovalTokenException", "The token is not right.")

    source.approve = refuse
    view = PipelineView.of(source.service.client, pipelines.NAME)
    told: list[str] = []
    view.observe(lambda change: told.append(change["new"]), "notice")
    for _ in range(2):
        ask(view)
    said = "AWS refuses PutApprovalResult: The token is not right."
    assert told == [said, "", said]
    assert "Waiting for approval" in view.parts["stages"]


def test_what_does_not_wait_cannot_be_approved() -> None:
    source = Pipeline(pipelines.waiting())
    view = PipelineView.of(source.service.client, pipelines.NAME)
    ask(view, action="Deploy")
    assert view.notice == "Deploy in stage Approve waits for no approval any more: run the cell again."
    still = PipelineView(*pipelines.waiting())
    ask(still)
    assert "waits for no approval" in still.notice
    assert "PutApprovalResult" not in source.service.operations


@pytest.mark.parametrize(
    "content", [None, [], {}, {"kind": "other"}, {"kind": "approval"}, {"kind": "approval", "stage": 3}]
)
def test_a_strange_message_does_nothing(content: Any) -> None:
    source = Pipeline(pipelines.waiting())
    view = PipelineView.of(source.service.client, pipelines.NAME)
    view._handle_custom_msg(content, [])
    assert "PutApprovalResult" not in source.service.operations


def test_a_long_comment_is_cut_to_what_the_service_takes() -> None:
    source = Pipeline(pipelines.waiting())
    ask(PipelineView.of(source.service.client, pipelines.NAME), comment="x" * 2000)
    [given] = [asked for operation, asked in source.service.asked if operation == "PutApprovalResult"]
    assert given["result"]["summary"] == "x" * 512
