"""Builds that CodePipeline starts: its artifacts are their source, and they leave theirs in its store."""

import io
import json
import zipfile
from typing import Any

import pytest

from cicdlab.cloud.codebuild.model import PipelineArtifact, PipelineWork
from cicdlab.cloud.core import ACCOUNT
from cicdlab.cloud.identity.enforcement import Caller
from cicdlab.cloud.identity.model import Principal

from ...goods import MACHINE, zipped
from .conftest import Bench, reason, spec, states
from .test_projects import refused

REGION, STORE = "us-east-1", "store"
ENDS = {"source": {"type": "CODEPIPELINE"}, "artifacts": {"type": "CODEPIPELINE"}}


def place(name: str, key: str = "") -> PipelineArtifact:
    return PipelineArtifact(name, STORE, key or f"pipe/{name}/x1.zip")


def buildspec(commands: list[str], **artifacts: Any) -> str:
    document: dict[str, Any] = {"version": 0.2, "phases": {"build": {"commands": commands}}}
    return json.dumps({**document, **({"artifacts": artifacts} if artifacts else {})})


@pytest.fixture
def store(bench: Bench) -> Bench:
    bench.bucket(STORE)
    return bench


def supply(bench: Bench, name: str = "Source", **files: str) -> PipelineArtifact:
    """Put an artifact into the store, as an earlier action does; dots of names are written as underscores."""
    where = place(name)
    bench.put(STORE, where.key, zipped({each.replace("_yml", ".yml"): text for each, text in files.items()}))
    return where


def started(bench: Bench, project: str = "demo", work: PipelineWork | None = None, **overrides: Any) -> dict[str, Any]:
    caller = Caller(Principal(f"arn:aws:iam::{ACCOUNT}:root"))
    service = bench.cloud.core.services["codebuild"]
    work = work or PipelineWork("codepipeline/pipe", place("Source"))
    answer = service.start_for_pipeline(caller, REGION, {"projectName": project, **overrides}, work)
    return bench.ended(answer["build"]["id"])


def work(source: PipelineArtifact, **members: Any) -> PipelineWork:
    return PipelineWork("codepipeline/pipe", source, **members)


def names(bench: Bench, where: PipelineArtifact) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(bench.body(where.bucket, where.key))).namelist()


def test_a_pipelines_artifact_is_the_source_and_the_output_goes_to_its_place(store: Bench) -> None:
    store.project("demo", **ENDS)
    source = supply(store, buildspec_yml=buildspec(["cat text > copy"], files=["copy"]), text="hello")
    output = place("Built")
    build = started(store, work=work(source, outputs=(output,)))
    assert build["buildStatus"] == "SUCCEEDED"
    assert names(store, output) == ["copy"]
    assert (build["source"]["type"], build["sourceVersion"]) == ("CODEPIPELINE", source.arn)
    assert build["artifacts"]["location"] == output.arn
    head = store.client("s3").head_object(Bucket=STORE, Key=output.key)
    assert {name.lower(): value for name, value in head["Metadata"].items()} == {"codebuild-buildarn": build["arn"]}
    assert build["secondaryArtifacts"] == []


def test_a_pipeline_is_the_initiator(store: Bench) -> None:
    store.project("demo", **ENDS)
    source = supply(store, buildspec_yml=buildspec(["echo $CODEBUILD_INITIATOR"]))
    build = started(store, work=PipelineWork("codepipeline/release", source))
    assert (build["initiator"], store.output(build)) == ("codepipeline/release", ["codepipeline/release"])


def test_the_revision_of_the_pipelines_source_is_the_resolved_version(store: Bench) -> None:
    store.project("demo", **ENDS)
    show = (
        'echo "$CODEBUILD_RESOLVED_SOURCE_VERSION|${CODEBUILD_RESOLVED_SOURCE_VERSION+set}|$CODEBUILD_SOURCE_VERSION"'
    )
    source = supply(store, buildspec_yml=buildspec([show]))
    build = started(store, work=work(source, revision="4fa1c2d"))
    assert (build["resolvedSourceVersion"], store.output(build)) == ("4fa1c2d", [f"4fa1c2d|set|{source.arn}"])
    build = started(store, work=work(source))
    assert ("resolvedSourceVersion" in build, store.output(build)) == (False, [f"||{source.arn}"])


