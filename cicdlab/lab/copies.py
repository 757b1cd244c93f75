"""The learner's copy of a lab: made once, never overwritten."""

from pathlib import Path

import nbformat

from . import notebook
from .manifest import Entry
from .places import Workspace


def open_copy(entry: Entry, workspace: Workspace, start_again: bool = False) -> Path:
    """Return the learner's notebook of a lab, made from the finished one when it is not there yet.

    Parameters
    ----------
    entry
        The lab.
    workspace
        The learner's workspace.
    start_again
        Make a new copy; the old one is kept beside it under another name.
    """
    path = workspace.lab(entry.id) / "lab.ipynb"
    if path.exists() and start_again:
        path.rename(_free_name(path))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook.learners_copy(notebook.read(entry.notebook)), path)
    return path


def _free_name(path: Path) -> Path:
    number = 1
    while (name := path.with_name(f"{path.stem}-before-{number}{path.suffix}")).exists():
        number += 1
    return name
