"""Finding a statement in the text of a policy, from where a simulation says that it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_DECODER = json.JSONDecoder()
_Span = tuple[int, int]


def statement_at(text: str, start: Mapping[str, Any] | None, end: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The statement that shares most with a piece of the text, or None.

    Sharing is enough, because AWS gives the column after a statement's first brace and not that of the brace.

    Parameters
    ----------
    text
        A policy document.
    start, end
        `Line` and `Column`, both counted from 1, of the piece's first sign and of the sign after its last.
    """
    wanted = (_offset(text, start), _offset(text, end)) if start and end else (0, len(text))
    found = [(_shared(span, wanted), statement) for span, statement in _statements(text)]
    if not (start and end) and len(found) > 1:
        return None
    shared, statement = max(found, key=lambda each: each[0], default=(0, {}))
    return statement if shared else None


def _statements(text: str) -> Iterator[tuple[_Span, dict[str, Any]]]:
    for brace in re.finditer("{", text):
        try:
            found, end = _DECODER.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        if "Effect" in found:
            yield (brace.start(), end), found


def _offset(text: str, position: Mapping[str, Any]) -> int:
    before = text.split("\n")[: max(0, int(position.get("Line") or 1) - 1)]
    return sum(len(line) + 1 for line in before) + int(position.get("Column") or 1) - 1


def _shared(one: _Span, other: _Span) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
