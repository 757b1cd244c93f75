"""What runs at the moment: builds, deployments; how they are started, stopped and waited for."""

import logging
from concurrent.futures import Future, wait
from typing import Generic, Protocol, TypeVar

from .workers import Workers

PATIENCE = 10.0  # seconds until a stop or a reset no longer waits for a run to end
_log = logging.getLogger(__name__)


class Run(Protocol):
    """One piece of work on a thread of its own."""

    def __call__(self) -> None:
        """Run to the end."""

    def stop(self) -> None:
        """End it early, from another thread."""

    def give_up(self) -> None:
        """Write down the end of a run that never began."""


R = TypeVar("R", bound=Run)


class Runs(Generic[R]):
    """The runs of one service that have not ended, by their ARN or id.

    Parameters
    ----------
    workers
        The threads on which they run.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._running: dict[str, tuple[R, Future[None]]] = {}

    def start(self, name: str, run: R) -> None:
        """Start a run; it is forgotten when it has ended."""
        future = self._workers.submit(run)
        self._running[name] = run, future
        future.add_done_callback(lambda _: self._running.pop(name, None))

    def find(self, name: str) -> R | None:
        """Return a run that has not ended."""
        found = self._running.get(name)
        return found[0] if found else None

    def stop(self, name: str) -> None:
        """End a run and wait until it has ended; one that is not there has ended already."""
        found = self._running.get(name)
        if not found:
            return
        run, future = found
        if future.cancel():
            run.give_up()
        else:
            run.stop()
            wait([future], timeout=PATIENCE)

    def reset(self) -> None:
        """End every run, all at once."""
        running = list(self._running.values())
        for run, future in running:
            if not future.cancel():
                run.stop()
        _, late = wait([future for _, future in running], timeout=PATIENCE)
        if late:
            _log.error("%d runs did not stop within %s seconds", len(late), PATIENCE)
