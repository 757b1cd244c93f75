"""The same quiz in a real JupyterLab: drawn once, answered, kept in the progress file."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

SAMPLE = Path(__file__).resolve().parents[1] / "quiz/sample.yml"
CELL = "from pathlib import Path\nfrom cicdlab.quiz import Quiz\nQuiz('sample/basics', Path('chapters'))"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on a folder of its own, with settings, kernel and workspace of its own."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "chapters/sample").mkdir(parents=True)
    shutil.copy(SAMPLE, folder / "chapters/sample/questions.yml")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CELL)],
        metadata={"kernelspec": {"name": "quiz", "display_name": "Quiz", "language": "python"}},
    )
    nbformat.write(notebook, folder / "quiz.ipynb")
    kernel = folder / "jupyter/kernels/quiz/kernel.json"
    kernel.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": command, "display_name": "Quiz", "language": "python"}))

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {
        "JUPYTER_PATH": folder / "jupyter",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
        "CICDLAB_WORKSPACE": folder / "workspace",
    }
    environment = {name: value for name, value in os.environ.items() if name != "CICDLAB_RECORD"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None", "--LabApp.check_for_updates_class="]
    command[-1] += "jupyterlab.NeverCheckForUpdate"
    log = (folder / "jupyterlab.log").open("w")
    server = subprocess.Popen(command, env=environment | {k: str(v) for k, v in own.items()}, stdout=log, stderr=log)
    try:
        yield folder, f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def test_a_quiz_is_drawn_once_answered_and_kept(lab, browser):
    folder, address = lab
    wait_for(address + "api", folder / "jupyterlab.log")
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(60_000)
    page = context.new_page()
    progress = folder / "workspace/progress.json"

    page.goto(address + "lab/tree/quiz.ipynb")
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


def run(page):
    """Run the notebook's only cell in a new kernel's or the present one's next turn, and wait for its end."""
    page.get_by_text("| Idle").wait_for()  # before, a key press may go nowhere
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    cell.locator(".cm-content").click()
    before = cell.locator(".jp-InputArea-prompt").first.inner_text()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        """(before) => {
            const prompt = document.querySelector('.jp-CodeCell .jp-InputArea-prompt').innerText;
            return prompt !== before && /\\[\\d+\\]/.test(prompt);
        }""",
        arg=before,
    )


def expect_file(page, path, answers):
    """Wait until the progress file says this: question id and whether the answer is right."""
    for _ in range(100):
        if path.exists():
            said = {id: each["right"] for id, each in json.loads(path.read_text())["answers"].items()}
            if said == answers:
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"{path} does not say {answers}")


def wait_for(address, log):
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer: {log.read_text()[-2000:]}")
