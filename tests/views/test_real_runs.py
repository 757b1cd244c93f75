"""The views of runs that really happened in the cloud; the answers made by hand are like the cloud's."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from cicdlab.views import DeploymentView, PipelineView
from cicdlab.views.reading_runs import read_deployment, read_pipeline

from ..cloud.codedeploy.conftest import BUCKET, DEPLOYER, bundle
from ..cloud.codedeploy.conftest import Bench as DeploymentBench
from ..cloud.codepipeline.bench import Bench as PipelineBench
from ..cloud.codepipeline.bench import approval, build, site, source, stage
from ..conftest import RunningCloud
from ..goods import make_role
from ..waiting import wait_until
from . import deployments, pipelines
from .test_deployment_view import words
from .test_pipeline_view import ask
from .test_replay_frames import standings


@pytest.fixture
def fleet(cloud: RunningCloud) -> DeploymentBench:
    """Return a group of two instances."""
    bench = DeploymentBench(cloud)
    bench.role = make_role(bench.client("iam"), "deployer", DEPLOYER)
    bench.client("s3").create_bucket(Bucket=BUCKET)
    bench.application()
    bench.profile()
    bench.launch(2)
    bench.group()
    return bench


@pytest.fixture
def line(cloud: RunningCloud) -> PipelineBench:
    """Return what makes pipelines, and a project that builds."""
    bench = PipelineBench(cloud)
    bench.prepare()
    bench.project("cat index.html")
    return bench


def members(answer: Any) -> Iterator[str]:
    """The paths of all members of an answer."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            yield name
            yield from (f"{name}.{path}" for path in members(value))
    elif isinstance(answer, list):
        for each in answer:
            yield from members(each)


def test_a_real_deployment_that_fails_is_drawn_with_what_its_script_said(fleet: DeploymentBench) -> None:
    deployment_id = fleet.start(fleet.put(bundle(BeforeInstall="echo before", ApplicationStart="echo no >&2; exit 3")))
    fleet.ended(deployment_id)
    view = DeploymentView.of(fleet.codedeploy, deployment_id)
    assert view.parts["news"].endswith("1 of 2 targets failed.")
    grid = words(view.parts["grid"])
    assert "✗ Failed" + " ✓ Succeeded" * 5 + " ✗ Failed – Skipped" in grid
    assert "– Skipped" + " – Skipped" * 7 in grid
    said = words(view.parts["details"]["0.5"])
    assert "Error code ScriptFailed Script scripts/ApplicationStart.sh" in said and "[stderr]no" in said
    replay = standings(view.replay)
    assert [status for status, _ in groupby(row[7] for row in replay)] == ["Pending", "In progress", "Failed"]
    assert replay[-1][1:] == ["Failed", *["Succeeded"] * 5, "Failed", "Skipped", *["Skipped"] * 8]

    deployment, targets = read_deployment(fleet.codedeploy, deployment_id)
    made, made_targets = deployments.failed()
    assert set(members(made)) - set(members(deployment)) == {
        "revision.s3Location.eTag",  # given by nobody here
        "rollbackInfo",  # not asked for here
        "rollbackInfo.rollbackDeploymentId",
    }
    assert set(members(made_targets)) == set(members(targets))


def test_an_approval_given_in_the_view_lets_a_real_pipeline_go_on(line: PipelineBench) -> None:
    stages = stage("Source", source()), stage("Build", build()), stage("Approve", approval()), stage("Deploy", site())
    execution = line.create(*stages)
    line.token()
    view = PipelineView.of(line.codepipeline, "pipe")
    assert view.parts["news"].endswith("pipeline pipe waits for an approval: Ask in stage Approve.")
    for part in ("Make CodeBuild ✓ Succeeded Id demo:", "Ask Manual ◆ Waiting for approval", "Publish S3 ○ Not run"):
        assert part in words(view.parts["stages"])
    assert line.keys("site") == []

    ask(view, action="Ask", comment="Seen.")
    assert view.notice == "Approved: Ask in stage Approve."
    wait_until(lambda: view.parts["news"].endswith("succeeded."), "the view follows the pipeline to its end")
    assert line.body("site", "index.html") == b"hello"
    assert "Seen." in words(view.parts["stages"])
    assert set(standings(view.replay)[-1]) == {"Succeeded"}
    ask(view, action="Ask")
    assert view.notice == "Ask in stage Approve waits for no approval any more: run the cell again."

    said = read_pipeline(line.codepipeline, "pipe", execution)
    made = pipelines.succeeded()
    optional = {
        "stages.actions.configuration.CustomData",
        "stageStates.actionStates.currentRevision.revisionChangeId",
    }
    for real, by_hand in zip((said.pipeline, said.state, said.execution, said.actions), made, strict=True):
        assert set(members(by_hand)) - set(members(real)) <= optional


def test_a_rejected_approval_ends_the_pipeline(line: PipelineBench) -> None:
    line.create(stage("Source", source()), stage("Approve", approval()), stage("Deploy", site()))
    line.token()
    view = PipelineView.of(line.codepipeline, "pipe")
    ask(view, "Rejected", "Ask", "Not on a Friday.")
    wait_until(lambda: view.parts["news"].endswith("failed in stage Approve."), "the pipeline has failed")
    assert "Not on a Friday." in words(view.parts["stages"])
    assert line.keys("site") == []


def test_what_the_service_says_of_a_late_answer_is_one_sentence(line: PipelineBench) -> None:
    line.create(stage("Source", source()), stage("Approve", approval()))
    line.token()
    view = PipelineView.of(line.codepipeline, "pipe")
    line.answer("Approved")
    ask(view, action="Ask")
    assert view.notice.startswith("AWS refuses PutApprovalResult: ") and view.notice.endswith(".")
    assert "\n" not in view.notice
