"""The bench: its table says which targets are met, and it tells why a server does not start."""

import subprocess
import sys

from cicdlab.lab.places import ROOT

TABLE = """
from rich.console import Console
from bench.result import Result, table
rows = [Result("Fast", 1.0, "peer", 4.0, "ms", 0.5), Result("Slow", 30.0, "peer", 10.0, "ms", 2.0),
        Result("Edge", 5.0, "peer", 10.0, "ms", 0.5), Result("Plain", 90.0, "peer", 60.0, "MB")]
Console(width=80).print(table(rows))
"""

DEAD_SERVER = """
import sys
from pathlib import Path
from bench.servers import Kind, Running, ServerError
try:
    Running(Kind("thing", Path(sys.executable), ("-c", "raise SystemExit('no such disk')"), "/"))
except ServerError as error:
    print(error)
"""


def run(script: str) -> list[str]:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()


def test_the_table_shows_ratio_target_and_verdict_of_each_measure() -> None:
    rows = {line.split()[0]: line.split() for line in run(TABLE)}
    assert rows["Fast"] == ["Fast", "1.00", "ms", "peer", "4.00", "ms", "0.25", "≤", "0.5", "met"]
    assert rows["Slow"] == ["Slow", "30", "ms", "peer", "10", "ms", "3.00", "≤", "2", "missed"]
    assert rows["Edge"][-1] == "met"
    assert rows["Plain"] == ["Plain", "90", "MB", "peer", "60", "MB", "1.50"]


def test_a_server_that_ends_is_named_with_its_status_and_last_words() -> None:
    assert run(DEAD_SERVER) == ["thing ended with status 1: no such disk"]
