"""`cicdlab start`: three addresses that answer, one way to stop them, and nothing left."""

import contextlib
import json
import os
import re
import signal
import socket
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..waiting import wait_until
from .support import end, free_ports, is_one_sentence

OPTIONS = ("--cloud-port", "--lab-port", "--book-port")


class Started:
    """A `cicdlab start` that has printed its addresses."""

    def __init__(self, cicdlab, *more):
        self.ports = free_ports(3)
        options = [word for pair in zip(OPTIONS, map(str, self.ports), strict=True) for word in pair]
        self.process = cicdlab.popen("start", *options, *more)
        self.printed = ""
        while "Ctrl-C stops" not in self.printed:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            self.printed += line
        self.children = descendants(self.process.pid)

    def address(self, name):
        return re.search(rf"^ *{name} +(\S+)$", self.printed, re.MULTILINE)[1]

    def stop(self, number):
        self.process.send_signal(number)
        return self.process.communicate(timeout=40)


def descendants(pid):
    """Return the processes below one, from what Linux tells."""
    below, found = {}, []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            below.setdefault(parent, []).append(int(folder.name))
    queue = [pid]
    while queue:
        queue += (children := below.get(queue.pop(), []))
        found += children
    return found


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def status_of(url, method="GET", body=None):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, body, method=method)
    with opener.open(request, timeout=20) as response:
        return response.status, response.read()


@pytest.fixture
def start(cicdlab):
    running = []

    def started(*more):
        running.append(Started(cicdlab, *more))
        return running[-1]

    yield started
    for one in running:
        end(one.process)


@contextmanager
def somebody_on(port):
    with socket.create_server(("127.0.0.1", port)):
        yield


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@needs_linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_three_addresses_answer_until_it_is_stopped_and_then_no_process_is_left(start, number):
    running = start()

    for name in ("Book", "JupyterLab", "Cloud"):
        page = "/_cicdlab/health" if name == "Cloud" else ""
        assert status_of(running.address(name) + page)[0] == 200
    assert len(running.children) >= 3
    out, err = running.stop(number)

    assert running.process.returncode == 0, err
    assert "Stopped: cloud, JupyterLab and book." in out
    assert "Kept: your notebooks and progress" in out
    assert "Lost: what you had made in the cloud" in out
    assert not [pid for pid in running.children if is_alive(pid)]


@needs_linux
def test_a_notebook_talks_to_the_cloud_that_was_started_and_ends_with_it(start):
    running = start()
    lab, token = running.address("JupyterLab").split("/lab?token=")
    _, kernel = status_of(f"{lab}/api/kernels?token={token}", "POST", json.dumps({"name": "python3"}).encode())
    environ = wait_until(lambda: kernels_environ(descendants(running.process.pid)), "a kernel is running")
    pids = descendants(running.process.pid)
    running.stop(signal.SIGINT)

    assert json.loads(kernel)["name"] == "python3"
    assert f"CICDLAB_ENDPOINT=http://127.0.0.1:{running.ports[0]}" in environ
    assert not [pid for pid in pids if is_alive(pid)]


def kernels_environ(pids):
    for pid in pids:
        with contextlib.suppress(OSError):  # some of the processes are short-lived
            if b"cicdlab.lab.kernel" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return Path(f"/proc/{pid}/environ").read_text().split("\0")
    return None


@needs_linux
def test_killed_without_a_word_it_leaves_no_process(start):
    running = start()

    os.kill(running.process.pid, signal.SIGKILL)
    running.process.communicate(timeout=20)

    wait_until(lambda: not [pid for pid in running.children if is_alive(pid)], "everything has ended")


@needs_linux
def test_what_ends_by_itself_is_named_with_its_log_and_the_rest_goes_on(start, cicdlab):
    running = start()
    book = next(pid for pid in running.children if b"commands.serve" in Path(f"/proc/{pid}/cmdline").read_bytes())

    os.kill(book, signal.SIGKILL)
    said = next(line for line in running.process.stderr if "by itself" in line)

    assert said.startswith("The book has ended by itself: workspace/logs/book.log says why.")
    assert (cicdlab.folder / "workspace/logs/book.log").exists()
    assert status_of(running.address("Cloud") + "/_cicdlab/health")[0] == 200


def test_a_second_start_says_that_one_is_running(start, cicdlab):
    running = start()

    second = cicdlab("start")

    assert second.returncode == 1
    assert is_one_sentence(second.stderr)
    assert f"running already (process {running.process.pid})" in second.stderr


@pytest.mark.parametrize("taken", [0, 1, 2], ids=OPTIONS)
def test_a_taken_port_is_named_with_what_to_do_and_nothing_is_started(cicdlab, taken):
    ports = free_ports(3)
    with somebody_on(ports[taken]):
        options = [word for pair in zip(OPTIONS, map(str, ports), strict=True) for word in pair]
        done = cicdlab("start", *options)

    assert done.returncode == 1
    assert is_one_sentence(done.stderr)
    assert f"Port {ports[taken]}" in done.stderr
    assert f"lsof -i :{ports[taken]}" in done.stderr
    assert OPTIONS[taken] in done.stderr
    assert done.stdout == ""


def test_what_the_learner_has_is_kept_from_one_start_to_the_next(start, cicdlab):
    first = start()
    notebook = cicdlab.folder / "workspace/labs/codebuild/01-first-build/lab.ipynb"
    notebook.write_text(notebook.read_text() + "\n")
    mine = notebook.read_text()
    token = first.address("JupyterLab").partition("token=")[2]
    first.stop(signal.SIGINT)

    second = start()

    assert notebook.read_text() == mine
    assert second.address("JupyterLab").endswith(token)
    assert (cicdlab.folder / "workspace/.jupyter/token").stat().st_mode & 0o077 == 0
