"""The Sphinx extension: the directive, the files it writes, and the links of a deployment."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cicdlab.book import assets

ROOT = Path(__file__).resolve().parents[2]
PAGE = "# A page\n\nText.\n"
QUIZ = PAGE + "\n```{quiz} sample/basics\n```\n"


class Builder:
    """A book of a few pages in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "chapters/sample").mkdir(parents=True)
        shutil.copy(ROOT / "_config.yml", folder)
        shutil.copy(ROOT / "tests/quiz/sample.yml", folder / "chapters/sample/questions.yml")

    def write(self, text: str) -> None:
        """Write a front page without a widget, and a page with this text."""
        toc = "format: jb-book\nroot: chapters/front\nchapters:\n  - file: chapters/page\n"
        (self.folder / "_toc.yml").write_text(toc)
        (self.folder / "chapters/front.md").write_text(PAGE)
        (self.folder / "chapters/page.md").write_text(text)

    def build(self, **environment: str) -> subprocess.CompletedProcess:
        command = [Path(sys.executable).with_name("jupyter-book"), "build", self.folder, "-W", "-n", "--keep-going"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CICDLAB_")}
        return subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=False)

    def html(self, name: str) -> str:
        return (self.folder / f"_build/html/chapters/{name}.html").read_text()


@pytest.fixture
def book(tmp_path):
    return Builder(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A book with a quiz on one page of two, built."""
    book = Builder(tmp_path_factory.mktemp("built"))
    book.write(QUIZ)
    done = book.build()
    assert done.returncode == 0, done.stderr
    return book


def test_only_pages_with_a_widget_load_its_module(built):
    assert "_widgets/page.js" in built.html("page")
    assert built.html("page").count('class="cicd-widget"') == 1
    assert "_widgets/page.js" not in built.html("front")
    assert "_widgets/book.css" in built.html("front")


def test_a_page_is_built_anew_when_its_questions_change(book):
    book.write(QUIZ)
    book.build()
    questions = book.folder / "chapters/sample/questions.yml"
    questions.write_text(questions.read_text().replace("Which file does a build read", "What does a build look for"))
    assert book.build().returncode == 0
    assert "What does a build look for" in book.html("page")


def test_a_quiz_that_does_not_exist_fails_the_build_with_page_and_line(book):
    book.write(QUIZ.replace("sample/basics", "sample/nothing") + QUIZ.replace("sample/basics", "nothing/basics"))
    done = book.build()
    assert done.returncode != 0
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
    assert "There is no quiz 'sample/nothing': that chapter has sample/basics, sample/phases." in said
    assert "There is no quiz 'nothing/basics': write chapter/section, with a chapter of: sample." in said
    assert "page.md:5" in said


def test_a_damaged_questions_file_fails_the_build(book):
    book.write(QUIZ)
    (book.folder / "chapters/sample/questions.yml").write_text("sections: {}\nquestions: [1]\n")
    done = book.build()
    assert done.returncode != 0
    assert "cicdlab questions check" in done.stderr


def test_nothing_of_the_icon_font_is_left(built):
    static = built.folder / "_build/html/_static"
    for name in assets.UNUSED:
        assert not (static / name).exists()
    theme = (static / "styles/pydata-sphinx-theme.css").read_text()
    assert "fontawesome/webfonts" not in theme
    assert len(theme) < 320_000
    assert ".bd-sidebar-primary" in theme
    assert "fontawesome.js" not in built.html("front")


def test_links_to_a_repository_are_there_only_if_a_deployment_names_it(built, book):
    assert "Suggest edit" not in built.html("front") and "Open issue" not in built.html("front")
    book.write(PAGE)
    url = "https://github.com/someone/course"
    assert book.build(CICDLAB_REPOSITORY_URL=url, CICDLAB_REPOSITORY_BRANCH="trunk").returncode == 0
    html = book.html("front")
    assert f'href="{url}/edit/trunk/chapters/front.md"' in html
    assert re.search(rf'href="{url}/issues/new\?title=[^"]*chapters/front\.html', html)


def test_each_widget_has_one_module_by_its_name():
    names = [widget.name for widget in assets.WIDGETS]
    assert len(set(names)) == len(names)
    files = assets.site_files()
    assert {f"{name}.js" for name in names} | {"page.js", "widgets.css", "book.css", "icon.svg"} == set(files)
    shared = ".cicd-unseen {"
    assert files["widgets.css"].count(shared) == 1
