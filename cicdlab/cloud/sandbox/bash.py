"""One bash process: how it gets commands, and how it says what became of them."""

import os
import select
import shlex
import socket
from dataclasses import dataclass

from . import image
from .processes import Processes

# The control socket comes as descriptor 77. While `{ … } 77<&-` runs, bash keeps its own copy, the first free number
# from 10 on, and closes it on exec: commands inherit 0, 1 and 2 only. (After most ways to exit it is 77 again.)
# `continue` and `break` that a command uses outside its own loops end up in the loops here, and do nothing.
# Tracing (`set -x`) is off between commands, and on again as the first thing of the next one. What a command's DEBUG
# trap writes gets into no report: each part of one has a redirection of its own, which the trap does not share. All is
# one line, so that the line numbers in bash's messages are those of the command.
REPORT = r'{ builtin printf "%s\0%s\0" "KIND$STATUS" "$PWD" >&FD && export -p >&FD && builtin printf "\0" >&FD; }'
DONE = REPORT.replace("KIND", "done ").replace("STATUS", "?")
LEFT = REPORT.replace("KIND", "left ").replace("STATUS", "1")
PROGRAM = (
    f"""trap '{{ set -- "$?"; {LEFT.replace("FD", "77")} || {LEFT.replace("FD", "10")}; }} >/dev/null 2>&1' EXIT; """
    f"""{{ while :; do while {{ {DONE.replace("FD", "10")} >/dev/null; builtin read -r -d "" <&10 || exit; """
    r"""case $- in *x*) set +x; REPLY="set -x;$REPLY";; esac; } 2>/dev/null; """
    """do eval "$REPLY"; done; done; } 77<&-"""
)


@dataclass(frozen=True)
class State:
    """What a fresh shell takes over from one that ended: the folder, and the output of `export -p`."""

    cwd: bytes
    exports: bytes

    def script(self, posix: bool) -> bytes:
        """Return the command that brings the state back, and leaves the shell in POSIX mode or not.

        It runs outside of POSIX mode, in which an exported variable that a fresh shell has read-only, as UID, ends
        the shell.
        """
        folder = shlex.quote(os.fsdecode(self.cwd))
        return (
            os.fsencode(f"set +o posix\n{{\ncd -- {folder}\n")
            + self.exports
            + b"} 2>/dev/null\n"
            + b"set -o posix\n" * posix
        )


class Bash:
    """A bash in a sandbox, in POSIX mode or not, which waits for commands.

    Attributes
    ----------
    state : State or None
        As of the last command that ended, or of the end of the shell.
    exit_status : int or None
        As `$?` would show it, once the process has ended.
    lost : bool
        Whether the sandbox ended before the process could be waited for.
    """

    def __init__(self, processes: Processes, cwd: str, env: dict[str, str], output: int, posix: bool) -> None:
        self.state: State | None = None
        self.exit_status: int | None = None
        self.lost = False
        self._pending = memoryview(b"")
        self._said = bytearray()
        self._listens = True
        self._control, control = socket.socketpair()
        report_end, report = os.pipe()
        self._report = open(report_end, "rb", buffering=0)  # noqa: PTH123, SIM115 - a descriptor that closes itself
        argv = [image.SHELL, "--posix", "-c", PROGRAM, "sh"] if posix else [image.SHELL, "-c", PROGRAM, "bash"]
        with control:
            processes.start(argv, env, cwd, output, control.fileno(), report)
        os.close(report)
        self._control.setblocking(False)

    def send(self, command: bytes) -> None:
        """Hand over a command; `wait` delivers it."""
        self._pending = memoryview(command + b"\0")

    def wait(self, seconds: float, output: int) -> bool:
        """Wait until something happens; return whether there is something to read from `output`."""
        poll = select.poll()
        poll.register(output, select.POLLIN)
        if self.exit_status is None and not self.lost:
            poll.register(self._report, select.POLLIN)
        if self._listens:
            poll.register(self._control, select.POLLIN | (select.POLLOUT if self._pending else 0))
        ready = {fd for fd, _ in poll.poll(max(0.0, seconds) * 1000 + 1)}
        if self._control.fileno() in ready:
            self._talk()
        if self._report.fileno() in ready:
            self._take_report()
        return output in ready

    def finished(self) -> int | None:
        """Return the status of a command that has ended and left the shell alive, None as long as there is none."""
        parts = self._said.split(b"\0", 3)
        if len(parts) < 4:
            return None
        verdict, cwd, exports, rest = parts
        self._said = rest
        self.state = State(bytes(cwd), bytes(exports))
        *_, kind, status = verdict.split()  # a command may have written to descriptor 10 before
        return int(status) if kind == b"done" else None

    def close(self) -> None:
        """End the process as soon as it waits for its next command."""
        self._control.close()
        self._report.close()

    def _talk(self) -> None:
        try:
            while self._pending:
                self._pending = self._pending[self._control.send(self._pending) :]
        except BlockingIOError:
            pass
        except OSError:
            self._pending = memoryview(b"")
        try:
            while data := self._control.recv(65536):
                self._said += data
            self._listens = False
        except BlockingIOError:
            pass
        except OSError:
            self._listens = False

    def _take_report(self) -> None:
        report = self._report.read(4)
        self._talk()  # the shell's last words came before its end
        if len(report) < 4:
            self.lost = True
            return
        code = os.waitstatus_to_exitcode(int.from_bytes(report, "little"))
        self.exit_status = code if code >= 0 else 128 - code
