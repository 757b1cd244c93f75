"""Pipelines that start because something new has come to one of their sources."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cicdlab.cloud.core import ACCOUNT
from cicdlab.cloud.git.repository import Repository
from cicdlab.cloud.server import Server, Settings

from ...conftest import RunningCloud
from ...goods import make_role
from ...waiting import wait_until
from ..codecommit.conftest import Learner
from .bench import REGION, Bench, action, definition, site, stage
from .board import signed_in
from .jobs import PIPELINE_TRUST, allowing

POLLED = {"S3Bucket": "source", "S3ObjectKey": "app.zip"}


def create(bench: Bench, provider: str, given: dict[str, str], name: str = "pipe", **members: Any) -> None:
    """Make a pipeline and wait until its first execution is over."""
    fetch = action("Fetch", "Source", provider, given, outputs=("App",))
    first = bench.create(stage("Source", fetch), stage("Deploy", site()), name=name, **members)
    bench.ended(first, name)


def starts(bench: Bench, name: str = "pipe") -> list[str]:
    """Return what started the executions, the first first."""
    return [each["trigger"]["triggerType"] for each in reversed(bench.executions(name))]


def started(bench: Bench, count: int = 2, name: str = "pipe") -> dict[str, Any]:
    """Wait for an execution and return it when it is over."""
    wait_until(lambda: len(bench.executions(name)) >= count, f"{name} has {count} executions")
    return bench.ended(bench.executions(name)[0]["pipelineExecutionId"], name)


def repository(bench: Bench) -> Repository:
    """Return the repository ``shop``, with a first commit on main."""
    bench.client("codecommit").create_repository(repositoryName="shop")
    service: Any = bench.cloud.core.services["codecommit"]
    return service.find(ACCOUNT, REGION, "shop")


@pytest.fixture
def author(bench: Bench, tmp_path: Any) -> Learner:
    return Learner(bench.cloud, tmp_path)


def address(bench: Bench) -> str:
    known = bench.client("codecommit").get_repository(repositoryName="shop")["repositoryMetadata"]
    return signed_in(known["cloneUrlHttp"])


def test_a_new_version_of_the_object_starts_the_pipeline_with_it(bench: Bench) -> None:
    create(bench, "S3", POLLED)
    version = bench.put({"index.html": "new"})
    execution = started(bench)
    assert execution["status"] == "Succeeded"
    assert execution["trigger"] == {"triggerType": "PollForSourceChanges", "triggerDetail": "Fetch"}
    assert execution["artifactRevisions"][0]["revisionId"] == version
    assert bench.body("site", "index.html") == b"new"


def test_what_was_there_when_the_pipeline_was_made_counts_as_seen(bench: Bench) -> None:
    bench.put({"index.html": "again"})
    create(bench, "S3", POLLED)
    create(bench, "S3", POLLED, "other")
    bench.put({"index.html": "new"})
    started(bench)
    started(bench, name="other")
    assert starts(bench) == starts(bench, "other") == ["CreatePipeline", "PollForSourceChanges"]


def test_without_polling_only_others_start_it(bench: Bench) -> None:
    create(bench, "S3", {**POLLED, "PollForSourceChanges": "false"})
    create(bench, "S3", {**POLLED, "PollForSourceChanges": "true"}, "polling")
    bench.put({"index.html": "new"})
    started(bench, name="polling")  # one after the other is looked at, in the order of their making
    assert starts(bench) == ["CreatePipeline"]


@pytest.mark.parametrize("way", ["other key", "other bucket", "refused"])
def test_only_its_own_object_starts_it(bench: Bench, way: str) -> None:
    create(bench, "S3", POLLED)
    s3 = bench.client("s3")
    if way == "other key":
        bench.put({}, key="app.zip.old")
    elif way == "other bucket":
        s3.create_bucket(Bucket="spare")
        s3.put_bucket_versioning(Bucket="spare", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="spare", Key="app.zip", Body=b"")
    else:
        with pytest.raises(s3.exceptions.ClientError):
            s3.copy_object(Bucket="source", Key="app.zip", CopySource="source/nothing.zip")
    bench.put({"index.html": "new"})
    assert started(bench)["status"] == "Succeeded"
    assert starts(bench) == ["CreatePipeline", "PollForSourceChanges"]


def test_copies_and_uploads_in_parts_are_new_versions_too(bench: Bench) -> None:
    create(bench, "S3", POLLED)
    s3 = bench.client("s3")
    bench.put({"index.html": "copied"}, key="other.zip")
    s3.copy_object(Bucket="source", Key="app.zip", CopySource="source/other.zip")
    started(bench)
    assert bench.body("site", "index.html") == b"copied"
    body = bench.body("source", "app.zip")
    upload = s3.create_multipart_upload(Bucket="source", Key="app.zip")["UploadId"]
    part = s3.upload_part(Bucket="source", Key="app.zip", UploadId=upload, PartNumber=1, Body=body)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="source", Key="app.zip", UploadId=upload, MultipartUpload=parts)
    assert started(bench, 3)["status"] == "Succeeded"


def test_every_version_has_an_execution_of_its_own_in_the_order_of_their_making(bench: Bench) -> None:
    create(bench, "S3", POLLED)
    versions = [bench.put({"index.html": str(number)}) for number in range(4)]
    started(bench, 5)
    wait_until(lambda: all(each["status"] != "InProgress" for each in bench.executions()))
    brought = {
        each["pipelineExecutionId"]: each["output"]["outputVariables"]["VersionId"]
        for each in bench.runs()
        if each["actionName"] == "Fetch" and each["status"] == "Succeeded"
    }
    ids = [each["pipelineExecutionId"] for each in reversed(bench.executions())][1:]
    expected = dict(zip(ids, versions, strict=True))
    assert {each: brought[each] for each in ids if each in brought}.items() <= expected.items()
    assert brought[ids[-1]] == versions[-1]


def test_a_role_that_can_not_look_starts_nothing(bench: Bench) -> None:
    create(bench, "S3", POLLED)
    create(bench, "S3", POLLED, "zz", roleArn=make_role(bench.client("iam"), "other", PIPELINE_TRUST))
    text = json.dumps(allowing("s3:PutObject"))
    bench.client("iam").put_role_policy(RoleName="pipeline", PolicyName="all", PolicyDocument=text)
    bench.put({"index.html": "new"})
    started(bench, name="zz")
    assert starts(bench) == ["CreatePipeline"]


def test_a_push_starts_the_pipeline_with_its_commit(bench: Bench, author: Learner) -> None:
    repository(bench)
    author.commit("one\n")
    author.git("push", "--quiet", address(bench), "main")
    create(bench, "CodeCommit", {"RepositoryName": "shop", "BranchName": "main"})
    commit = author.commit("two\n")
    author.git("push", "--quiet", address(bench), "main", "main:dev")
    execution = started(bench)
    assert execution["trigger"]["triggerType"] == "PollForSourceChanges"
    assert [each["revisionId"] for each in execution["artifactRevisions"]] == [commit]
    assert bench.body("site", "page.txt") == b"two\n"
    author.commit("three\n")
    author.git("push", "--quiet", address(bench), "main:dev")
    author.git("tag", "main")
    author.git("push", "--quiet", address(bench), "refs/tags/main")
    author.git("push", "--quiet", address(bench), "refs/heads/main")
    started(bench, 3)
    assert len(bench.executions()) == 3


def test_a_push_behind_a_connection_starts_the_pipeline(bench: Bench, author: Learner) -> None:
    arn = bench.client("codeconnections").create_connection(ConnectionName="hub", ProviderType="GitHub")
    service: Any = bench.cloud.core.services["codeconnections"]
    address = signed_in(service.connect(ACCOUNT, REGION, "hub", ["anna/shop"])["repositories"]["anna/shop"])
    author.commit("one\n")
    author.git("push", "--quiet", address, "main")
    given = {"ConnectionArn": arn["ConnectionArn"], "FullRepositoryId": "anna/shop", "BranchName": "main"}
    create(bench, "CodeStarSourceConnection", {**given, "DetectChanges": "false"}, "deaf")
    create(bench, "CodeStarSourceConnection", given)
    commit = author.commit("two\n")
    author.git("push", "--quiet", address, "main")
    execution = started(bench)
    assert execution["trigger"] == {"triggerType": "WebhookV2", "triggerDetail": arn["ConnectionArn"]}
    assert [each["revisionId"] for each in execution["artifactRevisions"]] == [commit]
    assert starts(bench, "deaf") == ["CreatePipeline"]


def test_a_deleted_pipeline_is_started_by_nothing(bench: Bench) -> None:
    create(bench, "S3", POLLED)
    create(bench, "S3", POLLED, "zz")
    bench.codepipeline.delete_pipeline(name="pipe")
    bench.put({"index.html": "new"})
    assert started(bench, name="zz")["status"] == "Succeeded"
    bench.create(name="pipe")
    assert starts(bench) == ["CreatePipeline"]


def test_beside_another_backend_an_object_nobody_tells_of_is_no_source_to_poll(bench: Bench) -> None:
    with Server(Settings(port=0, backend=bench.cloud.endpoint)) as server:
        beside = Bench(RunningCloud(server), bench.role)
        fetch = [
            action("Fetch", "Source", "S3", {**POLLED, "PollForSourceChanges": each}, outputs=("App",))
            for each in ("true", "false")
        ]
        codepipeline = beside.client("codepipeline")
        wanted = [definition(stage("Source", each), stage("Deploy", site()), role=bench.role) for each in fetch]
        with pytest.raises(ClientError, match="PollForSourceChanges of the action Fetch.*is not simulated") as refused:
            codepipeline.create_pipeline(pipeline=wanted[0])
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert codepipeline.create_pipeline(pipeline=wanted[1])["pipeline"]["version"] == 1
