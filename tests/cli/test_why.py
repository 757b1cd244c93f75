"""`cicdlab why` explains the last denied requests."""

import json

import pytest
from botocore.exceptions import ClientError

from .support import is_one_sentence

LEAST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "ReadMine", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::mine/*"},
        {"Effect": "Deny", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
    ],
}


@pytest.fixture
def ann(cloud):
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=json.dumps(LEAST))
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return cloud.client("s3", **keys)


def deny(call, **members):
    with pytest.raises(ClientError):
        call(**members)


def test_each_statement_says_why_it_does_or_does_not_apply(cicdlab, cloud, ann):
    cloud.client("s3").create_bucket(Bucket="yours")
    deny(ann.get_object, Bucket="yours", Key="a")
    deny(ann.list_buckets)

    done = cicdlab("why", CICDLAB_ENDPOINT=cloud.endpoint)

    assert done.returncode == 0
    assert done.stdout == (
        "s3:GetObject on arn:aws:s3:::yours/a\n"
        "  asked by   arn:aws:iam::123456789012:user/ann\n"
        "  denied     because no identity-based policy allows it\n"
        "  no match   user_ann_own, ReadMine (Allow): its Resource does not include arn:aws:s3:::yours/a\n"
        "  no match   user_ann_own, statement 2 (Deny): its Action does not include s3:GetObject\n"
        "\n"
        "s3:ListAllMyBuckets on *\n"
        "  asked by   arn:aws:iam::123456789012:user/ann\n"
        "  denied     by a statement of an identity-based policy\n"
        "  no match   user_ann_own, ReadMine (Allow): its Action does not include s3:ListAllMyBuckets\n"
        "  applies    user_ann_own, statement 2 (Deny)\n"
    )


def test_as_many_are_told_as_are_asked_for(cicdlab, cloud, ann):
    for name in ("one", "two", "three"):
        cloud.client("s3").create_bucket(Bucket=f"yours-{name}")
        deny(ann.get_object, Bucket=f"yours-{name}", Key="a")

    shown = cicdlab("why", "--last", "1", CICDLAB_ENDPOINT=cloud.endpoint).stdout

    assert shown.startswith("s3:GetObject on arn:aws:s3:::yours-three/a\n")
    assert "yours-two" not in shown


def test_without_a_cloud_it_says_so_in_one_sentence(cicdlab):
    done = cicdlab("why", CICDLAB_ENDPOINT="http://127.0.0.1:1")
    assert done.returncode == 1
    assert is_one_sentence(done.stderr)
