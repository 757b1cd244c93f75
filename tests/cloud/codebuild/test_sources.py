from typing import Any

import pytest

from ...goods import zipped
from .conftest import Bench, reason, spec, states

S3 = {"type": "S3", "location": "goods/app.zip"}
BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands:\n      - cat greeting\n"


def build_of(bench: Bench, **source: str) -> dict[str, Any]:
    bench.codebuild.create_project(**{**bench.settings("demo"), "source": {**S3, **source}})
    return bench.build("demo")


def test_a_zip_from_s3_is_the_source(bench: Bench) -> None:
    bench.bucket()
    bench.put("goods", "app.zip", zipped({"buildspec.yml": BUILDSPEC, "greeting": "hello\n"}))
    build = build_of(bench)
    assert bench.output(build) == ["hello"]
    assert build["source"]["location"] == "goods/app.zip"
    assert "YAML location is /codebuild/output/src" in bench.log(build)


def test_objects_under_a_prefix_are_the_source(bench: Bench) -> None:
    bench.bucket()
    bench.put("goods", "app/buildspec.yml", BUILDSPEC.replace("greeting", "sub/greeting"))
    bench.put("goods", "app/sub/greeting", "hello\n")
    bench.put("goods", "app/empty/", "a folder, for some tools")
    bench.put("goods", "application/other", "no")
    assert bench.output(build_of(bench, location="goods/app/")) == ["hello"]


def test_a_version_of_the_object_may_be_asked_for(bench: Bench) -> None:
    bench.bucket()
    bench.client("s3").put_bucket_versioning(Bucket="goods", VersioningConfiguration={"Status": "Enabled"})
    old = bench.put("goods", "app.zip", zipped({"buildspec.yml": BUILDSPEC, "greeting": "old"}))["VersionId"]
    bench.put("goods", "app.zip", zipped({"buildspec.yml": BUILDSPEC, "greeting": "new"}))
    assert bench.output(build_of(bench)) == ["new"]
    build = bench.build("demo", sourceVersion=old)
    assert (bench.output(build), build["sourceVersion"]) == (["old"], old)


def test_a_folder_has_no_version(bench: Bench) -> None:
    bench.codebuild.create_project(**{**bench.settings("demo"), "source": {**S3, "location": "goods/app/"}})
    with pytest.raises(bench.codebuild.exceptions.InvalidInputException, match="should be empty for S3 folder"):
        bench.start("demo", sourceVersion="1")


def failed_download(build: dict[str, Any]) -> tuple[str, str]:
    assert build["buildStatus"] == "FAILED"
    assert list(states(build))[-3:] == ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"]
    return reason(build, "DOWNLOAD_SOURCE")


def test_a_missing_bucket_fails_in_download_source(bench: Bench) -> None:
    code, message = failed_download(build_of(bench))
    assert code == "CLIENT_ERROR"
    assert message.startswith("NoSuchBucket: ")
    assert message.endswith("for primary source goods/app.zip")


def test_a_missing_object_fails_in_download_source(bench: Bench) -> None:
    bench.bucket()
    code, message = failed_download(build_of(bench))
    assert (code, message.startswith("NoSuchKey: ")) == ("CLIENT_ERROR", True)


def test_an_empty_folder_fails_in_download_source(bench: Bench) -> None:
    bench.bucket()
    code, message = failed_download(build_of(bench, location="goods/app/"))
    assert (code, message.startswith("NoSuchKey: ")) == ("CLIENT_ERROR", True)


def test_an_object_that_is_no_zip_fails_in_download_source(bench: Bench) -> None:
    bench.bucket()
    bench.put("goods", "app.zip", "no zip")
    assert failed_download(build_of(bench)) == (
        "CLIENT_ERROR",
        "not a valid zip file for primary source goods/app.zip",
    )


@pytest.mark.parametrize("name", ["../evil", "/evil"])
def test_a_source_that_points_out_of_its_folder_is_refused(bench: Bench, name: str) -> None:
    bench.bucket()
    bench.put("goods", "app.zip", zipped({"buildspec.yml": BUILDSPEC, name: "x"}))
    code, message = failed_download(build_of(bench))
    assert (code, "points out of the archive" in message) == ("CLIENT_ERROR", True)


def test_an_object_whose_name_points_out_of_the_folder_is_refused(bench: Bench) -> None:
    bench.bucket()
    bench.put("goods", "app/../../evil", "x")
    code, message = failed_download(build_of(bench, location="goods/app/"))
    assert (code, "points out of the source" in message) == ("CLIENT_ERROR", True)


