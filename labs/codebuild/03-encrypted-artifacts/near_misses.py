"""For each check the right thing with one setting wrong: made from the finished lab, looked at, and put right again.

Each function changes one thing, yields the sentence that its check must then answer with, and restores what it changed.
"""

import json

from cicdlab.lab.proof import near_miss

BUCKET, PROJECT = "screens-releases", "screens"
ALIAS, OLD = "alias/screens-artifacts", "alias/screens-artifacts-old"
RELEASE = "arn:aws:iam::210987654321:role/screens-release"
AWSS_KEY = "arn:aws:kms:us-east-1:123456789012:alias/aws/s3"


@near_miss("bucket")
def whole_bucket(aws):
    s3 = aws.client("s3")
    good = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=good.replace(f"{BUCKET}/artifacts/", f"{BUCKET}/"))
    yield (
        f"the bucket policy lets {RELEASE} s3:GetObject on arn:aws:s3:::{BUCKET}/private/salaries.csv, "
        "more than the partner needs; narrow it"
    )
    s3.put_bucket_policy(Bucket=BUCKET, Policy=good)


@near_miss("key")
def default_key(aws):
    codebuild = aws.client("codebuild")
    good = codebuild.batch_get_projects(names=[PROJECT])["projects"][0]["encryptionKey"]
    codebuild.update_project(name=PROJECT, encryptionKey=AWSS_KEY)
    yield "the project still encrypts with AWS's own key, alias/aws/s3; give it your alias as encryptionKey"
    codebuild.update_project(name=PROJECT, encryptionKey=good)


@near_miss("role")
def every_key(aws):
    policy = aws.resource("iam").RolePolicy("screens-build", "key")
    good = policy.policy_document
    policy.put(PolicyDocument=changed(good, Resource="*"))
    yield "the role of the build may kms:GenerateDataKey with other keys, too; name your key as the Resource"
    policy.put(PolicyDocument=json.dumps(good))


@near_miss("partner")
def own_account_only(aws):
    kms = aws.client("kms")
    first = kms.describe_key(KeyId=OLD)["KeyMetadata"]
    good = kms.get_key_policy(KeyId=first["KeyId"], PolicyName="default")["Policy"]
    kept = [each for each in json.loads(good)["Statement"] if RELEASE not in json.dumps(each)]
    fewer = json.dumps({"Version": "2012-10-17", "Statement": kept})
    kms.put_key_policy(KeyId=first["KeyId"], PolicyName="default", Policy=fewer)
    yield f"the policy of {first['Arn']} does not let {RELEASE} kms:Decrypt; add a statement"
    kms.put_key_policy(KeyId=first["KeyId"], PolicyName="default", Policy=good)


@near_miss("refusal")
def only_without_a_word(aws):
    s3 = aws.client("s3")
    good = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    policy = json.loads(good)
    for each in policy["Statement"]:
        if each["Effect"] == "Deny":
            each["Condition"] = {"Null": {"s3:x-amz-server-side-encryption": "true"}}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    yield "an upload with AES256 is not refused by the bucket policy; deny it"
    s3.put_bucket_policy(Bucket=BUCKET, Policy=good)


@near_miss("replaced")
def old_key_only(aws):
    kms, iam = aws.client("kms"), partners_iam(aws)
    old, new = (kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] for alias in (OLD, ALIAS))
    policy = iam.RolePolicy("screens-release", "key")
    good = policy.policy_document
    policy.put(PolicyDocument=changed(good, Resource=old))
    yield f"no policy of the partner's role allows kms:Decrypt on {new}; add it in their account"
    policy.put(PolicyDocument=json.dumps(good))


@near_miss("rotation")
def rotation_off(aws):
    kms = aws.client("kms")
    key = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["Arn"]
    kms.disable_key_rotation(KeyId=key)
    yield f"the key behind {ALIAS} is not rotated; switch its rotation on"
    kms.enable_key_rotation(KeyId=key)


def changed(policy, **members):
    """A policy with other members in each of its statements."""
    return json.dumps({**policy, "Statement": [each | members for each in policy["Statement"]]})


def partners_iam(aws):
    secret = aws.get_credentials().secret_key
    return aws.resource("iam", aws_access_key_id="210987654321", aws_secret_access_key=secret)
