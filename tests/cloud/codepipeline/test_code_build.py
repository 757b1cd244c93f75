"""The action that lets CodeBuild build or test."""

import json
import threading
from typing import Any

import pytest

from cicdlab.cloud.codepipeline.actions.provider import ActionError, Artifact, Outcome

from ...goods import MACHINE, make_role
from ...waiting import wait_until
from .jobs import STORE, Jobs

PROJECT = {"ProjectName": "demo"}


def buildspec(*commands: str, **blocks: Any) -> str:
    return json.dumps({"version": 0.2, "phases": {"build": {"commands": list(commands)}}, **blocks})


@pytest.fixture
def shop(jobs: Jobs) -> Jobs:
    """Return jobs with a project whose buildspec comes with its source."""
    jobs.client("codebuild").create_project(
        name="demo",
        source={"type": "CODEPIPELINE"},
        artifacts={"type": "CODEPIPELINE"},
        environment=MACHINE,
        serviceRole=make_role(jobs.client("iam")),
    )
    return jobs


def build(shop: Jobs, *inputs: Artifact, outputs: tuple[Artifact, ...] = (), **given: str) -> Outcome:
    return shop.run("Build", "CodeBuild", {**PROJECT, **given}, inputs=inputs, outputs=outputs)


def builds(shop: Jobs) -> list[dict[str, Any]]:
    client = shop.client("codebuild")
    ids = client.list_builds()["ids"]
    return list(client.batch_get_builds(ids=ids)["builds"]) if ids else []


def refused(shop: Jobs, *inputs: Artifact, **given: str) -> tuple[str, str]:
    with pytest.raises(ActionError) as caught:
        build(shop, *inputs, **given)
    return caught.value.code, caught.value.message


def test_a_build_takes_the_input_and_leaves_the_output(shop: Jobs) -> None:
    source = shop.supply({"buildspec.yml": buildspec("cat a > b", artifacts={"files": ["b"]}), "a": "hello"})
    output = shop.place("Built")
    build(shop, source, outputs=(output,))
    assert shop.names(output) == ["b"]
    (made,) = builds(shop)
    assert (made["initiator"], made["sourceVersion"]) == ("codepipeline/pipe", f"arn:aws:s3:::{STORE}/{source.key}")


def test_the_build_is_the_actions_external_execution(shop: Jobs) -> None:
    done = build(shop, shop.supply({"buildspec.yml": buildspec("true")}))
    (made,) = builds(shop)
    assert done.external_id == shop.reported["external_id"] == made["id"]
    assert done.external_url == shop.reported["external_url"]
    assert made["id"] in done.external_url


def test_tests_run_as_builds_do(shop: Jobs) -> None:
    source = shop.supply({"buildspec.yml": buildspec("true")})
    assert shop.run("Test", "CodeBuild", PROJECT, inputs=(source,)).external_id == builds(shop)[0]["id"]


def test_exported_variables_are_output_variables(shop: Jobs) -> None:
    spec = buildspec("export TAG=1.2", "export OTHER=x", env={"exported-variables": ["TAG"]})
    assert build(shop, shop.supply({"buildspec.yml": spec})).variables == {"TAG": "1.2"}


def test_variables_of_the_action_reach_the_build(shop: Jobs) -> None:
    spec = buildspec("export SEEN=$STAGE-$SIZE", env={"exported-variables": ["SEEN"]})
    given = json.dumps([{"name": "STAGE", "value": "test", "type": "PLAINTEXT"}, {"name": "SIZE", "value": "2"}])
    done = build(shop, shop.supply({"buildspec.yml": spec}), EnvironmentVariables=given)
    assert done.variables == {"SEEN": "test-2"}


@pytest.mark.parametrize(
    "text",
    ["{", "{}", "[1]", '[{"name": "A"}]', '[{"name": "A", "value": 1}]', '[{"name": "A", "value": "1", "x": ""}]']
    + ["[" * 100_000],
)
def test_variables_that_are_none_start_no_build(shop: Jobs, text: str) -> None:
    code, message = refused(shop, shop.supply({"buildspec.yml": buildspec("true")}), EnvironmentVariables=text)
    assert (code, "JSON array" in message, builds(shop)) == ("ConfigurationError", True, [])


