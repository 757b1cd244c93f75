"""The source that is an object of a versioned bucket."""

from typing import Any

import pytest

from cicdlab.cloud.codepipeline.actions import providers
from cicdlab.cloud.codepipeline.actions.provider import ActionError, Outcome

from .jobs import STORE, Jobs

GIVEN = {"S3Bucket": "source", "S3ObjectKey": "app.zip"}


def run(jobs: Jobs, key: str = "", **given: str) -> Outcome:
    return jobs.run("Source", "S3", {**GIVEN, **given}, outputs=(jobs.place("Source", key),))


def put(jobs: Jobs, body: bytes, key: str = "app.zip") -> dict[str, Any]:
    return dict(jobs.client("s3").put_object(Bucket="source", Key=key, Body=body))


def test_the_newest_version_is_copied_and_told(jobs: Jobs) -> None:
    jobs.versioned()
    put(jobs, b"old")
    stored = put(jobs, b"new")
    done = run(jobs)
    assert jobs.body(STORE, jobs.place("Source").key) == b"new"
    assert done.revision and (done.revision.id, done.revision.summary) == (
        stored["VersionId"],
        f"Amazon S3 version id: {stored['VersionId']}",
    )
    assert done.variables == {
        "BucketName": "source",
        "ETag": stored["ETag"].strip('"'),
        "ObjectKey": "app.zip",
        "VersionId": stored["VersionId"],
    }


def test_a_bucket_without_versions_is_no_source(jobs: Jobs) -> None:
    jobs.client("s3").create_bucket(Bucket="source")
    put(jobs, b"new")
    with pytest.raises(ActionError, match="source does not have versioning enabled") as refused:
        run(jobs)
    assert (refused.value.code, jobs.keys(STORE)) == ("ConfigurationError", [])


@pytest.mark.parametrize(
    ("bucket", "sentence"),
    [("source", "object with key 'app.zip' does not exist"), ("other", "bucket other does not exist")],
)
def test_a_missing_object_or_bucket_is_named(jobs: Jobs, bucket: str, sentence: str) -> None:
    jobs.versioned()
    with pytest.raises(ActionError, match=sentence) as refused:
        run(jobs, S3Bucket=bucket)
    assert refused.value.code == "ConfigurationError"


@pytest.mark.parametrize(
    ("allowed", "bucket"),
    [
        (["s3:GetObject*", "s3:PutObject"], "source"),
        (["s3:GetBucketVersioning", "s3:PutObject"], "source"),
        (["s3:GetBucketVersioning", "s3:GetObject*"], "store"),
    ],
)
def test_a_role_without_a_permission_is_told_which_bucket_it_needs(jobs: Jobs, allowed: list[str], bucket: str) -> None:
    jobs.versioned()
    put(jobs, b"new")
    jobs.allow(*allowed)
    with pytest.raises(ActionError, match=f"access the Amazon S3 bucket named {bucket}") as refused:
        run(jobs)
    assert refused.value.code == "PermissionError"


def test_least_privilege_is_enough(jobs: Jobs) -> None:
    jobs.versioned()
    put(jobs, b"new")
    jobs.allow("s3:GetBucketVersioning", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject")
    assert run(jobs).revision


def test_the_artifact_is_encrypted_with_the_stores_key(jobs: Jobs) -> None:
    jobs.versioned()
    put(jobs, b"new")
    key = jobs.client("kms").create_key()["KeyMetadata"]["Arn"]
    for given, expected in (("", None), (key, key)):
        run(jobs, given)
        head = jobs.client("s3").head_object(Bucket=STORE, Key=jobs.place("Source").key)
        assert head["ServerSideEncryption"] == "aws:kms"
        assert expected is None or head["SSEKMSKeyId"] == expected


def test_the_latest_revision_is_the_newest_version(jobs: Jobs) -> None:
    jobs.versioned()
    source: Any = providers(jobs.cloud.core)["Source", "AWS", "S3", "1"]
    put(jobs, b"1")
    stored = put(jobs, b"2")
    put(jobs, b"3", key="other.zip")
    assert source.latest(jobs.by_role, GIVEN) == stored["VersionId"]
