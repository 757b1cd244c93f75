"""Every notebook's stored outputs are fresh, complete, and the same everywhere."""

import re
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cicdlab.cloud import sandbox
from cicdlab.lab import notebook
from cicdlab.lab.errors import LabError
from cicdlab.lab.notebooks import all_notebooks, normalise, output_texts, record
from cicdlab.lab.places import ROOT
from cicdlab.lab.private_cloud import private_cloud

EACH_NOTEBOOK = pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.relative_to(ROOT).as_posix())


def code_cells(story):
    return [cell for cell in story.cells if cell.cell_type == "code"]


def repository():
    command = ["git", "status", "--porcelain", "--ignored", "labs", "chapters"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def recent_moments(text):
    """Return the time stamps of the last two days, in the usual forms."""
    now = datetime.now(UTC)
    forms = ("%Y-%m-%d", "%Y/%m/%d", "%d %b %Y", "%b %d", "%a %b %e")
    days = "|".join((now - timedelta(days=ago)).strftime(form) for ago in (0, 1) for form in forms)
    seconds = [int(number[:10]) for number in re.findall(r"\b1\d{9}(?:\d{3})?\b", text)]
    recent = [moment for moment in seconds if 0 <= now.timestamp() + 60 - moment < 2 * 86_400]
    return re.findall(rf"(?:{days})[T ,]+\d\d:\d\d", text) + recent


@EACH_NOTEBOOK
def test_every_code_cell_has_run_in_order_and_without_error(path):
    cells = code_cells(notebook.read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)


@EACH_NOTEBOOK
def test_outputs_are_written_by_make_notebooks_only(path):
    story = notebook.read(path)
    normalise(story)
    assert path.read_text(encoding="utf-8") == nbformat.writes(story) + "\n"
    assert "widgets" not in story.metadata


@EACH_NOTEBOOK
def test_no_output_shows_a_path_of_this_machine(path):
    forbidden = re.compile(rf"{re.escape(str(ROOT))}|{re.escape(sys.prefix)}|/home/\w|/Users/\w|/tmp/|/var/folders/")
    assert not [text for text in output_texts(notebook.read(path)) if forbidden.search(text)]


@EACH_NOTEBOOK
def test_no_output_shows_a_moment_of_today(path):
    assert not [moment for text in output_texts(notebook.read(path)) for moment in recent_moments(text)]


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d %H:%M:%S", "%d %b %Y %H:%M", "%c", "%s"]
)
def test_moments_of_today_are_recognised(form):
    assert recent_moments(f"It is {datetime.now(UTC).strftime(form)} now.")
    assert not recent_moments(f"It is {datetime(2026, 11, 2, 9, 0, tzinfo=UTC).strftime(form)} now.")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "times"), [("bubblewrap", 2), ("plain", 1)])
@EACH_NOTEBOOK
def test_running_it_again_prints_what_is_stored(path, kind, times, monkeypatch):
    if kind == "bubblewrap" and sandbox.available() == "plain":
        pytest.skip("no sandbox works on this machine")
    monkeypatch.setenv("CICDLAB_SANDBOX", kind)
    before = repository()
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "--color=no", "-p", "no:cacheprovider", str(path)]
    with private_cloud() as environ:
        for _ in range(times):
            done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-4000:]
            reset = urllib.request.Request(f"{environ['AWS_ENDPOINT_URL']}/_cicdlab/reset", method="POST")
            urllib.request.urlopen(reset).close()
    assert repository() == before


def test_normalising_leaves_nothing_that_differs_from_run_to_run():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "random"}, "text/plain": "A view."}
    story = new_notebook(
        metadata={
            "widgets": {"state": 1},
            "language_info": {"name": "python", "version": "3.11.7"},
            "kernelspec": {"name": "other", "display_name": "Other"},
        },
        cells=[
            new_markdown_cell("Text", metadata={"editable": True}),
            new_code_cell(
                "1",
                execution_count=7,
                metadata={"tags": ["task"], "execution": {"iopub.execute_input": "2026-11-23T00:00:00Z"}},
                outputs=[
                    new_output("stream", name="stdout", text="a\n"),
                    new_output("stream", name="stdout", text="b\n"),
                    new_output("stream", name="stderr", text="c\n"),
                    new_output("execute_result", data=view, execution_count=7, metadata={"isolated": True}),
                ],
            ),
        ],
    )
    normalise(story)
    cell = story.cells[1]
    assert [one.id for one in story.cells] == ["cell-01", "cell-02"]
    assert [one.metadata for one in story.cells] == [{}, {"tags": ["task"]}]
    assert [output.get("text") for output in cell.outputs] == ["a\nb\n", "c\n", None]
    assert cell.outputs[2].data == {"text/plain": "A view."}
    assert (cell.execution_count, cell.outputs[2].execution_count, cell.outputs[2].metadata) == (1, 1, {})
    assert story.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("1 / 0", "Cell 1 of the notebook failed: ZeroDivisionError"),
        ("import os; print(os.environ['HOME'])", "prints /"),
    ],
)
def test_a_notebook_that_cannot_be_recorded_stays_as_it_was(tmp_path, monkeypatch, source, says):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "page.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), path)
    before = path.read_text()
    with pytest.raises(LabError, match=says):
        record(path)
    assert path.read_text() == before
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".page")] == []


def test_recording_twice_writes_once(tmp_path):
    path = tmp_path / "page.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("print('one')\n2")]), path)
    assert record(path)
    assert not record(path)
    assert list(output_texts(notebook.read(path))) == ["one\n", "", "2"]
