"""The quiz in a kernel: what it displays, and what it keeps."""

import json
import re
import shutil
from pathlib import Path

import pytest

from cicdlab.quiz import Quiz

SAMPLE = Path(__file__).with_name("sample.yml")


@pytest.fixture
def chapters(tmp_path, monkeypatch):
    monkeypatch.setenv("CICDLAB_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.delenv("CICDLAB_RECORD", raising=False)
    (tmp_path / "chapters/sample").mkdir(parents=True)
    shutil.copy(SAMPLE, tmp_path / "chapters/sample/questions.yml")
    return tmp_path / "chapters"


def first_answer(quiz, right=True):
    question = quiz.sheet["questions"][0]
    return {question["id"]: {"hash": question["hash"], "answer": question["key"], "right": right}}


def test_the_display_is_a_widget_readable_html_and_a_fixed_sentence(chapters):
    data, _ = Quiz("sample/basics", chapters)._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/plain"] == Quiz.sentence
    embedded = json.loads(re.search(r"<script[^>]*>(.*?)</script>", data["text/html"], re.DOTALL)[1])
    assert embedded["state"]["sheet"]["title"] == "How a build is described"
    assert embedded["keep"] == ["answers"]


def test_the_display_never_depends_on_what_was_answered(chapters):
    def display():
        data, _ = Quiz("sample/basics", chapters)._repr_mimebundle_()
        return data["text/html"], data["text/plain"]

    before = display()
    quiz = Quiz("sample/basics", chapters)
    quiz.answers = first_answer(quiz)
    assert Quiz("sample/basics", chapters).answers
    assert display() == before


def test_answers_are_kept_for_the_next_kernel_and_can_be_taken_back(chapters, tmp_path):
    quiz = Quiz("sample/basics", chapters)
    quiz.answers = first_answer(quiz)
    assert set(json.loads((tmp_path / "workspace/progress.json").read_text())["answers"]) == {"sample-buildspec-name"}
    again = Quiz("sample/basics", chapters)
    assert again.answers == first_answer(quiz)
    assert Quiz("sample/phases", chapters).answers == {}
    again.answers = {}
    assert Quiz("sample/basics", chapters).answers == {}


def test_recording_neither_reads_nor_writes(chapters, tmp_path, monkeypatch):
    quiz = Quiz("sample/basics", chapters)
    quiz.answers = first_answer(quiz)
    before = (tmp_path / "workspace/progress.json").read_bytes()
    monkeypatch.setenv("CICDLAB_RECORD", "1")
    recorded = Quiz("sample/basics", chapters)
    assert recorded.answers == {}
    recorded.answers = first_answer(recorded, right=False)
    assert (tmp_path / "workspace/progress.json").read_bytes() == before


def test_a_damaged_file_is_told_in_the_quiz_and_the_answer_is_kept(chapters, tmp_path):
    path = tmp_path / "workspace/progress.json"
    path.parent.mkdir()
    path.write_text("{")
    quiz = Quiz("sample/basics", chapters)
    assert "progress.damaged-1.json" in quiz.notice
    path.write_text("{")
    quiz.answers = first_answer(quiz)
    assert "progress.damaged-2.json" in quiz.notice
    assert Quiz("sample/basics", chapters).answers == first_answer(quiz)


def test_a_place_that_cannot_be_written_is_told_in_the_quiz(chapters, tmp_path):
    (tmp_path / "workspace").write_text("a file where the folder should be")
    quiz = Quiz("sample/basics", chapters)
    quiz.answers = first_answer(quiz)
    assert quiz.notice.startswith("Your answers are not saved: ")


def test_the_module_stands_alone():
    module = str(Quiz._esm)
    assert "export default" in module
    assert not re.search(r"^\s*import\b|https?://", module, re.MULTILINE)
