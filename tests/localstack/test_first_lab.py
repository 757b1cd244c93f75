"""The first lab, unchanged, with its source, artifacts and logs in LocalStack."""

from typing import Any

import pytest

from cicdlab.lab import checks, manifest, notebook
from cicdlab.lab.execution import Execution
from cicdlab.lab.runner import left_over, surroundings

BUCKET, PROJECT = "timetable-builds", "timetable"


def test_the_first_lab_passes_and_keeps_everything_in_localstack(target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CICDLAB_ENDPOINT", target.localstack)
    monkeypatch.setenv("CICDLAB_ENGINE", target.engine)
    entry = manifest.load().find("codebuild/01-first-build")
    story = notebook.read(entry.notebook)
    with surroundings("localstack") as environ:
        with Execution(story, environ, entry.folder) as lab:
            lab.run(before=notebook.find_cell(story, notebook.CLEAN_UP))
            results = checks.run(entry, environ=environ)
            assert [(each.id, each.message) for each in results if each.status is not checks.Status.PASSED] == []
            _assert_in_localstack(target)
            lab.run()
        assert left_over(entry, environ) == []


def _assert_in_localstack(target: Any) -> None:
    keys = {each["Key"] for each in target.inside("s3").list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert {"source/timetable.zip", "artifacts/timetable/timetable.pyz"} <= keys
    logs = target.inside("logs")
    group = f"/aws/codebuild/{PROJECT}"
    streams = {each["logStreamName"] for each in logs.describe_log_streams(logGroupName=group)["logStreams"]}
    builds = target.client("codebuild").list_builds_for_project(projectName=PROJECT)["ids"]
    assert streams == {build.split(":")[1] for build in builds}
    messages = [each["message"] for each in logs.filter_log_events(logGroupName=group)["events"]]
    assert any("6 of 6 tests passed" in message for message in messages)
