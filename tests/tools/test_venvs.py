"""Environments of their own: one clear sentence when they can't be made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cicdlab.lab.places import ROOT

SCRIPT = """
import sys
from pathlib import Path
from tools import venvs
venvs.CACHE = Path(sys.argv[1])
try:
    print(venvs.venv("thing", Path(sys.argv[2]), *sys.argv[3:]))
except venvs.VenvError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def make(folder: Path, requirements: str, *python: str) -> subprocess.CompletedProcess[str]:
    file = folder / "requirements.txt"
    file.write_text(requirements, encoding="utf-8")
    command = [sys.executable, "-c", SCRIPT, str(folder / "cache"), str(file), *python]
    environ = os.environ | {"UV_OFFLINE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)


def test_a_missing_python_version_is_named(tmp_path: Path) -> None:
    done = make(tmp_path, "", "3.2")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "PythonMissingError: thing needs Python 3.2, which is not on this machine; install it first."
    ]


def test_what_can_not_be_installed_is_told_in_one_line(tmp_path: Path) -> None:
    done = make(tmp_path, "cicdlab-no-such-package==1.0\n")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("VenvError: The environment of thing could not be made with `uv pip install")
    assert "cicdlab-no-such-package" in line


def test_a_failed_install_is_tried_again_and_a_complete_one_is_kept(tmp_path: Path) -> None:
    assert make(tmp_path, "cicdlab-no-such-package==1.0\n").returncode == 1
    first = make(tmp_path, "")
    assert first.returncode == 0, first.stderr
    interpreter = Path(first.stdout.strip())
    assert subprocess.run([interpreter, "-c", "import sys; sys.exit(sys.prefix == sys.base_prefix)"]).returncode == 0
    mark = interpreter.parents[1] / "kept"
    mark.touch()
    assert make(tmp_path, "").returncode == 0
    assert mark.exists()


@pytest.mark.parametrize(
    "name", ["tools/localstack-requirements.txt", "bench/moto-requirements.txt", "bench/ministack-requirements.txt"]
)
def test_every_package_is_pinned(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith(("#", " "))]
    assert packages
    assert [line for line in packages if "==" not in line] == []
