import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from .conftest import Bench, reason, states

TREE = [
    "mkdir -p dist/sub .hidden build-1 build-2",
    "echo one > one.txt",
    "echo two > dist/two.txt",
    "echo three > dist/sub/three.txt",
    "echo code > dist/sub/code.pyc",
    "echo secret > .hidden/file",
    "echo b1 > build-1/b1",
    "echo b2 > build-2/b2",
]


def made(bench: Bench, artifacts: dict[str, Any], commands: list[str] | None = None, **settings: Any) -> dict[str, Any]:
    """Build with this artifacts block and these artifact settings."""
    document = {"version": "0.2", "phases": {"build": {"commands": commands or TREE}}, "artifacts": artifacts}
    bench.bucket()
    return bench.run(
        json.dumps(document) + "\n", artifacts={"type": "S3", "location": "goods", "name": "out", **settings}
    )


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["one.txt"], ["one.txt"]),
        (["./one.txt"], ["one.txt"]),
        (["*"], ["one.txt"]),
        (["dist/*"], ["dist/two.txt"]),
        (["dist/**/*"], ["dist/sub/code.pyc", "dist/sub/three.txt", "dist/two.txt"]),
        (["**/*.txt"], ["dist/sub/three.txt", "dist/two.txt", "one.txt"]),
        (["one.txt", "none", "dist/two.tx?"], ["dist/two.txt", "one.txt"]),
        (["**/*file"], [".hidden/file"]),
    ],
)
def test_files_are_chosen_by_name_and_pattern(bench: Bench, files: list[str], expected: list[str]) -> None:
    made(bench, {"files": files})
    assert bench.keys("goods") == [f"out/{name}" for name in expected]


def test_a_folder_named_without_a_pattern_matches_nothing(bench: Bench) -> None:
    build = made(bench, {"files": ["dist"]})
    assert reason(build, "UPLOAD_ARTIFACTS") == ("CLIENT_ERROR", "no matching artifact paths found")


def test_artifacts_that_match_nothing_fail_the_upload_and_the_build(bench: Bench) -> None:
    build = made(bench, {"files": ["none/**/*"]})
    assert reason(build, "UPLOAD_ARTIFACTS") == ("CLIENT_ERROR", "no matching artifact paths found")
    assert (states(build)["UPLOAD_ARTIFACTS"], build["buildStatus"]) == ("FAILED", "FAILED")
    assert bench.keys("goods") == []


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("dist", ["sub/code.pyc", "sub/three.txt", "two.txt"]),
        ("build-*", ["b1", "b2"]),
        ("./dist/sub/", ["code.pyc", "three.txt"]),
    ],
)
def test_a_base_directory_is_where_names_begin(bench: Bench, base: str, expected: list[str]) -> None:
    made(bench, {"files": ["**/*"], "base-directory": base})
    assert bench.keys("goods") == [f"out/{name}" for name in expected]


def test_a_base_directory_that_is_not_there_is_named(bench: Bench) -> None:
    build = made(bench, {"files": ["**/*"], "base-directory": "none"})
    assert reason(build, "UPLOAD_ARTIFACTS") == ("CLIENT_ERROR", "no matching base directory path found for none")


def test_a_name_that_is_not_utf_8_is_left_out(bench: Bench) -> None:
    build = made(bench, {"files": ["*.bin"]}, [r"touch $'\xff.bin' ok.bin"])
    assert bench.keys("goods") == ["out/ok.bin"]
    assert "Skipping invalid file path \ufffd.bin" in bench.log(build)


def test_the_shells_messages_are_no_part_of_a_computed_name(bench: Bench) -> None:
    artifacts = {"files": ["one.txt"], "name": "x-$(echo 7; echo warning >&2)"}
    made(bench, artifacts, ["set -x", "echo 1 > one.txt"], overrideArtifactName=True)
    assert bench.keys("goods") == ["x-7/one.txt"]


@pytest.mark.parametrize("base", ["none", "../../..", "/etc", "/"])
def test_a_base_directory_outside_of_the_build_gives_no_artifact(bench: Bench, base: str) -> None:
    build = made(bench, {"files": ["shadow", "hostname"], "base-directory": base})
    assert states(build)["UPLOAD_ARTIFACTS"] == "FAILED"
    assert bench.keys("goods") == []


def test_excluded_paths_are_left_out(bench: Bench) -> None:
    made(bench, {"files": ["dist/**/*"], "exclude-paths": ["**/*.pyc", "dist/two.txt"]})
    assert bench.keys("goods") == ["out/dist/sub/three.txt"]


def test_discarded_paths_leave_file_names_only(bench: Bench) -> None:
    made(bench, {"files": ["**/*.txt"], "discard-paths": "yes"})
    assert bench.keys("goods") == ["out/one.txt", "out/three.txt", "out/two.txt"]


