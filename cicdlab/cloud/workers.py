"""Threads on which engines run, apart from those that answer requests."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Workers:
    """A pool of engine threads.

    Parameters
    ----------
    limit
        How many jobs run at once; more wait their turn.
    """

    def __init__(self, limit: int = 64) -> None:
        self._pool = ThreadPoolExecutor(limit, thread_name_prefix="engine")

    def submit(self, job: Callable[[], None]) -> "Future[None]":
        """Run a job on a thread of its own as soon as one is free."""
        return self._pool.submit(job)

    def close(self) -> None:
        """Drop the jobs that wait and return when those that run have ended."""
        self._pool.shutdown(wait=True, cancel_futures=True)