def test_executable_files_stay_executable(bench: Bench) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("buildspec.yml", BUILDSPEC.replace("cat greeting", "./run.sh"))
        entry = zipfile.ZipInfo("run.sh")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, "#!/bin/sh\necho ran\n")
    bench.bucket()
    bench.put("goods", "app.zip", buffer.getvalue())
    assert bench.output(build_of(bench)) == ["ran"]


# --- where the buildspec is


def test_a_missing_buildspec_is_said(bench: Bench) -> None:
    bench.bucket()
    bench.put("goods", "app.zip", zipped({"sub/buildspec.yml": BUILDSPEC}))
    code, message = failed_download(build_of(bench))
    assert code == "YAML_FILE_ERROR"
    assert message.startswith("YAML file does not exist: stat /codebuild/output/src")
    assert message.endswith("/src/buildspec.yml: no such file or directory")


@pytest.mark.parametrize("path", ["a\0b", "x" * 300])
def test_a_buildspec_whose_name_no_file_can_have_is_said(bench: Bench, path: str) -> None:
    bench.bucket()
    bench.put("goods", "app.zip", zipped({"buildspec.yml": BUILDSPEC}))
    code, message = failed_download(build_of(bench, buildspec=path))
    assert (code, message.startswith("stat /codebuild/output/src")) == ("YAML_FILE_ERROR", True)


def test_a_source_that_does_not_fit_on_a_disk_names_no_place_on_this_machine(bench: Bench) -> None:
    bench.bucket()
    for key in ("buildspec.yml", "buildspec.yml/a"):
        bench.put("goods", f"app/{key}", BUILDSPEC)
    bench.put("goods", "app.zip", zipped({"a": "", "a/b": ""}))
    for location in ("goods/app/", "goods/app.zip"):
        bench.codebuild.delete_project(name="demo")
        code, message = failed_download(build_of(bench, location=location))
        assert (code, "/tmp" in message) == ("CLIENT_ERROR", False)


def test_another_path_of_the_buildspec_counts_from_the_source_folder(bench: Bench) -> None:
    bench.bucket()
    bench.put("goods", "app.zip", zipped({"ci/other.yml": BUILDSPEC, "greeting": "hello"}))
    assert bench.output(build_of(bench, buildspec="ci/other.yml")) == ["hello"]
    code, message = failed_download(bench.build("demo", buildspecOverride="ci/none.yml"))
    assert (code, message.endswith("/src/ci/none.yml: no such file or directory")) == ("YAML_FILE_ERROR", True)


@pytest.mark.parametrize("path", ["../../../../../../../../etc/passwd", "/etc/passwd", "link"])
def test_a_buildspec_outside_of_the_source_is_not_read(bench: Bench, path: str) -> None:
    import io
    import stat
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("inner")
        entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "nothing")
    bench.bucket()
    bench.put("goods", "app.zip", buffer.getvalue())
    code, message = failed_download(build_of(bench, buildspec=path))
    assert code == "YAML_FILE_ERROR"
    assert "root:" not in message


def test_an_inline_buildspec_wins_over_the_file_of_the_source(bench: Bench) -> None:
    bench.bucket()
    bench.put("goods", "app.zip", zipped({"buildspec.yml": BUILDSPEC, "greeting": "hello"}))
    assert bench.output(build_of(bench, buildspec=spec(build=["echo inline"]))) == ["inline"]


def test_an_empty_override_means_the_file_of_the_source(bench: Bench) -> None:
    bench.bucket()
    bench.put("goods", "app.zip", zipped({"buildspec.yml": BUILDSPEC, "greeting": "hello"}))
    build_of(bench, buildspec=spec(build=["echo inline"]))
    assert bench.output(bench.build("demo", buildspecOverride="")) == ["hello"]


def test_a_buildspec_may_be_an_object_in_s3(bench: Bench) -> None:
    bench.bucket()
    bench.put("goods", "app.zip", zipped({"greeting": "hello"}))
    bench.put("goods", "specs/one.yml", BUILDSPEC)
    assert bench.output(build_of(bench, buildspec="arn:aws:s3:::goods/specs/one.yml")) == ["hello"]
    code, message = failed_download(bench.build("demo", buildspecOverride="arn:aws:s3:::goods/specs/two.yml"))
    assert (code, message.startswith("NoSuchKey: ")) == ("CLIENT_ERROR", True)
