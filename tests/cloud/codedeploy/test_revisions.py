"""Revisions of an application, as the API keeps them."""

from typing import Any

import pytest

from .conftest import BUCKET, Bench, place, refused


def register(bench: Bench, revision: dict[str, Any], **members: str) -> None:
    bench.codedeploy.register_application_revision(applicationName="app", revision=revision, **members)


def listed(bench: Bench, **members: str) -> list[str]:
    found = bench.codedeploy.list_application_revisions(applicationName="app", **members)["revisions"]
    return [each["s3Location"]["key"] for each in found]


def test_a_registered_revision_is_shown(bench: Bench) -> None:
    register(bench, place(version="v1", eTag="abc"), description="first")
    shown = bench.codedeploy.get_application_revision(applicationName="app", revision=place(version="v1", eTag="abc"))
    assert (shown["applicationName"], shown["revision"]) == ("app", place(version="v1", eTag="abc"))
    known = shown["revisionInfo"]
    assert (known["description"], known["deploymentGroups"]) == ("first", [])
    assert "registerTime" in known and "firstUsedTime" not in known
    register(bench, place(version="v1", eTag="abc"), description="again")
    shown = bench.codedeploy.get_application_revision(applicationName="app", revision=place(version="v1", eTag="abc"))
    assert shown["revisionInfo"] == {**known, "description": "again"}
    assert listed(bench) == ["app.zip"]


def test_another_version_is_another_revision(bench: Bench) -> None:
    register(bench, place(version="v1"))
    code, _ = refused(bench.codedeploy.get_application_revision, applicationName="app", revision=place(version="v2"))
    assert code == "RevisionDoesNotExistException"


def test_quotes_around_an_etag_do_not_count(bench: Bench) -> None:
    register(bench, place(eTag='"abc"'))
    shown = bench.codedeploy.get_application_revision(applicationName="app", revision=place(eTag="abc"))
    assert shown["revision"] == place(eTag="abc")


def test_revisions_are_got_together(bench: Bench) -> None:
    register(bench, place("a.zip"))
    register(bench, place("b.zip"))
    asked = [place("b.zip"), place("gone.zip"), place("a.zip")]
    found = bench.codedeploy.batch_get_application_revisions(applicationName="app", revisions=asked)
    assert found["applicationName"] == "app"
    assert [each["revisionLocation"] for each in found["revisions"]] == [place("b.zip"), place("a.zip")]
    assert all("registerTime" in each["genericRevisionInfo"] for each in found["revisions"])


def test_revisions_are_listed_by_bucket_prefix_and_time(bench: Bench) -> None:
    for key in ("v1/b.zip", "v1/a.zip", "v2/a.zip"):
        register(bench, place(key))
        bench.cloud.core.clock.advance(60)
    other = {"revisionType": "S3", "s3Location": {"bucket": "other", "key": "v1/c.zip", "bundleType": "zip"}}
    register(bench, other)
    assert listed(bench, s3Bucket=BUCKET, s3KeyPrefix="v1/") == ["v1/b.zip", "v1/a.zip"]
    assert listed(bench, s3Bucket="other") == ["v1/c.zip"]
    assert listed(bench, sortBy="registerTime", sortOrder="descending") == [
        "v1/c.zip",
        "v2/a.zip",
        "v1/a.zip",
        "v1/b.zip",
    ]
    assert listed(bench, deployed="exclude", s3Bucket="other") == ["v1/c.zip"]
    assert listed(bench, deployed="include") == []
    code, _ = refused(bench.codedeploy.list_application_revisions, applicationName="app", s3KeyPrefix="v1/")
    assert code == "BucketNameFilterRequiredException"


@pytest.mark.parametrize("missing", ["bucket", "key", "bundleType"])
def test_a_location_in_s3_must_be_whole(bench: Bench, missing: str) -> None:
    revision = place()
    del revision["s3Location"][missing]
    code, message = refused(bench.codedeploy.register_application_revision, applicationName="app", revision=revision)
    assert (code, missing in message) == ("InvalidRevisionException", True)


def test_a_bundle_for_instances_is_an_archive(bench: Bench) -> None:
    for kind in ("YAML", "JSON"):
        revision = place(bundleType=kind)
        code, _ = refused(bench.codedeploy.register_application_revision, applicationName="app", revision=revision)
        assert code == "InvalidRevisionException"
    for kind in ("tar", "tgz", "zip"):
        register(bench, place(f"app.{kind}", bundleType=kind))
    assert listed(bench) == ["app.tar", "app.tgz", "app.zip"]


@pytest.mark.parametrize(
    "revision",
    [
        {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b", "commitId": "c"}},
        {"revisionType": "String", "string": {"content": "x", "sha256": "y"}},
        {"revisionType": "AppSpecContent", "appSpecContent": {"content": "x"}},
    ],
    ids=lambda revision: revision["revisionType"],
)
def test_revisions_elsewhere_are_refused_by_name(bench: Bench, revision: dict[str, Any]) -> None:
    code, message = refused(bench.codedeploy.register_application_revision, applicationName="app", revision=revision)
    assert (code, f"a revision of type {revision['revisionType']}" in message) == ("NotImplemented", True)


def test_a_deployment_needs_a_revision(bench: Bench) -> None:
    bench.group()
    request = {"applicationName": "app", "deploymentGroupName": "fleet"}
    assert refused(bench.codedeploy.create_deployment, **request)[0] == "RevisionRequiredException"
    assert refused(bench.codedeploy.create_deployment, **request, revision={})[0] == "RevisionRequiredException"
    assert bench.codedeploy.list_deployments()["deployments"] == []
