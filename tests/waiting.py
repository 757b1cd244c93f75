"""Waiting for a condition instead of for time, and finding the processes that a test has marked."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def wait_until(condition: Callable[[], Any], what: str = "", seconds: float = 60.0) -> Any:
    """Return what a condition answers as soon as it is true; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"still not so after {seconds} s: {what or 'the condition'}"
        time.sleep(0.01)
    return answer


def marked(token: str) -> list[int]:
    """Return the processes on this machine, other than this one, whose command line contains a token."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if token.encode() in command:
                found.append(int(entry.name))
    return found
