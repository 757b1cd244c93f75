"""The build view: phases as a timeline, and the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import traitlets

from cicdlab.views import build_html as html
from cicdlab.views.log import shown
from cicdlab.views.reading import LogReader, read_build
from cicdlab.views.text import duration
from cicdlab.views.timeline import has_ended, timeline
from cicdlab.views.watching import watch
from cicdlab.widget import Widget, esm, stylesheet

HERE = Path(__file__).parent


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
    styles = (HERE / "view.css", HERE / "build.css")
    _css = stylesheet(*styles)

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

        def over() -> bool:
            nonlocal build
            if not has_ended(build):
                build = read_build(codebuild, build_id)
                view.parts = _parts(build, log.read(build))
            return has_ended(build)

        watch(view, over, timeout, f"The build has not ended after {duration(timeout)}: stop it with stop_build().")

    def fallback(self) -> str:
        """The same view without JavaScript."""
        return html.fallback(html.Parts(**self.parts))


def _parts(build: Mapping[str, Any], log: Sequence[Mapping[str, Any]] | str) -> dict[str, str]:
    return asdict(html.draw(timeline(build), shown(log)))
