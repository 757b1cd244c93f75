import json
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicdlab.lab.environment import environment, merged
from cicdlab.lab.errors import RefusedError
from cicdlab.lab.guard import refuse_unless_local
from cicdlab.lab.places import Workspace

# Notes every attempt to look up a name or to connect, before it is made.
CHILD = """
import json, sys
seen = []
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        seen.append(str(arguments[1] if event == "socket.connect" else arguments[0]))
sys.addaudithook(note)
from cicdlab.lab import Lab
try:
    Lab("codebuild/01-first-build")
    said = ""
except Exception as error:
    said = f"{type(error).__name__}: {error}"
print(json.dumps({"said": said, "seen": seen, "boto3": "boto3" in sys.modules}))
"""
PROXY = {"HTTP_PROXY": "http://192.0.2.1:9", "NO_PROXY": "", "no_proxy": ""}


@pytest.fixture
def home(tmp_path):
    """Make a home folder with keys of the learner's own."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text("[default]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n")
    return tmp_path


def start_lab(environ):
    done = subprocess.run([sys.executable, "-c", CHILD], env=environ, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def safe(home, **more):
    base = {"HOME": str(home), "PATH": "/usr/bin:/bin", "CICDLAB_WORKSPACE": str(home / "ws")}
    base["CICDLAB_ENDPOINT"] = "http://127.0.0.1:9"
    return merged(environment(environ=base), base) | more


def test_with_own_credentials_only_the_lab_refuses_before_any_packet(home):
    answer = start_lab({"HOME": str(home), "PATH": "/usr/bin:/bin"})
    assert answer["said"].startswith("RefusedError: Not started, because AWS_ENDPOINT_URL is not set")
    assert answer["seen"] == []
    assert not answer["boto3"]


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"AWS_ENDPOINT_URL_S3": "http://192.0.2.1:9"}, "AWS_ENDPOINT_URL_S3 points to 192.0.2.1"),
        ({"AWS_ENDPOINT_URL": "https://s3.amazonaws.com"}, "AWS_ENDPOINT_URL points to s3.amazonaws.com"),
        ({"AWS_PROFILE": "work"}, "AWS_PROFILE is set"),
        ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true"),
        (PROXY, "HTTP_PROXY is set"),
        ({"AWS_ACCESS_KEY_ID": ""}, "no keys for the labs are set"),
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, "look like real ones"),
        ({"AWS_SESSION_TOKEN": "token"}, "look like real ones"),
        ({"AWS_CONFIG_FILE": ""}, "AWS_CONFIG_FILE does not name a file of the labs"),
    ],
)
def test_an_environment_that_leads_elsewhere_is_refused_by_name(home, more, name):
    refuse_unless_local(safe(home))
    with pytest.raises(RefusedError, match=f"^Not started, because .*{name}"):
        refuse_unless_local(safe(home, **more))


def test_a_service_endpoint_elsewhere_is_refused_before_any_packet(home):
    answer = start_lab(safe(home, AWS_ENDPOINT_URL_S3="http://192.0.2.1:9"))
    assert "AWS_ENDPOINT_URL_S3 points to 192.0.2.1" in answer["said"]
    assert answer["seen"] == []


def test_the_labs_environment_is_let_through_and_reaches_loopback_only(home):
    answer = start_lab(safe(home))
    assert answer["said"].startswith("LabError: Nothing answers at http://127.0.0.1:9")
    assert answer["seen"] == ["127.0.0.1", "('127.0.0.1', 9)"]


def test_the_learners_own_files_are_never_taken_for_the_labs(home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    with pytest.raises(RefusedError, match="AWS_SHARED_CREDENTIALS_FILE does not name a file of the labs"):
        refuse_unless_local(safe(home, AWS_SHARED_CREDENTIALS_FILE=str(home / ".aws/credentials")))


def test_another_machine_is_reached_only_when_named_on_purpose(tmp_path):
    url = "http://localstack:4566"
    named = merged(environment(workspace=Workspace(tmp_path), environ={"CICDLAB_ENDPOINT": url}))
    refuse_unless_local({**named, "CICDLAB_ENDPOINT": url})
    with pytest.raises(RefusedError, match="points to localstack"):
        refuse_unless_local({**named, "CICDLAB_ENDPOINT": ""})


def test_aws_itself_cannot_be_named_on_purpose(tmp_path):
    url = "https://codebuild.us-east-1.amazonaws.com"
    named = merged(environment(workspace=Workspace(tmp_path), environ={"CICDLAB_ENDPOINT": url}))
    with pytest.raises(RefusedError, match="not this machine"):
        refuse_unless_local({**named, "CICDLAB_ENDPOINT": url})


@given(url=st.one_of(st.text(), st.from_regex(r"https?://[^/]{0,30}(:\w{1,6})?/?", fullmatch=True)))
def test_an_endpoint_is_refused_unless_its_host_is_loopback(url):
    clean = merged(environment(environ={"PATH": "/bin"}), {})
    try:
        refuse_unless_local({**clean, "AWS_ENDPOINT_URL_S3": url})
    except RefusedError:
        return
    assert urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
