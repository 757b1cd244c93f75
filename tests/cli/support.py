"""What the tests of the command line share."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CICDLAB = str(Path(sys.executable).parent / "cicdlab")


@dataclass(frozen=True)
class CommandLine:
    """Runs `cicdlab` with an environment."""

    environ: dict[str, str]
    folder: Path

    def __call__(self, *arguments: str, **more: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [CICDLAB, *arguments],
            env=self.environ | more,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def popen(self, *arguments: str, **more: str) -> subprocess.Popen:
        return subprocess.Popen(
            [CICDLAB, *arguments],
            env=self.environ | more,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def is_one_sentence(text: str) -> bool:
    return len(text.strip().splitlines()) == 1 and "Traceback" not in text and text.strip().endswith((".", "?"))


def end(process: subprocess.Popen) -> None:
    """End a program that a test has started, whatever state it is in."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=30)
