"""The departure board as a web page."""

import html

HEAD = "<!doctype html><html lang=en><meta charset=utf-8><title>Departures</title>"


def page(trains, version):
    """Return the board.

    Parameters
    ----------
    trains
        One mapping of time, to and platform for each train, in any order.
    version
        What is shown at the bottom.
    """
    ordered = sorted(trains, key=lambda train: (train["time"], train["to"]))
    rows = "".join(row(train) for train in ordered)
    return (
        f"{HEAD}<h1>Departures from Wakefield</h1><table>{rows}</table><footer>{html.escape(version)}</footer></html>\n"
    )


def row(train):
    """Return the row of one train."""
    cells = (html.escape(train[name]) for name in ("time", "to", "platform"))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
