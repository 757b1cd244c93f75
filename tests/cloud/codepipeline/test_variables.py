"""Variables: of the pipeline, of its actions, and of the execution itself."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cicdlab.cloud.codepipeline.variables import UnresolvedError, resolved

from .bench import Bench, action, approval, source, stage

FETCH = stage("Source", source(namespace="Src"))


def asks(text: str) -> dict[str, Any]:
    return stage("Approve", approval(configuration={"CustomData": text}))


def said(bench: Bench) -> str:
    """Return what an approval shows of its configuration, its variables resolved."""
    bench.token()
    return str(bench.run("Ask")["input"]["resolvedConfiguration"]["CustomData"])


def test_an_action_leaves_variables_in_its_namespace(bench: Bench) -> None:
    version = bench.put({"index.html": "new"})
    bench.create(FETCH, asks("#{Src.ObjectKey} in #{Src.BucketName} is #{Src.VersionId}"))
    assert said(bench) == f"app.zip in source is {version}"
    assert bench.run("Fetch")["output"]["outputVariables"]["VersionId"] == version
    assert bench.run("Ask")["input"]["configuration"]["CustomData"].startswith("#{Src.ObjectKey}")


def test_an_action_without_namespace_leaves_none(bench: Bench) -> None:
    with pytest.raises(ClientError, match="referencing a namespace that does not exist"):
        bench.create(stage("Source", source()), asks("#{Fetch.VersionId}"))


def test_the_execution_knows_its_id(bench: Bench) -> None:
    execution_id = bench.create(FETCH, asks("#{codepipeline.PipelineExecutionId}"))
    assert said(bench) == execution_id


def test_a_variable_that_nobody_set_fails_the_action(bench: Bench) -> None:
    execution_id = bench.create(FETCH, asks("#{Src.Colour}"))
    assert bench.ended(execution_id)["status"] == "Failed"
    code, message = bench.error("Ask")
    assert code == "ConfigurationError"
    assert message == (
        "The variable #{Src.Colour} in the configuration CustomData could not be resolved: "
        "no earlier action of this execution has given it a value."
    )


def test_the_variables_of_a_later_action_are_not_there_yet(bench: Bench) -> None:
    later = approval("Later", namespace="Late", runOrder=2)
    execution_id = bench.create(FETCH, stage("Approve", approval(configuration={"CustomData": "#{Late.X}"}), later))
    assert bench.ended(execution_id)["status"] == "Failed"


def test_the_variables_of_a_pipeline_have_defaults_and_values(bench: Bench) -> None:
    declared = [{"name": "Color", "defaultValue": "red"}, {"name": "Size", "defaultValue": "9"}]
    bench.create(FETCH, asks("#{variables.Color} #{variables.Size}"), variables=declared)
    assert said(bench) == "red 9"
    bench.answer()
    second = bench.start(variables=[{"name": "Color", "value": "blue"}])
    token = bench.token()
    assert bench.run("Ask", execution_id=second)["input"]["resolvedConfiguration"]["CustomData"] == "blue 9"
    bench.answer(token=token)
    values = {each["name"]: each["resolvedValue"] for each in bench.ended(second)["variables"]}
    assert values == {"Color": "blue", "Size": "9"}


def test_a_variable_without_default_needs_a_value(bench: Bench) -> None:
    given = {"pipeline": _pipeline(bench)}
    bench.codepipeline.create_pipeline(**given)
    assert bench.executions() == []
    with pytest.raises(ClientError, match="The variable Color of the pipeline pipe has no default value"):
        bench.start()
    bench.start(variables=[{"name": "Color", "value": "blue"}])
    assert said(bench) == "blue"


def test_a_variable_that_is_not_declared_is_refused(bench: Bench) -> None:
    bench.create(FETCH, asks("hello"))
    with pytest.raises(ClientError, match="The variable Colour is not declared") as error:
        bench.start(variables=[{"name": "Colour", "value": "blue"}])
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_a_build_exports_variables_to_its_pipeline(bench: Bench) -> None:
    bench.project("true")
    spec = "version: 0.2\nenv: {exported-variables: [ANSWER]}\nphases: {build: {commands: ['export ANSWER=42']}}\n"
    bench.client("codebuild").update_project(name="demo", source={"type": "CODEPIPELINE", "buildspec": spec})
    make = action("Make", "Build", "CodeBuild", {"ProjectName": "demo"}, ("App",), namespace="Made")
    bench.create(FETCH, stage("Build", make), asks("It is #{Made.ANSWER}."))
    assert said(bench) == "It is 42."


def _pipeline(bench: Bench) -> dict[str, Any]:
    return {
        "name": "pipe",
        "roleArn": bench.role,
        "artifactStore": {"type": "S3", "location": "store"},
        "stages": [FETCH, asks("#{variables.Color}")],
        "variables": [{"name": "Color"}],
    }


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(alphabet="#{}.aB", max_size=20), max_size=3))
def test_any_configuration_is_resolved_or_refused(configuration: dict[str, str]) -> None:
    known = {"a": {"B": "value"}}
    try:
        done = resolved(configuration, known)
    except UnresolvedError as error:
        assert "could not be resolved" in str(error)
    else:
        assert done.keys() == configuration.keys()
        assert all("#{a.B}" not in text or "#{a.B}" in configuration[name] for name, text in done.items())


def test_a_value_is_not_resolved_again() -> None:
    assert resolved({"X": "#{a.B}"}, {"a": {"B": "#{a.B}"}}) == {"X": "#{a.B}"}
