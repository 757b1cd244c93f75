"""Connections, against a running cloud."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cicdlab.cloud.server import Server, Settings

from ...conftest import RunningCloud
from ..codecommit.conftest import Learner


@pytest.fixture(scope="session")
def connected_cloud() -> Iterator[RunningCloud]:
    with Server(Settings(port=0)) as server:
        yield RunningCloud(server)


@pytest.fixture
def learner(connected_cloud: RunningCloud, tmp_path: Path) -> Learner:
    """Return somebody with git, on an empty cloud."""
    connected_cloud.core.reset()
    return Learner(connected_cloud, tmp_path)
