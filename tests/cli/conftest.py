"""The `cicdlab` command, run as a learner runs it, in a workspace of its own."""

import os

import pytest

from .support import CommandLine


@pytest.fixture
def cicdlab(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CICDLAB_", "JUPYTER"))}
    return CommandLine(kept | {"CICDLAB_WORKSPACE": str(tmp_path / "workspace"), "COLUMNS": "80"}, tmp_path)
