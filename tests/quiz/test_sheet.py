"""How a sheet is found, shuffled and shown."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicdlab.quiz.bank import load, plain
from cicdlab.quiz.check import ROOT
from cicdlab.quiz.fallback import fallback
from cicdlab.quiz.markdown import inline, stem
from cicdlab.quiz.sheet import SheetError, find, key, partners, shown

SAMPLE = Path(__file__).with_name("sample.yml")
BANKS = [SAMPLE, *sorted(ROOT.glob("chapters/*/questions.yml"))]
QUESTIONS = [question for path in BANKS for question in load(path).questions]


@pytest.fixture
def chapters(tmp_path):
    (tmp_path / "sample").mkdir()
    shutil.copy(SAMPLE, tmp_path / "sample/questions.yml")
    return tmp_path


def test_a_sheet_is_found_by_chapter_and_section(chapters):
    sheet = find("sample/phases", chapters)
    assert sheet.title == "What happens during a build"
    assert [question.kind for question in sheet.questions] == ["order", "match"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sample", "There is no quiz 'sample': write chapter/section, with a chapter of: sample."),
        ("nothing/basics", "There is no quiz 'nothing/basics': write chapter/section, with a chapter of: sample."),
        ("sample/nothing", "There is no quiz 'sample/nothing': that chapter has sample/basics, sample/phases."),
    ],
)
def test_a_name_that_leads_nowhere_gets_a_sentence(chapters, name, sentence):
    with pytest.raises(SheetError) as error:
        find(name, chapters)
    assert str(error.value) == sentence


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_the_key_leads_back_to_the_bank_through_the_shuffle(question):
    options = [plain(option.text) for option in shown(question)]
    found = key(question)
    match question.kind:
        case "single":
            assert [options[place] for place in found] == [question.key]
        case "multiple":
            assert {options[place] for place in found} == question.key
        case "order":
            assert [options[place] for place in found] == question.key
            assert found != list(range(len(options))), "the order shown is already the right one"
        case "match":
            choices = partners(question)
            assert {name: choices[place] for name, place in zip(options, found, strict=True)} == question.key


def test_the_right_option_is_not_always_at_the_same_place():
    places = {key(question)[0] for question in QUESTIONS if question.kind == "single"}
    assert len(places) >= 3


def test_the_shuffle_is_the_same_for_everybody():
    assert [plain(option.text) for option in shown(load(SAMPLE).question("sample-phase-order"))] == [
        "PRE_BUILD",
        "BUILD",
        "POST_BUILD",
        "INSTALL",
    ]


def test_the_readable_text_has_every_option_and_every_reason(chapters):
    for section in ("basics", "phases"):
        sheet = find(f"sample/{section}", chapters)
        text = fallback(sheet)
        for question in sheet.questions:
            assert inline(question.stem.split("\n\n")[0]) in text
            for option in question.options:
                assert inline(option.text) in text and inline(option.why) in text
        assert text.count("<details>") == len(sheet.questions)


def test_a_stem_is_a_first_paragraph_and_blocks():
    first, rest = stem("What is `x`\nhere?\n\n```yaml\na: <b>\n```\n\nAnd *more*.")
    assert first == "What is <code>x</code>\nhere?"
    assert rest.startswith('<pre><code class="language-yaml">a: &lt;b&gt;') and "<em>more</em>" in rest


@given(st.text())
def test_markdown_never_lets_html_through(text):
    for html in (inline(text), *stem(text)):
        tags = set(re.findall(r"</?([a-zA-Z!?][^\s>]*)", html))
        assert tags <= {"code", "em", "strong", "p", "pre", "br"}
