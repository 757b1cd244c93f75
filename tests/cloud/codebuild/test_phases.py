"""How a build goes: what runs after what, what fails how, and what that leaves."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ...waiting import wait_until
from .conftest import Bench, phase, reason, spec, states

ALL = [
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
]


def test_a_build_goes_through_the_eleven_phases(bench: Bench) -> None:
    build = bench.run(spec(install=["true"], pre_build=["true"], build=["true"], post_build=["true"]))
    assert list(states(build)) == ALL
    assert set(list(states(build).values())[:-1]) == {"SUCCEEDED"}
    assert (build["buildStatus"], build["currentPhase"], build["buildComplete"]) == ("SUCCEEDED", "COMPLETED", True)


def test_completed_has_a_start_and_nothing_else(bench: Bench) -> None:
    build = bench.run(spec(build=["true"]))
    assert phase(build, "COMPLETED") == {"phaseType": "COMPLETED", "startTime": build["endTime"]}


def test_a_phase_without_commands_is_reported_too(bench: Bench) -> None:
    build = bench.run(spec(build=["true"]))
    assert states(build)["PRE_BUILD"] == "SUCCEEDED"
    assert phase(build, "PRE_BUILD")["durationInSeconds"] == 0


def test_durations_fit_the_times_and_are_the_same_on_every_run(bench: Bench) -> None:
    bench.project("demo", spec(build=["true", "true"], post_build=["false"]))
    runs = [bench.build("demo")["phases"] for _ in range(2)]
    for phases in runs:
        for before, after in zip(phases, phases[1:], strict=False):
            assert before["endTime"] == after["startTime"]
            assert before["durationInSeconds"] == (before["endTime"] - before["startTime"]).total_seconds()
    durations = [[each.get("durationInSeconds") for each in phases] for phases in runs]
    assert durations[0] == durations[1]
    assert dict(zip(ALL, durations[0], strict=True))["BUILD"] == 2


def test_a_failing_command_fails_its_phase_and_the_build_with_awss_message(bench: Bench) -> None:
    build = bench.run(spec(build=["exit 3"]))
    assert reason(build, "BUILD") == (
        "COMMAND_EXECUTION_ERROR",
        "Error while executing command: exit 3. Reason: exit status 3",
    )
    assert (states(build)["BUILD"], build["buildStatus"]) == ("FAILED", "FAILED")


def test_the_commands_after_a_failing_one_are_skipped(bench: Bench) -> None:
    build = bench.run(spec(build=["echo one", "false", "echo two"]))
    assert bench.output(build) == ["one"]


def test_post_build_runs_after_a_failed_build(bench: Bench) -> None:
    build = bench.run(spec(build=["exit 3"], post_build=["echo after"]))
    assert bench.output(build) == ["after"]
    assert (states(build)["POST_BUILD"], build["buildStatus"]) == ("SUCCEEDED", "FAILED")


def test_artifacts_are_uploaded_after_a_failed_build(bench: Bench) -> None:
    bench.bucket()
    text = json.dumps(
        {
            "version": "0.2",
            "phases": {"build": {"commands": ["echo report > report.txt", "exit 1"]}},
            "artifacts": {"files": ["report.txt"]},
        }
    )
    build = bench.run(text, artifacts={"type": "S3", "location": "goods", "name": "out"})
    assert (states(build)["UPLOAD_ARTIFACTS"], build["buildStatus"]) == ("SUCCEEDED", "FAILED")
    assert bench.body("goods", "out/report.txt") == b"report\n"


def test_artifacts_are_attempted_after_a_failed_post_build(bench: Bench) -> None:
    build = bench.run(spec(build=["true"], post_build=["exit 1"]))
    assert (states(build)["POST_BUILD"], states(build)["UPLOAD_ARTIFACTS"]) == ("FAILED", "SUCCEEDED")
    assert build["buildStatus"] == "FAILED"


@pytest.mark.parametrize("name", ["install", "pre_build"])
def test_a_failure_before_build_goes_straight_to_finalizing(bench: Bench, name: str) -> None:
    build = bench.run(spec(**{"install": ["true"], "pre_build": ["true"], name: ["exit 2"]}, build=["echo built"]))
    assert list(states(build)) == [*ALL[: ALL.index(name.upper()) + 1], "FINALIZING", "COMPLETED"]
    assert "built" not in bench.output(build)
    assert build["buildStatus"] == "FAILED"


def finally_spec(commands: list[str], always: list[str]) -> str:
    return json.dumps({"version": "0.2", "phases": {"pre_build": {"commands": commands, "finally": always}}})


def test_finally_runs_after_a_failed_command_and_does_not_rescue_the_phase(bench: Bench) -> None:
    build = bench.run(finally_spec(["echo one", "exit 4", "echo two"], ["echo always"]))
    assert bench.output(build) == ["one", "always"]
    assert states(build)["PRE_BUILD"] == "FAILED"
    assert reason(build, "PRE_BUILD")[1] == "Error while executing command: exit 4. Reason: exit status 4"


def test_a_failure_in_finally_alone_fails_the_phase(bench: Bench) -> None:
    build = bench.run(finally_spec(["true"], ["exit 5", "echo no"]))
    assert reason(build, "PRE_BUILD")[1] == "Error while executing command: exit 5. Reason: exit status 5"
    assert bench.output(build) == []


def test_folder_variables_and_functions_carry_over_between_commands_and_phases(bench: Bench) -> None:
    build = bench.run(
        spec(
            install=["mkdir sub", "cd sub", "export A=1", "B=2", "greet() { echo hello $1; }"],
            build=["basename $PWD", "echo $A $B", "greet you"],
        )
    )
    assert bench.output(build) == ["sub", "1 2", "hello you"]


@pytest.mark.parametrize(("shell", "mode"), [("/bin/sh", "on"), ("bash", "off")])
def test_the_shell_is_sh_unless_the_buildspec_asks_for_bash(bench: Bench, shell: str, mode: str) -> None:
    commands = {"build": {"commands": ["exit 1"]}, "post_build": {"commands": ["set -o | grep posix"]}}
    build = bench.run(json.dumps({"version": 0.2, "env": {"shell": shell}, "phases": commands}) + "\n")
    assert bench.output(build) == [f"posix          \t{mode}"]


def test_version_0_1_gives_every_command_a_shell_of_its_own(bench: Bench) -> None:
    text = json.dumps(
        {
            "version": "0.1",
            "phases": {
                "build": {"commands": ["cd /", "export A=1", 'echo "$A."', "basename $PWD", "exit 1"]},
                "post_build": {"commands": ["echo $CODEBUILD_BUILD_SUCCEEDING"]},
            },
        }
    )
    assert bench.output(bench.run(text)) == [".", "src", "0"]


def test_commands_keep_to_the_posix_shell_and_may_be_many_lines(bench: Bench) -> None:
    build = bench.run(spec(build=["for n in 1 2; do\n  echo $n\ndone", "echo 'a b'   c", "echo one; false; echo two"]))
    assert bench.output(build) == ["1", "2", "a b c", "one", "two"]
    assert build["buildStatus"] == "SUCCEEDED"


def test_malformed_yaml_fails_in_download_source(bench: Bench) -> None:
    build = bench.run("version: 0.2\nphases:\n  build: {commands: [a\n")
    code, message = reason(build, "DOWNLOAD_SOURCE")
    assert (code, "at line 4" in message) == ("YAML_FILE_ERROR", True)
    assert list(states(build))[-3:] == ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"]
    assert build["buildStatus"] == "FAILED"


def test_a_buildspec_key_that_is_not_simulated_fails_by_name(bench: Bench) -> None:
    build = bench.run("version: 0.2\nenv:\n  parameter-store:\n    A: /b\nphases:\n  build:\n    commands: [make]\n")
    assert reason(build, "DOWNLOAD_SOURCE") == (
        "NOT_SIMULATED",
        "env.parameter-store at line 3 is not simulated yet.",
    )


def test_a_wanted_runtime_is_accepted_and_the_log_says_what_is_used(bench: Bench) -> None:
    text = (
        "version: 0.2\nphases:\n  install:\n    runtime-versions:\n      python: 3.9\n  build:\n    commands: [true]\n"
    )
    build = bench.run(text)
    assert build["buildStatus"] == "SUCCEEDED"
    assert "Runtime python 3.9 was asked for; builds on this machine use Python 3." in bench.log(build)


def alive(marker: str) -> list[str]:
    """Return the processes whose command line holds a text."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if marker in line:
                found.append(line)
    return found