def test_a_link_never_brings_a_file_from_outside_of_the_build(bench: Bench) -> None:
    commands = [
        "ln -s /etc/hostname a",
        "ln -s ../../../../../../../../../../etc/hostname b",
        "echo c > c",
        "ln -s c d",
    ]
    build = made(bench, {"files": ["*"]}, [*commands, "ln -s b e"])
    assert bench.keys("goods") == ["out/c", "out/d"]
    assert "Skipping invalid file path a" in bench.log(build)


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ({}, "out/"),
        ({"name": "/"}, ""),
        ({"path": "some/where"}, "some/where/out/"),
        ({"path": "/p/", "name": "/"}, "p/"),
    ],
)
def test_path_and_name_make_the_key(bench: Bench, settings: dict[str, Any], folder: str) -> None:
    build = made(bench, {"files": ["one.txt"]}, **settings)
    assert bench.keys("goods") == [f"{folder}one.txt"]
    assert build["artifacts"]["location"] == f"arn:aws:s3:::goods/{folder}".rstrip("/")


def test_a_namespace_of_build_id_puts_the_builds_id_between(bench: Bench) -> None:
    build = made(bench, {"files": ["one.txt"]}, path="p", namespaceType="BUILD_ID")
    uuid = build["id"].partition(":")[2]
    assert bench.keys("goods") == [f"p/{uuid}/out/one.txt"]


def test_a_zip_holds_the_files_and_the_build_knows_its_checksums(bench: Bench) -> None:
    build = made(bench, {"files": ["**/*.txt"], "base-directory": "dist"}, packaging="ZIP", name="app.zip")
    data = bench.body("goods", "app.zip")
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["sub/three.txt", "two.txt"]
    assert build["artifacts"]["sha256sum"] == hashlib.sha256(data).hexdigest()
    assert build["artifacts"]["md5sum"] == hashlib.md5(data).hexdigest()
    assert build["artifacts"]["location"] == "arn:aws:s3:::goods/app.zip"


def test_a_zip_is_the_same_on_every_run(bench: Bench) -> None:
    made(bench, {"files": ["**/*"]}, packaging="ZIP")
    first = bench.body("goods", "out")
    bench.build("demo0")
    assert bench.body("goods", "out") == first


def test_a_folder_has_no_checksum(bench: Bench) -> None:
    build = made(bench, {"files": ["one.txt"]})
    assert "sha256sum" not in build["artifacts"]


@pytest.mark.parametrize("packaging", ["NONE", "ZIP"])
def test_every_object_names_the_build_that_made_it(bench: Bench, packaging: str) -> None:
    build = made(bench, {"files": ["one.txt"]}, packaging=packaging)
    head = bench.client("s3").head_object(Bucket="goods", Key=bench.keys("goods")[0])
    assert {name.lower(): value for name, value in head["Metadata"].items()} == {"codebuild-buildarn": build["arn"]}


def test_the_buildspecs_name_counts_only_when_the_project_says_so_and_the_shell_expands_it(bench: Bench) -> None:
    block = {"files": ["one.txt"], "name": 'app-$MY-$(echo "a b" | tr " " _).zip'}
    commands = [*TREE, "export MY=x"]
    made(bench, block, commands, packaging="ZIP", overrideArtifactName=True)
    made_again = bench.run(
        json.dumps({"version": "0.2", "phases": {"build": {"commands": commands}}, "artifacts": block}) + "\n",
        artifacts={"type": "S3", "location": "goods", "name": "project.zip", "packaging": "ZIP"},
    )
    assert made_again["buildStatus"] == "SUCCEEDED"
    assert bench.keys("goods") == ["app-x-a_b.zip", "project.zip"]


def test_a_missing_artifact_bucket_fails_the_upload(bench: Bench) -> None:
    build = made(bench, {"files": ["one.txt"]}, location="nowhere")
    code, message = reason(build, "UPLOAD_ARTIFACTS")
    assert (code, "NoSuchBucket" in message) == ("CLIENT_ERROR", True)
    assert build["buildStatus"] == "FAILED"


def test_a_project_without_artifacts_uploads_nothing(bench: Bench) -> None:
    bench.bucket()
    text = {"version": "0.2", "phases": {"build": {"commands": ["true"]}}, "artifacts": {"files": ["none"]}}
    build = bench.run(json.dumps(text) + "\n")
    assert (build["buildStatus"], bench.keys("goods")) == ("SUCCEEDED", [])


def test_nothing_that_runs_on_changes_the_artifact(bench: Bench) -> None:
    commands = ["echo ok > file", "(setsid sh -c 'while true; do echo bad > late; done' &)", "true"]
    build = made(bench, {"files": ["file"]}, commands)
    assert build["buildStatus"] == "SUCCEEDED"
    assert bench.body("goods", "out/file") == b"ok\n"
