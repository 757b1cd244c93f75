"""The validator of question banks: what it says about each kind of mistake."""

import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cicdlab.quiz.check import ROOT, check

SAMPLE = Path(__file__).with_name("sample.yml")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "chapters/sample").mkdir(parents=True)
    (tmp_path / "tests/quiz").mkdir(parents=True)
    (tmp_path / "tests/quiz/test_bank.py").write_text("def test_key_of_each_kind():\n    pass\n")
    shutil.copy(SAMPLE, tmp_path / "chapters/sample/questions.yml")
    return tmp_path


def says(project, change=None):
    path = project / "chapters/sample/questions.yml"
    if change:
        bank = yaml.safe_load(path.read_text())
        change(bank)
        path.write_text(yaml.safe_dump(bank, sort_keys=False))
    return [str(problem) for problem in check(project)]


def test_the_sample_is_clean(project):
    assert says(project) == []


def test_the_book_is_clean():
    assert [str(problem) for problem in check(ROOT)] == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda q: q[0]["options"][1].pop("why"), "`why` of options 2 is missing; add it"),
        (lambda q: q[0].pop("stem"), "`stem` is missing; add it"),
        (lambda q: q[0].update(hint="x"), "`hint` is not known; remove it or correct its spelling"),
        (lambda q: q[0].update(kind="essay"), "must have a kind of: single, multiple, order, match"),
        (
            lambda q: q[0]["options"][0].pop("right"),
            "a single question needs exactly one option with `right: true`, this one has 0",
        ),
        (
            lambda q: q[0].update(proof="tests/quiz/test_nothing.py::test_x"),
            "its proof is in tests/quiz/test_nothing.py, which does not exist",
        ),
        (
            lambda q: q[0].update(proof="tests/quiz/test_bank.py::test_x"),
            "its proof tests/quiz/test_bank.py::test_x does not exist: tests/quiz/test_bank.py has no test_x",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_question(project, change, sentence):
    assert says(project, lambda bank: change(bank["questions"])) == [
        f"chapters/sample/questions.yml, question sample-buildspec-name: {sentence}"
    ]


def test_a_question_without_id_is_named_by_its_number(project):
    assert says(project, lambda bank: bank["questions"][2].pop("id")) == [
        "chapters/sample/questions.yml, question number 3: `id` is missing; add it"
    ]


def test_all_mistakes_are_named_at_once(project):
    def change(bank):
        bank["questions"][0].pop("stem")
        bank["questions"][1].pop("skills")

    assert len(says(project, change)) == 2


def test_an_id_of_another_chapter_cannot_be_used_again(project):
    shutil.copytree(project / "chapters/sample", project / "chapters/other")
    problems = says(project)
    assert len(problems) == 4
    assert problems[0] == (
        "chapters/sample/questions.yml, question sample-buildspec-name: "
        "this id is also used in chapters/other/questions.yml; choose another"
    )


def test_a_section_needs_questions(project):
    assert says(project, lambda bank: bank["sections"].update(empty="Nothing")) == [
        "chapters/sample/questions.yml: section empty has no questions; add one or remove the section"
    ]


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "\x00", "questions: 3", "sections: {}\nquestions: [1, null, []]"])
def test_what_is_no_bank_at_all_is_one_or_more_problems(project, text):
    (project / "chapters/sample/questions.yml").write_text(text)
    problems = says(project)
    assert problems
    assert all(problem.startswith("chapters/sample/questions.yml") and "\n" not in problem for problem in problems)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "kind", "options", "text", "why", "right", "match", "stem"]), inner)
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(questions=st.lists(json, max_size=3), kind=st.sampled_from(["single", "multiple", "order", "match", None]))
def test_whatever_stands_there_is_answered_in_sentences(project, questions, kind):
    for each in questions:
        if isinstance(each, dict) and kind:
            each["kind"] = kind
    bank = {"sections": {"basics": "Basics"}, "questions": questions}
    (project / "chapters/sample/questions.yml").write_text(yaml.safe_dump(bank))
    assert all(str(problem).startswith("chapters/sample/questions.yml") for problem in check(project))