def test_the_primary_source_has_the_buildspec_and_the_others_a_folder(shop: Jobs) -> None:
    one = shop.supply({"buildspec.yml": buildspec("exit 1"), "text": "one"}, "One")
    spec = buildspec("export GOT=$(cat text $CODEBUILD_SRC_DIR_One/text)", env={"exported-variables": ["GOT"]})
    two = shop.supply({"buildspec.yml": spec, "text": "two"}, "Two")
    assert build(shop, one, two, PrimarySource="Two").variables == {"GOT": "twoone"}


@pytest.mark.parametrize(("given", "said"), [({}, "none is named"), ({"PrimarySource": "Three"}, "Three is not one")])
def test_several_inputs_need_a_primary_one_among_them(shop: Jobs, given: dict[str, str], said: str) -> None:
    inputs = [shop.supply({"buildspec.yml": buildspec("true")}, name) for name in ("One", "Two")]
    code, message = refused(shop, *inputs, **given)
    assert (code, said in message, builds(shop)) == ("ConfigurationError", True, [])


def test_the_actions_buildspec_is_used_instead_of_the_sources(shop: Jobs) -> None:
    spec = buildspec("export A=override", env={"exported-variables": ["A"]})
    done = build(shop, shop.supply({"buildspec.yml": buildspec("exit 1")}), BuildspecOverride=spec)
    assert done.variables == {"A": "override"}


@pytest.mark.parametrize("name", ["BatchEnabled", "CombineArtifacts"])
def test_batches_are_refused_by_name(shop: Jobs, name: str) -> None:
    source = shop.supply({"buildspec.yml": buildspec("true")})
    code, message = refused(shop, source, **{name: "true"})
    assert (code, message, builds(shop)) == (
        "ConfigurationError",
        f"{name} of a CodeBuild action is not simulated yet.",
        [],
    )
    build(shop, source, **{name: "false"})


def test_a_failed_build_fails_the_action_with_the_phase_and_its_reason(shop: Jobs) -> None:
    code, message = refused(shop, shop.supply({"buildspec.yml": buildspec("exit 3")}))
    assert (code, message) == (
        "JobFailed",
        "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, "
        "Message: Error while executing command: exit 3. Reason: exit status 3",
    )
    assert shop.reported["summary"] == message


def test_a_project_that_is_not_there_is_named(shop: Jobs) -> None:
    code, message = refused(shop, shop.supply({}), ProjectName="other")
    assert code == "JobFailed"
    assert message.startswith("Error calling startBuild: Project cannot be found: arn:aws:codebuild:us-east-1:")


def test_the_role_needs_to_start_and_to_read_builds_of_the_project(shop: Jobs) -> None:
    source = shop.supply({"buildspec.yml": buildspec("true")})
    project = "arn:aws:codebuild:us-east-1:123456789012:project/"
    shop.allow("codebuild:StartBuild", resource=f"{project}other")
    code, message = refused(shop, source)
    assert (code, builds(shop)) == ("PermissionError", [])
    assert f"is not authorized to perform: codebuild:StartBuild on resource: {project}demo" in message
    shop.allow("codebuild:StartBuild", resource=f"{project}demo")
    code, message = refused(shop, source)
    assert (code, "perform: codebuild:BatchGetBuilds" in message) == ("PermissionError", True)
    shop.allow("codebuild:StartBuild", "codebuild:BatchGetBuilds", resource=f"{project}demo")
    assert build(shop, source).external_id


def test_what_an_abandoned_action_began_goes_on(shop: Jobs) -> None:
    source = shop.supply({"buildspec.yml": buildspec('until aws s3 ls "s3://store/go"; do :; done')})
    failed: list[tuple[str, str]] = []
    action = threading.Thread(target=lambda: failed.append(refused(shop, source)))
    action.start()
    wait_until(lambda: shop.reported)
    shop.stopped.set()
    shop.cloud.core.events.wake()
    action.join(timeout=30)
    assert failed == [("JobFailed", "The action was stopped.")]
    assert [each["buildStatus"] for each in builds(shop)] == ["IN_PROGRESS"]
    shop.client("s3").put_object(Bucket=STORE, Key="go")
    wait_until(lambda: [each["buildStatus"] for each in builds(shop)] == ["SUCCEEDED"])


def test_an_action_that_was_stopped_before_begins_no_build(shop: Jobs) -> None:
    shop.stopped.set()
    assert refused(shop, shop.supply({"buildspec.yml": buildspec("true")})) == ("JobFailed", "The action was stopped.")
    assert builds(shop) == []
