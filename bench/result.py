"""What was measured, and the table that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Result:
    """A median of ours beside one of somebody else's.

    Parameters
    ----------
    measure
        What was measured.
    ours, theirs
        Medians, in ``unit``.
    peer
        Who is compared with.
    unit
        ``ms`` or ``MB``.
    target
        The highest ratio that is good enough; None when there is no target.
    """

    measure: str
    ours: float
    peer: str
    theirs: float
    unit: str
    target: float | None = None

    @property
    def ratio(self) -> float:
        """Ours divided by theirs: below 1, ours is better."""
        return self.ours / self.theirs

    @property
    def verdict(self) -> str:
        """Whether the target is met; empty without one."""
        if self.target is None:
            return ""
        return "met" if self.ratio <= self.target else "missed"


def table(results: Sequence[Result]) -> Table:
    """Return the results as a table."""
    drawn = Table(
        title="cicdlab beside its peers: medians, and ours divided by theirs",
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    drawn.add_column("Measure", no_wrap=True)
    drawn.add_column("cicdlab", justify="right", no_wrap=True)
    drawn.add_column("Peer", no_wrap=True)
    drawn.add_column("Its", justify="right", no_wrap=True)
    drawn.add_column("Ratio", justify="right", no_wrap=True)
    drawn.add_column("Target", justify="right", no_wrap=True)
    drawn.add_column("", no_wrap=True)
    for result in results:
        drawn.add_row(
            result.measure,
            _amount(result.ours, result.unit),
            result.peer,
            _amount(result.theirs, result.unit),
            f"{result.ratio:.2f}",
            "" if result.target is None else f"≤ {result.target:g}",
            Text(result.verdict, style={"met": "green", "missed": "bold red"}.get(result.verdict, "")),
        )
    return drawn


def _amount(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}" if value < 10 else f"{value:.0f} {unit}"
