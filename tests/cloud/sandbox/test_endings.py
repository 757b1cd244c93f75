"""Nothing outlives its sandbox: not by time-out, interruption, close, nor the owner's sudden death."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cicdlab.cloud.sandbox import Result, Sandbox

from ...waiting import marked, wait_until
from .conftest import stubborn

OWNER = """
import sys, time
from pathlib import Path
from cicdlab.cloud.sandbox import Sandbox
box = Sandbox.create(Path(sys.argv[1]), [], {}, kind=sys.argv[2])
shell = box.open_shell("/root", {})
hear = lambda piece: print(piece.decode(), flush=True)
shell.run(sys.argv[3], timeout=1000, on_output=hear)
print("waiting", flush=True)
time.sleep(1000)
"""


@pytest.fixture(autouse=True)
def linux():
    if sys.platform != "linux":
        pytest.skip("looks at processes in /proc")


def start_daemon(session, token):
    assert session.run(stubborn(token)) == Result(0)
    assert marked(token)


def test_close_ends_a_daemon_that_left_its_session_and_ignores_signals(box, session, token):
    start_daemon(session, token)
    box.close()
    assert not marked(token)


def test_close_can_be_repeated(box):
    box.close()
    box.close()


def test_a_daemon_lives_on_between_commands_and_shells(box, session, token):
    start_daemon(session, token)
    session.run("exit 1")
    session.run("true")
    session.shell.close()
    with box.open_shell("/root", {}) as other:
        other.run("true", timeout=60, on_output=lambda _: None)
    assert marked(token)


def test_time_out_ends_everything_and_keeps_what_was_written(session, token):
    start_daemon(session, token)
    started = time.monotonic()
    result = session.run(f"trap '' TERM; echo before; sleep 1000; : {token}", timeout=0.5)
    assert result == Result(137, ended=True, timed_out=True)
    assert 0.5 <= time.monotonic() - started < 20
    assert session.output == b"before\n"
    assert not marked(token)


def test_time_out_ends_a_command_that_never_stops_writing(session):
    assert session.run("yes", timeout=0.5).timed_out


def test_interrupt_from_another_thread_ends_everything(session, token):
    start_daemon(session, token)
    stopper = threading.Timer(0.0, lambda: wait_until(lambda: b"go" in session.output) and session.shell.interrupt())
    stopper.start()
    assert session.run("echo go; sleep 1000") == Result(137, ended=True, interrupted=True)
    stopper.join()
    assert not marked(token)


def test_commands_after_an_interruption_do_not_run(box, session):
    session.shell.interrupt()
    assert session.run("touch ~/ran") == Result(137, ended=True, interrupted=True)
    assert not box.path("/root/ran").exists()


@pytest.mark.parametrize("last", ["echo running", "echo running; sleep 1000"])
def test_death_of_the_owner_by_sigkill_ends_everything(kind, tmp_path, token, last):
    command = f"{stubborn(token)}; setsid sleep 1000.{os.getpid()} & {last}"
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), kind, command], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert "running" in owner.stdout.readline()
        wait_until(lambda: [pid for pid in marked(token) if pid != owner.pid])
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    wait_until(lambda: not marked(token))
    wait_until(lambda: not marked(f"1000.{os.getpid()}"))


def test_an_owner_that_forgets_a_sandbox_ends_it(kind, tmp_path, token):
    def forget() -> None:
        shell = Sandbox.create(tmp_path, [], {}, kind=kind).open_shell("/root", {})
        shell.run(stubborn(token), timeout=60, on_output=lambda _: None)
        wait_until(lambda: marked(token))

    forget()
    wait_until(lambda: not marked(token))


def test_a_command_that_kills_its_process_group_ends_only_its_shell(session):
    assert session.run("kill -KILL 0") == Result(137, ended=True)
    assert session.run("true") == Result(0)


def test_a_sandbox_outlives_the_thread_that_made_it(kind, tmp_path):
    with ThreadPoolExecutor(1) as pool:
        box = pool.submit(Sandbox.create, tmp_path, [], {}, kind=kind).result()
        shell = pool.submit(box.open_shell, "/root", {}).result()
    with box:
        assert shell.run("exit 3", timeout=60, on_output=lambda _: None) == Result(3, ended=True)
        assert shell.run("true", timeout=60, on_output=lambda _: None) == Result(0)


def test_leaves_no_descriptor_open(kind, tmp_path):
    def use(number: int) -> None:
        with Sandbox.create(tmp_path / str(number), [], {}, kind=kind) as box, box.open_shell("/root", {}) as shell:
            shell.run("exit 1", timeout=60, on_output=lambda _: None)
            shell.run("true", timeout=60, on_output=lambda _: None)

    use(0)
    before = len(list(Path("/proc/self/fd").iterdir()))
    use(1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_sixty_four_sandboxes_work_at_once(kind, tmp_path):
    barrier = threading.Barrier(64)

    def build(number: int) -> bytes:
        heard = bytearray()
        folder = tmp_path / str(number)
        with Sandbox.create(folder, [], {"N": str(number)}, kind=kind) as box, box.open_shell("/root", {}) as shell:
            barrier.wait(120)
            for _ in range(5):
                assert shell.run("echo $N >> ~/mine", timeout=120, on_output=heard.extend) == Result(0)
            shell.run("cat ~/mine", timeout=120, on_output=heard.extend)
        return bytes(heard)

    with ThreadPoolExecutor(64) as pool:
        assert list(pool.map(build, range(64))) == [f"{n}\n".encode() * 5 for n in range(64)]
