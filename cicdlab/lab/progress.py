"""Which checks of which lab have passed, kept in a file of the workspace."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, Field, ValidationError

from .errors import LabError
from .files import write_atomically
from .places import Workspace


class Progress(BaseModel):
    """The whole file: for each lab, the checks that have passed, in the order in which they did."""

    passed: dict[str, list[str]] = Field(default_factory=dict)


def passed(workspace: Workspace, lab_id: str) -> list[str]:
    """Return the checks of a lab that have passed, in the order in which they did.

    Raises
    ------
    LabError
        When the file is damaged.
    """
    return _read(workspace).passed.get(lab_id, [])


def record_passed(workspace: Workspace, lab_id: str, check_id: str) -> None:
    """Remember that a check has passed.

    Raises
    ------
    LabError
        When the file is damaged.
    """
    with _locked(workspace):
        progress = _read(workspace)
        done = progress.passed.setdefault(lab_id, [])
        if check_id not in done:
            done.append(check_id)
            write_atomically(workspace.progress, progress.model_dump_json(indent=1) + "\n")


def _read(workspace: Workspace) -> Progress:
    try:
        return Progress.model_validate_json(workspace.progress.read_bytes())
    except FileNotFoundError:
        return Progress()
    except ValidationError:
        raise LabError(f"{workspace.progress} is damaged: mend it, or delete it to begin afresh.") from None


@contextmanager
def _locked(workspace: Workspace) -> Iterator[None]:
    workspace.progress.parent.mkdir(parents=True, exist_ok=True)
    with workspace.progress.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
