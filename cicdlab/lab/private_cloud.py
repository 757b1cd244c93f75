"""A cloud of one's own for a run, in a process of its own, on a free port."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .environment import environment, merged, write_aws_files
from .errors import LabError
from .places import Workspace

READY = "ready "
START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
# A commit's id is made of its dates too.
GIT_DATES = ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")
CLOCK_BEGINS = "2026-11-02T09:00:00Z"


@contextmanager
def private_cloud(environ: Mapping[str, str] = os.environ) -> Iterator[dict[str, str]]:
    """Start a fresh cloud and give the environment that a notebook needs to be recorded or compared on it.

    The workspace is a temporary folder. Cloud and folder are gone afterwards.

    Raises
    ------
    LabError
        When the cloud does not start.
    """
    with tempfile.TemporaryDirectory(prefix="cicdlab-run-") as folder:
        workspace = Workspace(Path(folder).resolve() / "workspace")
        write_aws_files(workspace)
        command = [sys.executable, "-m", "cicdlab.cloud", "--port", "0"]
        surroundings = merged(environment("embedded", workspace, environ), environ)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings) as process:
            try:
                yield recording(surroundings, workspace, "embedded", _endpoint(process))
            finally:
                _stop(process)


def recording(environ: Mapping[str, str], workspace: Workspace, target: str, endpoint: str = "") -> dict[str, str]:
    """Return an environment in which notebooks print what can be stored and compared.

    Parameters
    ----------
    environ
        The environment to start from.
    workspace
        Where notebooks write.
    target, endpoint
        The target, and its address unless it is the usual one.
    """
    base = dict(environ) | {"CICDLAB_RECORD": "1"} | dict.fromkeys(GIT_DATES, CLOCK_BEGINS)
    if endpoint:
        base["CICDLAB_ENDPOINT"] = endpoint
    return merged(environment(target, workspace, base), base)


def _endpoint(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    alarm = threading.Timer(START_TIMEOUT, process.kill)
    alarm.start()
    try:
        line = process.stdout.readline()
    finally:
        alarm.cancel()
    if not line.startswith(READY):
        raise LabError("The cloud for this run did not start; `python -m cicdlab.cloud --port 0` shows why.")
    return line.removeprefix(READY).strip()


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
