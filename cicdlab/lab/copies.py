"""The learner's copy of a lab: made once, never overwritten."""

import shutil
from pathlib import Path

import nbformat

from . import notebook
from .manifest import Entry
from .places import Workspace

WORK = "work"
NOT_SOURCE = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".DS_Store")


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


def work_folder(entry: Entry, workspace: Workspace) -> Path:
    """Return the folder a lab writes in, with a fresh copy of the sample application unless there is one."""
    work = workspace.lab(entry.id) / WORK
    source = entry.folder / "source"
    if source.is_dir() and not (work / "source").exists():
        shutil.copytree(source, work / "source", ignore=NOT_SOURCE)
    work.mkdir(parents=True, exist_ok=True)
    return work


def remove_work(entry: Entry, workspace: Workspace) -> None:
    """Remove what a lab wrote in its folder, so that the next run starts from the sample application again."""
    work = workspace.lab(entry.id) / WORK
    for path in work.iterdir() if work.exists() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _free_name(path: Path) -> Path:
    number = 1
    while (name := path.with_name(f"{path.stem}-before-{number}{path.suffix}")).exists():
        number += 1
    return name
