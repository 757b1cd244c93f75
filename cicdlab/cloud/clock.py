"""Virtual time: what our services' time stamps show, and how long machines wait.

In ``instant`` mode work takes fixed steps and machine waits take none of the learner's time, so two runs print the
same. ``60x`` and ``real`` follow the wall clock, sixty times as fast or as it is.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from threading import Condition, Event

EPOCH = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)
SPEED = {"instant": 0.0, "60x": 60.0, "real": 1.0}


class Clock:
    """The time of one cloud.

    Parameters
    ----------
    mode
        ``instant``, ``60x`` or ``real``.
    """

    def __init__(self, mode: str = "instant") -> None:
        if mode not in SPEED:
            raise ValueError(f"A clock runs in mode {', '.join(SPEED)}; not {mode!r}.")
        self.mode = mode
        self.speed = SPEED[mode]
        self._changed = Condition()
        self._listeners: list[Callable[[], None]] = []
        self.reset()

    def reset(self) -> None:
        """Go back to the epoch, released."""
        with self._changed:
            self._advanced = timedelta()
            self._base = EPOCH
            self._since = time.monotonic()
            self.held = False
            self._changed.notify_all()

    def now(self) -> datetime:
        """Return the cloud's time, in UTC."""
        with self._changed:
            return self._now()

    def advance(self, seconds: float) -> datetime:
        """Move time forward by so many seconds and return the new time."""
        if seconds < 0:
            raise ValueError("Time moves forward only.")
        with self._changed:
            self._base += timedelta(seconds=seconds)
            self._advanced += timedelta(seconds=seconds)
            self._changed.notify_all()
            now = self._now()
        for listener in self._listeners:
            listener()
        return now

    def when_advanced(self, listener: Callable[[], None]) -> None:
        """Tell somebody whenever time was moved forward: what waits for a person ends only then by itself."""
        self._listeners.append(listener)

    def patience(self) -> timedelta:
        """Return for how long people were waited for: in instant mode, as long as somebody has moved time forward."""
        with self._changed:
            return self._now() - EPOCH if self.speed else self._advanced

    def wall(self) -> datetime:
        """Return the wall clock's time and by how much this one was advanced: the time of credentials and policies."""
        return datetime.now(UTC) + self._advanced

    def hold(self) -> None:
        """Stop time: machine waits last until it is advanced or released."""
        with self._changed:
            self._base, self._since = self._now(), time.monotonic()
            self.held = True

    def release(self) -> None:
        """Let time go on."""
        with self._changed:
            self._since = time.monotonic()
            self.held = False
            self._changed.notify_all()

    def timeline(self) -> "Timeline":
        """Return a timeline that starts now: the time of one build or one deployment."""
        return Timeline(self)

    def catch_up(self, moment: datetime) -> None:
        """Make sure that the cloud's time is not before a timeline's; only fixed steps need it."""
        with self._changed:
            if not self.speed and moment > self._base:
                self._base = moment
                self._changed.notify_all()

    def wake(self) -> None:
        """Let every machine wait look whether it was stopped."""
        with self._changed:
            self._changed.notify_all()

    def wait_until(self, moment: datetime, stopped: Event | None = None) -> None:
        """Return when a machine wait that ends at ``moment`` is over, or stopped; who stops it calls `wake`."""
        with self._changed:
            while (left := (moment - self._now()).total_seconds()) > 0 and not (stopped and stopped.is_set()):
                if not self.held and not self.speed:
                    self._base = moment
                    self._changed.notify_all()
                    return
                self._changed.wait(None if self.held else left / self.speed)

    def _now(self) -> datetime:
        if self.held or not self.speed:
            return self._base
        return self._base + timedelta(seconds=(time.monotonic() - self._since) * self.speed)


class Timeline:
    """The time of one run, apart from other runs, so that parallel work does not change its durations."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.now()

    def now(self) -> datetime:
        """Return this run's time, in UTC."""
        return self._clock.now() if self._clock.speed else self._at

    def work(self, seconds: float) -> None:
        """Count work that was done: ``seconds`` in instant mode, what the wall clock measured in the others."""
        if not self._clock.speed:
            self._at += timedelta(seconds=seconds)
            self._clock.catch_up(self._at)

    def wait(self, seconds: float, stopped: Event | None = None) -> None:
        """Wait as a machine waits (an interval, a grace period): skipped, scaled or real, and stopped by a hold."""
        until = self.now() + timedelta(seconds=seconds)
        self._clock.wait_until(until, stopped)
        self._at = max(self._at, min(until, self._clock.now())) if stopped and stopped.is_set() else until

    def branch(self) -> "Timeline":
        """Return a timeline that begins at this one's moment: that of work which runs beside other work."""
        made = Timeline(self._clock)
        made._at = self._at
        return made

    def meet(self, branches: Iterable["Timeline"]) -> None:
        """Go on when the last of these timelines has ended."""
        self._at = max([self._at, *(branch._at for branch in branches)])
