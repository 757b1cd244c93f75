"""The machine of one build: a sandbox, and the shell in which its commands run."""

import secrets
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Event

from .. import sandbox, scratch
from .errors import PhaseError
from .model import STOPPED, TIMED_OUT


class Machine:
    """Where the commands of one build run, until its time-out or until somebody stops it.

    Parameters
    ----------
    folder
        Holds what the build writes; removed with the machine.
    source_folder
        The source folder as AWS names it.
    seconds
        How long the build may last, in real seconds.
    """

    def __init__(self, folder: Path, source_folder: str, seconds: float) -> None:
        self.source_folder = source_folder
        self._folder = folder
        self._seconds = seconds
        self._deadline = float("inf")
        self._stopped = Event()
        self._box: sandbox.Sandbox | None = None
        self._shell: sandbox.Shell | None = None
        self._shell_per_command = False
        self._posix = True
        self._variables: dict[str, str] = {}

    def start_clock(self) -> None:
        """Let the build's time begin: it does not count while the build waits in the queue."""
        self._deadline = time.monotonic() + self._seconds

    def start(self) -> None:
        """Start the sandbox; it gets ready while the caller goes on."""
        scratch.remove(self._folder)  # after a reset ids begin again
        self._box = sandbox.Sandbox.create(self._folder, [], {}, home="/root")
        self.source.mkdir(parents=True)

    def prepare(self, variables: Mapping[str, str], *, shell_per_command: bool, posix: bool) -> None:
        """Say which variables commands see, whether they share one shell, and whether that is ``sh`` or ``bash``."""
        self._variables = dict(variables)
        self._shell_per_command = shell_per_command
        self._posix = posix

    def stop(self) -> None:
        """End every process, from any thread; what runs, or would run, raises."""
        self._stopped.set()
        self.end_processes()

    def end_processes(self) -> None:
        """End every process; the files stay."""
        if self._box:
            self._box.close()

    def close(self) -> None:
        """End every process and remove every file."""
        self.end_processes()
        scratch.remove(self._folder)

    def check(self) -> None:
        """Raise when the build was stopped or its time is over.

        Raises
        ------
        PhaseError
            With status STOPPED or TIMED_OUT.
        """
        if self._stopped.is_set():
            raise PhaseError("", "", STOPPED)
        if time.monotonic() >= self._deadline:
            # rule: timeout-ends-build
            raise PhaseError("BUILD_TIMED_OUT", "Build has timed out. ", TIMED_OUT)

    def run(self, command: str, on_output: Callable[[bytes], None], on_idle: Callable[[], None] | None = None) -> int:
        """Run a command in the source folder and return its exit status.

        Raises
        ------
        PhaseError
            With status STOPPED or TIMED_OUT.
        """
        self.check()
        result = self._open_shell().run(
            command, timeout=self._deadline - time.monotonic(), on_output=on_output, on_idle=on_idle
        )
        if result.timed_out or result.interrupted:
            self.check()
        return result.status

    def values(self, names: Iterable[str]) -> dict[str, str]:
        """Return the values of the shell's variables, exported or not; those that are not set are left out.

        Parameters
        ----------
        names
            What a shell takes as a variable's name.

        Raises
        ------
        PhaseError
            With status STOPPED or TIMED_OUT.
        """
        mark = secrets.token_hex(16)  # what others write into the same pipe is before or after it
        asked = " ".join(f'{name} "${{{name}+x}}" "${{{name}-}}"' for name in dict.fromkeys(names))
        written: list[bytes] = []
        self.run(f"builtin printf '%s\\0' {mark} {asked} {mark} 2>/dev/null", written.append)
        text = b"".join(written).decode(errors="replace")
        fields = text.partition(f"{mark}\0")[2].rpartition(f"{mark}\0")[0].split("\0")
        found = zip(fields[::3], fields[1::3], fields[2::3], strict=False)
        return {name: value for name, is_set, value in found if is_set}

    def export(self, name: str, value: str) -> None:
        """Change a variable for the commands to come."""
        self._variables[name] = value
        if self._shell and not self._shell_per_command:
            self.run(f"export {name}={value}", lambda _: None)

    @property
    def root(self) -> Path:
        """Everything that the build may have written, on this machine's disk."""
        return self._folder / "root"

    @property
    def source(self) -> Path:
        """The source folder on this machine's disk."""
        return self.path(self.source_folder)

    @property
    def source_inside(self) -> str:
        """The source folder as commands see it."""
        return self._sandbox.inside(self.source)

    def add_source_folder(self, identifier: str) -> tuple[Path, str]:
        """Make the folder of a secondary source; return it on this machine's disk, and as commands see it."""
        parent, _, last = self.source_folder.rpartition("/")
        number = zlib.crc32(f"{parent}/{identifier}".encode())
        folder = self.path(f"{parent.rpartition('/')[0]}/src{number}/{last}")
        folder.mkdir(parents=True)
        return folder, self._sandbox.inside(folder)

    def path(self, inside: str) -> Path:
        """Return where a path that commands see is on this machine's disk."""
        return self._sandbox.path(inside)

    @property
    def _sandbox(self) -> sandbox.Sandbox:
        if self._box is None:
            raise RuntimeError("The build's machine was not started.")
        return self._box

    def _open_shell(self) -> sandbox.Shell:
        # rule: one-shell-per-build, one-shell-per-command
        if self._shell and self._shell_per_command:
            self._shell.close()
            self._shell = None
        if not self._shell:
            self._shell = self._sandbox.open_shell(self.source_folder, self._variables, self._posix)
        return self._shell
