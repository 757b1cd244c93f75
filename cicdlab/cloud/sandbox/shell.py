"""A shell that is fed command by command, and outlives commands that end it."""

import array
import fcntl
import os
import re
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from .bash import Bash, State
from .errors import SandboxError
from .processes import Processes

CHUNK = 65536
IDLE_SECONDS = 0.25
START_SECONDS = 60.0
KILLED = 137
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Result:
    """How a command ended: its exit status, whether the shell ended with it, and what ended it from outside."""

    status: int
    ended: bool = False
    timed_out: bool = False
    interrupted: bool = False


@dataclass(frozen=True)
class Listener:
    """Who hears a command, and until when (`time.monotonic`)."""

    deadline: float
    on_output: Callable[[bytes], None]
    on_idle: Callable[[], None] | None = None


class Shell:
    """A bash, in POSIX mode or not, that runs one command after the other. Made by `Sandbox.open_shell`.

    Folder, variables, functions and options carry over. A command that ends the shell gives its status, and the next
    one runs in a fresh shell with the folder and the exported variables brought back. Use it from one thread at a
    time; `interrupt` may come from any.
    """

    def __init__(self, processes: Processes, cwd: str, env: dict[str, str], posix: bool = True) -> None:
        self._processes = processes
        self._posix = posix
        self._cwd = cwd
        self._env = env
        self._state: State | None = None
        self._bash: Bash | None = None
        read, write = os.pipe()
        self._output = open(read, "rb", buffering=0)  # noqa: PTH123, SIM115 - descriptors that close themselves
        self._output_end = open(write, "wb", buffering=0)  # noqa: PTH123, SIM115
        self._start(Listener(time.monotonic() + START_SECONDS, lambda _: None))

    def run(
        self,
        command: str,
        *,
        timeout: float,
        on_output: Callable[[bytes], None],
        on_idle: Callable[[], None] | None = None,
    ) -> Result:
        """Run a command to its end.

        Everything it wrote has been handed to `on_output` on return; what its background children write later comes
        with the next command. An exception of `on_output` or `on_idle` ends the sandbox.

        Parameters
        ----------
        command : str
            Any text for bash.
        timeout : float
            Seconds after which everything in the sandbox ends.
        on_output : callable
            Gets stdout and stderr in the order they were written, in pieces of at most 64 KiB.
        on_idle : callable, optional
            Called about every 0.25 s while the command runs.

        Returns
        -------
        Result
            Status 137 with `timed_out` or `interrupted` where the sandbox was ended; it stays `interrupted` after.

        Raises
        ------
        ValueError
            If the command contains a NUL.
        SandboxError
            If the sandbox ended by itself.
        """
        if "\0" in command:
            raise ValueError("A command cannot contain a NUL character.")
        listener = Listener(time.monotonic() + timeout, on_output, on_idle)
        try:
            if self._bash is None and (failed := self._start(listener)):
                return failed
            return self._follow(command.encode(errors="surrogateescape"), listener)
        except BaseException:
            self._processes.close()
            raise

    def interrupt(self) -> None:
        """End the running command, and with it everything in the sandbox."""
        self._processes.close()

    def reset(self) -> None:
        """Forget all state: the next command runs in a fresh shell, in the first folder with the first environment.

        Background processes live on, and what they write still arrives.
        """
        self._leave()
        self._state = None

    def close(self) -> None:
        """End the shell, but not what it left in the background."""
        self._leave()
        self._output.close()
        self._output_end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _leave(self) -> None:
        if self._bash is not None:
            self._bash.close()
            self._bash = None

    def _start(self, listener: Listener) -> Result | None:
        """Start a fresh bash with the last one's state; return how it ended if it did."""
        state = self._state
        known = self._env if state is None else {k: v for k, v in self._env.items() if not IDENTIFIER.fullmatch(k)}
        if self._processes.ended:
            return Result(KILLED, ended=True, interrupted=True)
        self._bash = Bash(self._processes, self._cwd, known, self._output_end.fileno(), self._posix)
        result = self._follow(None, listener)
        if state is not None and not result.ended:
            result = self._follow(state.script(self._posix), listener)
        if result.ended and not result.interrupted and not result.timed_out:
            raise SandboxError(f"No shell starts in the sandbox's folder {self._cwd} (status {result.status}).")
        return result if result.ended else None

    def _follow(self, command: bytes | None, listener: Listener) -> Result:
        """Send a command, if any, and follow the shell until it waits for the next one or has ended."""
        bash = self._bash
        if bash is None or self._processes.ended:
            return Result(KILLED, ended=True, interrupted=True)
        if command is not None:
            bash.send(command)
        idle = time.monotonic() + IDLE_SECONDS
        result: Result | None = None
        while result is None:
            now = time.monotonic()
            if now >= idle:
                idle = now + IDLE_SECONDS
                if listener.on_idle:
                    listener.on_idle()
            if now >= listener.deadline:
                self._processes.close()
                result = Result(KILLED, ended=True, timed_out=True)
            elif bash.wait(min(listener.deadline, idle) - now, self._output.fileno()):
                listener.on_output(self._output.read(CHUNK))
                result = self._result(bash)
            else:
                result = self._result(bash)
        self._deliver_rest(listener)
        self._state = bash.state or self._state
        if result.ended:
            self._leave()
        return result

    def _result(self, bash: Bash) -> Result | None:
        status = bash.finished()
        if bash.lost and not self._processes.ended:
            raise self._processes.failure()
        if bash.lost or (bash.exit_status is not None and self._processes.ended):
            return Result(KILLED, ended=True, interrupted=True)
        if bash.exit_status is not None:
            return Result(bash.exit_status, ended=True)
        return None if status is None else Result(status)

    def _deliver_rest(self, listener: Listener) -> None:
        """Hand over what is in the pipe by now, and not what background children go on writing into it."""
        count = array.array("i", [0])
        fcntl.ioctl(self._output, termios.FIONREAD, count)
        left = count[0]
        while left > 0:
            chunk = self._output.read(min(left, CHUNK))
            left -= len(chunk)
            listener.on_output(chunk)
