"""The deployment view as HTML, what a notebook stores of it, and what it asks CodeDeploy."""

import json
import re
from typing import Any

import boto3
import pytest
from botocore.config import Config

from cicdlab.views import DeploymentView, ViewError

from . import deployments
from .clients import Refusal, codedeploy


def html(view: DeploymentView) -> str:
    return str(view._repr_mimebundle_()[0]["text/html"])


def words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text.replace("<wbr>", ""))).strip()


def test_the_fallback_is_a_table_with_every_event_of_every_target() -> None:
    text = html(DeploymentView(*deployments.failed())).split("</script>")[1]
    assert text.count("<tr>") == 1 + 3 and '<th scope="col">' in text and '<th scope="row">' in text
    said = words(text)
    for name in deployments.EVENTS:
        assert f" {name} " in said
    assert "i-00000000000000000 ✗ Failed" + " ✓ Succeeded" * 5 + " ✗ Failed – Skipped" in said
    assert "i-00000000000000002 – Skipped" + " – Skipped" * 7 in said


def test_the_fallback_tells_what_failed_with_script_message_and_log() -> None:
    text = html(DeploymentView(*deployments.failed())).split("</script>")[1]
    said = words(text.split("<details>")[1])
    for part in (
        "ApplicationStart on i-00000000000000000 Began at 09:00:10 UTC · took 2 s",
        "Error code ScriptFailed",
        "Script scripts/start_server.sh",
        f"Message {deployments.ERROR}",
        "[stdout]line 2",
    ):
        assert part in said


def test_the_head_tells_id_status_where_how_what_and_why() -> None:
    said = words(DeploymentView(*deployments.failed()).parts["head"])
    for part in (
        "Deployment d-A1B2C3D4E ✗ Failed",
        "WordPress_App › WordPress_DepGroup · CodeDeployDefault.OneAtATime · In place",
        "Revision s3://deploy-bucket/WordPressApp.zip",
        "Started 2026-11-02 09:00:00 UTC · Took 14 s · Created by user",
        f"HEALTH_CONSTRAINTS: {deployments.OVERALL}",
        "It is rolled back by d-B2C3D4E5F.",
        "1 failed · 2 skipped",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("answers", "news"),
    [
        (deployments.succeeded, "Deployment d-A1B2C3D4E: succeeded after 42 s."),
        (deployments.failed, "Deployment d-A1B2C3D4E: failed after 14 s. 1 of 3 targets failed."),
        (deployments.running, "Deployment d-A1B2C3D4E is in progress: 1 of 3 targets done."),
        (lambda: (deployments.deployment("Created"), []), "Deployment d-A1B2C3D4E is created."),
    ],
)
def test_those_who_listen_hear_how_it_stands(answers: Any, news: str) -> None:
    assert DeploymentView(*answers()).parts["news"] == news


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ({"s3Location": {"bucket": "b", "key": "k.zip", "version": "v1"}}, "s3://b/k.zip version v1"),
        ({"gitHubLocation": {"repository": "octo/app", "commitId": "abc"}}, "octo/app commit abc"),
        (
            {"revisionType": "AppSpecContent", "appSpecContent": {"content": "{}"}},
            "an AppSpec given with the deployment",
        ),
    ],
)
def test_every_kind_of_revision_is_named(revision: dict[str, Any], said: str) -> None:
    assert f"<code>{said}</code>" in DeploymentView(deployments.deployment(revision=revision)).parts["head"]


def test_events_stand_in_the_order_of_their_platform_and_unknown_ones_at_the_end() -> None:
    events = [deployments.event(name, "Succeeded", deployments.START) for name in ("Later", "AllowTraffic", "Install")]
    target = {"deploymentTargetType": "ECSTarget", "ecsTarget": {"targetId": "shop:web", "lifecycleEvents": events}}
    grid = DeploymentView(deployments.deployment(), [target]).parts["grid"]
    heads = re.findall(r'<th scope="col">(.*?)</th>', grid)
    assert [head.replace("<wbr>", "") for head in heads] == ["Target", "Install", "AllowTraffic", "Later"]


def test_a_target_without_an_event_that_others_have_has_an_empty_cell() -> None:
    short = deployments.target(1)
    short["instanceTarget"]["lifecycleEvents"] = short["instanceTarget"]["lifecycleEvents"][1:]
    grid = DeploymentView(deployments.deployment(), [deployments.target(0), short]).parts["grid"]
    assert grid.count("<td></td>") == 1


def test_a_status_that_is_new_appears_in_its_own_words() -> None:
    assert "? Half way" in words(DeploymentView(deployments.deployment("HalfWay")).parts["head"])


