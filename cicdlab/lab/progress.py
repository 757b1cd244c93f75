"""Which checks of which lab have passed, kept in a file of the workspace."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .files import write_atomically
from .places import Workspace


def passed(workspace: Workspace, lab_id: str) -> list[str]:
    """Return the checks that have passed, in the order in which they did."""
    return list(_labs(_read(workspace)).get(lab_id, {}).get("passed", []))


def record_passed(workspace: Workspace, lab_id: str, check_id: str) -> None:
    """Remember that a check has passed."""
    with _locked(workspace):
        everything = _read(workspace)
        done = _labs(everything).setdefault(lab_id, {}).setdefault("passed", [])
        if check_id not in done:
            done.append(check_id)
            write_atomically(workspace.progress, json.dumps(everything, indent=2, ensure_ascii=False) + "\n")


def _labs(everything: dict[str, Any]) -> dict[str, Any]:
    labs: dict[str, Any] = everything.setdefault("labs", {})
    return labs


def _read(workspace: Workspace) -> dict[str, Any]:
    try:
        everything = json.loads(workspace.progress.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return everything if isinstance(everything, dict) else {}


@contextmanager
def _locked(workspace: Workspace) -> Iterator[None]:
    workspace.progress.parent.mkdir(parents=True, exist_ok=True)
    with workspace.progress.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
