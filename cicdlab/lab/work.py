"""The folder a lab writes in, so that the repository stays as it is."""

import shutil
from pathlib import Path

from .manifest import Entry
from .places import Workspace

WORK = "work"
NOT_SOURCE = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".DS_Store")


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
