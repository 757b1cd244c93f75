import json
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cicdlab.cloud.server import PortTakenError, Server, Settings


def test_one_endpoint_answers_for_our_services_and_for_the_others(cloud):
    assert cloud.client("codebuild").list_projects()["projects"] == []
    assert cloud.client("sts").get_caller_identity()["Account"] == "123456789012"
    cloud.client("ssm").put_parameter(Name="/a", Value="b", Type="String")
    assert cloud.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "b"


def test_health_names_what_runs(cloud):
    health = json.load(urlopen(f"{cloud.endpoint}/_cicdlab/health"))
    assert health["status"] == "running"
    assert health["services"]["codebuild"] == "running"
    assert health["clock"] == {"mode": "instant", "now": "2026-11-02T09:00:00+00:00", "held": False}


def test_an_operation_that_is_not_built_says_so_once(cloud):
    calls = []
    codebuild = cloud.client("codebuild", config=Config())
    codebuild.meta.events.register("before-send.codebuild.*", lambda **_: calls.append(1))
    with pytest.raises(ClientError, match="codebuild:CreateWebhook is not simulated") as refused:
        codebuild.create_webhook(projectName="demo")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert len(calls) == 1


@pytest.mark.parametrize(
    "target", ["codebuild_20161006.ListProjects", "Other.ListProjects", "CodeBuild_20161006", "a.b.c"]
)
def test_a_target_that_is_nobodys_is_an_unknown_operation(cloud, target):
    scope = (
        "AWS4-HMAC-SHA256 Credential=test/20261102/us-east-1/codebuild/aws4_request, SignedHeaders=host, Signature=0"
    )
    headers = {"X-Amz-Target": target, "Authorization": scope, "Content-Type": "application/x-amz-json-1.1"}
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(cloud.endpoint, data=b"{}", headers=headers))
    assert refused.value.code == 404
    assert json.load(refused.value)["__type"] == "UnknownOperationException"


@pytest.mark.parametrize("path", ["/_cicdlab/reset", "/moto-api/reset"])
def test_a_reset_clears_our_services_and_the_others(cloud, path):
    cloud.client("s3").create_bucket(Bucket="gone")
    cloud.core.clock.advance(60)
    urlopen(f"{cloud.endpoint}{path}", data=b"")
    assert cloud.client("s3").list_buckets()["Buckets"] == []
    assert cloud.client("codebuild").list_projects()["projects"] == []
    assert cloud.core.clock.now().minute == 0


def test_a_body_that_is_too_large_is_refused(cloud):
    codebuild = cloud.client("codebuild")
    with pytest.raises(ClientError) as refused:
        codebuild.batch_get_builds(ids=["x" * 1000] * 20000)
    assert refused.value.response["Error"]["Code"] == "RequestEntityTooLargeException"


def test_a_key_of_s3_may_hold_what_has_a_meaning_in_urls(cloud):
    keys = ["a#b", "a%20b", "a%2Fb", "a&b", "a+b", "a//b", "a?b"]
    for s3, bucket in ((cloud.client("s3"), "learners"), (cloud.core.client("s3", "us-east-1"), "engines")):
        s3.create_bucket(Bucket=bucket)
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == keys
        assert [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys] == keys


def test_the_engines_clients_see_what_a_learner_made_and_back(cloud):
    learner, engine = cloud.client("s3"), cloud.core.client("s3", "us-east-1")
    learner.create_bucket(Bucket="shared")
    engine.put_object(Bucket="shared", Key="a b/ü", Body=b"x" * 100_000)
    assert len(learner.get_object(Bucket="shared", Key="a b/ü")["Body"].read()) == 100_000
    assert b"".join(engine.get_object(Bucket="shared", Key="a b/ü")["Body"].iter_chunks(1000)) == b"x" * 100_000


def test_an_empty_object_is_uploaded_at_once(cloud):
    s3 = cloud.client("s3", config=Config(read_timeout=5, retries={"max_attempts": 0}))
    s3.create_bucket(Bucket="package")
    s3.put_object(Bucket="package", Key="__init__.py", Body=b"")
    s3.put_object(Bucket="package", Key="next.py", Body=b"pass")
    assert [found["Size"] for found in s3.list_objects_v2(Bucket="package")["Contents"]] == [0, 4]


def test_the_engines_clients_need_no_server_thread(start_cloud):
    cloud = start_cloud(threads=1)
    cloud.client("s3").create_bucket(Bucket="busy")
    with ThreadPoolExecutor(16) as pool:
        lists = pool.map(lambda _: cloud.core.client("s3", "us-east-1").list_buckets()["Buckets"], range(32))
        assert all(len(buckets) == 1 for buckets in lists)


def test_beside_another_backend_only_our_services_answer(start_cloud):
    backend = start_cloud()
    front = start_cloud(backend=backend.endpoint)
    assert front.client("codebuild").list_projects()["projects"] == []
    with pytest.raises(ClientError, match="the rest is at"):
        front.client("sqs").list_queues()
    front.core.client("s3", "us-east-1").create_bucket(Bucket="there")
    assert backend.client("s3").list_buckets()["Buckets"][0]["Name"] == "there"


def test_a_taken_port_is_named(cloud):
    port = int(cloud.endpoint.rsplit(":", 1)[1])
    with pytest.raises(PortTakenError, match=str(port)):
        Server(Settings(port=port))
