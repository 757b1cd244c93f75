"""`cicdlab start`: the cloud, JupyterLab and the book, together, until Ctrl-C."""

import fcntl
import os
import signal
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cicdlab.lab.administrator import random_key
from cicdlab.lab.environment import environment, merged, write_aws_files
from cicdlab.lab.places import ROOT, Workspace

from . import book
from .addresses import answers, is_free
from .console import CommandError, err, plain, working
from .env import variables
from .jupyter import JupyterLab
from .processes import Process, Program, end_all

LOCALSTACK = "localstack"
_LOCALSTACK = (sys.executable, "-m", "tools.localstack")  # a command of the repository, not of the package
READY_WITHIN = 120.0
POLL = 0.2


@dataclass(frozen=True)
class Ports:
    """Where the three listen, on loopback.

    Parameters
    ----------
    cloud, lab, book
        Their ports.
    engine
        Beside LocalStack, where this course's own services listen.
    """

    cloud: int
    lab: int
    book: int
    engine: int


def start(target: str, ports: Ports, clock: str, secure: bool, open_browser: bool) -> None:
    """Start everything, say where it is, and run until interrupted.

    Raises
    ------
    CommandError
        When a port is taken, something does not start, or everything runs already.
    """
    target, workspace = str(variables(target)["CICDLAB_TARGET"]), Workspace.of()
    if secure and target == LOCALSTACK:
        raise CommandError("LocalStack checks no signatures: leave out --secure, or the target.")
    (workspace.root / "logs").mkdir(parents=True, exist_ok=True)
    with _only_one(workspace), _interrupts():
        processes: list[Process] = []
        try:
            _require_free(target, ports)
            write_aws_files(workspace)
            if secure:
                random_key(workspace)
            _open_labs(workspace)
            _build_book(workspace)
            if target == LOCALSTACK:
                _prepare_localstack()
            lab = JupyterLab(workspace.root, ports.lab)
            for program in _programs(target, ports, _cloud(clock, secure), workspace, lab):
                processes.append(Process(program))
            _wait_until_ready(processes)
            _announce(target, ports, lab)
            if open_browser:
                webbrowser.open(_address(ports.book))
            _watch(processes)
        except KeyboardInterrupt:
            plain("")
        finally:
            _end(processes, workspace)


def _cloud(clock: str, secure: bool) -> list[str]:
    return [sys.executable, "-m", "cicdlab.cloud", "--clock", clock, *(["--secure"] if secure else [])]


def _programs(
    target: str, ports: Ports, cloud: Sequence[str], workspace: Workspace, lab: JupyterLab
) -> Iterator[Program]:
    here = os.environ | {"CICDLAB_ENDPOINT": _address(ports.cloud), "CICDLAB_ENGINE": _address(ports.engine)}
    labs = merged(environment(target, workspace, here), here)
    in_jupyter = lab.environ(labs)

    def program(name: str, ready: str, command: Sequence[str], environ: dict[str, str] = here) -> Program:
        return Program(name, command, ready, workspace.root / "logs" / f"{name.lower()}.log", environ, ROOT)

    if target == LOCALSTACK:
        if is_free(ports.cloud):
            run = [*_LOCALSTACK, "run", "--port", str(ports.cloud)]
            yield program("LocalStack", _localstack_health(ports.cloud), run)
        beside = ["--port", str(ports.engine), "--backend", _address(ports.cloud)]
        yield program("cloud", _health(ports.engine), [*cloud, *beside])
    else:
        yield program("cloud", _health(ports.cloud), [*cloud, "--port", str(ports.cloud)], labs)
    yield program("JupyterLab", lab.address, lab.command, in_jupyter)
    serve = [sys.executable, "-m", "cicdlab.commands.serve", str(book.folder(ROOT)), "--port", str(ports.book)]
    yield program("book", _address(ports.book), serve)


def _open_labs(workspace: Workspace) -> None:
    """Make the learner's copies of the labs that she has not opened yet, so that JupyterLab shows them."""
    from cicdlab.lab import copies, manifest

    for entry in manifest.load().here():
        if entry.notebook.exists():
            copies.open_copy(entry, workspace)


