"""One program in a lasting sandbox, which goes on when the program has ended, or was ended."""

import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from .processes import Processes

CHUNK = 65536
GRACE = 1.0  # seconds between asking a program to end and making it


@dataclass(frozen=True)
class Ending:
    """How a program ended.

    Parameters
    ----------
    status
        As `$?` would show it.
    timed_out, interrupted
        Whether its time was over, or somebody stopped it.
    holds_output
        Whether something that it left behind still holds its output.
    """

    status: int
    timed_out: bool = False
    interrupted: bool = False
    holds_output: bool = False


class Script:
    """A program with a process group of its own. Made by `Sandbox.script`; `run` it once.

    What it starts in the background lives on after it, until the sandbox ends.
    """

    def __init__(self, processes: Processes, argv: list[str], cwd: str, env: dict[str, str]) -> None:
        self._processes = processes
        self._argv, self._cwd, self._env = argv, cwd, env
        self._leader = 0
        self._stopped = False

    def stop(self) -> None:
        """End the program and its group, from another thread."""
        self._stopped = True
        if self._leader:
            self._processes.signal(self._leader, signal.SIGKILL)

    def run(self, *, timeout: float, linger: float, on_output: Callable[[str, bytes], None]) -> Ending:
        """Run the program to its end.

        Parameters
        ----------
        timeout
            Seconds until its group is asked to end, and a second later made to.
        linger
            Seconds to wait, when it has ended, for others to let go of its output.
        on_output
            Gets "stdout" or "stderr" and what was written there, in pieces of at most 64 KiB.

        Raises
        ------
        SandboxError
            The sandbox ended by itself.
        """
        pipes = [os.pipe() for _ in range(3)]
        (out, out_end), (err, err_end), (report, report_end) = pipes
        try:
            self._processes.start(self._argv, self._env, self._cwd, out_end, err_end, report_end, apart=True)
        finally:
            for end in (out_end, err_end, report_end):
                os.close(end)
        try:
            return self._follow({out: "stdout", err: "stderr"}, report, timeout, linger, on_output)
        finally:
            for end in (out, err, report):
                os.close(end)

    def _follow(
        self,
        streams: dict[int, str],
        report: int,
        timeout: float,
        linger: float,
        on_output: Callable[[str, bytes], None],
    ) -> Ending:
        self._leader = self._number(report)
        if self._stopped:
            self.stop()
        deadline = time.monotonic() + timeout
        status: int | None = None
        timed_out = False
        poll = select.poll()
        for descriptor in (*streams, report):
            poll.register(descriptor, select.POLLIN)
        while status is None or streams:
            left = deadline - time.monotonic()
            if left <= 0:
                if status is not None:
                    break
                self._processes.signal(self._leader, signal.SIGKILL if timed_out else signal.SIGTERM)
                timed_out, deadline = True, time.monotonic() + GRACE
                continue
            for descriptor, _ in poll.poll(left * 1000 + 1):
                if descriptor == report:
                    poll.unregister(report)
                    status = self._number(report)
                    deadline = time.monotonic() + linger
                elif data := os.read(descriptor, CHUNK):
                    on_output(streams[descriptor], data)
                else:
                    poll.unregister(descriptor)
                    del streams[descriptor]
        code = os.waitstatus_to_exitcode(status)
        return Ending(
            code if code >= 0 else 128 - code,
            timed_out,
            self._stopped or self._processes.ended,
            holds_output=bool(streams),
        )

    def _number(self, report: int) -> int:
        data = os.read(report, 4)
        if len(data) == 4:
            return int.from_bytes(data, "little")
        if not self._processes.ended:
            raise self._processes.failure()
        self._stopped = True
        return signal.SIGKILL  # as a wait status: the sandbox was ended
