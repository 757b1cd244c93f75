"""What a build can see, and what is left when its cloud is gone."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from cicdlab.cloud.server import Server, Settings

from ..goods import MACHINE
from ..waiting import marked, wait_until
from .conftest import ROLE, LiveCloud


def start(live: LiveCloud, *commands: str) -> str:
    """Start a build of these commands and return its id."""
    listed = "".join(f"      - {command!r}\n".replace("\\\\", "\\") for command in commands)
    buildspec = f"version: 0.2\nphases:\n  build:\n    commands:\n{listed}"
    live.prepare("unused", {})
    codebuild = live.client("codebuild")
    codebuild.create_project(
        name="inside",
        source={"type": "NO_SOURCE", "buildspec": buildspec},
        artifacts={"type": "NO_ARTIFACTS"},
        environment=MACHINE,
        serviceRole=ROLE,
    )
    return codebuild.start_build(projectName="inside")["build"]["id"]


def log(live: LiveCloud, build_id: str) -> str:
    """Return a build's log as far as it is written."""
    logs = live.client("logs")
    streams = logs.describe_log_groups(logGroupNamePrefix="/aws/codebuild/inside")["logGroups"]
    if not streams:
        return ""
    stream = {"logGroupName": "/aws/codebuild/inside", "logStreamName": build_id.split(":")[1]}
    return "".join(event["message"] for event in logs.get_log_events(**stream, startFromHead=True)["events"])


def test_a_build_sees_no_variable_of_the_learner(live):
    build_id = start(live, "env", 'cat /proc/self/environ /proc/$PPID/environ | tr "\\0" "\\n"')
    assert live.finished(build_id)["buildStatus"] == "SUCCEEDED"
    shown = log(live, build_id)
    assert "CODEBUILD_BUILD_ID=inside:" in shown
    for secret in ("do-not-tell", "work-profile", "home-of-ann"):
        assert secret not in shown


def test_a_build_sees_no_aws_configuration_of_the_learner(live):
    build_id = start(live, "cat ~/.aws/credentials || echo none", "aws sts get-caller-identity --query Arn")
    assert live.finished(build_id)["buildStatus"] == "SUCCEEDED"
    shown = log(live, build_id)
    assert "AKIAREALREALREALREAL" not in shown
    assert "assumed-role/builder/" in shown


def test_killing_the_cloud_leaves_no_process(live):
    marker = "marker-of-test-killing"
    lasting = f'{sys.executable} -c "import time; time.sleep(600)" {marker}'
    start(live, f"setsid nohup {lasting} > /dev/null 2>&1 &", f'trap "" TERM; {lasting}')
    wait_until(lambda: len(marked(marker)) >= 2)
    os.kill(live.process.pid, signal.SIGKILL)
    wait_until(lambda: not marked(marker))


def test_stopping_the_cloud_in_the_middle_of_a_build_leaves_no_process_and_no_folder(live, tmp_path):
    marker = "marker-of-test-stopping"
    start(live, f'{sys.executable} -c "import time; time.sleep(600)" {marker}')
    wait_until(lambda: marked(marker))
    live.process.send_signal(signal.SIGTERM)
    assert live.process.wait(20) == 0
    assert not marked(marker)


def test_the_next_cloud_removes_the_folder_of_one_that_was_killed(live, tmp_path):
    start(live, "sleep 600")
    folders = f"cicdlab-cloud-{live.process.pid}-*"
    place = Path(tempfile.gettempdir())
    assert wait_until(lambda: list(place.glob(folders)))
    os.kill(live.process.pid, signal.SIGKILL)
    live.process.wait(20)
    assert list(place.glob(folders))
    with Server(Settings(port=0)):
        assert not list(place.glob(folders))


def test_a_build_that_ended_leaves_no_daemon(live):
    marker = "marker-of-test-daemon"
    daemon = f'setsid {sys.executable} -c "import time; time.sleep(600)" {marker} > /dev/null 2>&1 &'
    assert live.finished(start(live, daemon))["buildStatus"] == "SUCCEEDED"
    wait_until(lambda: not marked(marker))


def test_a_stopped_cloud_says_nothing_and_ends_with_status_zero():
    command = [sys.executable, "-m", "cicdlab.cloud", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("ready http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0
