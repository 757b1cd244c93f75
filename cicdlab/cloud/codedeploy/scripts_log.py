"""What the scripts of a deployment write: a file on the instance, and its end for the event's diagnostics.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-view-logs.html
"""

from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO

TAIL = 2048  # characters that the agent reports
MOST = 16 << 20  # bytes that the file may hold here; on AWS the disk is the limit
LONGEST_LINE = 64 << 10


class ScriptsLog:
    """The log of one lifecycle event's scripts.

    Parameters
    ----------
    file
        Where its lines go, open for appending.
    now
        Tells the deployment's time.
    """

    def __init__(self, file: BinaryIO, now: Callable[[], datetime]) -> None:
        self._file = file
        self._now = now
        self._left = MOST - file.seek(0, 2)
        self._pending: dict[str, bytes] = {}
        self._end = b""

    @property
    def tail(self) -> str:
        """The last whole lines, without their times; the end of a line that is too long for that."""
        # rule: log-tail
        if len(self._end) <= TAIL:
            return self._end.decode(errors="replace")
        end = self._end[-TAIL:]
        return (end.partition(b"\n")[2] or end).decode(errors="replace")

    def say(self, text: str) -> None:
        """Write a line of the agent's own."""
        self._write(b"", f"{text}\n".encode(errors="replace"))

    def output(self, stream: str, data: bytes) -> None:
        """Write what a script said, line by line; what is no whole line yet waits for the rest."""
        # rule: scripts-log
        data = self._pending.pop(stream, b"") + data
        cut = data.rfind(b"\n") + 1
        whole, rest = data[:cut], data[cut:]
        if len(rest) > LONGEST_LINE:
            whole, rest = data + b"\n", b""
        if rest:
            self._pending[stream] = rest
        if whole:
            self._write(f"[{stream}]".encode(), whole)

    def flush(self) -> None:
        """Write lines that were not ended."""
        for stream, rest in self._pending.items():
            self._write(f"[{stream}]".encode(), rest + b"\n")
        self._pending.clear()
        self._file.flush()

    def _write(self, mark: bytes, lines: bytes) -> None:
        last = lines[-TAIL - 1 :]
        self._end = (self._end + mark + last[:-1].replace(b"\n", b"\n" + mark) + b"\n")[-TAIL * 2 :]
        if self._left <= 0:
            return
        start = f"{self._now():%Y-%m-%d %H:%M:%S} ".encode() + mark
        data = start + lines[:-1].replace(b"\n", b"\n" + start) + b"\n"
        if len(data) > self._left:
            said = f"(scripts.log ends here: it holds {MOST >> 20} MiB on this machine)\n".encode()
            data = data[: data.rfind(b"\n", 0, self._left) + 1] + said
            self._left = 0
        self._left -= len(data)
        self._file.write(data)
