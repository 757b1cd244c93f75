"""Whatever goes wrong on the command line ends in one sentence that says what to do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cicdlab.lab.places import ROOT

from .support import CICDLAB, free_ports, is_one_sentence

HEAVY = {"boto3", "botocore", "moto", "pydantic", "nbformat", "jupyterlab", "IPython", "playwright", "yaml", "waitress"}


def test_help_shows_every_command_and_loads_nothing_that_is_slow():
    script = """
import contextlib, sys
from cicdlab.cli import main
sys.argv = ["cicdlab", "--help"]
with contextlib.suppress(SystemExit):
    main()
print("loaded", *sys.modules)
"""

    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    shown, _, modules = out.partition("loaded ")
    for command in ("start", "cloud", "clock", "env", "lab", "questions", "doctor"):
        assert f" {command} " in shown
    assert not HEAVY & set(modules.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("strat",), "'start'"),
        (("lab", "chek"), "'check'"),
        (("lab", "open", "codebuild/01-first-buidl"), "'codebuild/01-first-build'"),
        (("lab", "check", "first-build"), "'codebuild/01-first-build'"),
    ],
)
def test_a_name_that_is_nearly_right_is_offered_right(cicdlab, arguments, said):
    done = cicdlab(*arguments)

    assert done.returncode in (1, 2)
    assert f"Did you mean {said}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("lab", "run", "nothing/like-it"),
        ("lab", "run", "codebuild/04-phases-and-failures"),
        ("lab", "run", "codebuild/01-first-build", "--target", "aws"),
        ("lab", "check", "codebuild/01-first-build", "no-such-check"),
        ("lab", "resume", "codebuild/01-first-build"),
        ("lab", "check", "codebuild/01-first-build"),
        ("start", "--target", "aws"),
        ("cloud", "--clock", "slow"),
        ("cloud", "--port", "many"),
        ("cloud", "--port", "99999"),
        ("start", "--secure", "--target", "localstack"),
        ("start", "--clock", "slow"),
        ("clock",),
        ("clock", "advance"),
        ("--bogus",),
    ],
    ids=" ".join,
)
def test_it_is_one_sentence(cicdlab, arguments):
    [port] = free_ports(1)

    done = cicdlab(*arguments, CICDLAB_ENDPOINT=f"http://127.0.0.1:{port}")

    assert done.returncode in (1, 2)
    assert is_one_sentence(done.stderr), done.stderr
    assert done.stdout == ""


def test_a_cloud_that_is_not_there_is_named_with_what_to_do(cicdlab):
    [port] = free_ports(1)

    done = cicdlab("clock", CICDLAB_ENDPOINT=f"http://127.0.0.1:{port}")

    assert f"http://127.0.0.1:{port}" in done.stderr
    assert "make start" in done.stderr


def test_the_cloud_says_whom_to_ask_when_its_port_is_taken(cicdlab, cloud):
    port = cloud.endpoint.rpartition(":")[2]

    done = cicdlab("cloud", "--port", port)

    assert done.returncode == 1
    assert is_one_sentence(done.stderr)
    assert f"lsof -i :{port}" in done.stderr


def test_a_reader_who_goes_away_is_no_error(cicdlab):
    for command in ("lab list", "env", "--help"):
        script = f'"{CICDLAB}" {command} | true; exit "${{PIPESTATUS[0]}}"'
        done = subprocess.run(["bash", "-c", script], env=cicdlab.environ, capture_output=True, text=True, check=False)

        assert done.stderr == ""


@pytest.fixture
def copy_of_the_course(tmp_path):
    """Copy what the labs' commands read, so that a test may damage it."""
    for name in ("cicdlab", "labs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "kernel-ipc-*"))

    def run(*arguments):
        script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from cicdlab.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return tmp_path, run


@pytest.mark.parametrize("damage", ["labs: [", "labs: 3", "labs:\n  - {id: x}", "\t", "", "\x00"])
def test_a_damaged_manifest_is_named(copy_of_the_course, damage):
    root, run = copy_of_the_course
    (root / "labs/labs.yml").write_text(damage)

    done = run("lab", "list")

    assert done.returncode == 1
    assert is_one_sentence(done.stderr), done.stderr
    assert "labs.yml" in done.stderr


def test_a_missing_manifest_and_a_missing_lab_are_named(copy_of_the_course):
    root, run = copy_of_the_course
    (root / "labs/codebuild/01-first-build/lab.ipynb").unlink()
    without_lab = run("lab", "open", "codebuild/01-first-build")
    (root / "labs/labs.yml").unlink()
    without_manifest = run("lab", "list")

    assert is_one_sentence(without_lab.stderr)
    assert "lab.ipynb is missing" in without_lab.stderr
    assert is_one_sentence(without_manifest.stderr)
    assert "labs.yml" in without_manifest.stderr


def test_the_unexpected_is_one_sentence_too_and_its_details_are_in_a_file(copy_of_the_course):
    root, run = copy_of_the_course
    (root / "cicdlab/lab/manifest.py").write_text("raise RuntimeError('the unforeseen')")

    done = run("lab", "list")

    assert done.returncode == 1
    assert is_one_sentence(done.stderr)
    assert "the unforeseen" in done.stderr
    assert "Traceback" in (root / "workspace/logs/error.log").read_text()


def test_open_makes_a_copy_once_and_says_where_it_is(cicdlab):
    first = cicdlab("lab", "open", "codebuild/01-first-build")
    path = Path(first.stdout.split()[3].rstrip(";"))
    (cicdlab.folder / path).write_text("mine")
    cicdlab("lab", "open", "codebuild/01-first-build")

    assert first.returncode == 0
    assert (cicdlab.folder / path).read_text() == "mine"


def test_no_colour_is_used_where_none_is_wanted(cicdlab):
    coloured = cicdlab("lab", "list", FORCE_COLOR="1")
    plain = cicdlab("lab", "list", FORCE_COLOR="1", NO_COLOR="1")

    assert "\x1b[3" not in plain.stdout
    assert coloured.returncode == plain.returncode == 0


def test_no_line_of_help_is_wider_than_a_terminal(cicdlab):
    for command in ((), ("start",), ("cloud",), ("clock",), ("env",), ("lab",), ("lab", "run"), ("doctor",)):
        out = cicdlab(*command, "--help").stdout
        assert out
        assert max(map(len, out.splitlines())) <= 80
