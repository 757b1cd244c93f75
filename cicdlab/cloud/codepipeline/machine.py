"""Moves executions through stages: a state machine whose transitions hold the store's lock and never wait.

https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from ..clock import Clock, Timeline
from ..events import Happening
from ..ids import Ids
from . import jobs, variables
from .actions.provider import ActionError, Outcome
from .model import (
    ABANDONED,
    CANCELLED,
    FAILED,
    IN_PROGRESS,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    ActionDeclaration,
    Declaration,
    Execution,
    Pipeline,
    Progress,
    ResolvedVariable,
    SourceRevision,
    StageDeclaration,
    Store,
    Trigger,
)
from .record import Record

# What CodePipeline's own steps last in instant mode, in seconds.
ENTER, ACT = 1.0, 2.0


class Launcher(Protocol):
    """Carries actions out, somewhere else and later."""

    def launch(self, store: Store, pipeline: Pipeline, run_id: str, timeline: Timeline) -> None:
        """Begin an action's run; how it ends is told to `Machine.ended`."""

    def abandon(self, run_id: str) -> None:
        """Wait no longer for what an action has begun."""


class Machine:
    """The transitions of all pipelines of a cloud.

    Parameters
    ----------
    clock, ids
        The cloud's.
    tell
        Takes events.
    launcher
        Carries actions out.
    """

    def __init__(self, clock: Clock, ids: Ids, tell: Callable[[Happening], None], launcher: Launcher) -> None:
        self._clock = clock
        self._ids = ids
        self._tell = tell
        self._launcher = launcher

    # --- what happens to a pipeline

    def arrive(
        self,
        store: Store,
        pipeline: Pipeline,
        trigger: Trigger,
        values: tuple[ResolvedVariable, ...] | None = None,
        revisions: tuple[SourceRevision, ...] = (),
    ) -> Execution:
        """Let a new execution begin, with the pipeline's current definition."""
        # rule: execution-id
        with store.lock:
            scope = f"{store.account}/{store.region}/{pipeline.name}"
            timeline = self._clock.timeline()
            execution = Execution(
                pipeline_name=pipeline.name,
                pipeline_version=pipeline.declaration.version,
                pipeline_execution_id=self._ids.uuid("codepipeline execution", scope),
                number=self._ids.number("codepipeline execution", scope),
                start_time=timeline.now(),
                last_update_time=timeline.now(),
                trigger=trigger,
                variables=values,
                source_revisions=revisions,
            )
            pipeline.progress[execution.id] = Progress(timeline)
            if values:
                given = {each.name: each.resolved_value for each in values}
                pipeline.progress[execution.id].variables[variables.PIPELINE] = given
            pipeline.progress[execution.id].variables[variables.OWN] = {"PipelineExecutionId": execution.id}
            self._record(store, pipeline).begin(execution)
            self._wait(store, pipeline, execution.id)
            return pipeline.executions[execution.id]

    def ended(
        self, store: Store, pipeline: Pipeline, run_id: str, end: Outcome | ActionError, by: str | None = None
    ) -> bool:
        """Take down how an action ended, and go on; False when nobody waits for it any more."""
        with store.lock:
            run = pipeline.runs.get(run_id)
            if pipeline.deleted or run is None or run.status != IN_PROGRESS:
                return False
            progress = pipeline.progress[run.pipeline_execution_id]
            timeline = progress.branches[run_id]
            timeline.work(ACT)
            members = jobs.leave(progress, run, end)
            status = FAILED if isinstance(end, ActionError) else SUCCEEDED
            self._record(store, pipeline).end_run(run_id, timeline.now(), status, last_updated_by=by, **members)
            if run.declaration.action_type_id.category == "Source":
                jobs.note_revisions(pipeline, run_id)
            if not pipeline.running(run.pipeline_execution_id):
                self._go_on(store, pipeline, run.pipeline_execution_id)
            return True

    def report(self, store: Store, pipeline: Pipeline, run_id: str, **members: Any) -> None:
        """Take down what is known of an action while it runs."""
        with store.lock:
            run = pipeline.runs[run_id]
            progress = pipeline.progress.get(run.pipeline_execution_id)
            timeline = progress.branches.get(run_id) if progress else None
            now = timeline.now() if timeline else run.last_update_time
            self._record(store, pipeline).report(run_id, now, **members)

    def stop(self, store: Store, pipeline: Pipeline, execution_id: str, abandon: bool, reason: str | None) -> None:
        """Stop an execution that is active: after its actions that run, or without waiting for them."""
        # rule: stop-and-wait, stop-and-abandon, stop-between-stages
        with store.lock:
            record, execution = self._record(store, pipeline), pipeline.executions[execution_id]
            now = self._meet_clock(pipeline, execution_id)
            name = self._stage_of(pipeline, execution).name
            if pipeline.stage(name).occupant != execution_id:
                pipeline.update_stage(name, waiting=None)
                self._end(store, pipeline, execution_id, STOPPED, stop_reason=reason)
                return
            if execution.status != STOPPING:
                execution = record.execution(execution_id, now, STOPPING, stop_reason=reason)
                record.stage(execution, name, now, STOPPING)
            if abandon:
                self._abandon(store, pipeline, execution_id)
            if not pipeline.running(execution_id):
                self._go_on(store, pipeline, execution_id)

    def update(self, store: Store, pipeline: Pipeline, definition: Declaration) -> None:
        """Give a pipeline its next version; executions of the last one end when their running actions have ended."""
        # rule: update-cancels-executions
        with store.lock:
            pipeline.versions.append(definition)
            pipeline.updated = self._clock.now()
            for stage in list(pipeline.stages.values()):
                if stage.waiting:  # these first: nobody may enter a stage that somebody leaves now
                    pipeline.update_stage(stage.name, waiting=None)
                    self._end(store, pipeline, stage.waiting, CANCELLED)
            for execution_id in list(pipeline.progress):
                self._abandon(store, pipeline, execution_id, approvals_only=True)
                if not pipeline.running(execution_id):
                    self._go_on(store, pipeline, execution_id)

    def delete(self, store: Store, pipeline: Pipeline) -> None:
        """Forget a pipeline; what still runs for it changes nothing any more."""
        with store.lock:
            pipeline.deleted = True
            store.pipelines.pop(pipeline.name, None)

    def enable(self, store: Store, pipeline: Pipeline) -> None:
        """Let in who waits, after a transition was enabled."""
        # rule: enabled-transition-lets-the-latest-in
        with store.lock:
            for stage in list(pipeline.stages):
                self._enter(store, pipeline, stage, self._clock.timeline())

    def expire(self, store: Store, pipeline: Pipeline) -> None:
        """Fail the approvals that nobody has answered in time."""
        # rule: approval-expires
        with store.lock:
            waited = self._clock.patience()
            for execution_id in list(pipeline.progress):
                for run in pipeline.running(execution_id):
                    if run.deadline and run.deadline <= waited:
                        self._meet_clock(pipeline, execution_id, run.id)
                        late = ActionError("JobFailed", "The approval expired: nobody has answered it in time.")
                        self.ended(store, pipeline, run.id, late)

    def answer(self, store: Store, pipeline: Pipeline, run_id: str, approved: bool, summary: str, by: str) -> datetime:
        """Take down what somebody said to an approval that waits."""
        # rule: approval-approved, approval-rejected
        with store.lock:
            now = self._meet_clock(pipeline, pipeline.runs[run_id].pipeline_execution_id, run_id)
            rejected = ActionError("JobFailed", f"Rejected by {by}" + (f": {summary}" if summary else ""))
            if not approved:
                pipeline.update_run(run_id, summary=summary or None)
            self.ended(store, pipeline, run_id, Outcome(summary=summary) if approved else rejected, by)
            return now

    # --- how an execution goes on

    def _wait(self, store: Store, pipeline: Pipeline, execution_id: str) -> None:
        """Put an execution in front of its stage; who waits there and is older is superseded."""
        # rule: one-waits-in-front-of-a-stage, newer-supersedes-the-waiting
        name = self._stage_of(pipeline, pipeline.executions[execution_id]).name
        other = pipeline.stage(name).waiting
        newest = max(filter(None, (other, execution_id)), key=lambda each: pipeline.executions[each].number)
        pipeline.update_stage(name, waiting=newest)
        for each in {other, execution_id} - {newest, None}:
            assert each is not None
            pipeline.progress[each].timeline.meet([pipeline.progress[newest].timeline])
            summary = f"Superseded by execution {newest}."
            self._end(store, pipeline, each, SUPERSEDED, status_summary=summary)
        self._enter(store, pipeline, name, pipeline.progress[newest].timeline)

    def _enter(self, store: Store, pipeline: Pipeline, name: str, moment: Timeline) -> None:
        """Let in who waits in front of a stage, when nobody is in it and the transition is enabled."""
        # rule: stage-is-locked
        stage = pipeline.stage(name)
        if stage.occupant or not stage.waiting or pipeline.deleted:
            return
        execution = pipeline.executions[stage.waiting]
        if not self._open(pipeline, execution):
            return
        progress = pipeline.progress[execution.id]
        progress.timeline.meet([moment])
        progress.timeline.work(ENTER)
        progress.runs, progress.branches = [], {}
        record = self._record(store, pipeline)
        record.stage(execution, name, progress.timeline.now(), IN_PROGRESS, occupant=execution.id, waiting=None)
        self._go_on(store, pipeline, execution.id)

    def _open(self, pipeline: Pipeline, execution: Execution) -> bool:
        # rule: disabled-transition
        definition = pipeline.version(execution.pipeline_version)
        before = definition.stages[execution.stage - 1].name if execution.stage else None
        inbound = pipeline.stage(definition.stages[execution.stage].name).inbound
        return inbound.enabled and (before is None or pipeline.stage(before).outbound.enabled)

    def _go_on(self, store: Store, pipeline: Pipeline, execution_id: str) -> None:
        """Do what comes next when no action of the execution's stage runs."""
        progress, execution = pipeline.progress[execution_id], pipeline.executions[execution_id]
        progress.timeline.meet(progress.branches.values())
        progress.branches = {}
        stage = self._stage_of(pipeline, execution)
        if execution.status == STOPPING:
            return self._leave(store, pipeline, execution_id, STOPPED)
        if any(pipeline.runs[each].status == FAILED for each in progress.runs):
            # rule: failed-action-fails-the-stage
            return self._leave(store, pipeline, execution_id, FAILED)
        if execution.pipeline_version != pipeline.declaration.version:
            return self._leave(store, pipeline, execution_id, CANCELLED)
        group = self._next_group(pipeline, progress, stage)
        if group:
            return self._start(store, pipeline, execution_id, stage, group)
        return self._leave(store, pipeline, execution_id, SUCCEEDED)

    def _next_group(self, pipeline: Pipeline, progress: Progress, stage: StageDeclaration) -> list[ActionDeclaration]:
        # rule: run-order
        begun = {pipeline.runs[each].name for each in progress.runs}
        left = [action for action in stage.actions if action.name not in begun]
        first = min((action.run_order for action in left), default=0)
        return [action for action in left if action.run_order == first]

    def _start(
        self,
        store: Store,
        pipeline: Pipeline,
        execution_id: str,
        stage: StageDeclaration,
        group: list[ActionDeclaration],
    ) -> None:
        """Begin actions that run beside each other."""
        progress, record = pipeline.progress[execution_id], self._record(store, pipeline)
        waited = self._clock.patience()
        begun = [(jobs.run_of(self._ids, pipeline, execution_id, stage, action, waited)) for action in group]
        for run, _ in begun:
            progress.runs.append(run.id)
            progress.branches[run.id] = progress.timeline.branch()
            record.begin_run(run)
        for run, problem in begun:
            if problem:
                self.ended(store, pipeline, run.id, problem)
            else:
                self._launcher.launch(store, pipeline, run.id, progress.branches[run.id])

    def _leave(self, store: Store, pipeline: Pipeline, execution_id: str, status: str) -> None:
        """Give a stage's lock back, and go to the next stage or end."""
        # rule: lock-is-given-back
        execution = pipeline.executions[execution_id]
        definition, timeline = pipeline.version(execution.pipeline_version), pipeline.progress[execution_id].timeline
        name = definition.stages[execution.stage].name
        self._record(store, pipeline).stage(execution, name, timeline.now(), status, occupant=None)
        if status == SUCCEEDED:
            done = (*execution.succeeded_stages, name)
            pipeline.update_execution(execution_id, succeeded_stages=done)
        if status == SUCCEEDED and execution.stage + 1 < len(definition.stages):
            pipeline.update_execution(execution_id, stage=execution.stage + 1)
            self._wait(store, pipeline, execution_id)
        else:
            self._end(store, pipeline, execution_id, status)
        self._enter(store, pipeline, name, timeline)

    def _end(self, store: Store, pipeline: Pipeline, execution_id: str, status: str, **members: Any) -> None:
        timeline = pipeline.progress.pop(execution_id).timeline
        self._record(store, pipeline).execution(execution_id, timeline.now(), status, **members)

    def _abandon(self, store: Store, pipeline: Pipeline, execution_id: str, approvals_only: bool = False) -> None:
        record, progress = self._record(store, pipeline), pipeline.progress[execution_id]
        for run in pipeline.running(execution_id):
            if run.token or not approvals_only:
                now = self._meet_clock(pipeline, execution_id, run.id)
                record.end_run(run.id, now, ABANDONED)
                progress.branches.pop(run.id)
                self._launcher.abandon(run.id)

    # --- helpers

    def _record(self, store: Store, pipeline: Pipeline) -> Record:
        return Record(store, pipeline, self._tell)

    def _stage_of(self, pipeline: Pipeline, execution: Execution) -> StageDeclaration:
        return pipeline.version(execution.pipeline_version).stages[execution.stage]

    def _meet_clock(self, pipeline: Pipeline, execution_id: str, run_id: str | None = None) -> datetime:
        """Let an execution, or one of its actions, catch up with the cloud: somebody acts now."""
        progress = pipeline.progress[execution_id]
        timeline = progress.branches[run_id] if run_id else progress.timeline
        timeline.meet([self._clock.timeline()])
        return timeline.now()
