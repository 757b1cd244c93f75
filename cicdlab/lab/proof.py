"""What proves a lab's checks: near misses, each of which has to fail exactly one of them.

A lab's `near_misses.py` holds generator functions. One takes a boto3 session, changes one setting of the finished lab,
yields the sentence its check must then answer with, and restores what it changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .checks import load_module
from .manifest import Entry

Change = Callable[[Any], Iterator[str]]


@dataclass(frozen=True)
class NearMiss:
    """The right thing with one setting wrong.

    Parameters
    ----------
    check_id
        The check that has to notice.
    change
        What makes it wrong, says what the check must answer, and puts it right again.
    """

    check_id: str
    change: Change

    @contextmanager
    def made(self, session: Any) -> Iterator[str]:
        """Make it wrong, give the expected sentence, and put it right afterwards."""
        steps = self.change(session)
        yield next(steps)
        for _ in steps:
            raise RuntimeError(f"The near miss of {self.check_id} yields more than once.")


_collected: list[NearMiss] = []


def near_miss(check_id: str) -> Callable[[Change], Change]:
    """Make a generator function the near miss of a check."""

    def collect(change: Change) -> Change:
        _collected.append(NearMiss(check_id, change))
        return change

    return collect


def load_near_misses(entry: Entry) -> list[NearMiss]:
    """Return the near misses of a lab."""
    _collected.clear()
    load_module(entry.folder / "near_misses.py")
    return list(_collected)
