"""What the commands print with, and the one error they end with."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)


class CommandError(Exception):
    """A command cannot go on; the message is one sentence that says what to do."""


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show that something takes its time: a spinner in a terminal, else a line."""
    if not err.is_terminal:
        err.print(text, markup=False)
        yield
        return
    with err.status(text):
        yield


def closest(name: str, known: Iterable[str]) -> str:
    """Return a question that offers the known name most like a wrong one; empty when none is like it."""
    known = list(known)
    like = get_close_matches(name, known, n=1, cutoff=0.5) or [one for one in known if name and name in one][:1]
    return f" Did you mean {like[0]!r}?" if like else ""


def plain(text: str) -> None:
    """Print a line as it is: no markup, no wrapping."""
    out.print(text, markup=False)
