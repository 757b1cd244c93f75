"""Pipelines and their actions, against a running cloud."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cicdlab.cloud.server import Server, Settings

from ...conftest import RunningCloud
from ..codecommit.conftest import Learner
from .bench import Bench
from .jobs import Jobs


@pytest.fixture(scope="session")
def pipeline_cloud() -> Iterator[RunningCloud]:
    """Start one cloud for all tests of pipelines: a new one costs a second."""
    with Server(Settings(port=0)) as server:
        yield RunningCloud(server)


@pytest.fixture
def jobs(pipeline_cloud: RunningCloud) -> Iterator[Jobs]:
    """Return what runs single actions, on an empty cloud."""
    pipeline_cloud.core.reset()
    made = Jobs(pipeline_cloud)
    made.prepare()
    yield made
    pipeline_cloud.core.reset()


@pytest.fixture
def author(jobs: Jobs, tmp_path: Path) -> Learner:
    """Return somebody with git, in a folder of her own."""
    return Learner(jobs.cloud, tmp_path)


@pytest.fixture
def bench(pipeline_cloud: RunningCloud) -> Iterator[Bench]:
    """Return what makes pipelines, on an empty cloud; a minute of a time-out lasts a fifth of a second."""
    pipeline_cloud.core.reset()
    pipeline_cloud.core.minute = 0.2
    made = Bench(pipeline_cloud)
    made.prepare()
    yield made
    pipeline_cloud.core.reset()
