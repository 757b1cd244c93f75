"""Several sources and several artifacts in one build."""

import hashlib
import json
from typing import Any

import pytest

from ...goods import zipped
from .conftest import Bench, reason, states
from .test_projects import refused


def source(identifier: str, key: str = "", **members: Any) -> dict[str, Any]:
    return {"type": "S3", "location": f"goods/{key or identifier}.zip", "sourceIdentifier": identifier, **members}


def artifact(identifier: str, **members: Any) -> dict[str, Any]:
    return {"type": "S3", "location": "goods", "artifactIdentifier": identifier, **members}


def buildspec(commands: list[str], artifacts: dict[str, Any] | None = None, files: list[str] | None = None) -> str:
    document: dict[str, Any] = {"version": "0.2", "phases": {"build": {"commands": commands}}}
    if artifacts is not None:
        document["artifacts"] = {"files": files or ["none"], "secondary-artifacts": artifacts}
    return json.dumps(document) + "\n"


@pytest.fixture
def stocked(bench: Bench) -> Bench:
    bench.bucket()
    for name in ("one", "two"):
        bench.put("goods", f"{name}.zip", zipped({"text": f"{name}\n"}))
    return bench


# --- sources


def test_every_secondary_source_has_a_folder_of_its_own(stocked: Bench) -> None:
    show = 'cat "$CODEBUILD_SRC_DIR_one/text" "$CODEBUILD_SRC_DIR_two/text"'
    folders = ['ls "$CODEBUILD_SRC_DIR"', 'test "$CODEBUILD_SRC_DIR_one" != "$CODEBUILD_SRC_DIR_two"']
    build = stocked.run(buildspec([show, *folders]), secondarySources=[source("one"), source("two")])
    assert stocked.output(build) == ["one", "two"]
    assert [each["sourceIdentifier"] for each in build["secondarySources"]] == ["one", "two"]


def test_secondary_sources_have_variables_of_their_own(stocked: Bench) -> None:
    stocked.client("s3").put_bucket_versioning(Bucket="goods", VersioningConfiguration={"Status": "Enabled"})
    version = stocked.put("goods", "one.zip", zipped({"text": "versioned\n"}))["VersionId"]
    stocked.put("goods", "one.zip", zipped({"text": "newest\n"}))
    build = stocked.run(
        buildspec(
            ["echo $CODEBUILD_SOURCE_REPO_URL_one $CODEBUILD_SOURCE_VERSION_one", "cat $CODEBUILD_SRC_DIR_one/text"]
        ),
        secondarySources=[source("one")],
        secondarySourceVersions=[{"sourceIdentifier": "one", "sourceVersion": version}],
    )
    assert stocked.output(build) == [f"s3://goods/one.zip {version}", "versioned"]
    assert build["secondarySourceVersions"] == [{"sourceIdentifier": "one", "sourceVersion": version}]


def test_a_build_may_have_other_secondary_sources(stocked: Bench) -> None:
    text = buildspec(["cat $CODEBUILD_SRC_DIR_*/text 2>/dev/null || cat $CODEBUILD_SRC_DIR_b/text"])
    stocked.project("demo", text, secondarySources=[source("a", "one")])
    build = stocked.build("demo", secondarySourcesOverride=[source("b", "two")])
    assert stocked.output(build) == ["two"]
    assert [each["sourceIdentifier"] for each in build["secondarySources"]] == ["b"]


def test_a_build_may_have_another_version_of_one_secondary_source(stocked: Bench) -> None:
    stocked.client("s3").put_bucket_versioning(Bucket="goods", VersioningConfiguration={"Status": "Enabled"})
    old = stocked.put("goods", "one.zip", zipped({"text": "old\n"}))["VersionId"]
    new = stocked.put("goods", "one.zip", zipped({"text": "new\n"}))["VersionId"]
    stocked.project(
        "demo",
        buildspec(["cat $CODEBUILD_SRC_DIR_one/text"]),
        secondarySources=[source("one")],
        secondarySourceVersions=[{"sourceIdentifier": "one", "sourceVersion": new}],
    )
    wanted = [{"sourceIdentifier": "one", "sourceVersion": old}]
    assert stocked.output(stocked.build("demo", secondarySourcesVersionOverride=wanted)) == ["old"]
    assert stocked.output(stocked.build("demo")) == ["new"]
    wanted[0]["sourceIdentifier"] = "two"
    code, message = refused(stocked.codebuild.start_build, projectName="demo", secondarySourcesVersionOverride=wanted)
    assert (code, "no secondary source two" in message) == ("InvalidInputException", True)


