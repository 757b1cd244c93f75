"""From a commit to a running instance: a push, its tests, a question, a deployment, and a request to the machines."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cicdlab.cloud.codepipeline.polling import POLLED

from ...waiting import wait_until
from ..codecommit.conftest import Learner
from .bench import Bench
from .board import Board, pipeline


@pytest.fixture
def board(bench: Bench, tmp_path: Path) -> Board:
    folder = tmp_path / "board"
    folder.mkdir()
    made = Board(bench, Learner(bench.cloud, folder))
    made.prepare()
    return made


def newest(bench: Bench, count: int) -> str:
    """Wait until so many executions have begun, and return the id of the last one."""
    wait_until(lambda: len(bench.executions("board")) == count, f"execution {count} has begun")
    return str(bench.executions("board")[0]["pipelineExecutionId"])


def approve(bench: Bench, execution: str, status: str = "Approved") -> dict[str, Any]:
    """Answer when the pipeline asks, and return the execution when it is over."""
    bench.answer(status, stage_name="Approve", action_name="Look", name="board")
    return bench.ended(execution, "board")


def test_a_push_goes_through_tests_and_an_approval_to_the_machines(board: Board) -> None:
    bench = board.bench
    board.listen()
    bench.codepipeline.create_pipeline(pipeline=pipeline())
    assert approve(bench, newest(bench, 1))["status"] == "Succeeded"
    [first] = board.pages()
    assert "Sheffield</td><td>3</td>" in first

    commit = board.move("Sheffield", 4)
    second = newest(bench, 2)
    bench.token("Approve", "Look", "board")
    assert board.pages() == {first}
    done = approve(bench, second)
    assert (done["status"], done["trigger"]["triggerType"]) == ("Succeeded", "CloudWatchEvent")
    assert [each["revisionId"] for each in done["artifactRevisions"]] == [commit]
    [shown] = board.pages()
    assert "Sheffield</td><td>4</td>" in shown
    assert f"<footer>Version {commit}</footer>" in shown


def test_a_failing_test_ends_it_in_the_build_and_the_old_version_is_served_on(board: Board) -> None:
    bench = board.bench
    board.listen()
    bench.codepipeline.create_pipeline(pipeline=pipeline())
    approve(bench, newest(bench, 1))
    before = board.pages()
    page = board.author.folder / "board" / "page.py"
    page.write_text(page.read_text().replace('(train["time"], train["to"])', 'train["to"]'))
    board.push("Sort by destination")
    assert bench.ended(newest(bench, 2), "board")["status"] == "Failed"
    why = bench.latest("Build", "Test", "board")["errorDetails"]
    assert why["code"] == "JobFailed"
    assert why["message"].startswith("Build terminated with state: FAILED. Phase: PRE_BUILD")
    statuses = [bench.stage(name, "board")["latestExecution"]["status"] for name in ("Build", "Deploy")]
    assert statuses == ["Failed", "Succeeded"]
    assert board.pages() == before


def test_a_rejection_keeps_the_old_version(board: Board) -> None:
    bench = board.bench
    bench.codepipeline.create_pipeline(pipeline=pipeline(poll=True))
    approve(bench, newest(bench, 1))
    before = board.pages()
    board.move("Barnsley", 2)
    done = approve(bench, newest(bench, 2), "Rejected")
    assert (done["status"], done["trigger"]["triggerType"]) == ("Failed", POLLED)
    assert board.pages() == before


def aws(bench: Bench, *arguments: str) -> Any:
    """Return what the aws command answers."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "AWS_ENDPOINT_URL": bench.cloud.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/nonexistent",
    }
    command = [str(Path(sys.prefix, "bin", "aws")), "codepipeline", *arguments, "--output", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None


def test_the_aws_command_does_all_of_it(board: Board) -> None:
    bench, place = board.bench, ("--pipeline-name", "board", "--stage-name", "Approve", "--action-name", "Look")
    given = json.dumps({"pipeline": pipeline(poll=True)})
    assert aws(bench, "create-pipeline", "--cli-input-json", given)["pipeline"]["version"] == 1

    def let_through(execution: str) -> None:
        bench.token("Approve", "Look", "board")
        asked = aws(bench, "get-pipeline-state", "--name", "board")["stageStates"][2]["actionStates"][0]
        token = asked["latestExecution"]["token"]
        aws(bench, "put-approval-result", *place, "--token", token, "--result", "status=Approved,summary=Go")
        assert bench.ended(execution, "board")["status"] == "Succeeded"

    let_through(newest(bench, 1))
    commit = board.move("Leeds", 7)
    let_through(newest(bench, 2))
    listed = aws(bench, "list-pipeline-executions", "--pipeline-name", "board")["pipelineExecutionSummaries"]
    assert [each["status"] for each in listed] == ["Succeeded", "Succeeded"]
    assert listed[0]["sourceRevisions"][0]["revisionId"] == commit
    assert all(f"Version {commit}" in page for page in board.pages())
