"""The variables that a build leaves to its pipeline."""

import json
from typing import Any

import pytest

from .conftest import Bench, states


def exporting(names: list[str], commands: list[str], version: str = "0.2", **phases: list[str]) -> str:
    document = {
        "version": version,
        "env": {"exported-variables": names, "variables": {"FROM_SPEC": "spec"}},
        "phases": {"build": {"commands": commands}, **{name: {"commands": each} for name, each in phases.items()}},
    }
    return json.dumps(document) + "\n"


def exported(build: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in build["exportedEnvironmentVariables"]}


def test_exported_variables_have_the_values_that_the_shell_gave_them(bench: Bench) -> None:
    commands = ["export A='two words'", "B=own", r"export C=$'line\nline' D=", "unset FROM_SPEC"]
    build = bench.run(exporting(["A", "B", "C", "D", "FROM_SPEC", "NEVER"], commands))
    assert exported(build) == {"A": "two words", "B": "own", "C": "line\nline", "D": ""}


def test_built_in_variables_can_be_exported(bench: Bench) -> None:
    build = bench.run(exporting(["CODEBUILD_BUILD_ID", "FROM_SPEC"], ["true"]))
    assert exported(build) == {"CODEBUILD_BUILD_ID": build["id"], "FROM_SPEC": "spec"}


def test_names_of_awss_are_not_exported(bench: Bench) -> None:
    build = bench.run(exporting(["AWS_REGION", "A"], ["A=1"]))
    assert exported(build) == {"A": "1"}
    assert "The variable AWS_REGION is not exported" in bench.log(build)


def test_the_value_is_that_after_post_build(bench: Bench) -> None:
    build = bench.run(exporting(["A"], ["export A=build"], post_build=["export A=post"]))
    assert exported(build) == {"A": "post"}


@pytest.mark.parametrize("last", ["exit 1", "false"])
def test_a_build_that_fails_exports_what_it_has(bench: Bench, last: str) -> None:
    build = bench.run(exporting(["A"], ["export A=1", last], post_build=["export A=2", last]))
    assert (states(build)["POST_BUILD"], exported(build)) == ("FAILED", {"A": "2"})


def test_a_build_that_never_reached_post_build_exports_nothing(bench: Bench) -> None:
    assert exported(bench.run(exporting(["A"], ["true"], install=["export A=1", "exit 1"]))) == {}


def test_a_build_without_exports_has_an_empty_list(bench: Bench) -> None:
    assert bench.run(exporting([], ["export A=1"]))["exportedEnvironmentVariables"] == []


@pytest.mark.parametrize(
    "disturbance",
    [
        "set -eux",
        "printf() { echo forged; }",
        "trap 'echo traced' DEBUG",
        "(while :; do echo noise; done) &",
        "exec 2>&1",
        "IFS=,",
    ],
)
def test_what_else_the_shell_does_changes_no_exported_value(bench: Bench, disturbance: str) -> None:
    assert exported(bench.run(exporting(["A"], [disturbance, "export A='a,b c'"]))) == {"A": "a,b c"}


def test_commands_in_shells_of_their_own_export_what_was_declared(bench: Bench) -> None:
    build = bench.run(exporting(["A", "FROM_SPEC"], ["export A=1"], version="0.1"))
    assert exported(build) == {"FROM_SPEC": "spec"}


def test_nothing_is_read_from_a_build_that_was_stopped(bench: Bench) -> None:
    from ...waiting import wait_until

    bench.project("demo", exporting(["A"], ["export A=1"], post_build=["sleep 60"]), timeoutInMinutes=500)
    build_id = bench.start("demo")
    wait_until(lambda: bench.get(build_id)["currentPhase"] == "POST_BUILD")
    bench.codebuild.stop_build(id=build_id)
    build = bench.ended(build_id)
    assert (build["buildStatus"], exported(build)) == ("STOPPED", {})
