"""`cicdlab doctor` really tries; `cicdlab cloud` says one line when it is ready."""

import shutil
import signal
import urllib.request
from functools import partial

import boto3
import pytest
from botocore.exceptions import ClientError

from .support import end, free_ports


@pytest.fixture
def without_git(tmp_path):
    """A folder of programs in which everything is that doctor runs, but git."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "bwrap", "chromium"):
        if path := shutil.which(name):
            (programs / name).symlink_to(path)
    return str(programs)


def rows(done):
    """Return doctor's verdicts by what was tried."""
    return {
        words[0]: words[1]
        for words in map(str.split, done.stdout.splitlines())
        if len(words) > 1 and words[1] in ("works", "less", "fails")
    }


def test_what_works_and_what_does_not_is_told_apart_with_what_to_do(cicdlab, without_git):
    done = cicdlab("doctor", PATH=without_git, CICDLAB_SANDBOX="plain", CICDLAB_BROWSER="/nowhere/browser")

    verdicts = rows(done)
    assert verdicts["git"] == "fails"
    assert verdicts["Sandbox"] == verdicts["Browser"] == "less"
    for name in ("Python", "bash", "aws", "Cloud", "JupyterLab", "Kernel", "Workspace"):
        assert verdicts[name] == "works", done.stdout
    assert "Install git: repositories of CodeCommit need it." in done.stdout
    assert "apt-get install bubblewrap" in " ".join(done.stdout.split())
    assert "To put right: git" in done.stdout
    assert done.returncode == 1
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "Traceback" not in done.stderr


def test_the_cloud_prints_one_line_when_it_answers_and_ends_when_asked(cicdlab):
    process = cicdlab.popen("cloud", "--port", "0", "--clock", "60x")
    try:
        line = process.stdout.readline()
        endpoint = line.split()[3]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{endpoint}/_cicdlab/health", timeout=20) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=20)
    finally:
        end(process)

    assert line.startswith("Cloud ready at http://127.0.0.1:")
    assert "clock: 60x" in line
    assert (rest, errors, process.returncode) == ("", "", 0)


def test_the_questions_of_the_book_are_in_order(cicdlab):
    done = cicdlab("questions", "check")

    assert done.returncode == 0, done.stderr
    assert "All is well" in done.stdout


def test_a_secured_cloud_has_the_workspaces_own_random_key(cicdlab):
    [port] = free_ports(1)
    place = {"CICDLAB_ENDPOINT": f"http://127.0.0.1:{port}"}
    process = cicdlab.popen("cloud", "--secure", "--port", str(port))
    try:
        assert "signatures checked" in process.stdout.readline()
        shown = dict(
            line.removeprefix("export ").split("=", 1)
            for line in cicdlab("env", **place).stdout.splitlines()
            if "=" in line
        )
        assert shown["AWS_ACCESS_KEY_ID"] != "test"
        keys = {name: shown[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        sts = partial(boto3.client, "sts", "us-east-1", endpoint_url=place["CICDLAB_ENDPOINT"])
        mine = sts(aws_access_key_id=keys["AWS_ACCESS_KEY_ID"], aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"])
        assert mine.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            sts(aws_access_key_id="test", aws_secret_access_key="test").get_caller_identity()
        assert cicdlab("why", **place).stdout == "No request was denied since the cloud was started or reset.\n"
        assert cicdlab("clock", "advance", "5m", **place).returncode == 0
        [stored] = cicdlab.folder.rglob("credentials")
        assert stored.stat().st_mode & 0o077 == 0
    finally:
        end(process)