STUBBORN = "trap '' TERM INT HUP; (setsid sleep 98765.{n} &) ; sleep 98765.{n}"


def test_a_build_over_its_time_is_ended_with_all_its_processes(bench: Bench) -> None:
    bench.cloud.core.minute = 0.2  # five minutes last a second
    build = bench.run(spec(build=[STUBBORN.format(n=1)], post_build=["echo no"]), timeoutInMinutes=5)
    assert (states(build)["BUILD"], build["buildStatus"]) == ("TIMED_OUT", "TIMED_OUT")
    assert reason(build, "BUILD") == ("BUILD_TIMED_OUT", "Build has timed out. ")
    assert "POST_BUILD" not in states(build)
    assert alive("98765.1") == []


def test_a_stopped_build_is_ended_with_all_its_processes(bench: Bench) -> None:
    bench.project(
        "demo", spec(build=["echo ready", STUBBORN.format(n=2)], post_build=["echo no"]), timeoutInMinutes=500
    )
    build_id = bench.start("demo")
    wait_until(lambda: alive("sleep 98765.2"))
    build = bench.codebuild.stop_build(id=build_id)["build"]
    assert (build["buildStatus"], build["buildComplete"]) == ("STOPPED", True)
    assert states(build)["BUILD"] == "STOPPED"
    assert "POST_BUILD" not in states(build)
    assert alive("98765.2") == []
    assert bench.output(build) == ["ready"]


