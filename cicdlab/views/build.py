"""The build view: phases as a timeline, and the log."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import traitlets
from IPython.display import display

from cicdlab.views import html
from cicdlab.views.log import shown
from cicdlab.views.reading import LogReader, ViewError, read_build
from cicdlab.views.text import duration
from cicdlab.views.timeline import has_ended, timeline
from cicdlab.widget import Widget, esm, stylesheet

HERE = Path(__file__).parent
_FIRST_STEP, _LAST_STEP = 0.1, 1.0


class BuildView(Widget):
    """A picture of a build, drawn from what boto3 returns and from nothing else.

    Parameters
    ----------
    build
        A build as `batch_get_builds` returns it.
    log
        Its events as `get_log_events` returns them, or the log's text.
    """

    name = "build"
    sentence = "A build's phases and log: run this cell in JupyterLab, or read it in the book, to see them."
    _esm = esm(HERE / "build.js")
    _css = stylesheet(HERE / "build.css")

    parts = traitlets.Dict().tag(sync=True, page=True)
    watched = traitlets.Bool(False).tag(sync=True)

    def __init__(self, build: Mapping[str, Any], log: Sequence[Mapping[str, Any]] | str = "") -> None:
        super().__init__(parts=_parts(build, log))

    @classmethod
    def of(cls, codebuild: Any, logs: Any, build_id: str) -> BuildView:
        """The build as it is now.

        Parameters
        ----------
        codebuild, logs
            boto3 clients for CodeBuild and CloudWatch Logs.
        build_id
            The build's id or ARN.

        Raises
        ------
        ViewError
            There is no such build.
        """
        build = read_build(codebuild, build_id)
        return cls(build, LogReader(logs).read(build))

    @classmethod
    def watch(cls, codebuild: Any, logs: Any, build_id: str, timeout: float = 1800) -> None:
        """Show a build from now until it has ended.

        While a notebook is recorded (`CICDLAB_RECORD=1`) the view appears once, at the end: what is stored and compared
        is the finished build.

        Parameters
        ----------
        codebuild, logs
            boto3 clients for CodeBuild and CloudWatch Logs.
        build_id
            The build's id or ARN.
        timeout
            How long to watch, in seconds.

        Raises
        ------
        ViewError
            There is no such build, or it has not ended in time.
        """
        log = LogReader(logs)
        build = read_build(codebuild, build_id)
        view = cls(build, log.read(build))
        view.watched = True
        recorded = os.environ.get("CICDLAB_RECORD") == "1"
        shown_at = None if recorded else display(view, display_id=True)
        deadline, step = time.monotonic() + timeout, _FIRST_STEP
        try:
            while not has_ended(build):
                if time.monotonic() >= deadline:
                    raise ViewError(f"The build has not ended after {duration(timeout)}: stop it with stop_build().")
                time.sleep(step)
                step = min(_LAST_STEP, step * 1.5)
                build = read_build(codebuild, build_id)
                view.parts = _parts(build, log.read(build))
        finally:
            # A notebook keeps the HTML of the first display; this replaces it by how the build stands now.
            if shown_at:
                shown_at.update(view)
        if recorded:
            display(view)

    def fallback(self) -> str:
        """The same view without JavaScript."""
        return html.fallback(html.Parts(**self.parts))


def _parts(build: Mapping[str, Any], log: Sequence[Mapping[str, Any]] | str) -> dict[str, str]:
    return asdict(html.draw(timeline(build), shown(log)))
