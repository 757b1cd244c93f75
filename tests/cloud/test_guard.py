import socket
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicdlab.cloud import guard

ORDERS = ("/_cicdlab/health", "/_cicdlab/reset", "/", "/some-bucket/key", "/moto-api/reset")


def status(endpoint: str, path: str, method: str, headers: dict[str, str]) -> int:
    try:
        with urlopen(Request(endpoint + path, method=method, headers=headers)) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "file://"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://localhost:4566@evil.example"},
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.nip.io:4566"},
        {"Host": "10.0.0.1"},
        {"Host": "[::1"},
        {"Host": "[::1]evil"},
        {"Host": "evil@localhost"},
        {"Host": "localhost:evil"},
        {"Host": "localhost:4566, evil.example"},
        {"Origin": "http://evil.example@localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost:8890", "Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_request_from_elsewhere_is_refused_on_every_path(cloud, header, method):
    assert {status(cloud.endpoint, path, method, header) for path in ORDERS} == {403}


def test_a_refused_request_runs_nothing(cloud):
    cloud.client("s3").create_bucket(Bucket="kept")
    assert status(cloud.endpoint, "/_cicdlab/reset", "POST", {"Origin": "https://evil.example"}) == 403
    assert status(cloud.endpoint, "/kept", "DELETE", {"Host": "evil.example"}) == 403
    assert [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]] == ["kept"]


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Origin": "http://localhost:8890"},
        {"Origin": "http://127.0.0.1:8891", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://[::1]:8891"},
        {"Host": "localhost:4566"},
        {"Host": "some-bucket.localhost:4566"},
        {"Host": "some-bucket.s3.localhost.localstack.cloud:4566"},
        {"Host": "[::1]:4566"},
        {"Host": "127.1.2.3"},
    ],
)
def test_a_request_from_this_machine_passes(cloud, header):
    assert status(cloud.endpoint, "/_cicdlab/health", "GET", header) == 200


def test_a_name_passes_when_it_was_allowed(start_cloud):
    cloud = start_cloud(allowed_hosts=("engine",))
    assert status(cloud.endpoint, "/_cicdlab/health", "GET", {"Host": "Engine:4566"}) == 200
    assert status(cloud.endpoint, "/_cicdlab/health", "GET", {"Host": "engine.evil.example"}) == 403


def test_no_answer_lets_another_page_read_it(cloud):
    headers = {"Origin": "http://localhost:8890", "Access-Control-Request-Method": "POST"}
    with urlopen(Request(f"{cloud.endpoint}/_cicdlab/health", headers=headers)) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers
    cloud.client("s3").create_bucket(Bucket="open")
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{cloud.endpoint}/open/none", headers=headers))
    assert "Access-Control-Allow-Origin" not in refused.value.headers


def test_the_cloud_listens_on_loopback_only(cloud):
    port = int(cloud.endpoint.rsplit(":", 1)[1])
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))  # would fail if the cloud had taken every address


@given(st.text(), st.text(), st.text())
def test_only_loopback_names_pass_whatever_the_headers_say(host, origin, site):
    reason = guard.refusal({"host": host, "origin": origin, "sec-fetch-site": site})
    if reason is None:
        name = host.rsplit("@", 1)[-1].lower()
        assert any(own in name for own in ("localhost", "127.", "::1", "0:1"))
