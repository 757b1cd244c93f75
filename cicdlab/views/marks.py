"""Pieces of HTML that views share: how a status appears (sign, words and colour say the same), and lines of facts."""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple


class Look(NamedTuple):
    """How a status appears."""

    sign: str
    words: str
    colour: str


WAITS, GOES_ON, SETTLED = 0, 1, 2

# What comes first in a run's life is first here; statuses of one service never mean something else in another.
LOOKS = {
    "Pending": Look("○", "Pending", "quiet"),
    "Created": Look("○", "Created", "quiet"),
    "Queued": Look("○", "Queued", "quiet"),
    "NotRun": Look("○", "Not run", "quiet"),
    "InProgress": Look("▸", "In progress", "active"),
    "Baking": Look("▸", "Baking", "active"),
    "Ready": Look("▸", "Ready", "active"),
    "Stopping": Look("▸", "Stopping", "active"),
    "Approval": Look("◆", "Waiting for approval", "active"),
    "Succeeded": Look("✓", "Succeeded", "good"),
    "Failed": Look("✗", "Failed", "bad"),
    "Abandoned": Look("■", "Abandoned", "bad"),
    "Stopped": Look("■", "Stopped", "bad"),
    "Cancelled": Look("■", "Cancelled", "bad"),
    "Superseded": Look("–", "Superseded", "quiet"),
    "Skipped": Look("–", "Skipped", "quiet"),
    "Unknown": Look("?", "Unknown", "quiet"),
}
_WAIT = ("Pending", "Created", "Queued", "NotRun")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def look(status: str) -> Look:
    """How a status of CodeDeploy or CodePipeline appears."""
    return LOOKS.get(status) or unknown(status)


def unknown(status: str) -> Look:
    """How a status appears that the service has added since: in its own words."""
    return Look("?", _HUMPS.sub(" ", status.replace("_", " ")).capitalize() or "Unknown", "quiet")


def standing(status: str) -> int:
    """Whether what has this status waits, goes on, or is settled."""
    if status in _WAIT:
        return WAITS
    return GOES_ON if look(status).colour == "active" else SETTLED


def mark(appearance: Look, item: int | None = None, after: str = "") -> str:
    """A status as HTML.

    Parameters
    ----------
    appearance
        How it looks.
    item
        Its number in the view's replay, which changes it.
    after
        A sign that ends it.
    """
    sign, words, colour = appearance
    number = "" if item is None else f' data-item="{item}"'
    text = f'<span aria-hidden="true">{sign}</span> {escape(words)}{after}'
    return f'<span class="cicd-state cicd-{colour}"{number}>{text}</span>'


def facts(*each: str) -> str:
    """What is known, in one line; empty if nothing is."""
    line = " · ".join(filter(None, each))
    return f'<p class="cicd-facts">{escape(line)}</p>' if line else ""


def breakable(name: str) -> str:
    """A name of several words, which may be broken between them; HTML."""
    return "<wbr>".join(escape(part) for part in _HUMPS.split(name))
