"""Writes down how a build goes, so that every reader sees a whole build at every moment."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

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
    """

    def __init__(self, store: Store, build_id: str, now: Callable[[], datetime]) -> None:
        self._store = store
        self._id = build_id
        self._now = now

    @property
    def build(self) -> Build:
        """The build as it is now."""
        return self._store.builds[self._id]

    def change(self, **members: Any) -> None:
        """Replace members of the build."""
        self._store.update_build(self._id, lambda _: members)

    def begin(self, name: str) -> None:
        """Write down that a phase begins."""
        phase = BuildPhase(phase_type=name, start_time=self._now())
        self._store.update_build(self._id, lambda build: {"phases": (*build.phases, phase), "current_phase": name})

    def end(self, status: str, code: str, message: str) -> None:
        """Write down how the current phase ended."""
        end = self._now()
        self._store.update_build(
            self._id,
            lambda build: {"phases": (*build.phases[:-1], ended(build.phases[-1], end, status, code, message))},
        )

    def complete(self, status: str) -> None:
        """Write down how the build ended."""
        now = self._now()
        last = BuildPhase(phase_type="COMPLETED", start_time=now)
        self._store.update_build(
            self._id,
            lambda build: {
                "phases": (*build.phases, last),
                "current_phase": last.phase_type,
                "build_status": status,
                "build_complete": True,
                "end_time": now,
            },
        )


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
