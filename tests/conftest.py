"""What every test may use: a cloud of its own, reached as a learner reaches it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from playwright.sync_api import Browser, sync_playwright

from cicdlab.cloud.backend import moto
from cicdlab.cloud.core import Cloud
from cicdlab.cloud.server import Server, Settings
from cicdlab.commands.browser import find as find_browser

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass(frozen=True)
class RunningCloud:
    """A cloud that answers on loopback, and clients for it."""

    server: Server

    @property
    def endpoint(self) -> str:
        return self.server.endpoint

    @property
    def core(self) -> Cloud:
        """The engine's side, for tests of the engine."""
        return self.server.cloud

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client as a learner makes it."""
        settings = {"region_name": "us-east-1", "config": Config(retries={"max_attempts": 0}), **KEYS, **options}
        return boto3.client(service, endpoint_url=self.endpoint, **settings)


@pytest.fixture
def start_cloud() -> Iterator[Callable[..., RunningCloud]]:
    """Start clouds with settings of the test's own; one at a time, because moto's state belongs to the process."""
    with ExitStack() as stack:

        def start(**settings: Any) -> RunningCloud:
            moto.reset()
            return RunningCloud(stack.enter_context(Server(Settings(port=0, **settings))))

        yield start


@pytest.fixture
def cloud(start_cloud: Callable[..., RunningCloud]) -> RunningCloud:
    """Start a cloud with the default settings; a minute of a time-out lasts a fifth of a second."""
    return start_cloud(minute=0.2)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser that ``cicdlab doctor`` finds.

    One module at a time: while Playwright runs, nothing else in this thread can run an event loop.
    """
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    options = ["--no-sandbox", "--disable-gpu", *quiet]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=options)
        yield browser
        browser.close()
