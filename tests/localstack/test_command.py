"""``python -m tools.localstack``: loopback only, and one clear sentence when it does not run."""

import socket
import subprocess
import sys
from typing import Any

import psutil

from cicdlab.lab.places import ROOT


def test_it_listens_on_loopback_only(target: Any) -> None:
    assert _listening_at(int(target.localstack.rsplit(":", 1)[1])) == {"::ffff:127.0.0.1"}


def test_a_taken_port_is_named(target: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = _run("--port", str(port))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"Port {port} is used by another program, so LocalStack can't listen there; stop it first."
    ]


def test_one_that_is_not_ready_in_time_is_ended_and_its_last_words_are_shown(target: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    done = _run("--port", str(port), "--within", "0")
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("LocalStack did not answer within 0 s: ")
    assert _listening_at(port) == set()


def _listening_at(port: int) -> set[str]:
    sockets = [each for each in psutil.net_connections("inet") if each.status == "LISTEN"]
    return {each.laddr.ip for each in sockets if each.laddr.port == port}


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.localstack", "run", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
