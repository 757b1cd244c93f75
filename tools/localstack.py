"""LocalStack without Docker: ``python -m tools.localstack run --port 4566``.

It lives in an environment of its own below ``.cache/``, made on first use, keeps its state in a temporary folder, and
prints ``ready http://127.0.0.1:4566`` when it answers. ``prepare`` only makes the environment. Status 3 means that this
machine lacks the Python it needs.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from urllib.request import ProxyHandler, build_opener

from tools.venvs import PythonMissingError, VenvError, venv

PORT = 4566
PYTHON_MISSING = 3
READY_WITHIN = 60.0  # seconds
STOP_WITHIN = 3.0  # seconds; nothing that it could save is kept
_REQUIREMENTS = Path(__file__).with_name("localstack-requirements.txt")
# It keeps S3's objects in one folder for everybody on this machine, which only its first user may write to.
_MAIN = """
import os, runpy
from localstack.services.s3 import provider
provider.DEFAULT_S3_TMP_DIR = os.path.join(os.environ["FILESYSTEM_ROOT"], "s3")
runpy.run_module("localstack.runtime.main", run_name="__main__")
"""
_direct = build_opener(ProxyHandler({}))  # a proxy of the learner's must not stand before loopback


class LocalStackError(Exception):
    """LocalStack does not run; the message is one sentence that says why."""


class LocalStack:
    """One LocalStack on loopback, with its processes and its folder.

    Parameters
    ----------
    python
        The Python of its environment, from ``prepare``.
    port
        Where it listens.

    Raises
    ------
    LocalStackError
        When another program listens there.
    """

    def __init__(self, python: Path, port: int) -> None:
        _refuse_taken(port)
        self.endpoint = f"http://127.0.0.1:{port}"
        self._folder = tempfile.TemporaryDirectory(prefix="localstack-", ignore_cleanup_errors=True)
        root = Path(self._folder.name)
        self._log = root / "localstack.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [python, "-c", _MAIN],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(root, port),
                cwd=root,
                start_new_session=True,
            )

    def wait_until_ready(self, seconds: float = READY_WITHIN) -> None:
        """Return when it answers.

        Raises
        ------
        LocalStackError
            When it ends, or does not answer within so many seconds.
        """
        deadline = time.monotonic() + seconds
        while not _answers(f"{self.endpoint}/_localstack/health"):
            if self._process.poll() is not None:
                raise LocalStackError(f"LocalStack ended with status {self._process.returncode}: {self._last_words()}")
            if time.monotonic() > deadline:
                raise LocalStackError(f"LocalStack did not answer within {seconds:g} s: {self._last_words()}")
            time.sleep(0.1)
        # Its first request takes seconds, longer than some callers wait; this one is for S3.
        _answers(f"{self.endpoint}/warm-up", seconds)

    def wait(self) -> int:
        """Return its exit status when it has ended."""
        return self._process.wait()

    def stop(self) -> None:
        """End all its processes and remove what it wrote."""
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        except ProcessLookupError:
            self._process.wait()
        self._folder.cleanup()

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        return " | ".join(line.strip() for line in lines if line.strip())[-600:] or "it wrote nothing."


def prepare() -> Path:
    """Return the Python of LocalStack's environment, making it on first use.

    Raises
    ------
    VenvError
        When it could not be made.
    """
    return venv("localstack", _REQUIREMENTS, python="3.11")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.localstack", description="LocalStack without Docker.")
    parser.add_argument("command", choices=["prepare", "run"])
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--within", type=float, default=READY_WITHIN, help="seconds until it must answer")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        python = prepare()
        return _run(python, given.port, given.within) if given.command == "run" else 0
    except (VenvError, LocalStackError) as error:
        print(error, file=sys.stderr)
        return PYTHON_MISSING if isinstance(error, PythonMissingError) else 1
    except KeyboardInterrupt:
        return 0


def _run(python: Path, port: int, within: float) -> int:
    localstack = LocalStack(python, port)
    try:
        localstack.wait_until_ready(within)
        print(f"ready {localstack.endpoint}", flush=True)
        return localstack.wait()
    finally:
        localstack.stop()


def _environment(root: Path, port: int) -> dict[str, str]:
    """Return its variables: none of the learner's, and nothing that makes it call another host."""
    return {
        "PATH": os.defpath,
        "HOME": str(root),
        "TMPDIR": str(root),
        "FILESYSTEM_ROOT": str(root),
        # It ignores the host of an IPv4 address and would listen on every interface; so loopback is written as IPv6.
        "GATEWAY_LISTEN": f"[::ffff:127.0.0.1]:{port}",
        "LOCALSTACK_HOST": f"127.0.0.1:{port}",
        "OVERRIDE_IN_DOCKER": "0",  # inside a container it would write to /var/lib instead of its root
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
    }


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalStackError(
                f"Port {port} is used by another program, so LocalStack can't listen there; stop it first."
            ) from error


def _answers(url: str, timeout: float = 2.0) -> bool:
    try:
        with _direct.open(url, timeout=timeout) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
