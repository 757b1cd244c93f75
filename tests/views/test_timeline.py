"""What a build's record says about its phases."""

from datetime import UTC, timedelta, timezone
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicdlab.views import BuildView, build_html
from cicdlab.views.log import shown
from cicdlab.views.timeline import PHASES, Row, timeline

from . import answers


def rows(build: dict[str, Any]) -> dict[str, Row]:
    return {row.name: row for row in timeline(build).rows}


def statuses(build: dict[str, Any]) -> dict[str, str]:
    return {name: row.status for name, row in rows(build).items()}


def test_the_phases_are_those_of_the_service_in_its_order() -> None:
    model = botocore.session.get_session().get_service_model("codebuild")
    assert list(PHASES) == model.shape_for("BuildPhaseType").enum


def test_bars_follow_one_another_and_fill_the_whole_time() -> None:
    ran = [row for row in timeline(answers.build()).rows if row.name != "COMPLETED"]
    for before, after in zip(ran, ran[1:], strict=False):
        assert before.start is not None and after.start == pytest.approx(before.start + before.width)
    assert ran[0].start == 0.0
    assert ran[-1].start == pytest.approx(1.0)


def test_a_phase_tells_its_duration_and_the_build_its_own() -> None:
    build = timeline(answers.build())
    assert {row.name: row.seconds for row in build.rows} == {**answers.STEPS, "COMPLETED": None}
    assert build.seconds == sum(answers.STEPS.values())


def test_a_bar_is_as_wide_as_its_share_of_the_time() -> None:
    assert rows(answers.build())["BUILD"].width == pytest.approx(12 / 29)


def test_phases_after_a_failure_in_install_have_not_run() -> None:
    skipped = {"PRE_BUILD": "", "BUILD": "", "POST_BUILD": "", "UPLOAD_ARTIFACTS": ""}
    found = statuses(answers.build("FAILED", INSTALL="FAILED", **skipped))
    assert found["INSTALL"] == "FAILED"
    assert {found[name] for name in skipped} == {"NOT_RUN"}
    assert found["FINALIZING"] == "SUCCEEDED"


def test_a_running_build_has_one_running_phase_and_others_that_wait() -> None:
    build = answers.build("IN_PROGRESS", PRE_BUILD="IN_PROGRESS")
    found = statuses(build)
    assert found["INSTALL"] == "SUCCEEDED"
    assert found["PRE_BUILD"] == "IN_PROGRESS"
    assert {found[name] for name in PHASES[6:]} == {"WAITING"}
    bar = rows(build)["PRE_BUILD"]
    assert bar.start is not None and bar.width > 0.1
    assert timeline(build).seconds is None


def test_a_running_phase_may_also_say_that_it_is_in_progress() -> None:
    build = answers.build("IN_PROGRESS", BUILD="IN_PROGRESS")
    build["phases"][-1]["phaseStatus"] = "IN_PROGRESS"
    assert statuses(build)["BUILD"] == "IN_PROGRESS"


def test_a_phase_that_a_running_build_has_passed_by_does_not_wait() -> None:
    build = answers.build("IN_PROGRESS", PRE_BUILD="FAILED", BUILD="", POST_BUILD="", UPLOAD_ARTIFACTS="IN_PROGRESS")
    assert statuses(build)["BUILD"] == "NOT_RUN"


@pytest.mark.parametrize("status", ["STOPPED", "TIMED_OUT", "FAULT"])
def test_a_build_that_ended_otherwise_says_how(status: str) -> None:
    build = answers.build(status, BUILD=status, POST_BUILD="", UPLOAD_ARTIFACTS="")
    assert timeline(build).status == status
    assert statuses(build)["BUILD"] == status
    assert statuses(build)["POST_BUILD"] == "NOT_RUN"


def test_a_phase_that_went_wrong_has_its_message_and_others_have_none() -> None:
    found = rows(answers.failed())
    assert found["BUILD"].messages == (f"COMMAND_EXECUTION_ERROR: {answers.MESSAGE}",)
    assert found["UPLOAD_ARTIFACTS"].messages == ("CLIENT_ERROR: no matching artifact paths found",)
    assert all(not row.messages for row in found.values() if row.status == "SUCCEEDED")


def test_an_artifact_appears_only_where_the_upload_succeeded() -> None:
    [artifact] = timeline(answers.build()).artifacts
    assert artifact.location == "arn:aws:s3:::orders-artifacts/orders.zip"
    assert timeline(answers.failed()).artifacts == ()


def test_a_phase_that_ran_twice_has_two_rows() -> None:
    build = answers.build()
    again = next(phase for phase in build["phases"] if phase["phaseType"] == "BUILD")
    build["phases"].append(again | {"phaseStatus": "FAILED"})
    assert [row.status for row in timeline(build).rows if row.name == "BUILD"] == ["SUCCEEDED", "FAILED"]


def test_a_phase_that_the_service_adds_later_is_shown() -> None:
    build = answers.build()
    build["phases"].append({"phaseType": "SIGN", "phaseStatus": "VERY_WELL", "durationInSeconds": 4})
    assert "SIGN" in BuildView(build).parts["phases"]
    assert "Very well" in BuildView(build).parts["phases"]


def test_the_zone_of_the_computer_does_not_change_the_picture() -> None:
    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [moved(item) for item in value]
        return value.astimezone(timezone(timedelta(hours=5))) if hasattr(value, "astimezone") else value

    build = answers.failed()
    assert BuildView(moved(build)).parts == BuildView(build).parts


TIMES = st.datetimes(timezones=st.sampled_from([UTC]))
TEXTS = st.text() | st.sampled_from(["SUCCEEDED", "FAILED", "IN_PROGRESS", "STOPPED"])
PHASE = st.fixed_dictionaries(
    {},
    optional={
        "phaseType": st.sampled_from(PHASES) | st.text(),
        "phaseStatus": TEXTS,
        "startTime": TIMES,
        "endTime": TIMES,
        "durationInSeconds": st.integers(0, 10**9),
        "contexts": st.lists(st.fixed_dictionaries({}, optional={"statusCode": st.text(), "message": st.text()})),
    },
)
ARTIFACT = st.fixed_dictionaries({}, optional={"location": st.text(), "sha256sum": st.text()})
BUILD = st.fixed_dictionaries(
    {},
    optional={
        "projectName": st.text(),
        "buildNumber": st.integers(1, 10**6),
        "buildStatus": TEXTS,
        "buildComplete": st.booleans(),
        "currentPhase": TEXTS,
        "startTime": TIMES,
        "endTime": TIMES,
        "initiator": st.text(),
        "phases": st.lists(PHASE, max_size=14),
        "artifacts": ARTIFACT,
        "secondaryArtifacts": st.lists(ARTIFACT),
    },
)


@settings(deadline=None, derandomize=True)
@given(BUILD, st.text() | st.lists(st.fixed_dictionaries({}, optional={"message": st.text()})))
def test_whatever_members_are_missing_every_phase_has_a_row_and_every_bar_lies_inside(build: Any, log: Any) -> None:
    found = timeline(build)
    assert {row.name for row in found.rows} >= set(PHASES)
    for row in found.rows:
        assert row.start is None or 0 <= row.start <= row.start + row.width <= 1.000001
    build_html.fallback(build_html.draw(found, shown(log))).encode("utf-8")