def test_every_input_has_a_folder_and_the_primary_one_is_where_commands_run(store: Bench) -> None:
    store.project("demo", **ENDS)
    source = supply(store, "App", buildspec_yml=buildspec(["pwd", "cat text $CODEBUILD_SRC_DIR_Tests/text"]), text="a")
    tests = supply(store, "Tests", text="t\n", buildspec_yml="nonsense")
    build = started(store, work=work(source, secondary_sources=(tests,)))
    assert store.output(build)[1:] == ["at"]
    assert build["secondarySourceVersions"] == [{"sourceIdentifier": "Tests", "sourceVersion": tests.arn}]
    assert [(each["type"], each["sourceIdentifier"]) for each in build["secondarySources"]] == [
        ("CODEPIPELINE", "Tests")
    ]


def test_several_outputs_are_the_secondary_artifacts_of_their_names(store: Bench) -> None:
    store.project("demo", **ENDS)
    blocks = {"First": {"files": ["a"]}, "Second": {"files": ["b"]}}
    text = buildspec(["touch a b c"], **{"files": ["c"], "secondary-artifacts": blocks})
    first, second = place("First"), place("Second")
    build = started(store, work=work(supply(store, buildspec_yml=text), outputs=(first, second)))
    assert (names(store, first), names(store, second)) == (["a"], ["b"])
    assert [(each["artifactIdentifier"], each["location"]) for each in build["secondaryArtifacts"]] == [
        ("First", first.arn),
        ("Second", second.arn),
    ]
    assert store.keys(STORE) == sorted([first.key, second.key, place("Source").key])


def test_an_output_without_a_block_of_its_name_fails_the_upload(store: Bench) -> None:
    store.project("demo", **ENDS)
    text = buildspec(["touch a"], **{"files": ["a"], "secondary-artifacts": {"First": {"files": ["a"]}}})
    outputs = (place("First"), place("Second"))
    build = started(store, work=work(supply(store, buildspec_yml=text), outputs=outputs))
    assert reason(build, "UPLOAD_ARTIFACTS") == (
        "CLIENT_ERROR",
        "The buildspec has no block artifacts.secondary-artifacts.Second for the pipeline's artifact Second.",
    )
    assert (build["buildStatus"], store.keys(STORE)) == ("FAILED", [place("Source").key])


def test_an_output_that_the_buildspec_does_not_describe_is_left_out(store: Bench) -> None:
    store.project("demo", **ENDS)
    build = started(store, work=work(supply(store, buildspec_yml=buildspec(["true"])), outputs=(place("Built"),)))
    assert (build["buildStatus"], "No artifact files specified" in store.log(build)) == ("SUCCEEDED", True)


def test_what_the_project_says_of_source_and_artifacts_does_not_count(store: Bench) -> None:
    store.project(
        "demo",
        source={"type": "S3", "location": "nowhere/app.zip"},
        artifacts={"type": "S3", "location": "nowhere", "packaging": "NONE", "name": "own"},
        secondarySources=[{"type": "S3", "location": "nowhere/b.zip", "sourceIdentifier": "b"}],
        secondaryArtifacts=[{"type": "S3", "location": "nowhere", "artifactIdentifier": "c"}],
        sourceVersion="v1",
    )
    source, output = supply(store, buildspec_yml=buildspec(["touch a"], files=["a"])), place("Built")
    build = started(store, work=work(source, outputs=(output,)))
    assert (build["buildStatus"], names(store, output)) == ("SUCCEEDED", ["a"])
    assert (build["secondarySources"], build["sourceVersion"]) == ([], source.arn)


def test_location_and_packaging_of_pipeline_artifacts_are_ignored(store: Bench) -> None:
    given = {"type": "CODEPIPELINE", "location": "other", "name": "x", "packaging": "NONE", "path": "p"}
    store.project("demo", source={"type": "CODEPIPELINE", "location": "other/x.zip"}, artifacts=given)
    source, output = supply(store, buildspec_yml=buildspec(["touch a"], files=["a"])), place("Built")
    build = started(store, work=work(source, outputs=(output,)))
    assert (build["buildStatus"], names(store, output)) == ("SUCCEEDED", ["a"])


