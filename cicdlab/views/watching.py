"""Watching a run: a view follows it until it is over, in the learner's cell."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from IPython.display import DisplayHandle, display

from cicdlab.views.reading import ViewError
from cicdlab.widget import Widget

_FIRST_STEP, _LAST_STEP = 0.1, 1.0


def recorded() -> bool:
    """Whether a notebook is being recorded: then only finished views are shown, which are always the same."""
    return os.environ.get("CICDLAB_RECORD") == "1"


def watch(view: Widget, over: Callable[[], bool], timeout: float, late: str) -> DisplayHandle | None:
    """Show a view from now until its run is over.

    Parameters
    ----------
    view
        The view; it shows how the run stands now.
    over
        Brings the view up to date and tells whether that was the last time.
    timeout
        How long to watch, in seconds.
    late
        What to say when it takes longer.

    Returns
    -------
    DisplayHandle or None
        What replaces the HTML that the notebook keeps; None while a notebook is recorded.

    Raises
    ------
    ViewError
        The run is not over in time.
    """
    shown = None if recorded() else display(view, display_id=True)
    deadline, step = time.monotonic() + timeout, _FIRST_STEP
    try:
        while not over():
            if time.monotonic() >= deadline:
                raise ViewError(late)
            time.sleep(step)
            step = min(_LAST_STEP, step * 1.5)
    finally:
        # A notebook keeps the HTML of the first display; this replaces it by how the run stands now.
        if shown:
            shown.update(view)
    if recorded():
        display(view)
    return shown
