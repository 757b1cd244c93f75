"""Draws a departure board, for a terminal and for a browser."""

from html import escape

from .trains import Train


def as_text(station: str, trains: list[Train]) -> str:
    """Return the board as lines of text."""
    width = max((len(train.to) for train in trains), default=0)
    lines = [f"{train.time}  {train.to:{width}}  platform {train.platform}" for train in sorted(trains)]
    return "\n".join([f"Departures from {station}", *lines])


def as_html(station: str, trains: list[Train]) -> str:
    """Return the board as a web page."""
    rows = "\n".join(
        f"<tr><td>{train.time}</td><td>{escape(train.to)}</td><td>{train.platform}</td></tr>"
        for train in sorted(trains)
    )
    title = f"Departures from {escape(station)}"
    return f"<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n<table>\n{rows}\n</table>"
