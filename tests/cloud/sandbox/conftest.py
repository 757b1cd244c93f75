"""A sandbox of each kind, and ways to look at the host's processes."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cicdlab.cloud.sandbox import Result, Sandbox, Shell, why_not_bubblewrap

KINDS = ("bubblewrap", "plain")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "bubblewrap" and (reason := why_not_bubblewrap()):
        pytest.skip(reason)
    return request.param


@pytest.fixture
def bubblewrap() -> str:
    if reason := why_not_bubblewrap():
        pytest.skip(reason)
    return "bubblewrap"


@pytest.fixture
def box(kind: str, tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox.create(tmp_path / "box", [], {"DECLARED": "yes"}, kind=kind) as sandbox:
        yield sandbox


@dataclass
class Session:
    """A shell whose last output is kept."""

    shell: Shell
    output: bytearray = field(default_factory=bytearray)

    def run(self, command: str, timeout: float = 60) -> Result:
        self.output.clear()
        return self.shell.run(command, timeout=timeout, on_output=self.output.extend)

    def says(self, command: str) -> str:
        self.run(command)
        return self.output.decode().rstrip("\n")


@pytest.fixture
def session(box: Sandbox) -> Iterator[Session]:
    with box.open_shell("/root", {}) as shell:
        yield Session(shell)


@pytest.fixture
def token() -> str:
    """A word that marks processes on their command line."""
    return f"marked-{uuid.uuid4().hex}"


STUBBORN = """
import os, signal, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
open(os.environ["HOME"] + "/deaf", "w").close()
time.sleep(1000)
"""


def stubborn(token: str) -> str:
    """The command that leaves a daemon: forked twice, in its own session, deaf to polite signals; it waits for that."""
    return f"python -I -S -c '{STUBBORN}' {token}; until [ -e ~/deaf ]; do :; done"
