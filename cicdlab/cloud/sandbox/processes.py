"""The owner's side of a sandbox's agent: start programs, and end everything."""

import contextlib
import marshal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from .errors import SandboxError

END_SECONDS = 10.0


class Processes:
    """All processes of one sandbox, through its agent.

    The agent lives as long as this object's socket is open, whichever thread opened it: a killed owner takes the
    sandbox along, and an owner's thread that ends does not.

    Parameters
    ----------
    command : callable
        Gives the agent's command line for the descriptor of its socket.
    env : dict
        The agent's own environment.
    log : Path
        Gets what the agent or bubblewrap says when it cannot start.
    """

    def __init__(self, command: Callable[[int], list[str]], env: dict[str, str], log: Path) -> None:
        self._log = log
        self._sending = threading.Lock()
        self._ended = threading.Event()
        self._socket, theirs = socket.socketpair()
        with theirs, log.open("wb") as errors:
            self._process = subprocess.Popen(
                command(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                env=env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # Ctrl-C at the terminal is the owner's business
            )

    @property
    def ended(self) -> bool:
        """Whether `close` has been called."""
        return self._ended.is_set()

    def start(
        self, argv: list[str], env: dict[str, str], cwd: str, output: int, second: int, report: int, apart: bool = False
    ) -> None:
        """Start a program in the sandbox.

        Parameters
        ----------
        argv, env, cwd : list, dict, str
            As the sandbox sees them; argv[0] is a path.
        output, second, report : int
            Descriptors: its stdout and stderr; its descriptor 77; a pipe that gets its wait status (4 bytes).
        apart : bool
            Whether the second descriptor is its stderr instead, and the pipe gets its process id before the status.
        """
        self._send(marshal.dumps((argv, env, cwd, apart)), [output, second, report])

    def signal(self, leader: int, number: int) -> None:
        """Send a signal to the group of a program that was started apart, by the id that came for it."""
        self._send(marshal.dumps((leader, int(number))), [])

    def _send(self, body: bytes, descriptors: list[int]) -> None:
        header = len(body).to_bytes(4, "little")
        try:
            with self._sending:
                if descriptors:
                    socket.send_fds(self._socket, [header], descriptors)
                else:
                    self._socket.sendall(header)
                self._socket.sendall(body)
        except OSError as error:
            if not self.ended:
                raise self.failure() from error

    def close(self) -> None:
        """End every process, and return when none is left."""
        self._ended.set()
        with contextlib.suppress(OSError):  # the agent may have gone already
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise SandboxError(f"A process in the sandbox did not end within {END_SECONDS:.0f} s.") from None
        finally:
            self._socket.close()

    def failure(self) -> SandboxError:
        """Why the agent is gone although nobody closed it."""
        said = self._log.read_text(errors="replace").strip().splitlines()
        return SandboxError(f"The sandbox ended by itself: {said[-1] if said else 'its first process was killed'}.")
