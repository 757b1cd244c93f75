"""``localstack-client`` against both targets: LocalStack with our cloud beside it, and our cloud alone."""

from collections.abc import Iterator
from typing import Any

import localstack_client.session
import pytest

ACCOUNT = "123456789012"


@pytest.fixture
def hosts(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Give ``host:port`` of what answers for S3, and of what answers for CodeBuild."""
    if request.param == "localstack":
        target = request.getfixturevalue("target")
        yield _host(target.localstack), _host(target.engine)
    else:
        cloud = request.getfixturevalue("cloud")
        yield _host(cloud.endpoint), _host(cloud.endpoint)


@pytest.mark.parametrize("hosts", ["localstack", "embedded"], indirect=True)
def test_buckets_and_projects_are_reached(hosts: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    s3, codebuild = (_session(host).client(name) for host, name in zip(hosts, ("s3", "codebuild"), strict=True))
    s3.create_bucket(Bucket="client-library")
    assert "client-library" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    s3.delete_bucket(Bucket="client-library")
    assert codebuild.batch_get_projects(names=["nobodys"])["projectsNotFound"] == ["nobodys"]


def _session(host: str) -> Any:
    return localstack_client.session.Session(aws_access_key_id=ACCOUNT, localstack_host=host)


def _host(endpoint: str) -> str:
    return endpoint.removeprefix("http://")
