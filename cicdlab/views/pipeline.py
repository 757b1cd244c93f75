"""The pipeline view: stages and actions, and approvals."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import traitlets
from IPython.display import DisplayHandle

from cicdlab.views import pipeline_html as html
from cicdlab.views.reading import ViewError, ask
from cicdlab.views.reading_runs import read_pipeline
from cicdlab.views.stages import Answers, Line, line, tokens
from cicdlab.views.text import duration
from cicdlab.views.watching import watch
from cicdlab.widget import Widget, esm, stylesheet

HERE = Path(__file__).parent
_LONGEST_COMMENT = 512  # botocore codepipeline/ApprovalSummary
_STEP, _LONGEST_FOLLOWING = 1.0, 1800.0


class PipelineView(Widget):
    """A picture of a pipeline, drawn from what boto3 returns and from nothing else.

    It shows every stage as it is now, and replays one execution.

    Parameters
    ----------
    pipeline
        The `pipeline` that `get_pipeline` returns.
    state
        What `get_pipeline_state` returns.
    execution
        One of the summaries that `list_pipeline_executions` returns.
    actions
        That execution's details as `list_action_executions` returns them.
    """

    name = "pipeline"
    sentence = "A pipeline's stages and actions: run this cell in JupyterLab, or read it in the book, to see them."
    _esm = esm(HERE / "replay.js", HERE / "pipeline.js")
    styles = (HERE / "view.css", HERE / "replay.css", HERE / "pipeline.css")
    _css = stylesheet(*styles)

    parts = traitlets.Dict().tag(sync=True, page=True)
    replay = traitlets.Dict().tag(sync=True, page=True)
    watched = traitlets.Bool(False).tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        pipeline: Mapping[str, Any],
        state: Mapping[str, Any],
        execution: Mapping[str, Any] | None = None,
        actions: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__()
        self._client: Any = None
        self._shown: DisplayHandle | None = None
        self._follower: threading.Thread | None = None
        self._reading = threading.RLock()
        self._answered: set[str] = set()
        self._show(Answers(pipeline, state, execution or {}, actions))
        self.on_msg(self._asked)

    @classmethod
    def of(cls, codepipeline: Any, name: str, execution_id: str | None = None) -> PipelineView:
        """The pipeline as it is now.

        Parameters
        ----------
        codepipeline
            A boto3 client for CodePipeline.
        name
            The pipeline's name.
        execution_id
            The execution to replay; by default the latest.

        Raises
        ------
        ViewError
            There is no such pipeline or execution.
        """
        said = read_pipeline(codepipeline, name, execution_id)
        view = cls(said.pipeline, said.state, said.execution, said.actions)
        view._client = codepipeline
        return view

    @classmethod
    def watch(cls, codepipeline: Any, name: str, execution_id: str | None = None, timeout: float = 1800) -> None:
        """Show a pipeline from now until an execution has ended, or waits for an approval.

        An approval can be given in the view, which then goes on showing the pipeline. While a notebook is recorded
        (`CICDLAB_RECORD=1`) the view appears once, at the end.

        Parameters
        ----------
        codepipeline
            A boto3 client for CodePipeline.
        name
            The pipeline's name.
        execution_id
            The execution; by default the latest, or the first one when there is none yet.
        timeout
            How long to watch, in seconds.

        Raises
        ------
        ViewError
            There is no such pipeline or execution, or it has not come to an end or an approval in time.
        """
        view = cls.of(codepipeline, name, execution_id)
        view.watched = True
        late = f"The pipeline has not come to an end after {duration(timeout)}: stop it with stop_pipeline_execution()."
        view._shown = watch(view, view._refresh, timeout, late)

    def fallback(self) -> str:
        """The same view without JavaScript."""
        return html.fallback(html.Parts(**self.parts), self._line)

    def _show(self, said: Answers) -> None:
        self._line: Line = line(said)
        self._tokens = tokens(said)
        with self.hold_sync():  # a browser gets both at once
            self.parts = asdict(html.draw(self._line))
            self.replay = html.replay(self._line)

    def _refresh(self) -> bool:
        """Show how the pipeline stands now, and tell whether it goes on by itself no more."""
        with self._reading:
            if not self._line.ended:
                self._show(read_pipeline(self._client, self._line.name, self._line.execution or None))
            # An approval that has been given may still be waiting for the pipeline to take it.
            return self._line.ended or bool(set(self._tokens.values()) - self._answered)

    def _asked(self, widget: Any, content: Any, buffers: Any) -> None:
        """A reader approves or rejects."""
        if not isinstance(content, dict) or content.get("kind") != "approval":
            return
        place = (str(content.get("stage")), str(content.get("action")))
        self.notice = ""  # so that the same answer is told again
        try:
            self.notice = self._approve(place, content.get("status") == "Approved", str(content.get("comment") or ""))
            self._refresh()
        except ViewError as error:
            self.notice = str(error)
        else:
            self._follow()

    def _approve(self, place: tuple[str, str], approved: bool, comment: str) -> str:
        stage, action = place
        if self._client is None or place not in self._tokens:
            raise ViewError(f"{action} in stage {stage} waits for no approval any more: run the cell again.")
        status = "Approved" if approved else "Rejected"
        ask(
            self._client.put_approval_result,
            pipelineName=self._line.name,
            stageName=stage,
            actionName=action,
            result={"status": status, "summary": comment[:_LONGEST_COMMENT]},
            token=self._tokens[place],
        )
        self._answered.add(self._tokens[place])
        return f"{status}: {action} in stage {stage}."

    def _follow(self) -> None:
        """Go on showing the pipeline after an approval, without keeping the kernel from other cells."""
        if self._follower is None or not self._follower.is_alive():
            self._follower = threading.Thread(target=self._until_over, daemon=True)
            self._follower.start()

    def _until_over(self) -> None:
        end = time.monotonic() + _LONGEST_FOLLOWING
        try:
            while time.monotonic() < end and not self._refresh():
                time.sleep(_STEP)
        except ViewError as error:
            self.notice = f"The view stopped following the pipeline. {error}"
        if self._shown:
            self._shown.update(self)  # what the notebook keeps
