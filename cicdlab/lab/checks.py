"""Checks: read-only questions to the cloud about what a learner has made.

A lab's `checks.py` holds one function per check. It takes a boto3 session, raises `NotYet` with what is wrong and what
to try, or returns. Checks run in a process of their own: ``python -m cicdlab.lab.check_process <lab> [<check> …]``.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from .errors import LabError
from .manifest import Entry

READING = re.compile(r"^(Get|List|Describe|BatchGet|Head|Filter|Lookup|Simulate|Test)")
TIMEOUT = 120.0
CheckFunction = Callable[[Any], None]


class NotYet(Exception):  # noqa: N818  (it is an answer, not an error)
    """What a check found wrong, and what to try."""


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    NOT_YET = "not yet"
    ERROR = "error"


@dataclass(frozen=True)
class Check:
    """One check of a lab.

    Parameters
    ----------
    id
        Its name within the lab.
    holds
        The sentence that is true when it passes.
    hints
        What helps, from a nudge to nearly everything.
    function
        What asks the cloud.
    """

    id: str
    holds: str
    hints: tuple[str, ...]
    function: CheckFunction


@dataclass(frozen=True)
class Result:
    """The answer of one check, in one sentence."""

    id: str
    status: Status
    message: str

    @property
    def line(self) -> str:
        """The answer in one line."""
        return f"{self.status} · {self.id}: {self.message}"


_collected: list[Check] = []


def check(check_id: str, holds: str, hints: Sequence[str]) -> Callable[[CheckFunction], CheckFunction]:
    """Make a function a check of its lab; the order of the functions is the order of the tasks."""

    def collect(function: CheckFunction) -> CheckFunction:
        _collected.append(Check(check_id, holds, tuple(hints), function))
        return function

    return collect


def load_checks(entry: Entry) -> list[Check]:
    """Return the checks of a lab, in order."""
    _collected.clear()
    load_module(entry.folder / "checks.py")
    return list(_collected)


def load_module(path: Path) -> Any:
    """Import a lab's Python file, which is in no package, without leaving a cache in the repository."""
    spec = importlib.util.spec_from_file_location(f"_lab_{path.stem}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise LabError(f"{path.name} of this lab is missing.")
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def run(entry: Entry, ids: Sequence[str] = (), environ: dict[str, str] | None = None) -> list[Result]:
    """Run checks of a lab in a fresh process and return their answers.

    Parameters
    ----------
    entry
        The lab.
    ids
        Which checks; all when empty.
    environ
        The process's environment; by default this one's.

    Raises
    ------
    LabError
        When the process cannot tell: a wrong name, a refused environment, no answer in time.
    """
    command = [sys.executable, "-m", "cicdlab.lab.check_process", "--json", entry.id, *ids]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, env=environ or dict(os.environ), check=False
        )
    except subprocess.TimeoutExpired:
        raise LabError(
            f"No answer from the checks of {entry.id} within {TIMEOUT:g} seconds; is the cloud up?"
        ) from None
    try:
        return [Result(**{**answer, "status": Status(answer["status"])}) for answer in json.loads(done.stdout)]
    except ValueError:
        last = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise LabError(last) from None


def answer(asked: Check, session: Any) -> Result:
    """Ask one check; whatever it raises beside `NotYet` is an error, never a verdict."""
    try:
        asked.function(session)
    except NotYet as reason:
        return Result(asked.id, Status.NOT_YET, str(reason))
    except Exception as error:  # noqa: BLE001  (a check is written by others: it must not end the rest)
        text = " ".join(str(error).split()) or "no reason given"
        return Result(asked.id, Status.ERROR, f"the check itself could not be run ({type(error).__name__}: {text})")
    return Result(asked.id, Status.PASSED, asked.holds)


def reading_session() -> Any:
    """Return a boto3 session that can look at things and change nothing."""
    import boto3
    from botocore.config import Config

    session = boto3.Session()
    session._session.set_default_client_config(
        Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1})
    )
    session.events.register("before-parameter-build", _refuse_writing)
    return session


def _refuse_writing(model: Any, **_: Any) -> None:
    if not READING.match(model.name):
        raise PermissionError(f"a check only reads, and {model.name} does not")


def choose(checks: list[Check], ids: Sequence[str]) -> list[Check]:
    """Return the checks of these names, all when there are none.

    Raises
    ------
    LabError
        When a name is not one of them.
    """
    known = {one.id: one for one in checks}
    for name in ids:
        if name not in known:
            raise LabError(f"There is no check {name!r} in this lab; there are {', '.join(known)}.")
    return [known[name] for name in ids] if ids else checks
