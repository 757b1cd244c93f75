"""The book is built anew when, and only when, something it is made from has changed."""

import os

import pytest

from cicdlab.commands import book


@pytest.fixture
def project(tmp_path):
    for name in ("_config.yml", "chapters/codebuild/index.md", "labs/labs.yml", "cicdlab/quiz/quiz.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("as it was")
        os.utime(tmp_path / name, (1000, 1000))
    return tmp_path


def build(project, seconds):
    book.folder(project).mkdir(parents=True)
    (book.folder(project) / "index.html").write_text("built")
    book.date(project, seconds)


def test_a_book_that_is_not_there_is_not_current(project):
    assert not book.is_current(project)


def test_a_book_is_current_until_a_source_changes(project):
    build(project, 2000)
    assert book.is_current(project)

    os.utime(project / "cicdlab/quiz/quiz.js", (2001, 2001))
    assert not book.is_current(project)


def test_what_changes_while_the_book_is_built_is_not_missed(project):
    build(project, 900)

    assert not book.is_current(project)
