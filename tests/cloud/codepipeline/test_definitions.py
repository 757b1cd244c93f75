"""What a pipeline's definition has to be, and what AWS says of one that is not."""

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from cicdlab.cloud.codepipeline import pipelines
from cicdlab.cloud.codepipeline.model import Declaration
from cicdlab.cloud.errors import ServiceError
from cicdlab.cloud.protocol import service_model
from cicdlab.cloud.shapes import check, decode

from .bench import REGION, Bench, action, approval, definition, site, source, stage

SHAPE = service_model("codepipeline").operation_model("CreatePipeline").input_shape
FETCH = stage("Source", source())


def declare(given: Any) -> Declaration:
    """Take a definition as the endpoint does."""
    request = decode(SHAPE, {"pipeline": given})
    check(SHAPE, request)
    return pipelines.declared(request["pipeline"], REGION)


def refusal(*stages: dict[str, Any], **members: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as refused:
        declare(definition(*stages, **members))
    return refused.value.code, refused.value.message


def structure(*stages: dict[str, Any], **members: Any) -> str:
    code, message = refusal(*stages, **members)
    assert code == "InvalidStructureException"
    return message


def wrong_action(*stages: dict[str, Any], **members: Any) -> str:
    code, message = refusal(*stages, **members)
    assert code == "InvalidActionDeclarationException"
    return message


def test_one_stage_is_not_enough() -> None:
    assert structure(FETCH) == "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline"


def test_fifty_stages_are_the_most() -> None:
    others = [stage(f"Ask{number}", approval()) for number in range(50)]
    assert len(declare(definition(FETCH, *others[:49])).stages) == 50
    assert "51 stages" in structure(FETCH, *others)


def test_the_first_stage_has_sources_and_nothing_else() -> None:
    message = "Pipeline should start with a stage that only contains source actions"
    assert structure(stage("Ask", approval()), stage("Deploy", approval())) == message
    assert structure(stage("Source", source(), approval()), stage("Deploy", site())) == message


def test_sources_are_in_the_first_stage_only() -> None:
    message = structure(FETCH, stage("Again", source("Second", output="Other")))
    assert message == "Source action Second is in the stage Again. Source actions may only occur in the first stage"


def test_a_stage_has_actions() -> None:
    code, message = refusal(FETCH, stage("Empty"))
    assert code == "InvalidStageDeclarationException"
    assert message == "Stage Empty has 0 actions. A stage has 1 to 50 actions"
    code, _ = refusal(FETCH, stage("Full", *[approval(f"Ask{number}") for number in range(51)]))
    assert code == "InvalidStageDeclarationException"


def test_names_are_unique() -> None:
    assert "Stage name must be unique" in structure(FETCH, stage("Ask", approval()), stage("Ask", approval()))
    code, message = refusal(FETCH, stage("Ask", approval("A"), approval("A")))
    assert code == "InvalidStageDeclarationException"
    assert "A is used more than once in the stage Ask" in message
    declare(definition(FETCH, stage("Ask", approval("A")), stage("Again", approval("A"))))


def test_a_name_that_awss_model_does_not_allow_is_refused() -> None:
    assert refusal(FETCH, stage("no spaces", approval()))[0] == "ValidationException"
    assert refusal(FETCH, stage("Ask", approval(runOrder=1000)))[0] == "ValidationException"
    assert refusal(FETCH, stage("Ask", approval(runOrder=0)))[0] == "ValidationException"


def test_an_action_type_that_does_not_exist_is_named() -> None:
    assert wrong_action(FETCH, stage("Build", action("Make", "Build", "Jenkins"))) == (
        "ActionType (Category: 'Build', Provider: 'Jenkins', Owner: 'AWS', Version: '1') in action 'Make' "
        "is not available in region 'US_EAST_1'"
    )


def test_artifacts_are_counted() -> None:
    few = action("Publish", "Deploy", "S3", {"BucketName": "site", "Extract": "true"})
    assert wrong_action(FETCH, stage("Deploy", few)) == (
        "Action Publish declares 0 input artifacts which is less than the minimum count (1)"
    )
    many = approval(inputArtifacts=[{"name": "App"}])
    assert wrong_action(FETCH, stage("Ask", many)) == (
        "Action Ask declares 1 input artifacts which is more than the maximum count (0)"
    )


def test_an_input_is_the_output_of_an_earlier_action() -> None:
    deploy = action("Publish", "Deploy", "S3", {"BucketName": "site", "Extract": "true"}, ("Built",))
    make = action("Make", "Build", "CodeBuild", {"ProjectName": "demo"}, ("App",), ("Built",))
    message = (
        "Input Artifact Bundle Built in action Publish is not declared as Output Artifact Bundle "
        "in any of the preceding actions"
    )
    assert wrong_action(FETCH, stage("Deploy", deploy)) == message
    assert wrong_action(FETCH, stage("Deploy", deploy, make)) == message  # beside each other
    declare(definition(FETCH, stage("Deploy", {**deploy, "runOrder": 2}, make)))
    declare(definition(FETCH, stage("Build", make), stage("Ask", approval()), stage("Deploy", deploy)))


def test_an_output_has_a_name_of_its_own() -> None:
    message = wrong_action(stage("Source", source("A"), source("B")), stage("Deploy", site()))
    assert message == (
        "Output Artifact Bundle name must be unique within the pipeline. App has been used more than once."
    )


def test_configuration_that_is_required() -> None:
    bare = action("Fetch", "Source", "S3", {"S3Bucket": "source"}, outputs=("App",))
    assert wrong_action(stage("Source", bare), stage("Deploy", site())) == (
        "Action configuration for action 'Fetch' is missing required configuration 'S3ObjectKey'"
    )


def test_configuration_that_is_unknown() -> None:
    odd = approval(configuration={"Colour": "red"})
    assert wrong_action(FETCH, stage("Ask", odd)) == (
        "Action configuration for action 'Ask' contains unknown configuration 'Colour'"
    )


def test_configuration_that_is_too_long_or_empty() -> None:
    assert refusal(FETCH, stage("Ask", approval(configuration={"CustomData": "x" * 1001})))[0] == "ValidationException"
    assert refusal(FETCH, stage("Ask", approval(configuration={"CustomData": ""})))[0] == "ValidationException"


def test_only_approvals_have_a_time_out() -> None:
    assert "timeoutInMinutes" in wrong_action(FETCH, stage("Deploy", site(timeoutInMinutes=5)))
    declare(definition(FETCH, stage("Ask", approval(timeoutInMinutes=5))))
    assert refusal(FETCH, stage("Ask", approval(timeoutInMinutes=4)))[0] == "ValidationException"


def test_one_kind_of_artifact_store() -> None:
    store = {"type": "S3", "location": "store"}
    given = definition()
    del given["artifactStore"]
    with pytest.raises(ServiceError, match="either an artifactStore or artifactStores"):
        declare(given)
    assert "not both" in structure(artifactStores={REGION: store})
    assert declare({**given, "artifactStores": {REGION: store}}).store.location == "store"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (definition(executionMode="QUEUED"), "the execution mode QUEUED"),
        (definition(executionMode="PARALLEL"), "the execution mode PARALLEL"),
        (definition(FETCH, stage("Deploy", site(region="eu-west-1"))), "another Region, eu-west-1"),
        (definition(FETCH, {**stage("Ask", approval()), "onFailure": {"result": "ROLLBACK"}}), "onFailure"),
        (
            definition(
                triggers=[
                    {"providerType": "CodeStarSourceConnection", "gitConfiguration": {"sourceActionName": "Fetch"}}
                ]
            ),
            "triggers",
        ),
        (
            definition(FETCH, stage("Deploy", action("Phones", "Test", "DeviceFarm", {}, ("App",)))),
            "the provider DeviceFarm",
        ),
    ],
)
def test_what_is_not_simulated_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ServiceError) as refused:
        declare(given)
    assert named in refused.value.message
    assert "not simulated" in refused.value.message
    assert refused.value.status == 501