def test_a_secondary_source_that_is_missing_is_named(stocked: Bench) -> None:
    build = stocked.run(buildspec(["true"]), secondarySources=[source("three")])
    code, message = reason(build, "DOWNLOAD_SOURCE")
    assert (code, message.startswith("NoSuchKey: ")) == ("CLIENT_ERROR", True)
    assert message.endswith(" for secondary source three goods/three.zip")


# --- artifacts


def test_secondary_artifacts_go_where_the_project_says(stocked: Bench) -> None:
    blocks = {"first": {"files": ["a.txt"]}, "second": {"files": ["*"], "base-directory": "dist", "name": "unused"}}
    build = stocked.run(
        buildspec(["echo a > a.txt", "mkdir dist", "echo b > dist/b.txt"], blocks, ["a.txt"]),
        artifacts={"type": "S3", "location": "goods", "name": "main"},
        secondaryArtifacts=[artifact("first"), artifact("second", path="p", name="s.zip", packaging="ZIP")],
    )
    assert [key for key in stocked.keys("goods") if not key.endswith(("one.zip", "two.zip"))] == [
        "first/a.txt",
        "main/a.txt",
        "p/s.zip",
    ]
    first, second = build["secondaryArtifacts"]
    assert (first["artifactIdentifier"], first["location"]) == ("first", "arn:aws:s3:::goods/first")
    assert (second["artifactIdentifier"], second["location"]) == ("second", "arn:aws:s3:::goods/p/s.zip")
    data = stocked.body("goods", "p/s.zip")
    assert (second["sha256sum"], second["md5sum"]) == (hashlib.sha256(data).hexdigest(), hashlib.md5(data).hexdigest())
    assert build["artifacts"]["location"] == "arn:aws:s3:::goods/main"
    assert "artifactIdentifier" not in build["artifacts"]


def test_a_project_may_have_secondary_artifacts_only(stocked: Bench) -> None:
    build = stocked.run(
        buildspec(["echo a > a"], {"first": {"files": ["a"]}}, ["nothing is uploaded of this"]),
        secondaryArtifacts=[artifact("first")],
    )
    assert (build["buildStatus"], stocked.body("goods", "first/a")) == ("SUCCEEDED", b"a\n")


def test_a_secondary_artifact_may_take_its_name_from_the_buildspec(stocked: Bench) -> None:
    stocked.run(
        buildspec(["echo a > a", "N=7"], {"first": {"files": ["a"], "name": "build-$N"}}),
        secondaryArtifacts=[artifact("first", overrideArtifactName=True)],
    )
    assert stocked.body("goods", "build-7/a") == b"a\n"


@pytest.mark.parametrize("base", ["$CODEBUILD_SRC_DIR_one", "${CODEBUILD_SRC_DIR_one}/", "$HERE"])
def test_a_base_directory_may_be_named_by_a_variable(stocked: Bench, base: str) -> None:
    build = stocked.run(
        buildspec(["HERE=$CODEBUILD_SRC_DIR_one"], {"first": {"files": ["text"], "base-directory": base}}),
        secondarySources=[source("one")],
        secondaryArtifacts=[artifact("first")],
    )
    assert build["buildStatus"] == "SUCCEEDED"
    assert stocked.body("goods", "first/text") == b"one\n"


def test_a_base_directory_whose_variable_leads_out_of_the_build_gives_no_artifact(stocked: Bench) -> None:
    build = stocked.run(
        buildspec(["B=/etc"], {"first": {"files": ["hostname"], "base-directory": "$B"}}),
        secondaryArtifacts=[artifact("first")],
    )
    assert (states(build)["UPLOAD_ARTIFACTS"], reason(build, "UPLOAD_ARTIFACTS")[0]) == ("FAILED", "CLIENT_ERROR")
    assert stocked.keys("goods") == ["one.zip", "two.zip"]


@pytest.mark.parametrize(
    ("blocks", "known", "message"),
    [
        (
            {"first": {"files": ["a"]}},
            ["first", "second"],
            "The buildspec has no block artifacts.secondary-artifacts.second for the project's artifact second.",
        ),
        (
            {"first": {"files": ["a"]}, "third": {"files": ["a"]}},
            ["first"],
            "The project has no secondary artifact third, which the buildspec's artifacts name.",
        ),
    ],
)
def test_identifiers_of_buildspec_and_project_must_match(
    stocked: Bench, blocks: dict[str, Any], known: list[str], message: str
) -> None:
    build = stocked.run(buildspec(["echo a > a"], blocks), secondaryArtifacts=[artifact(name) for name in known])
    assert reason(build, "UPLOAD_ARTIFACTS") == ("CLIENT_ERROR", message)
    assert (states(build)["BUILD"], build["buildStatus"]) == ("SUCCEEDED", "FAILED")
    assert stocked.keys("goods") == ["one.zip", "two.zip"]