def test_a_build_that_waits_in_the_queue_can_be_stopped(bench: Bench) -> None:
    bench.project("demo", spec(build=["sleep 60"]), timeoutInMinutes=500)
    ids = [bench.start("demo") for _ in range(65)]
    build = bench.codebuild.stop_build(id=ids[-1])["build"]
    assert (build["buildStatus"], states(build)["QUEUED"]) == ("STOPPED", "STOPPED")
    assert list(states(build)) == ["SUBMITTED", "QUEUED", "COMPLETED"]


def test_on_a_clock_that_runs_durations_are_measured(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = bench.cloud.core.clock
    monkeypatch.setattr(clock, "speed", 60.0)
    clock.release()
    bench.cloud.core.minute = 60
    build = bench.run(spec(build=["sleep 0.5"]))
    assert 30 <= phase(build, "BUILD")["durationInSeconds"] < 600
    assert build["endTime"] > build["startTime"]


def test_stopping_a_build_that_has_ended_changes_nothing(bench: Bench) -> None:
    build = bench.run(spec(build=["true"]))
    assert bench.codebuild.stop_build(id=build["id"])["build"] == build


def test_a_reset_ends_builds_that_run(bench: Bench) -> None:
    bench.project("demo", spec(build=[STUBBORN.format(n=3)]), timeoutInMinutes=500)
    bench.start("demo")
    wait_until(lambda: alive("sleep 98765.3"))
    bench.cloud.core.reset()
    assert alive("98765.3") == []
    assert bench.codebuild.list_builds()["ids"] == []


def test_what_a_build_leaves_in_the_background_ends_with_it(bench: Bench) -> None:
    build = bench.run(spec(build=["(setsid sleep 98765.4 &)", "true"]))
    assert build["buildStatus"] == "SUCCEEDED"
    assert alive("98765.4") == []


def test_a_fault_of_the_engine_ends_the_build(bench: Bench, monkeypatch: Any) -> None:
    from cicdlab.cloud import sandbox

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(sandbox.Sandbox, "create", broken)
    build = bench.run(spec(build=["true"]))
    assert (build["buildStatus"], states(build)["PROVISIONING"]) == ("FAULT", "FAULT")
    assert "no space left on device" in reason(build, "PROVISIONING")[1]
    assert build["buildComplete"]


def test_a_build_leaves_no_file_behind(bench: Bench) -> None:
    bench.run(spec(build=["mkdir -p a/b", "touch a/b/c", "chmod 000 a/b a"]))
    assert list((bench.cloud.core.root / "builds").iterdir()) == []