def _build_book(workspace: Workspace) -> None:
    if book.is_current(ROOT):
        return
    begun = time.time()
    log = workspace.root / "logs" / "book-build.log"
    with working("Building the book; this takes about a minute …"), log.open("wb") as output:
        done = subprocess.run(book.command(ROOT), stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode or not (book.folder(ROOT) / "index.html").exists():
        raise CommandError(f"The book could not be built: {_see(log)} says why.")
    book.date(ROOT, begun)


def _prepare_localstack() -> None:
    with working("Making LocalStack's environment; the first time this takes some minutes …"):
        done = subprocess.run([*_LOCALSTACK, "prepare"], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise CommandError(done.stderr.strip() or "LocalStack's environment could not be made: try again.")


def _wait_until_ready(processes: Sequence[Process]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    waiting = list(processes)
    with working(f"Starting {_listed(waiting)} …"):
        while waiting:
            for process in waiting:
                _require_running(process)
            waiting = [process for process in waiting if not process.is_ready()]
            if waiting and time.monotonic() > deadline:
                raise CommandError(
                    f"No answer from {_listed(waiting)} within {READY_WITHIN:g} seconds: "
                    f"{_see(waiting[0].program.log)} says why."
                )
            time.sleep(POLL if waiting else 0)


def _require_running(process: Process) -> None:
    if process.status is not None:
        raise CommandError(f"The {process.program.name} did not start: {_see(process.program.log)} says why.")


def _watch(processes: Sequence[Process]) -> None:
    """Return never; say once of each program that has ended by itself."""
    running = list(processes)
    while True:
        for process in list(running):
            if process.status is not None:
                running.remove(process)
                name, log = process.program.name, _see(process.program.log)
                err.print(f"The {name} has ended by itself: {log} says why. Ctrl-C stops the rest; then start again.")
        time.sleep(POLL)


def _end(processes: Sequence[Process], workspace: Workspace) -> None:
    if not processes:
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with working("Stopping …"):
        end_all(processes)
    plain(f"Stopped: {_listed(processes)}.")
    plain(f"Kept: your notebooks and progress, in {_see(workspace.root)}; answers given in the book, in your browser.")
    plain("Lost: what you had made in the cloud; `cicdlab lab resume NAME` makes it again.")


def _announce(target: str, ports: Ports, lab: JupyterLab) -> None:
    plain(f"  Book        {_address(ports.book)}")
    plain(f"  JupyterLab  {lab.address}")
    plain(f"  Cloud       {_address(ports.cloud)}{'  (LocalStack)' if target == LOCALSTACK else ''}")
    plain("")
    plain(f'For `aws` in another terminal: eval "$({_env_command(target, ports)})"')
    plain("Ctrl-C stops all of them.")


def _env_command(target: str, ports: Ports) -> str:
    """Return how `cicdlab env` is run so that it leads to these ports."""
    elsewhere = {"CICDLAB_ENDPOINT": (ports.cloud, 4566), "CICDLAB_ENGINE": (ports.engine, 4567)}
    words = [f"{name}={_address(port)}" for name, (port, usual) in elsewhere.items() if port != usual]
    words += [_see(Path(sys.executable).parent / "cicdlab"), "env"]
    return " ".join([*words, *(["--target", target] if target == LOCALSTACK else [])])


def _require_free(target: str, ports: Ports) -> None:
    meanings = {
        ports.book: ("the book", "--book-port", "your browser keeps quiz answers per address and will not show them"),
        ports.lab: ("JupyterLab", "--lab-port", "open tabs and bookmarks will not find it"),
    }
    if target == LOCALSTACK:
        meanings[ports.engine] = ("the cloud beside LocalStack", "--engine-port", "shells need a new `cicdlab env`")
    if target != LOCALSTACK or not answers(_localstack_health(ports.cloud)):
        meanings[ports.cloud] = ("the cloud", "--cloud-port", "other tools for LocalStack will not look for it")
    for port, (name, option, meaning) in meanings.items():
        if not is_free(port):
            raise CommandError(
                f"Port {port}, which {name} needs, is taken by another program: stop that one (`lsof -i :{port}` shows "
                f"it), or choose another port with {option}, where {meaning}."
            )


@contextmanager
def _only_one(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace's lock; the system gives it back however this process ends."""
    with (workspace.root / "logs" / "start.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CommandError(
                f"`cicdlab start` is running already (process {lock.read().strip() or 'unknown'}): "
                "use the addresses it has printed, or press Ctrl-C in its terminal first."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _interrupts() -> Iterator[None]:
    """Make every way of asking this process to end a KeyboardInterrupt, also where a shell has switched Ctrl-C off."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _health(port: int) -> str:
    return f"{_address(port)}/_cicdlab/health"


def _localstack_health(port: int) -> str:
    return f"{_address(port)}/_localstack/health"


def _see(path: Path) -> str:
    """Return a path as it is shortest from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _listed(processes: Sequence[Process]) -> str:
    names = [process.program.name for process in processes]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
