"""A build's log as lines to show: clean, the failing command marked, and short enough for a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cicdlab.views.text import clean

LINES = 200
LENGTH = 500
_BEGINNING, _BEFORE, _AFTER = 40, 80, 19

_COMMAND_FAILED = re.compile(r"Command did not exit successfully")
_PHASE_FAILED = re.compile(r"Phase context status code: (?!Message:)\S")


@dataclass(frozen=True)
class Line:
    """A line of the log."""

    text: str
    failing: bool = False


@dataclass(frozen=True)
class Gap:
    """So many lines that are not shown."""

    lines: int


def shown(log: Iterable[Mapping[str, Any]] | str) -> list[Line | Gap]:
    """The lines to show: all of a short log; of a long one the beginning, the first failure and the end.

    Parameters
    ----------
    log
        Events as `get_log_events` returns them, or the text.
    """
    texts = _lines(log)
    failures = _failures(texts)
    keep = _keep(len(texts), failures)
    result: list[Line | Gap] = []
    gap = 0
    for number, text in enumerate(texts):
        if number not in keep:
            gap += 1
            continue
        if gap:
            result.append(Gap(gap))
            gap = 0
        result.append(Line(_cut(_overwritten(text)), number in failures))
    return result


def _lines(log: Iterable[Mapping[str, Any]] | str) -> list[str]:
    messages = [log] if isinstance(log, str) else [str(event.get("message") or "") for event in log]
    return [line for message in messages if message for line in _split(message)]


def _split(message: str) -> list[str]:
    return message.replace("\r\n", "\n").removesuffix("\n").split("\n")


def _overwritten(line: str) -> str:
    """What a terminal shows of a line that was written over and over, as a progress bar is."""
    return clean(line.rstrip("\r").rpartition("\r")[2])


def _failures(texts: list[str]) -> set[int]:
    for sign in (_COMMAND_FAILED, _PHASE_FAILED):
        if found := {number for number, text in enumerate(texts) if sign.search(text)}:
            return found
    return set()


def _keep(count: int, failures: set[int]) -> set[int]:
    if count <= LINES:
        return set(range(count))
    kept = set(range(_BEGINNING))
    if failures:
        first = min(failures)
        kept |= set(range(max(0, first - _BEFORE), min(count, first + _AFTER + 1)))
    place = count
    while len(kept) < LINES:  # the end, as far as there is room
        place -= 1
        kept.add(place)
    return kept


def _cut(text: str) -> str:
    more = len(text) - LENGTH
    return f"{text[:LENGTH]} … ({more:,} more characters)" if more > 0 else text
