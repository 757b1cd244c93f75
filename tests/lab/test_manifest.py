import re

import pytest

from cicdlab.lab import checks, notebook, proof
from cicdlab.lab.errors import LabError
from cicdlab.lab.manifest import State, load
from cicdlab.lab.places import LABS

MANIFEST = load()
HERE = MANIFEST.here()
EACH_LAB = pytest.mark.parametrize("entry", HERE, ids=lambda entry: entry.id)
GOOD = """
labs:
  - id: codebuild/01-a
    title: A
    section: CodeBuild
    needs: [codebuild]
    state: here
    minutes: 20
    makes: [{kind: bucket, name: a}]
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("codebuild/01-a", "01-a", "labs.0.id"),
        ("state: here", "state: soon", "labs.0.state"),
        ("minutes: 20", "minutes: 0", "labs.0.minutes"),
        ("minutes: 20", "minutes: 20\n    colour: red", "labs.0.colour"),
        ("needs: [codebuild]", "needs: [s3, s3]", "twice"),
        ("minutes: 20", "minutes: 20\n    targets: [moon]", "unknown targets: moon"),
        ("    makes: [{kind: bucket, name: a}]\n", "", "does not say what it makes"),
        ("kind: bucket", "kind: castle", "labs.0.makes.0.kind"),
        ("kind: bucket, name: a", "kind: key, name: a", "the key a is to be named by an alias"),
        ("name: a}", "name: a, account: '12'}", "labs.0.makes.0.account"),
        ("labs:", "labs: [", "cannot be read"),
    ],
)
def test_a_wrong_manifest_is_refused_with_the_place_that_is_wrong(tmp_path, old, new, says):
    path = tmp_path / "labs.yml"
    path.write_text(GOOD)
    load(path)
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(LabError, match=re.escape(says)):
        load(path)


def test_a_lab_listed_twice_is_refused(tmp_path):
    path = tmp_path / "labs.yml"
    path.write_text(GOOD + GOOD.split("labs:")[1])
    with pytest.raises(LabError, match="twice"):
        load(path)


def test_folders_and_manifest_tell_the_same():
    folders = {path.parent.relative_to(LABS).as_posix() for path in LABS.rglob("lab.ipynb") if ".ipynb" in path.name}
    assert {folder for folder in folders if ".ipynb_checkpoints" not in folder} == {entry.id for entry in HERE}


def test_a_planned_or_unknown_lab_is_named():
    planned = next(entry for entry in MANIFEST.labs if entry.state == State.PLANNED)
    with pytest.raises(LabError, match="only planned"):
        MANIFEST.find(planned.id)
    with pytest.raises(LabError, match="There is no lab 'nowhere'"):
        MANIFEST.find("nowhere")


@EACH_LAB
def test_every_check_has_hints_a_cell_and_one_near_miss(entry):
    story = notebook.read(entry.notebook)
    found = checks.load_checks(entry)
    assert sorted(one.check_id for one in proof.load_near_misses(entry)) == sorted(check.id for check in found)
    for check in found:
        assert len(check.hints) >= 2
        assert all(hint.strip() for hint in check.hints)
        assert len(set(check.hints)) == len(check.hints)
        assert check.holds[0].isupper() or check.holds.startswith(tuple(each.name for each in entry.makes))
        notebook.check_cell(story, check.id)
        notebook.find_cell(story, notebook.HINT, f'lab.hint("{check.id}")')


@EACH_LAB
def test_checks_stand_in_the_order_of_the_tasks(entry):
    story = notebook.read(entry.notebook)
    cells = [notebook.check_cell(story, check.id) for check in checks.load_checks(entry)]
    assert cells == sorted(cells)
    assert cells[-1] < notebook.find_cell(story, notebook.CLEAN_UP)


@EACH_LAB
def test_every_solution_begins_with_what_to_do(entry):
    solutions = [cell for cell in notebook.read(entry.notebook).cells if notebook.SOLUTION in notebook.tags(cell)]
    assert solutions
    for cell in solutions:
        kept = notebook.blanked(cell.source)
        assert kept.startswith("# ")
        assert len(kept) < len(cell.source)


@EACH_LAB
def test_no_hint_holds_a_solution(entry):
    lines = {
        line.strip()
        for cell in notebook.read(entry.notebook).cells
        if notebook.SOLUTION in notebook.tags(cell)
        for line in cell.source.splitlines()
        if len(line.strip()) > 30 and not line.startswith("#")
    }
    for check in checks.load_checks(entry):
        assert not [line for line in lines if any(line in hint for hint in (*check.hints, check.holds))]
