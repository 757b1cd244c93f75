"""Set-up says in one sentence what is missing, and changes nothing then."""

import os
import shutil
import subprocess
import sys

import pytest

from cicdlab.lab.places import ROOT

from .support import is_one_sentence


@pytest.fixture
def programs(tmp_path):
    """A folder with the few programs that set-up itself needs, and no Python."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bash", "cat", "dirname", "grep", "rm"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course" / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools/setup.sh", tmp_path / "course/tools")
    return tmp_path / "course"


def run_setup(course, programs, **more):
    environ = {"PATH": str(programs), **more}
    return subprocess.run([course / "tools/setup.sh"], env=environ, capture_output=True, text=True, check=False)


def test_without_a_python_that_fits_it_says_which_to_install(course, programs):
    for name in ("python3", "python3.11"):  # a placeholder that does not run, and a version that is too old
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)

    done = run_setup(course, programs)

    assert done.returncode == 1
    assert is_one_sentence(done.stderr)
    assert "Python 3.11, 3.12 or 3.13" in done.stderr
    assert not (course / ".venv").exists()


def test_a_python_that_is_named_is_taken(course, programs):
    done = run_setup(course, programs, PYTHON=sys.executable)

    assert "Making .venv with Python 3.1" in done.stdout
    assert (course / ".venv/bin/python").exists()
    assert done.returncode != 0  # there is no requirements.txt to install here
    assert not (course / ".venv/.ready").exists()


def test_without_bubblewrap_and_a_way_to_install_it_there_is_a_sentence_and_the_course_goes_on(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tools.system_packages", "--sandbox"],
        env=os.environ | {"PATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    if sys.platform == "linux":
        assert is_one_sentence(done.stderr)
        assert "install bubblewrap" in done.stderr
    assert done.returncode == 0
