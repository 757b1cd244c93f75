"""The action that puts an artifact, or what is in it, into a bucket."""

import io
import stat
import zipfile
from typing import Any

import pytest

from cicdlab.cloud.codepipeline.actions.provider import ActionError, Artifact

from .jobs import Jobs

GIVEN = {"BucketName": "site", "Extract": "true"}


@pytest.fixture
def site(jobs: Jobs) -> Jobs:
    jobs.client("s3").create_bucket(Bucket="site")
    return jobs


def deploy(jobs: Jobs, artifact: Artifact, **given: str) -> None:
    jobs.run("Deploy", "S3", {**GIVEN, **given}, inputs=(artifact,))


def head(jobs: Jobs, key: str) -> dict[str, Any]:
    return dict(jobs.client("s3").head_object(Bucket="site", Key=key))


def test_every_file_of_the_artifact_is_put_under_its_name(site: Jobs) -> None:
    deploy(site, site.supply({"index.html": "<p>", "css/main.css": "p{}"}))
    assert site.keys("site") == ["css/main.css", "index.html"]
    assert site.body("site", "css/main.css") == b"p{}"
    assert [head(site, key)["ContentType"] for key in site.keys("site")] == ["text/css", "text/html"]


@pytest.mark.parametrize("key", ["v1", "v1/"])
def test_an_object_key_is_where_the_files_go(site: Jobs, key: str) -> None:
    deploy(site, site.supply({"index.html": "<p>"}), ObjectKey=key)
    assert site.keys("site") == ["v1/index.html"]


def test_without_extraction_the_zip_itself_is_put(site: Jobs) -> None:
    artifact = site.supply({"index.html": "<p>"})
    deploy(site, artifact, Extract="false", ObjectKey="old/site.zip")
    assert site.body("site", "old/site.zip") == site.body(artifact.bucket, artifact.key)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"Extract": "false"}, "ObjectKey is required when Extract is false"),
        ({"Extract": "yes"}, "true or false, not yes"),
        ({"CannedACL": "everybody"}, "CannedACL everybody is not one of"),
        ({"BucketName": "other"}, "bucket other does not exist"),
    ],
)
def test_a_configuration_that_can_not_work_is_refused(site: Jobs, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ActionError, match=sentence) as refused:
        deploy(site, site.supply({"a": "a"}), **given)
    assert (refused.value.code, site.keys("site")) == ("ConfigurationError", [])


def test_acl_and_cache_control_are_every_objects(site: Jobs) -> None:
    deploy(site, site.supply({"a": "a"}), CannedACL="public-read", CacheControl="public, max-age=0")
    grants = site.client("s3").get_object_acl(Bucket="site", Key="a")["Grants"]
    assert [each["Permission"] for each in grants if each["Grantee"].get("URI", "").endswith("AllUsers")] == ["READ"]
    assert head(site, "a")["CacheControl"] == "public, max-age=0"


def test_a_key_encrypts_what_is_deployed(site: Jobs) -> None:
    key = site.client("kms").create_key()["KeyMetadata"]["Arn"]
    deploy(site, site.supply({"a": "a"}), KMSEncryptionKeyARN=key)
    assert head(site, "a")["SSEKMSKeyId"] == key


def test_what_is_no_zip_is_not_extracted(site: Jobs) -> None:
    with pytest.raises(ActionError, match="could not be extracted: not a valid zip file") as refused:
        deploy(site, site.supply(b"text"))
    assert (refused.value.code, site.keys("site")) == ("JobFailed", [])


def hostile(name: str, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        entry = zipfile.ZipInfo(name)
        entry.create_system = 3
        entry.external_attr = ((stat.S_IFLNK if link else stat.S_IFREG) | 0o777) << 16
        made.writestr(entry, link or "x")
    return buffer.getvalue()


@pytest.mark.parametrize("body", [hostile("../x"), hostile("/etc/x"), hostile("passwd", "/etc/passwd")])
def test_a_zip_that_points_outside_deploys_nothing(site: Jobs, body: bytes) -> None:
    with pytest.raises(ActionError, match="could not be extracted"):
        deploy(site, site.supply(body))
    assert site.keys("site") == []


@pytest.mark.parametrize(("allowed", "bucket"), [("s3:GetObject", "site"), ("s3:PutObject", "store")])
def test_the_role_reads_the_store_and_writes_the_bucket(site: Jobs, allowed: str, bucket: str) -> None:
    artifact = site.supply({"a": "a"})
    site.allow(allowed)
    with pytest.raises(ActionError, match=f"the Amazon S3 bucket named {bucket}") as refused:
        deploy(site, artifact)
    assert (refused.value.code, site.keys("site")) == ("PermissionError", [])
    site.allow("s3:GetObject", "s3:PutObject")
    deploy(site, artifact)
    assert site.keys("site") == ["a"]


def test_a_stopped_action_puts_no_more(site: Jobs) -> None:
    site.stopped.set()
    with pytest.raises(ActionError, match="stopped"):
        deploy(site, site.supply({"a": "a"}))
    assert site.keys("site") == []
