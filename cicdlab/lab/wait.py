"""Waiting for a condition: short steps, a bound, and one sentence when it does not come true."""

import time
from collections.abc import Callable
from typing import TypeVar

from .errors import LabError

Answer = TypeVar("Answer")
STEP = 0.1


def wait(until: Callable[[], Answer], reason: str, timeout: float = 120.0) -> Answer:
    """Call a function until it answers something true, and return that answer.

    Parameters
    ----------
    until
        What to ask; called every tenth of a second.
    reason
        What is waited for, to complete the sentence "Waited for …".
    timeout
        How long to wait, in seconds.

    Raises
    ------
    LabError
        When it did not come true in time.
    """
    deadline = time.monotonic() + timeout
    while not (answer := until()):
        if time.monotonic() >= deadline:
            raise LabError(
                f"Waited {timeout:g} seconds for {reason}, in vain; look at the cloud's own output for the reason."
            )
        time.sleep(STEP)
    return answer