def test_a_pipelines_action_may_override_variables_and_buildspec(store: Bench) -> None:
    given = [{"name": "A", "value": "project"}, {"name": "B", "value": "project"}]
    store.project("demo", **ENDS, environment={**MACHINE, "environmentVariables": given})
    source = supply(store, buildspec_yml="nonsense")
    build = started(
        store,
        work=work(source),
        environmentVariablesOverride=[{"name": "A", "value": "action"}],
        buildspecOverride=spec(build=["echo $A $B"]),
    )
    assert store.output(build) == ["action project"]


def test_the_builds_role_reads_and_writes_the_store(store: Bench) -> None:
    store.project("demo", **ENDS)
    source, output = supply(store, buildspec_yml=buildspec(["touch a"], files=["a"])), place("Built")
    allow(store, ("logs:*", "*"))
    build = started(store, work=work(source, outputs=(output,)))
    code, message = reason(build, "DOWNLOAD_SOURCE")
    assert (code, "s3:GetObject on resource" in message) == ("CLIENT_ERROR", True)
    assert message.endswith(f" for primary source and source version {source.arn}")
    allow(store, ("logs:*", "*"), ("s3:GetObject", source.arn))
    build = started(store, work=work(source, outputs=(output,)))
    assert "s3:PutObject on resource" in reason(build, "UPLOAD_ARTIFACTS")[1]
    allow(store, ("logs:*", "*"), ("s3:GetObject", source.arn), ("s3:PutObject", output.arn))
    assert started(store, work=work(source, outputs=(output,)))["buildStatus"] == "SUCCEEDED"


def test_outputs_are_encrypted_with_the_projects_key(store: Bench) -> None:
    key = store.client("kms").create_key()["KeyMetadata"]
    store.project("demo", encryptionKey=key["Arn"], **ENDS)
    source, output = supply(store, buildspec_yml=buildspec(["touch a"], files=["a"])), place("Built")
    build = started(store, work=work(source, outputs=(output,)))
    head = store.client("s3").head_object(Bucket=STORE, Key=output.key)
    assert (build["encryptionKey"], head["SSEKMSKeyId"]) == (key["Arn"], key["Arn"])


def allow(bench: Bench, *permissions: tuple[str, str]) -> None:
    statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in permissions]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    bench.client("iam").put_role_policy(RoleName="builder", PolicyName="all", PolicyDocument=text)


# --- what is refused


def test_a_pipelines_project_is_not_started_without_another_source(store: Bench) -> None:
    store.project("demo", **ENDS)
    code, message = refused(store.codebuild.start_build, projectName="demo")
    assert (code, "is CODEPIPELINE" in message) == ("InvalidInputException", True)
    store.put(STORE, "app.zip", zipped({"buildspec.yml": spec(build=["echo alone"])}))
    other = {"sourceTypeOverride": "S3", "sourceLocationOverride": f"{STORE}/app.zip"}
    assert refused(store.codebuild.start_build, projectName="demo", **other) == (
        "InvalidInputException",
        "ArtifactsOverride must be set when using artifacts type CodePipelines",
    )
    build = store.build("demo", **other, artifactsOverride={"type": "NO_ARTIFACTS"})
    assert (store.output(build), build["initiator"]) == (["alone"], "administrator")


def test_a_pipelines_build_is_not_retried(store: Bench) -> None:
    store.project("demo", **ENDS)
    build = started(store, work=work(supply(store, buildspec_yml=buildspec(["true"]))))
    code, message = refused(store.codebuild.retry_build, id=build["id"])
    assert (code, "started by CodePipeline" in message) == ("InvalidInputException", True)
    assert store.codebuild.list_builds()["ids"] == [build["id"]]


def test_a_badge_and_a_pipeline_do_not_go_together(store: Bench) -> None:
    assert refused(store.codebuild.create_project, **store.settings(**ENDS, badgeEnabled=True)) == (
        "InvalidInputException",
        "Build badges are not supported for CodePipeline source",
    )


def test_a_zip_that_points_out_of_its_folder_is_refused(store: Bench) -> None:
    store.project("demo", **ENDS)
    source = place("Source")
    store.put(STORE, source.key, zipped({"../evil": "x"}))
    build = started(store, work=work(source))
    assert "points out of the archive" in reason(build, "DOWNLOAD_SOURCE")[1]
    assert "BUILD" not in states(build)
