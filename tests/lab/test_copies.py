import nbformat
import pytest

from cicdlab.lab import notebook
from cicdlab.lab.copies import open_copy
from cicdlab.lab.manifest import load
from cicdlab.lab.places import Workspace
from cicdlab.lab.work import remove_work, work_folder

LAB = load().here()[0]


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


def test_the_learners_copy_has_no_solution_and_no_output_but_all_checks(workspace):
    finished, copy = notebook.read(LAB.notebook), notebook.read(open_copy(LAB, workspace))
    for_learners = [cell for cell in finished.cells if notebook.BOOK not in notebook.tags(cell)]
    assert len(for_learners) == len(finished.cells) - 1, "one cell tells the book's reader how to do the lab herself"
    for mine, theirs in zip(copy.cells, for_learners, strict=True):
        if notebook.SOLUTION in notebook.tags(theirs):
            assert mine.source == notebook.blanked(theirs.source)
            assert all(line.startswith("#") or not line for line in mine.source.splitlines())
        else:
            assert mine.source == theirs.source
        assert mine.get("outputs", []) == []
        assert mine.get("execution_count") is None


def test_opening_again_keeps_the_learners_work(workspace):
    path = open_copy(LAB, workspace)
    path.write_text("mine")
    assert open_copy(LAB, workspace) == path
    assert path.read_text() == "mine"


def test_starting_again_keeps_every_earlier_copy(workspace):
    for text in ("first", "second"):
        open_copy(LAB, workspace).write_text(text)
        path = open_copy(LAB, workspace, start_again=True)
        nbformat.validate(notebook.read(path))
    kept = {old.read_text() for old in path.parent.glob("lab-before-*.ipynb")}
    assert kept == {"first", "second"}


def test_work_goes_on_in_the_same_folder_until_it_is_removed(workspace):
    buildspec = work_folder(LAB, workspace) / "source/buildspec.yml"
    original = buildspec.read_text()
    assert original == (LAB.folder / "source/buildspec.yml").read_text()
    buildspec.write_text("changed")
    work_folder(LAB, workspace)
    assert buildspec.read_text() == "changed"
    remove_work(LAB, workspace)
    work_folder(LAB, workspace)
    assert buildspec.read_text() == original


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("# Do this.\nx = 1\n# done", "# Do this.\n"),
        ("# Do this,\n# and that.\nx = 1", "# Do this,\n# and that.\n"),
        ("x = 1", ""),
    ],
)
def test_a_blanked_solution_keeps_the_comment_it_begins_with(source, kept):
    assert notebook.blanked(source) == kept