def test_a_build_may_have_other_secondary_artifacts(stocked: Bench) -> None:
    stocked.project("demo", buildspec(["echo a > a"], {"b": {"files": ["a"]}}), secondaryArtifacts=[artifact("a")])
    build = stocked.build("demo", secondaryArtifactsOverride=[artifact("b", name="other")])
    assert (build["buildStatus"], stocked.body("goods", "other/a")) == ("SUCCEEDED", b"a\n")


# --- what a project may have


@pytest.mark.parametrize("identifier", [None, "", "a-b", "a b", "é", "x" * 128])
def test_secondary_sources_and_artifacts_need_an_identifier(bench: Bench, identifier: str | None) -> None:
    named = {} if identifier is None else {"sourceIdentifier": identifier, "artifactIdentifier": identifier}
    for member, kind in (("secondarySources", "sourceIdentifier"), ("secondaryArtifacts", "artifactIdentifier")):
        given = {"type": "S3", "location": "goods/a.zip", **{name: named[name] for name in named if name == kind}}
        code, message = refused(bench.codebuild.create_project, **bench.settings(**{member: [given]}))
        assert (code, kind in message) == ("InvalidInputException", True)
    longest = "Az_9" + "x" * 123
    bench.project("demo", secondarySources=[source(longest, "a")], secondaryArtifacts=[artifact(longest)])


def test_identifiers_are_unique(bench: Bench) -> None:
    for members in ({"secondarySources": [source("a")] * 2}, {"secondaryArtifacts": [artifact("a")] * 2}):
        code, message = refused(bench.codebuild.create_project, **bench.settings(**members))
        assert (code, "more than once" in message) == ("InvalidInputException", True)
    bench.project("demo", secondarySources=[source("a")], secondaryArtifacts=[artifact("a")])


def test_a_project_has_at_most_twelve_secondary_sources(bench: Bench) -> None:
    sources = [source(f"s{number}") for number in range(13)]
    code, message = refused(bench.codebuild.create_project, **bench.settings(secondarySources=sources))
    assert (code, "12" in message) in {("InvalidInputException", True), ("ValidationException", True)}
    assert len(bench.project("demo", secondarySources=sources[:12])["secondarySources"]) == 12


def test_a_project_has_at_most_twelve_secondary_artifacts(bench: Bench) -> None:
    artifacts = [artifact(f"a{number}") for number in range(13)]
    code, message = refused(bench.codebuild.create_project, **bench.settings(secondaryArtifacts=artifacts))
    assert (code, "12" in message) in {("InvalidInputException", True), ("ValidationException", True)}
    assert len(bench.project("demo", secondaryArtifacts=artifacts[:12])["secondaryArtifacts"]) == 12


@pytest.mark.parametrize("kind", ["CODEPIPELINE", "NO_ARTIFACTS"])
def test_secondary_artifacts_are_in_s3(bench: Bench, kind: str) -> None:
    given = {"type": kind, "artifactIdentifier": "a"}
    code, message = refused(bench.codebuild.create_project, **bench.settings(secondaryArtifacts=[given]))
    assert (code, f"not {kind}" in message) == ("InvalidInputException", True)


@pytest.mark.parametrize("kind", ["CODEPIPELINE", "NO_SOURCE"])
def test_a_secondary_source_is_one_that_brings_files(bench: Bench, kind: str) -> None:
    given = {"type": kind, "sourceIdentifier": "a"}
    code, message = refused(bench.codebuild.create_project, **bench.settings(secondarySources=[given]))
    assert (code, f"type {kind}" in message) == ("InvalidInputException", True)


def test_a_secondary_artifact_is_called_as_its_identifier_says(bench: Bench) -> None:
    project = bench.project("demo", secondaryArtifacts=[artifact("first"), artifact("second", name="own")])
    assert [(each["name"], each["packaging"]) for each in project["secondaryArtifacts"]] == [
        ("first", "NONE"),
        ("own", "NONE"),
    ]


def test_an_update_removes_secondary_sources_and_artifacts(bench: Bench) -> None:
    bench.project("demo", secondarySources=[source("a")], secondaryArtifacts=[artifact("a")])
    project = bench.codebuild.update_project(name="demo", secondarySources=[], secondaryArtifacts=[])["project"]
    assert (project["secondarySources"], project["secondaryArtifacts"]) == ([], [])
