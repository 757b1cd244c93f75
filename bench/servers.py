"""Servers to compare, each a process of its own with an environment of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import psutil

from tools.venvs import venv

READY_WITHIN = 60.0  # seconds
_HERE = Path(__file__).parent
_direct = build_opener(ProxyHandler({}))


class ServerError(Exception):
    """A server did not start; the message is one sentence that says why."""


@dataclass(frozen=True)
class Kind:
    """A server that answers CodeBuild calls.

    Parameters
    ----------
    name
        What the table calls it.
    python
        The Python of its environment.
    arguments
        What that Python runs; ``{port}`` stands for the port.
    health
        The path that answers once it is ready.
    variables
        What its environment has besides PATH and HOME; ``{port}`` stands for the port.
    """

    name: str
    python: Path
    arguments: tuple[str, ...]
    health: str
    variables: dict[str, str] = field(default_factory=dict)

    def command(self, port: int) -> list[str]:
        """Return the command that starts it at a port."""
        return [str(self.python), *(argument.format(port=port) for argument in self.arguments)]


def ours() -> Kind:
    """Return the course's own cloud."""
    arguments = ("-m", "cicdlab.cloud", "--port", "{port}")
    return Kind("cicdlab", Path(sys.executable), arguments, "/_cicdlab/health")


def moto() -> Kind:
    """Return moto's own server, installed on first use."""
    python = venv("bench-moto", _HERE / "moto-requirements.txt")
    return Kind("moto server", python, ("-m", "moto.server", "--port", "{port}"), "/moto-api/")


def ministack() -> Kind:
    """Return MiniStack, installed on first use."""
    python = venv("bench-ministack", _HERE / "ministack-requirements.txt")
    variables = {"GATEWAY_PORT": "{port}", "BIND_HOST": "127.0.0.1"}
    return Kind("MiniStack", python, ("-m", "ministack"), "/_ministack/health", variables)


class Running:
    """A server that runs until the ``with`` block ends.

    Parameters
    ----------
    kind
        The server to start.

    Raises
    ------
    ServerError
        When it ends, or does not answer in time.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self._folder = tempfile.TemporaryDirectory(prefix="cicdlab-bench-", ignore_cleanup_errors=True)
        self._log = Path(self._folder.name) / "log"
        variables = {name: value.format(port=port) for name, value in kind.variables.items()}
        started = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                kind.command(port),
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**environment(self._folder.name), **variables},
                start_new_session=True,
            )
        try:
            self._wait_until_ready(started + READY_WITHIN)
        except BaseException:
            self.stop()
            raise
        self.seconds_to_ready = time.perf_counter() - started

    def memory(self) -> int:
        """Return the resident memory of it and its children, in bytes."""
        process = psutil.Process(self._process.pid)
        return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))

    def stop(self) -> None:
        """End all its processes."""
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(5)
        except (subprocess.TimeoutExpired, ProcessLookupError):
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_ready(self, deadline: float) -> None:
        while not _answers(f"{self.endpoint}{self.kind.health}"):
            said = self._log.read_text(encoding="utf-8", errors="replace").strip()[-300:]
            if self._process.poll() is not None:
                raise ServerError(f"{self.kind.name} ended with status {self._process.returncode}: {said}")
            if time.perf_counter() > deadline:
                raise ServerError(f"{self.kind.name} did not answer within {READY_WITHIN:g} s: {said}")
            time.sleep(0.005)


def environment(home: str) -> dict[str, str]:
    """Return an environment that holds nothing of the one who measures."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    return {"PATH": path, "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8"}


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with _direct.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
