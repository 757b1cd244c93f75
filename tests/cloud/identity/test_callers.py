"""Who a key makes the caller: administrators, users, sessions, and keys that are nobody's."""

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from .conftest import OWN, PARTNER, Accounts, allow, denied, refused

INVALID = ("InvalidClientTokenId", "The security token included in the request is invalid.")
EXPIRED = ("ExpiredToken", "The security token included in the request is expired")
SERVICES = [
    ("sts", "get_caller_identity"),
    ("s3", "list_buckets"),
    ("codebuild", "list_projects"),
    ("ec2", "describe_vpcs"),
]


def identity(client):
    return client("sts").get_caller_identity()["Arn"]


def test_any_key_that_is_not_awss_is_the_learner_who_may_do_everything(accounts: Accounts) -> None:
    for key in ("test", "anything"):
        client = accounts.acting(key, "test")
        assert identity(client) == f"arn:aws:iam::{OWN}:root"
        client("s3").list_buckets()


def test_a_key_of_twelve_digits_is_that_accounts_administrator(accounts: Accounts) -> None:
    assert identity(accounts.acting(PARTNER, "test")) == f"arn:aws:iam::{PARTNER}:root"
    accounts.bucket("here")
    accounts.bucket("there", PARTNER)
    assert [each["Name"] for each in accounts.admin("s3").list_buckets()["Buckets"]] == ["here"]
    assert [each["Name"] for each in accounts.admin("s3", PARTNER).list_buckets()["Buckets"]] == ["there"]


def test_projects_of_two_accounts_do_not_meet(accounts: Accounts) -> None:
    role = accounts.role(allow("*"), account=PARTNER, trusted={"Service": "codebuild.amazonaws.com"})
    machine = {"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"}
    source = {
        "type": "NO_SOURCE",
        "buildspec": "version: 0.2\nphases: {build: {commands: [aws sts get-caller-identity]}}",
    }
    made = accounts.admin("codebuild", PARTNER).create_project(
        name="theirs", source=source, artifacts={"type": "NO_ARTIFACTS"}, environment=machine, serviceRole=role
    )["project"]
    assert made["arn"] == f"arn:aws:codebuild:us-east-1:{PARTNER}:project/theirs"
    assert accounts.admin("codebuild").list_projects()["projects"] == []
    denied(accounts.admin("codebuild").start_build, "codebuild:StartBuild", projectName=made["arn"])


@pytest.mark.parametrize(("service", "operation"), SERVICES)
@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"])
def test_a_key_like_awss_that_was_never_issued_is_nobody(accounts: Accounts, service, operation, key) -> None:
    assert refused(getattr(accounts.acting(key, "x", "y")(service), operation)) == INVALID


def test_a_users_key_counts_until_it_is_switched_off_or_deleted(accounts: Accounts) -> None:
    ann, iam = accounts.user(), accounts.admin("iam")
    assert identity(ann) == f"arn:aws:iam::{OWN}:user/ann"
    [key] = iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refused(ann("sts").get_caller_identity) == INVALID
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Active")
    identity(ann)
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    assert refused(ann("codebuild").list_projects) == INVALID


def test_a_session_is_known_by_key_and_token_together(accounts: Accounts) -> None:
    given = accounts.admin("sts").assume_role(RoleArn=accounts.role(), RoleSessionName="mine")["Credentials"]
    key, secret = given["AccessKeyId"], given["SecretAccessKey"]
    assert (
        identity(accounts.acting(key, secret, given["SessionToken"])) == f"arn:aws:sts::{OWN}:assumed-role/worker/mine"
    )
    for token in (None, "another"):
        assert refused(accounts.acting(key, secret, token)("sts").get_caller_identity) == INVALID


@pytest.mark.parametrize(("service", "operation"), SERVICES)
def test_a_session_ends_when_its_time_is_over(accounts: Accounts, service, operation) -> None:
    worker = accounts.session(accounts.role(allow("*")), DurationSeconds=900)
    getattr(worker(service), operation)()
    accounts.cloud.core.clock.advance(840)
    getattr(worker(service), operation)()
    accounts.cloud.core.clock.advance(60)
    assert refused(getattr(worker(service), operation)) == EXPIRED


def test_a_session_of_a_deleted_role_may_do_nothing_any_more(accounts: Accounts) -> None:
    worker, iam = accounts.session(accounts.role(allow("*"))), accounts.admin("iam")
    worker("s3").list_buckets()
    iam.delete_role_policy(RoleName="worker", PolicyName="all")
    iam.delete_role(RoleName="worker")
    denied(worker("s3").list_buckets, "s3:ListAllMyBuckets")


def test_a_request_that_nobody_signed_reaches_public_objects_only(accounts: Accounts) -> None:
    accounts.bucket("public", hello=b"hello")
    stranger = accounts.cloud.client("s3", config=Config(signature_version=UNSIGNED))
    assert refused(stranger.get_object, Bucket="public", Key="hello") == ("AccessDenied", "Access Denied")
    text = allow("s3:GetObject", "arn:aws:s3:::public/*", Principal="*")
    accounts.admin("s3").put_bucket_policy(Bucket="public", Policy=text)
    assert stranger.get_object(Bucket="public", Key="hello")["Body"].read() == b"hello"
    assert refused(stranger.put_object, Bucket="public", Key="hello", Body=b"") == ("AccessDenied", "Access Denied")
    nobody = accounts.cloud.client("codebuild", config=Config(signature_version=UNSIGNED))
    assert refused(nobody.list_projects)[0] == "MissingAuthenticationToken"


def test_no_header_of_the_callers_chooses_the_account(accounts: Accounts) -> None:
    accounts.bucket("there", PARTNER)
    s3 = accounts.admin("s3")
    s3.meta.events.register(
        "before-sign.s3", lambda request, **_: request.headers.add_header("x-moto-account-id", PARTNER)
    )
    assert s3.list_buckets()["Buckets"] == []
