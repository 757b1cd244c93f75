"""A finished run as frames: how everything stood each time something began or ended.

Frames come from the run's own answers, so that the same answers give the same frames; the book steps through them
without a kernel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cicdlab.views.marks import look, standing
from cicdlab.views.text import duration, utc

Change = tuple[datetime, str]


@dataclass(frozen=True)
class Item:
    """Something whose status changes during a run.

    Attributes
    ----------
    first
        Its status before anything changed.
    changes
        When it got which status, in order.
    """

    first: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Moment:
    """What changed at one time.

    Attributes
    ----------
    changed
        The new status of each item that changed, by its number.
    now
        The status of every item.
    """

    time: datetime
    changed: Mapping[int, str]
    now: tuple[str, ...]


def between(first: str, start: datetime | None, end: datetime | None, during: str, after: str) -> Item:
    """An item that begins and ends; without a start it stays as it was, without an end it goes on."""
    changes = [(start, during)] if start else []
    if end and after not in (first, during):
        changes.append((end, after))
    return Item(first, tuple(changes))


def moments(items: Sequence[Item]) -> list[Moment]:
    """Every time at which an item changed, in order; of two changes at one time the later counts."""
    at: dict[datetime, dict[int, str]] = defaultdict(dict)
    for number, item in enumerate(items):
        for time, status in item.changes:
            at[utc(time)][number] = status
    now = [item.first for item in items]
    result = []
    for time in sorted(at):
        for number, status in at[time].items():
            now[number] = status
        result.append(Moment(time, at[time], tuple(now)))
    return result


def frames(
    items: Sequence[Item],
    say: Callable[[Moment], str],
    texts: Callable[[Moment], Mapping[str, str]] = lambda moment: {},
) -> dict[str, Any]:
    """A run as the state of a widget, for replay.js; empty unless there are at least two frames.

    Parameters
    ----------
    items
        What changes, in the order of the numbers in the HTML.
    say
        What happened at a moment, in words.
    texts
        Texts of the view that change along, by the name in the HTML.
    """
    shown = moments(items)
    if len(shown) < 2:
        return {}
    seen = dict.fromkeys([*(item.first for item in items), *(status for m in shown for status in m.changed.values())])
    place = {status: number for number, status in enumerate(seen)}
    list_ = []
    before: Mapping[str, str] = {}
    for each in shown:
        frame: dict[str, Any] = {
            "at": f"{each.time:%H:%M:%S}",
            "after": duration((each.time - shown[0].time).total_seconds()),
            "say": say(each),
            "set": [part for number, status in each.changed.items() for part in (number, place[status])],
        }
        if (now := texts(each)) != before:
            frame["texts"] = before = now
        list_.append(frame)
    return {
        "looks": [[*look(status), standing(status)] for status in seen],
        "first": [place[item.first] for item in items],
        "frames": list_,
    }
