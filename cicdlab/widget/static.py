"""A widget as HTML: its state for the page module, and something readable without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any


def embed(name: str, state: Mapping[str, Any], fallback: str, keep: Iterable[str] = ()) -> str:
    """The HTML from which the book's page module builds the widget.

    Parameters
    ----------
    name
        The widget's name; the page module imports `<name>.js`.
    state
        What the module reads with `model.get`; must be JSON.
    fallback
        HTML shown until the widget is there, and for ever without JavaScript.
    keep
        Names of state that are dictionaries of records kept in the browser from visit to visit.

    Returns
    -------
    str
        The same text for the same arguments, always.
    """
    payload = json.dumps({"state": state, "keep": list(keep)}, sort_keys=True, ensure_ascii=False)
    # "<" is escaped so that no text in the state can end the script element.
    payload = payload.replace("<", "\\u003c")
    return (
        f'<div class="cicd-widget" data-widget="{escape(name)}">\n'
        f'<script type="application/json">{payload}</script>\n'
        f'<div class="cicd-fallback">\n{fallback}\n</div>\n</div>'
    )


def folded(summary: str, body: str) -> str:
    """A folded part of a fallback: both arguments are HTML."""
    return f"<details><summary>{summary}</summary>\n{body}\n</details>"
