"""A cloud that this process, and every process it starts, is led to as a lab's notebook is."""

import os

import pytest

from cicdlab.lab.environment import write_aws_files
from cicdlab.lab.places import Workspace
from cicdlab.lab.private_cloud import private_cloud, recording


@pytest.fixture
def environ(monkeypatch):
    """Start a cloud in a process of its own, and take on the environment that leads to it."""
    with private_cloud() as environ:
        take_on(environ, monkeypatch)
        yield environ


@pytest.fixture
def near_environ(cloud, tmp_path, monkeypatch):
    """The same, with the cloud in this process."""
    workspace = Workspace(tmp_path)
    write_aws_files(workspace)
    environ = recording(os.environ, workspace, "embedded", cloud.endpoint)
    take_on(environ, monkeypatch)
    return environ


def take_on(environ, monkeypatch):
    for name in os.environ.keys() - environ.keys():
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
