"""Roles are assumed when trust and identity policies say so, and sessions are what they were asked for."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from cicdlab.cloud.identity.roles import ServiceRoles

from ...goods import make_role, trust_in
from .conftest import OWN, PARTNER, Accounts, allow, denied, refused

ASSUME = "sts:AssumeRole"


def test_a_role_of_another_account_is_assumed_when_it_trusts_and_the_caller_may(accounts: Accounts) -> None:
    trusting = accounts.role(allow("s3:*"), "trusting", PARTNER, {"AWS": f"arn:aws:iam::{OWN}:root"})
    closed = accounts.role(allow("s3:*"), "closed", PARTNER)
    accounts.bucket("theirs", PARTNER)
    ann = accounts.user(allow(ASSUME), "ann")
    worker = accounts.session(trusting, by=ann)
    assert worker("sts").get_caller_identity()["Account"] == PARTNER
    assert [each["Name"] for each in worker("s3").list_buckets()["Buckets"]] == ["theirs"]
    message = denied(ann("sts").assume_role, ASSUME, RoleArn=closed, RoleSessionName="session")
    assert message == (
        f"User: arn:aws:iam::{OWN}:user/ann is not authorized to perform: sts:AssumeRole on resource: {closed} "
        "because no role trust policy allows the sts:AssumeRole action"
    )
    bob = accounts.user(name="bob")
    assert "no identity-based policy" in denied(bob("sts").assume_role, ASSUME, RoleArn=trusting, RoleSessionName="bob")


def test_in_its_own_account_a_trust_policy_that_names_the_user_is_enough(accounts: Accounts) -> None:
    ann, bob = accounts.user(), accounts.user(name="bob")
    role = accounts.role(trusted={"AWS": f"arn:aws:iam::{OWN}:user/ann"})
    accounts.session(role, by=ann)
    denied(bob("sts").assume_role, ASSUME, RoleArn=role, RoleSessionName="bob")


@pytest.mark.parametrize("role", ["missing", "path/missing"])
def test_a_role_that_does_not_exist_can_not_be_assumed(accounts: Accounts, role: str) -> None:
    denied(accounts.admin("sts").assume_role, ASSUME, RoleArn=f"arn:aws:iam::{OWN}:role/{role}", RoleSessionName="me")


def test_an_external_id_must_be_the_one_of_the_trust_policy(accounts: Accounts) -> None:
    trust = trust_in({"AWS": OWN}, StringEquals={"sts:ExternalId": "secret-7"})
    role = make_role(accounts.admin("iam", PARTNER), "deployer", trust)
    for given in ({}, {"ExternalId": "guess"}):
        denied(accounts.admin("sts").assume_role, ASSUME, RoleArn=role, RoleSessionName="me", **given)
    accounts.admin("sts").assume_role(RoleArn=role, RoleSessionName="me", ExternalId="secret-7")


def test_an_explicit_deny_in_a_trust_policy_wins(accounts: Accounts) -> None:
    trust = trust_in({"AWS": OWN})
    trust["Statement"].append({"Effect": "Deny", "Principal": {"AWS": OWN}, "Action": ASSUME})
    role = make_role(accounts.admin("iam"), "deployer", trust)
    message = denied(accounts.admin("sts").assume_role, ASSUME, RoleArn=role, RoleSessionName="me")
    assert message.endswith("with an explicit deny in the role trust policy")


def test_a_session_lasts_as_long_as_the_role_allows(accounts: Accounts) -> None:
    role, sts = accounts.role(), accounts.admin("sts")
    code, message = refused(sts.assume_role, RoleArn=role, RoleSessionName="me", DurationSeconds=3601)
    assert (code, "MaxSessionDuration" in message) == ("ValidationError", True)
    accounts.admin("iam").update_role(RoleName="worker", MaxSessionDuration=7200)
    given = sts.assume_role(RoleArn=role, RoleSessionName="me", DurationSeconds=7200)["Credentials"]
    assert timedelta(seconds=7190) < given["Expiration"] - datetime.now(UTC) <= timedelta(seconds=7200)


def test_a_session_that_a_session_assumes_lasts_an_hour_at_most(accounts: Accounts) -> None:
    second = make_role(accounts.admin("iam"), "second", trust_in({"AWS": OWN}))
    accounts.admin("iam").update_role(RoleName="second", MaxSessionDuration=7200)
    first = accounts.session(accounts.role(allow(ASSUME)))
    wanted = {"RoleArn": second, "RoleSessionName": "me"}
    assert refused(first("sts").assume_role, DurationSeconds=3601, **wanted)[0] == "ValidationError"
    first("sts").assume_role(DurationSeconds=3600, **wanted)


@pytest.mark.parametrize("name", ["a", "with space", "x" * 65])
def test_a_session_name_outside_of_the_pattern_is_refused(accounts: Accounts, name: str) -> None:
    sts = accounts.admin("sts")
    sts.meta.events.unregister("before-parameter-build.sts.AssumeRole")
    role = accounts.role()
    with pytest.raises(Exception, match="ValidationError|length"):
        sts.assume_role(RoleArn=role, RoleSessionName=name)


def test_a_session_policy_narrows_the_session(accounts: Accounts) -> None:
    accounts.bucket("goods", a=b"1")
    role = accounts.role(allow("s3:*"))
    worker = accounts.session(role, Policy=allow("s3:GetObject"))
    worker("s3").get_object(Bucket="goods", Key="a")
    message = denied(worker("s3").put_object, "s3:PutObject", Bucket="goods", Key="a", Body=b"")
    assert message.endswith("because no session policy allows the s3:PutObject action")


def test_a_session_may_be_narrowed_by_managed_policies(accounts: Accounts) -> None:
    accounts.bucket("goods", a=b"1")
    worker = accounts.session(
        accounts.role(allow("*")), PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}]
    )
    worker("s3").get_object(Bucket="goods", Key="a")
    denied(worker("s3").put_object, "s3:PutObject", Bucket="goods", Key="a", Body=b"")
    missing = [{"arn": f"arn:aws:iam::{OWN}:policy/missing"}]
    assert (
        refused(accounts.session, role_arn=f"arn:aws:iam::{OWN}:role/worker", PolicyArns=missing)[0]
        == "MalformedPolicyDocument"
    )


def test_session_tags_are_principal_tags(accounts: Accounts) -> None:
    accounts.bucket("teams", **{"blue": b"1"})
    text = allow("s3:GetObject", "arn:aws:s3:::teams/${aws:PrincipalTag/team}")
    trust = trust_in({"AWS": OWN})
    trust["Statement"][0]["Action"] = [ASSUME, "sts:TagSession"]
    role = make_role(accounts.admin("iam"), "worker", trust, json.loads(text))
    blue = accounts.session(role, Tags=[{"Key": "team", "Value": "blue"}])
    blue("s3").get_object(Bucket="teams", Key="blue")
    red = accounts.session(role, Tags=[{"Key": "team", "Value": "red"}])
    denied(red("s3").get_object, "s3:GetObject", Bucket="teams", Key="blue")
    untagged = accounts.role(name="untagged")
    tags = [{"Key": "team", "Value": "blue"}]
    denied(accounts.admin("sts").assume_role, "sts:TagSession", RoleArn=untagged, RoleSessionName="me", Tags=tags)


def test_a_user_gets_a_session_token_with_her_own_permissions(accounts: Accounts) -> None:
    ann = accounts.user(allow("s3:ListAllMyBuckets"))
    given = ann("sts").get_session_token()["Credentials"]
    temporary = accounts.acting(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert temporary("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{OWN}:user/ann"
    temporary("s3").list_buckets()
    denied(temporary("codebuild").list_projects, "codebuild:ListProjects")
    assert refused(temporary("sts").get_session_token)[0] == "AccessDenied"


def test_what_sts_is_not_here_says_so(accounts: Accounts) -> None:
    code, message = refused(accounts.admin("sts").get_federation_token, Name="ann")
    assert (code, "is not simulated" in message) == ("NotImplemented", True)


def service_trusts(accounts: Accounts, role: str, service: str, account: str = OWN, source: str = "") -> bool:
    roles = ServiceRoles(accounts.cloud.core.access, accounts.cloud.core.client, service)
    return roles.trusts(role, account, source or f"arn:aws:codebuild:us-east-1:{account}:project/demo")


def test_a_role_is_assumed_by_the_services_that_it_trusts(accounts: Accounts) -> None:
    role = accounts.role(trusted={"Service": ["codebuild.amazonaws.com", "codepipeline.amazonaws.com"]})
    assert service_trusts(accounts, role, "codebuild.amazonaws.com")
    assert service_trusts(accounts, role, "codepipeline.amazonaws.com")
    assert not service_trusts(accounts, role, "codedeploy.amazonaws.com")
    assert not service_trusts(accounts, accounts.role(name="for-people"), "codebuild.amazonaws.com")
    assert not service_trusts(accounts, f"arn:aws:iam::{OWN}:role/missing", "codebuild.amazonaws.com")


def test_a_trust_policy_sees_for_whom_a_service_acts(accounts: Accounts) -> None:
    service = {"Service": "codebuild.amazonaws.com"}
    source = {"ArnLike": {"aws:SourceArn": f"arn:aws:codebuild:*:{OWN}:project/timetable*"}}
    for_account = make_role(accounts.admin("iam"), "a", trust_in(service, StringEquals={"aws:SourceAccount": OWN}))
    for_project = make_role(accounts.admin("iam"), "b", trust_in(service, **source))
    assert service_trusts(accounts, for_account, service["Service"])
    assert not service_trusts(accounts, for_account, service["Service"], PARTNER)
    assert service_trusts(
        accounts, for_project, service["Service"], source=f"arn:aws:codebuild:us-east-1:{OWN}:project/timetable"
    )
    assert not service_trusts(accounts, for_project, service["Service"])
