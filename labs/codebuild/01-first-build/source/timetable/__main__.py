"""Prints the board: ``python3 timetable.pyz``, with ``--html`` as a web page."""

import sys
from importlib.resources import files

from .board import as_html, as_text
from .trains import read_trains


def main() -> None:
    """Print today's departures."""
    here = files("timetable")
    trains = read_trains(here.joinpath("departures.csv").read_text(encoding="utf-8").splitlines())
    station = here.joinpath("station.txt").read_text(encoding="utf-8").strip()
    print(as_html(station, trains) if "--html" in sys.argv[1:] else as_text(station, trains))


if __name__ == "__main__":
    main()
