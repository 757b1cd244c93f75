"""The view as HTML, and what a notebook stores of it."""

import json
import re

from cicdlab.views import BuildView

from . import answers


def bundle(view: BuildView) -> dict[str, str]:
    return view._repr_mimebundle_()[0]


def test_the_fallback_names_every_phase_with_status_duration_and_message() -> None:
    html = bundle(BuildView(answers.failed(), answers.failed_log()))["text/html"].split("</script>")[1]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    for said in (
        "PROVISIONING ✓ Succeeded 5 s",
        "BUILD ✗ Failed 12 s COMMAND_EXECUTION_ERROR: Error",
        "COMPLETED • Reached",
    ):
        assert said in words
    assert "<table" in html and "<caption" in html and "<details><summary>Log</summary>" in html
    assert answers.FAILED_LINE in words


def test_the_same_responses_give_the_same_output() -> None:
    outputs = [bundle(BuildView(answers.failed(), answers.failed_log())) for _ in range(2)]
    for output in outputs:
        output.pop("application/vnd.jupyter.widget-view+json")
    assert outputs[0] == outputs[1]
    assert outputs[0]["text/plain"] == BuildView.sentence


def test_no_id_is_shown() -> None:
    assert "6c5b1f9e" not in bundle(BuildView(answers.build(), answers.events("hello")))["text/html"]


def test_the_header_tells_project_number_status_start_duration_and_initiator() -> None:
    head = re.sub(r"<[^>]+>", "", BuildView(answers.failed()).parts["head"])
    for said in ("Build 1 of orders", "Failed", "2026-11-02 09:00:00 UTC", "29 s", "developer"):
        assert said in head


def test_a_build_without_a_log_says_so() -> None:
    build = answers.build()
    del build["logs"]
    assert "no log" in BuildView(build).parts["log"]
    assert "Nothing has been logged yet" in BuildView(answers.build("IN_PROGRESS", QUEUED="IN_PROGRESS")).parts["log"]


def test_a_huge_log_keeps_the_stored_output_small() -> None:
    view = BuildView(answers.failed(), "\n".join("x" * 80 for _ in range(100_000)))
    assert len(bundle(view)["text/html"]) < 60_000


def test_the_state_is_json_that_the_page_module_reads() -> None:
    html = bundle(BuildView(answers.build()))["text/html"]
    [payload] = re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    assert json.loads(payload)["state"]["parts"]["title"] == "Build 1 of orders"