def test_a_deployment_with_no_target_says_so() -> None:
    assert "It reached no target." in DeploymentView(deployments.deployment("Failed")).parts["grid"]
    assert "No target has begun yet." in DeploymentView(deployments.deployment("Created")).parts["grid"]


def test_nine_instances_with_long_logs_are_at_most_60_kB_of_state() -> None:
    text = html(DeploymentView(*deployments.nine()))
    [payload] = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    assert len(payload.encode()) <= 60_000
    assert len(text.encode()) < 110_000
    state = json.loads(payload)["state"]
    assert len(state["replay"]["frames"]) == 9 * 8 + 1
    assert len(state["parts"]["details"]["8.6"]) > 1_500, "the log of what failed is shown longer"
    assert "line 59" in state["parts"]["details"]["0.2"], "the end of a log is kept"


def test_the_same_responses_give_the_same_output() -> None:
    outputs = [DeploymentView(*deployments.failed())._repr_mimebundle_()[0] for _ in range(2)]
    for output in outputs:
        output.pop("application/vnd.jupyter.widget-view+json")
    assert outputs[0] == outputs[1]
    assert outputs[0]["text/plain"] == DeploymentView.sentence


def test_terminal_codes_do_not_reach_the_page() -> None:
    target = deployments.target(0, fails="Install", log="\x1b[31mred\x1b[0m\x07")
    assert "<pre>red</pre>" in DeploymentView(deployments.deployment("Failed"), [target]).parts["details"]["0.3"]


def test_a_deployment_is_read_with_all_its_targets_and_by_reading_only() -> None:
    deployment, targets = deployments.deployment(), [deployments.target(number) for number in range(60)]
    service = codedeploy(deployment, targets, at_once=40)
    view = DeploymentView.of(service.client, deployments.ID)
    assert view.parts["grid"].count('<th scope="row">') == 60
    assert view.replay == DeploymentView(deployment, targets).replay
    assert service.operations == {"GetDeployment", "ListDeploymentTargets", "BatchGetDeploymentTargets"}
    assert max(len(asked.get("targetIds", [])) for _, asked in service.asked) <= 25


def test_a_deployment_that_has_not_started_has_no_targets_yet() -> None:
    view = DeploymentView.of(codedeploy(deployments.deployment("Created"), []).client, deployments.ID)
    assert "No target has begun yet." in view.parts["grid"]


def test_a_deployment_that_does_not_exist_is_named() -> None:
    service = codedeploy(deployments.deployment(), [])
    with pytest.raises(ViewError, match="There is no deployment 'd-XXXXXXXXX'"):
        DeploymentView.of(service.client, "d-XXXXXXXXX")


@pytest.mark.parametrize("operation", ["GetDeployment", "ListDeploymentTargets", "BatchGetDeploymentTargets"])
def test_another_refusal_is_one_sentence(operation: str) -> None:
    service = codedeploy(*deployments.succeeded())

    def refuse(asked: dict[str, Any]) -> dict[str, Any]:
        raise Refusal("AccessDeniedException", "You may not.")

    service.answers[operation] = refuse
    with pytest.raises(ViewError) as refused:
        DeploymentView.of(service.client, deployments.ID)
    assert str(refused.value) == f"AWS refuses {operation}: You may not."


def test_a_service_that_cannot_be_reached_is_one_sentence() -> None:
    nowhere = {"endpoint_url": "http://127.0.0.1:9", "config": Config(retries={"total_max_attempts": 1})}
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.client("codedeploy", region_name="us-east-1", **keys, **nowhere)
    with pytest.raises(ViewError, match=r"^Could not connect to the endpoint URL: "):
        DeploymentView.of(client, deployments.ID)


def test_watching_shows_the_finished_deployment_when_a_notebook_is_recorded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CICDLAB_RECORD", "1")
    service = codedeploy(*deployments.running())
    read = service.answers["GetDeployment"]
    turns = iter([read, read])

    def get(asked: dict[str, Any]) -> dict[str, Any]:
        turn = next(turns, None)
        return turn(asked) if turn else {"deploymentInfo": deployments.succeeded()[0]}

    service.answers["GetDeployment"] = get
    DeploymentView.watch(service.client, deployments.ID)
    assert [operation for operation, _ in service.asked].count("GetDeployment") == 3
    assert capsys.readouterr().out.count("DeploymentView object") == 1


def test_watching_ends_when_the_time_is_over() -> None:
    service = codedeploy(*deployments.running())
    with pytest.raises(ViewError, match=r"has not ended after 0 s: stop it with stop_deployment\(\)"):
        DeploymentView.watch(service.client, deployments.ID, timeout=0)