def test_variables_make_a_pipeline_one_of_type_v2() -> None:
    assert declare(definition()).pipeline_type == "V1"
    assert declare(definition(variables=[{"name": "Color"}])).pipeline_type == "V2"
    assert declare(definition(variables=[{"name": "Color"}], pipelineType="V1")).pipeline_type == "V2"


def test_variables_have_names_of_their_own() -> None:
    assert "Color occurs twice" in structure(variables=[{"name": "Color"}, {"name": "Color"}])


def test_namespaces_are_unique_and_two_are_reserved() -> None:
    twice = stage("Source", source("A", namespace="N"), source("B", output="Other", namespace="N"))
    assert wrong_action(twice, stage("Deploy", site())) == (
        "Namespaces must be unique across the pipeline definition. The following occur more than once in the "
        "pipeline. StageName=[Source], ActionName=[B], Namespace=[N]"
    )
    for name in ("codepipeline", "variables"):
        assert "reserved" in wrong_action(stage("Source", source(namespace=name)), stage("Deploy", site()))


@pytest.mark.parametrize(
    "reference", ["#{Nobody.Key}", "#{Key}", "#{codepipeline.Colour}", "#{variables.Colour}", "#{}"]
)
def test_a_reference_names_what_there_is(reference: str) -> None:
    message = wrong_action(FETCH, stage("Ask", approval(configuration={"CustomData": f"see {reference}"})))
    assert message.startswith("Valid format for a pipeline execution variable reference is a namespace and a key")
    assert message.endswith(
        "StageName=[Ask], ActionName=[Ask], ActionConfigurationKey=[CustomData], "
        f"VariableReferenceText=[{reference[2:-1]}]"
    )


def test_the_artifact_store_is_in_the_region_of_the_pipeline(bench: Bench) -> None:
    bench.client("s3").create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    with pytest.raises(ClientError, match="elsewhere is in the Region eu-central-1") as refused:
        bench.create(artifactStore={"type": "S3", "location": "elsewhere"})
    assert refused.value.response["Error"]["Code"] == "InvalidStructureException"


# --- whatever somebody sends

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["Source", "App", "S3", "AWS", "1"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, item in inner for each in places(item, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Return a definition in which something was replaced, doubled or taken out."""
    value = copy.deepcopy(definition(variables=[{"name": "Color", "defaultValue": "red"}]))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([each for each in places(value) if each]))
        inner: Any = value
        for key in path[:-1]:
            inner = inner[key]
        change = draw(st.sampled_from(["replace", "remove", "double"]))
        if change == "replace":
            inner[path[-1]] = draw(JSON)
        elif change == "remove":
            del inner[path[-1]]
        elif isinstance(inner, list):
            inner.append(copy.deepcopy(inner[path[-1]]))
    return value


@settings(max_examples=400, deadline=None)
@given(damaged() | JSON)
def test_any_definition_is_taken_or_refused(given: Any) -> None:
    try:
        declared = declare(given)
    except ServiceError as error:
        assert error.status in (400, 501)
        assert error.message
    else:
        assert declare(json.loads(json.dumps(declared.wire()))) == declared
