"""Prints today's departures: ``python3 board.py``."""

import csv
from pathlib import Path

from frames import framed


def main():
    """Print the board."""
    with Path("departures.csv").open(encoding="utf-8") as table:
        trains = sorted((row["time"], row["to"], row["platform"]) for row in csv.DictReader(table))
    lines = [f"{time}  {to:12}  platform {platform}" for time, to, platform in trains]
    print(framed(["Departures from Wakefield", *lines]))


if __name__ == "__main__":
    main()
