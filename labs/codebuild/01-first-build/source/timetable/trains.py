"""Reads trains from a table with the columns time, to and platform."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Train:
    """A departure; trains sort by time, then by where they go."""

    time: str
    to: str
    platform: int


def read_trains(lines: Iterable[str]) -> list[Train]:
    """Return the trains of a table, in its order."""
    return [Train(_clock(row["time"]), row["to"].strip(), int(row["platform"])) for row in csv.DictReader(lines)]


def _clock(text: str) -> str:
    hours, minutes = (int(part) for part in text.split(":"))
    if not (0 <= hours < 24 and 0 <= minutes < 60):
        raise ValueError(f"{text} is not a time of day")
    return f"{hours:02}:{minutes:02}"
