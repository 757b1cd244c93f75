"""A program in a lasting sandbox ends, or is ended, and leaves the sandbox and its daemons alive."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cicdlab.cloud.sandbox import Ending, Sandbox

from ...waiting import marked, wait_until


@dataclass
class Heard:
    """What a program wrote."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    def __call__(self, stream: str, data: bytes) -> None:
        getattr(self, stream).extend(data)


def run(box: Sandbox, text: str, heard: Heard | None = None, **options: Any) -> Ending:
    script = box.script(["/bin/sh", "-c", text], "/", {"GIVEN": "too"})
    return script.run(**{"timeout": 30.0, "linger": 0.2, **options, "on_output": heard or Heard()})


def test_output_and_errors_come_apart_with_the_status(box: Sandbox) -> None:
    heard = Heard()
    ending = run(box, "echo out $DECLARED $GIVEN; echo err >&2; exit 3", heard)
    assert (ending, bytes(heard.stdout), bytes(heard.stderr)) == (Ending(3), b"out yes too\n", b"err\n")


def test_one_after_the_other_in_the_same_sandbox(box: Sandbox) -> None:
    run(box, "echo kept >$HOME/file")
    heard = Heard()
    run(box, "cat $HOME/file", heard)
    assert bytes(heard.stdout) == b"kept\n"


def test_a_program_that_ignores_term_is_killed_and_the_next_one_runs(box: Sandbox) -> None:
    ending = run(box, "trap '' TERM; sleep 100 & while :; do sleep 1; done", timeout=0.3)
    assert (ending.timed_out, ending.status) == (True, 137)
    assert run(box, "true") == Ending(0)


def test_a_program_that_ends_when_asked_keeps_its_own_status(box: Sandbox) -> None:
    ending = run(box, "trap 'exit 7' TERM; while :; do sleep 0.05; done", timeout=0.3)
    assert ending == Ending(7, timed_out=True)


def test_what_it_leaves_behind_lives_until_the_sandbox_ends(box: Sandbox, tmp_path: Path) -> None:
    token = f"10{abs(hash(tmp_path)) % 10**6}"
    assert run(box, f"nohup sleep {token} >/dev/null 2>&1 &") == Ending(0)
    assert run(box, "true") == Ending(0)
    wait_until(lambda: marked(token))
    box.close()
    wait_until(lambda: not marked(token))


def test_whoever_holds_the_output_is_waited_for_and_then_named(box: Sandbox) -> None:
    assert run(box, "sleep 30 &").holds_output
    assert not run(box, "sleep 0.1 &", linger=20).holds_output


def test_a_stop_at_the_first_moment_is_not_lost(box: Sandbox) -> None:
    for _ in range(100):
        script = box.script(["/bin/sleep", "100"], "/", {})
        options: dict[str, Any] = {"timeout": 30.0, "linger": 0.2, "on_output": Heard()}
        thread = Thread(target=script.run, kwargs=options)
        thread.start()
        while not script._leader:
            pass
        script.stop()
        thread.join(10)
        assert not thread.is_alive()


def test_somebody_else_can_stop_it(box: Sandbox) -> None:
    script = box.script(["/bin/sh", "-c", "echo on; sleep 100"], "/", {})
    heard, endings = Heard(), []
    thread = Thread(target=lambda: endings.append(script.run(timeout=60, linger=1, on_output=heard)))
    thread.start()
    wait_until(lambda: heard.stdout)
    script.stop()
    thread.join(10)
    assert endings == [Ending(137, interrupted=True)]
    assert run(box, "true") == Ending(0)


def test_the_end_of_the_sandbox_is_its_end(box: Sandbox) -> None:
    script = box.script(["/bin/sh", "-c", "echo on; sleep 100"], "/", {})
    heard, endings = Heard(), []
    thread = Thread(target=lambda: endings.append(script.run(timeout=60, linger=1, on_output=heard)))
    thread.start()
    wait_until(lambda: heard.stdout)
    box.close()
    thread.join(10)
    assert [(ending.status, ending.interrupted) for ending in endings] == [(137, True)]


@pytest.mark.parametrize("program", ["/nowhere", "/etc/passwd"])
def test_what_can_not_be_started_has_status_126(box: Sandbox, program: str) -> None:
    heard = Heard()
    ending = box.script([program], "/", {}).run(timeout=5, linger=0.1, on_output=heard)
    assert (ending.status, program.encode() in heard.stderr) == (126, True)
