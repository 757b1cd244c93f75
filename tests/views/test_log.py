"""Which lines of a log are shown, and how."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cicdlab.views import BuildView
from cicdlab.views.log import LINES, Gap, Line, shown

from . import answers


def texts(log: object) -> list[str]:
    return [part.text for part in shown(log) if isinstance(part, Line)]  # type: ignore[arg-type]


def test_a_log_is_the_same_as_text_and_as_events() -> None:
    assert shown("one\n\ntwo\n") == shown(answers.events("one", "", "two")) == [Line("one"), Line(""), Line("two")]


def test_an_event_may_hold_several_lines() -> None:
    assert texts([{"message": "one\ntwo\n"}, {"message": "three"}]) == ["one", "two", "three"]


def test_terminal_codes_are_left_out() -> None:
    assert texts("\x1b[1;31mFAIL\x1b[0m: \x1b]0;title\x07test\x1b[K\x08\n") == ["FAIL: test"]


def test_of_a_line_that_was_written_over_the_last_state_remains() -> None:
    assert texts("10%\r 50%\r100%\r\nnext\r\n") == ["100%", "next"]


def test_the_command_that_failed_is_marked_and_nothing_else() -> None:
    marked = [part.text for part in shown(answers.failed_log()) if isinstance(part, Line) and part.failing]
    assert marked == [answers.FAILED_LINE]


def test_without_a_failed_command_the_failed_phase_is_marked() -> None:
    line = "[Container] Phase context status code: YAML_FILE_ERROR Message: stage name has issues"
    fine, trimmed = "[Container] Phase context status code:  Message: ", "Phase context status code: Message:"
    assert shown("\n".join([fine, trimmed, line])) == [Line(fine), Line(trimmed), Line(line, failing=True)]


def test_a_log_of_200_lines_is_shown_whole_and_one_more_is_cut() -> None:
    lines = [f"line {number}" for number in range(LINES + 1)]
    assert texts("\n".join(lines[:LINES])) == lines[:LINES]
    cut = shown("\n".join(lines))
    assert Gap(1) in cut
    assert cut[0] == Line("line 0") and cut[-1] == Line(f"line {LINES}")


def test_of_a_huge_log_beginning_failure_and_end_remain() -> None:
    lines = [f"line {number}" for number in range(50_000)]
    lines[20_000] = answers.FAILED_LINE
    cut = shown("\n".join(lines))
    assert sum(isinstance(part, Line) for part in cut) == LINES
    assert sum(part.lines for part in cut if isinstance(part, Gap)) == 50_000 - LINES
    assert Line(answers.FAILED_LINE, failing=True) in cut
    assert cut[0] == Line("line 0") and cut[-1] == Line("line 49999")
    assert "lines are left out here" in BuildView(answers.failed(), "\n".join(lines)).parts["log"]


def test_a_huge_line_is_cut() -> None:
    [text] = texts("x" * 100_000)
    assert text == "x" * 500 + " … (99,500 more characters)"


def test_what_a_build_prints_is_shown_and_never_run() -> None:
    evil = '</script><script>alert(1)</script><img src=x onerror="alert(1)">&amp;'
    build = answers.failed() | {"projectName": evil, "initiator": evil, "currentPhase": evil}
    build["phases"][6]["contexts"][0]["message"] = evil
    bundle = BuildView(build, answers.events(evil, answers.FAILED_LINE + evil))._repr_mimebundle_()[0]
    html = bundle["text/html"]
    assert html.count("</script>") == 1  # the state's own
    assert "<img" not in html
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;amp;" in html


@settings(deadline=None, derandomize=True)
@given(st.text())
def test_no_control_character_reaches_the_page(text: str) -> None:
    for line in texts(text):
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e]", line)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]))))
def test_plain_lines_are_shown_as_they_are(lines: list[str]) -> None:
    lines = [line[:400] for line in lines][:LINES]
    assert texts([{"message": line + "\n"} for line in lines]) == lines
