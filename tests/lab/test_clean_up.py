import boto3
import pytest

from cicdlab.lab.clean_up import clean_up, left_over
from cicdlab.lab.manifest import Entry, Resource
from cicdlab.lab.resources import exists

from ..goods import make_role, trust_in

PARTNER = "210987654321"


def lab(*makes):
    names = {"id": "codebuild/01-a", "title": "A", "section": "CodeBuild", "needs": ["kms"]}
    return Entry(**names, state="here", minutes=20, makes=list(makes))


@pytest.fixture
def session(near_environ):
    return boto3.Session()


def make_key(session, *aliases):
    kms = session.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    for alias in aliases:
        kms.create_alias(AliasName=alias, TargetKeyId=key)
    return key


def state(session, key):
    return session.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def test_a_key_is_scheduled_for_deletion_and_its_alias_is_free_again(session):
    resource = Resource(kind="key", name="alias/a")
    assert not exists(resource, session)
    key, other = make_key(session, "alias/a"), make_key(session, "alias/other")
    assert left_over(lab(resource), session) == [resource]
    assert clean_up(lab(resource), session) == []
    assert (state(session, key), state(session, other)) == ("PendingDeletion", "Enabled")
    make_key(session, "alias/a")


def test_two_aliases_of_one_key_are_both_removed(session):
    makes = [Resource(kind="key", name=name) for name in ("alias/a", "alias/a-old")]
    key = make_key(session, "alias/a", "alias/a-old")
    assert clean_up(lab(*makes), session) == []
    assert state(session, key) == "PendingDeletion"


def test_a_role_of_another_account_is_removed_and_its_namesake_stays(session):
    partner = boto3.Session(PARTNER, "test")
    for each in (session, partner):
        make_role(each.client("iam"), "worker", trust_in({"AWS": PARTNER}))
    there = Resource(kind="role", name="worker", account=PARTNER)
    assert left_over(lab(there), session) == [there]
    assert clean_up(lab(there), session) == []
    assert exists(Resource(kind="role", name="worker"), session)
