"""A state machine with nothing behind it: whoever drives it says when an action ends."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from cicdlab.cloud.clock import Clock, Timeline
from cicdlab.cloud.codepipeline.actions.provider import ActionError, Outcome
from cicdlab.cloud.codepipeline.machine import Machine
from cicdlab.cloud.codepipeline.model import ACTIVE, Execution, Pipeline, Store, Trigger
from cicdlab.cloud.codepipeline.pipelines import declared
from cicdlab.cloud.core import ACCOUNT
from cicdlab.cloud.events import Happening
from cicdlab.cloud.ids import Ids

from .bench import REGION, definition

TRIGGER = Trigger(trigger_type="StartPipelineExecution")


@dataclass
class Floor:
    """One pipeline, its machine, and the launcher that carries nothing out by itself."""

    definition: dict[str, Any] = field(default_factory=definition)
    clock: Clock = field(default_factory=Clock)
    launched: list[str] = field(default_factory=list)
    abandoned: list[str] = field(default_factory=list)
    told: list[Happening] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Store(ACCOUNT, REGION)
        now = self.clock.now()
        name = self.definition["name"]
        first = declared(self.definition, REGION)
        self.pipeline = self.store.pipelines[name] = Pipeline(self.store.arn(name), [first], now, now)
        self.machine = Machine(self.clock, Ids(), self.told.append, self)
        self._lock = Lock()

    # --- the launcher

    def launch(self, store: Store, pipeline: Pipeline, run_id: str, timeline: Timeline) -> None:
        with self._lock:
            self.launched.append(run_id)

    def abandon(self, run_id: str) -> None:
        with self._lock:
            self.abandoned.append(run_id)

    # --- what happens

    def arrive(self) -> str:
        return self.machine.arrive(self.store, self.pipeline, TRIGGER).id

    def end(self, run_id: str, fails: bool = False) -> bool:
        how = ActionError("JobFailed", "It failed.") if fails else Outcome(summary="done")
        return self.machine.ended(self.store, self.pipeline, run_id, how)

    def stop(self, execution_id: str, abandon: bool = False) -> bool:
        """Stop an execution unless it has ended, or stops already."""
        with self.store.lock:
            status = self.execution(execution_id).status
            if status not in ACTIVE or (status == "Stopping" and not abandon):
                return False
            self.machine.stop(self.store, self.pipeline, execution_id, abandon, None)
            return True

    def approve(self, approved: bool = True) -> bool:
        """Answer the approval that waits, if one does."""
        with self.store.lock:
            for run_id in self.waiting_approvals():
                self.machine.answer(self.store, self.pipeline, run_id, approved, "", "somebody")
                return True
        return False

    def update(self, given: dict[str, Any] | None = None) -> None:
        version = self.pipeline.declaration.version + 1
        self.machine.update(self.store, self.pipeline, declared(given or self.definition, REGION, version))

    # --- what there is

    def execution(self, execution_id: str) -> Execution:
        return self.pipeline.executions[execution_id]

    def status(self, execution_id: str) -> str:
        return self.execution(execution_id).status

    def running(self) -> list[str]:
        """Return the runs that an action's end may be told of: all but approvals."""
        runs = self.pipeline.runs
        return [each for each in self.launched if runs[each].status == "InProgress" and not runs[each].token]

    def waiting_approvals(self) -> list[str]:
        runs = self.pipeline.runs
        return [each for each in self.launched if runs[each].status == "InProgress" and runs[each].token]

    def run(self, action: str) -> str:
        """Return the last run of an action."""
        return next(each for each in reversed(self.launched) if self.pipeline.runs[each].name == action)

    def finish(self) -> None:
        """End whatever runs, until nothing does."""
        while self.running() or self.waiting_approvals():
            for run_id in self.running():
                self.end(run_id)
            self.approve()

    def check(self) -> None:
        """Fail when an execution is lost or in two places, or when a lock is held by nobody."""
        with self.store.lock:
            places = [stage.occupant for stage in self.pipeline.stages.values() if stage.occupant]
            places += [stage.waiting for stage in self.pipeline.stages.values() if stage.waiting]
            active = {each.id for each in self.pipeline.executions.values() if each.status in ACTIVE}
            assert sorted(places) == sorted(active)
            assert set(self.pipeline.progress) == active
            for stage in self.pipeline.stages.values():
                if stage.occupant:
                    assert self.pipeline.running(stage.occupant), f"nothing runs in {stage.name}"
                else:
                    assert not stage.waiting or not stage.inbound.enabled, f"nobody is let into {stage.name}"
