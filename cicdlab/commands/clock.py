"""`cicdlab clock`: shows and moves the cloud's time."""

import re
from datetime import datetime
from typing import Annotated

import typer

from .addresses import ask_cloud
from .console import CommandError, plain
from .env import engine_endpoint

app = typer.Typer(invoke_without_command=True, help="Show or move the cloud's time.")

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_LONGEST = 366 * _UNITS["d"]


@app.callback()
def show(context: typer.Context) -> None:
    """Show the cloud's time, or move it with one of the commands below."""
    if context.invoked_subcommand is None:
        _ask(None)


@app.command()
def advance(
    duration: Annotated[str, typer.Argument(metavar="DURATION", help="For example 90s, 5m, 2h or 1h30m.")],
) -> None:
    """Move time forward: waits that end before then are over."""
    _ask({"advance": seconds(duration)})


@app.command()
def hold() -> None:
    """Stop time: waits last until you advance or release it."""
    _ask({"hold": True})


@app.command()
def release() -> None:
    """Let time go on."""
    _ask({"hold": False})


def seconds(duration: str) -> int:
    """Return how many seconds a duration such as ``1h30m`` has.

    Raises
    ------
    CommandError
        When it is no duration, or none of at least a second and at most a year.
    """
    match = _DURATION.fullmatch(duration.strip().lower())
    total = (
        sum(int(number or 0) * unit for number, unit in zip(match.groups(), _UNITS.values(), strict=True))
        if match
        else 0
    )
    if not 0 < total <= _LONGEST:
        raise CommandError(f"{duration!r} is no duration: write for example 90s, 5m, 2h or 1h30m, at most a year.")
    return total


def _ask(order: dict[str, int | bool] | None) -> None:
    clock = ask_cloud(engine_endpoint(), "/_cicdlab/clock", order)
    now = datetime.fromisoformat(clock["now"])
    plain(f"{now:%Y-%m-%d %H:%M:%S} UTC, {clock['mode']}{', held' if clock['held'] else ''}")
