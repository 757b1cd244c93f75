"""A program that runs beside `cicdlab start`: started in a group of its own, watched, ended with all its children."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .addresses import answers

GRACE = 15.0  # seconds


@dataclass(frozen=True)
class Program:
    """What is to run.

    Parameters
    ----------
    name
        What the learner calls it, for example ``book``.
    command
        The program and its arguments.
    ready
        The address that answers when it is ready.
    log
        The file for what it prints.
    environ
        Its environment.
    folder
        Where it runs.
    """

    name: str
    command: Sequence[str]
    ready: str
    log: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path = Path()


class Process:
    """A program that was started."""

    def __init__(self, program: Program) -> None:
        self.program = program
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("wb") as log:
            self._popen = subprocess.Popen(
                program.command,
                env=dict(program.environ),
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._popen.poll()

    def is_ready(self) -> bool:
        """Tell whether its address answers."""
        return answers(self.program.ready)

    def ask_to_end(self) -> None:
        """Send the whole group the signal to end."""
        self._signal(signal.SIGTERM)

    def end(self, deadline: float) -> None:
        """Wait until it has ended, at most until ``deadline`` (monotonic), then end by force what is left."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(0.0, deadline - time.monotonic()))
        self._signal(signal.SIGKILL)
        self._popen.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, number)


def end_all(processes: Sequence[Process]) -> None:
    """End programs and all their children, together."""
    for process in processes:
        process.ask_to_end()
    deadline = time.monotonic() + GRACE
    for process in processes:
        process.end(deadline)


def _end_with_parent() -> None:
    """Have Linux send SIGTERM when the parent dies without saying so (`kill -9`, out of memory)."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
