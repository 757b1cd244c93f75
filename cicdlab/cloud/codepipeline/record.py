"""Writes down how executions go, so that every reader sees whole ones at every moment, and tells their events.

Whoever writes holds the store's lock: events are told in the order of what happened.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..events import Happening
from . import events
from .model import ABANDONED, IN_PROGRESS, ActionExecution, Execution, Pipeline, Stage, Store


class Record:
    """The record of one pipeline.

    Parameters
    ----------
    store
        Where the pipeline is.
    pipeline
        Which one.
    tell
        Takes the pipeline's events.
    """

    def __init__(self, store: Store, pipeline: Pipeline, tell: Callable[[Happening], None]) -> None:
        self._store = store
        self._pipeline = pipeline
        self._tell = tell

    def begin(self, execution: Execution) -> None:
        """Write down that an execution begins."""
        self._pipeline.executions[execution.id] = execution
        self._tell(events.of_pipeline(self._store, self._pipeline, execution, execution.start_time))

    def execution(self, execution_id: str, now: datetime, status: str, **members: Any) -> Execution:
        """Write down another status of an execution."""
        members |= {"status": status, "last_update_time": now}
        execution = self._pipeline.update_execution(execution_id, **members)
        self._tell(events.of_pipeline(self._store, self._pipeline, execution, now))
        return execution

    def stage(self, execution: Execution, name: str, now: datetime, status: str, **members: Any) -> Stage:
        """Write down what an execution does in a stage: it enters, stops, or leaves."""
        members |= {"latest": execution.id, "latest_status": status}
        stage = self._pipeline.update_stage(name, **members)
        self._tell(events.of_stage(self._store, self._pipeline, execution, name, status, now))
        return stage

    def begin_run(self, run: ActionExecution) -> None:
        """Write down that an action begins."""
        self._pipeline.runs[run.id] = run
        self._pipeline.latest[run.stage_name, run.name] = run.id
        self._pipeline.update_execution(run.pipeline_execution_id, last_update_time=run.start_time)
        self._tell(events.of_action(self._store, self._pipeline, run, run.start_time))

    def report(self, run_id: str, now: datetime, **members: Any) -> None:
        """Write down what is known of an action that runs, or whose work goes on after it was abandoned."""
        if self._pipeline.runs[run_id].status in (IN_PROGRESS, ABANDONED):
            self._pipeline.update_run(run_id, last_update_time=now, **members)

    def end_run(self, run_id: str, now: datetime, status: str, **members: Any) -> ActionExecution:
        """Write down how an action ended."""
        run = self._pipeline.update_run(run_id, last_update_time=now, status=status, **members)
        self._pipeline.update_execution(run.pipeline_execution_id, last_update_time=now)
        self._tell(events.of_action(self._store, self._pipeline, run, now))
        return run
