"""The same quiz in a real JupyterLab: drawn once, answered, kept in the progress file."""

import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .jupyterlab import jupyterlab, run

SAMPLE = Path(__file__).resolve().parents[1] / "quiz/sample.yml"
CELL = "from pathlib import Path\nfrom cicdlab.quiz import Quiz\nQuiz('sample/basics', Path('chapters'))"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab with a notebook that asks."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "chapters/sample").mkdir(parents=True)
    shutil.copy(SAMPLE, folder / "chapters/sample/questions.yml")
    with jupyterlab(folder) as lab:
        lab.add("quiz.ipynb", CELL)
        yield lab


def test_a_quiz_is_drawn_once_answered_and_kept(lab, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(60_000)
    page = context.new_page()
    progress = lab.folder / "workspace/progress.json"

    lab.open(page, "quiz.ipynb")
    run(page)
    question = page.locator('form[data-question="sample-buildspec-name"]')
    question.wait_for()
    assert page.locator(".cicd-quiz").count() == 1
    assert page.locator(".cicd-fallback").count() == 0
    assert not progress.exists()

    question.get_by_role("radio", name="appspec.yml").check()
    question.get_by_role("button", name="Check answer").click()
    expect(question.locator(".cicd-why")).to_have_count(3)
    expect(question).to_have_attribute("data-verdict", "wrong")
    expect(question.get_by_role("link")).to_have_attribute("target", "_blank")
    expect(page.locator(".cicd-score")).to_have_text("0 of 2 right, 1 wrong, 1 open")
    expect_file(page, progress, {"sample-buildspec-name": False})

    question.get_by_role("button", name="Try again").click()
    question.get_by_role("radio", name="buildspec.yml").check()
    question.get_by_role("button", name="Check answer").click()
    expect_file(page, progress, {"sample-buildspec-name": True})

    run(page)
    expect(question).to_have_attribute("data-verdict", "right")
    assert page.locator(".cicd-quiz").count() == 1
    context.close()


def expect_file(page, path, answers):
    """Wait until the progress file says this: question id and whether the answer is right."""
    for _ in range(100):
        if path.exists():
            said = {id: each["right"] for id, each in json.loads(path.read_text())["answers"].items()}
            if said == answers:
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"{path} does not say {answers}")
