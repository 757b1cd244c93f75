"""LocalStack without Docker and our cloud beside it; collected only when asked for: ``pytest tests/localstack``."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config

from cicdlab.lab.environment import environment, merged
from cicdlab.lab.places import ROOT, Workspace

HERE = Path(__file__).parent
ACCOUNT = "123456789012"
PYTHON_MISSING = 3


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    asked = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(HERE) for path in asked) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):  # the first one waits until LocalStack is downloaded and installed
            item.add_marker(pytest.mark.timeout(1200))


@dataclass(frozen=True)
class Target:
    """LocalStack, and our cloud beside it.

    Parameters
    ----------
    localstack, engine
        Their endpoints.
    modules
        What our cloud has imported, as Python reports it.
    environ
        A learner's environment for both.
    """

    localstack: str
    engine: str
    modules: Path
    environ: dict[str, str]

    def client(self, service: str) -> Any:
        """Return a client as a learner has it: her environment says where the service is."""
        endpoint = self.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}", self.environ["AWS_ENDPOINT_URL"])
        return _client(service, endpoint)

    def inside(self, service: str) -> Any:
        """Return a client for LocalStack itself, whatever the environment says."""
        return _client(service, self.localstack)


def _client(service: str, endpoint: str) -> Any:
    keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=endpoint, config=Config(retries={"max_attempts": 0}), **keys)


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("target")
    with ExitStack() as stack:
        port = free_port()
        localstack = stack.enter_context(running(folder, "tools.localstack", "run", "--port", str(port)))
        engine = stack.enter_context(
            running(folder, "cicdlab.cloud", "--port", "0", "--backend", localstack, PYTHONPROFILEIMPORTTIME="1")
        )
        here = dict(os.environ) | {"CICDLAB_ENDPOINT": localstack, "CICDLAB_ENGINE": engine}
        variables = environment("localstack", Workspace(folder / "workspace"), here)
        yield Target(localstack, engine, folder / "cicdlab.cloud.log", merged(variables, here))


@contextmanager
def running(folder: Path, module: str, *arguments: str, **variables: str) -> Iterator[str]:
    """Run a module that prints ``ready ADDRESS``; afterwards nothing of it may be left."""
    log = folder / f"{module}.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("ready "):
            reason = log.read_text().strip()
            if process.wait() == PYTHON_MISSING:
                pytest.skip(reason)
            pytest.fail(reason)
        address = line.removeprefix("ready ").strip()
        family = psutil.Process(process.pid).children(recursive=True)
        yield address
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
        assert not [each for each in family if each.is_running()], "it left processes behind"
        assert not listens(address), f"something still listens at {address}"
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(address: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(address.rsplit(":", 1)[1]))) == 0
