"""Writes down how a build goes, so that every reader sees a whole build at every moment, and tells its events."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..events import Happening
from . import events
from .model import SUCCEEDED, Build, BuildPhase, PhaseContext, Store


class Record:
    """The record of one build.

    Parameters
    ----------
    store
        Where the build is.
    build_id
        Which one.
    now
        Returns the build's time.
    tell
        Takes the build's events.
    """

    def __init__(
        self, store: Store, build_id: str, now: Callable[[], datetime], tell: Callable[[Happening], None]
    ) -> None:
        self._store = store
        self._id = build_id
        self._now = now
        self._tell_event = tell
        self._ended: list[events.Detail] = []  # the phases that have ended, as events show them

    @property
    def build(self) -> Build:
        """The build as it is now."""
        return self._store.builds[self._id]

    def change(self, **members: Any) -> None:
        """Replace members of the build."""
        self._store.update_build(self._id, lambda _: members)

    def submitted(self) -> None:
        """Tell that the build is there."""
        submitted = self.build.phases[0]
        first = self.build.model_copy(update={"current_phase": submitted.phase_type})
        self._tell(first, events.STATE, events.state_change(first, [events.phase(submitted)]))
        self._tell_end(self.build, submitted)

    def begin(self, name: str) -> None:
        """Write down that a phase begins."""
        phase = BuildPhase(phase_type=name, start_time=self._now())
        self._store.update_build(self._id, lambda build: {"phases": (*build.phases, phase), "current_phase": name})

    def end(self, status: str, code: str, message: str) -> None:
        """Write down how the current phase ended."""
        end = self._now()
        build = self._store.update_build(
            self._id,
            lambda build: {"phases": (*build.phases[:-1], ended(build.phases[-1], end, status, code, message))},
        )
        if build:
            self._tell_end(build, build.phases[-1])

    def complete(self, status: str) -> None:
        """Write down how the build ended; whoever waits for it hears of it after that."""
        now = self._now()
        last = BuildPhase(phase_type="COMPLETED", start_time=now)
        build = self._store.update_build(
            self._id,
            lambda build: {
                "phases": (*build.phases, last),
                "current_phase": last.phase_type,
                "build_status": status,
                "build_complete": True,
                "end_time": now,
            },
        )
        if build:
            self._tell(build, events.STATE, events.state_change(build, [*self._ended, events.phase(last)]))

    def _tell_end(self, build: Build, phase: BuildPhase) -> None:
        self._ended.append(events.phase(phase))
        self._tell(build, events.PHASE, events.phase_change(build, phase, list(self._ended)))

    def _tell(self, build: Build, kind: str, detail: events.Detail) -> None:
        store = self._store
        self._tell_event(Happening(store.account, store.region, events.SOURCE, kind, detail, (build.arn,), self._now()))


def ended(phase: BuildPhase, end: datetime, status: str, code: str = "", message: str = "") -> BuildPhase:
    """Return a phase as it is when it has ended."""
    return phase.model_copy(
        update={
            "phase_status": status,
            "end_time": end,
            "duration_in_seconds": int((end - phase.start_time).total_seconds()),
            "contexts": (PhaseContext(status_code=code, message=message),),
        }
    )


def queued(start: datetime) -> tuple[BuildPhase, ...]:
    """Return the phases of a build that was submitted just now."""
    submitted = ended(BuildPhase(phase_type="SUBMITTED", start_time=start), start, SUCCEEDED)
    return submitted, BuildPhase(phase_type="QUEUED", start_time=start)
