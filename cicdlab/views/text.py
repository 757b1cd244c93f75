"""Text from a response, made fit for a page; and times and durations as words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# Terminal colours and titles, then every other control character and what turns the direction of text.
_ESCAPES = re.compile(
    r"""
      \x1b \[ [0-?]* [\ -/]* [@-~]                  # colours, cursor
    | \x1b \] [^\x07\x1b\n]* (?: \x07 | \x1b\\ )?  # titles, links
    | \x1b [\ -/]* [0-~]
    | \x9b [0-?]* [\ -/]* [@-~]
    """,
    re.VERBOSE,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: object) -> str:
    """A text without terminal codes and control characters; line ends and tabs stay."""
    plain = _ESCAPES.sub("", str(text)).replace("\r\n", "\n")
    return _CONTROLS.sub("", plain).encode("utf-8", "replace").decode("utf-8")


def duration(seconds: float) -> str:
    """A duration as words, for example `3 s` or `1 min 5 s`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(time: datetime) -> str:
    """A time in UTC; boto3 gives times in the zone of the computer it runs on."""
    return f"{utc(time):%Y-%m-%d %H:%M:%S} UTC"


def took(start: datetime | None, end: datetime | None) -> float | None:
    """How many seconds something took; None while that is unknown."""
    return max(0.0, (utc(end) - utc(start)).total_seconds()) if start and end else None


def utc(time: datetime) -> datetime:
    """The same time in UTC; a time without a zone is taken as UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
