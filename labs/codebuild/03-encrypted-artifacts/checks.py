"""What this lab asks for; every check reads what boto3 returns and changes nothing."""

import json

from botocore.exceptions import ClientError

from cicdlab.lab.checks import NotYet, check

BUCKET, PROJECT, BOARD = "screens-releases", "screens", "artifacts/screens/board.txt"
OWN, PARTNER, STRANGER = "123456789012", "210987654321", "345678901234"
BUILD, RELEASE = f"arn:aws:iam::{OWN}:role/screens-build", f"arn:aws:iam::{PARTNER}:role/screens-release"
PARTNERS_ADMINISTRATOR, STRANGERS_ADMINISTRATOR = (f"arn:aws:iam::{number}:root" for number in (PARTNER, STRANGER))
ALIAS, OLD = "alias/screens-artifacts", "alias/screens-artifacts-old"
OBJECT, OTHER_OBJECT = f"arn:aws:s3:::{BUCKET}/{BOARD}", f"arn:aws:s3:::{BUCKET}/private/salaries.csv"
OTHER_KEY = f"arn:aws:kms:us-east-1:{OWN}:key/00000000-0000-0000-0000-000000000000"
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
# What S3 tells KMS when it uses a key for somebody.
VIA_S3 = {
    "kms:ViaService": "s3.us-east-1.amazonaws.com",
    "kms:EncryptionContext:aws:s3:arn": OBJECT,
    "aws:SecureTransport": "true",
}
ENCRYPTION = "s3:x-amz-server-side-encryption"


@check(
    "bucket",
    f"{BUCKET} holds the board, and its policy lets the partner's role, and nobody else, read what is below artifacts/",
    hints=[
        "A bucket policy is a policy with a Principal: who may do it. A role of another account is named by its ARN.",
        "Objects are meant by arn:aws:s3:::BUCKET/PREFIX/*, the bucket itself by arn:aws:s3:::BUCKET.",
        f"put_bucket_policy wants Bucket and Policy; the statement allows s3:GetObject to {RELEASE}.",
    ],
)
def bucket(aws):
    board(aws)
    policy = bucket_policy(aws)
    if not policy:
        raise NotYet(f"{BUCKET} has no policy; write one with put_bucket_policy")
    if not allowed(aws, RELEASE, "s3:GetObject", OBJECT, policy, EVERYTHING):
        raise NotYet(f"the bucket policy does not let {RELEASE} s3:GetObject on {OBJECT}; add what is missing")
    for who, action, resource in (
        (RELEASE, "s3:GetObject", OTHER_OBJECT),
        (RELEASE, "s3:PutObject", OBJECT),
        (RELEASE, "s3:DeleteObject", OBJECT),
        (PARTNERS_ADMINISTRATOR, "s3:GetObject", OBJECT),
        (STRANGERS_ADMINISTRATOR, "s3:GetObject", OBJECT),
    ):
        if allowed(aws, who, action, resource, policy, EVERYTHING, {ENCRYPTION: "aws:kms"}):
            raise NotYet(f"the bucket policy lets {who} {action} on {resource}, more than the partner needs; narrow it")


@check(
    "key",
    f"The project encrypts by {ALIAS}, which is a customer managed key of yours",
    hints=[
        "create_key makes the key, create_alias gives it a name: the name begins with alias/.",
        "create_key answers with KeyMetadata; its KeyId is the TargetKeyId of the alias.",
        "A project's setting for this is encryptionKey; update_project changes just what you name.",
    ],
)
def key(aws):
    found = the_key(aws, ALIAS)
    if not found:
        raise NotYet(f"there is no {ALIAS}; make a key and give it this alias")
    if found["Arn"] == (the_key(aws, "alias/aws/s3") or {}).get("Arn"):
        raise NotYet(f"{ALIAS} is another name of AWS's key; make a key of your own")
    if found["KeyState"] != "Enabled" or found["KeySpec"] != "SYMMETRIC_DEFAULT":
        raise NotYet(f"the key is {found['KeySpec']} and {found['KeyState']}; S3 needs an enabled symmetric one")
    used = project(aws)["encryptionKey"]
    if used.endswith("alias/aws/s3"):
        raise NotYet("the project still encrypts with AWS's own key, alias/aws/s3; give it your alias as encryptionKey")
    if used.removeprefix(f"arn:aws:kms:us-east-1:{OWN}:") != ALIAS:
        raise NotYet(f"the project encrypts with {used}; give it your alias as encryptionKey")


@check(
    "role",
    "The board is encrypted by your key, and the build's role may ask for data keys of this key, and of no other",
    hints=[
        "The failed build names the action and the resource that its role lacks.",
        "iam.put_role_policy gives the role another policy of its own; the one that is there can stay as it is.",
        "In a policy, the Resource for a key is always its key ARN; an alias does not count there. Then build again.",
    ],
)
def role(aws):
    found = the_key(aws, ALIAS)
    if not found:
        raise NotYet(f"there is no {ALIAS} yet; do Task 2 first")
    if not allowed(aws, BUILD, "kms:GenerateDataKey", found["Arn"], key_policy(aws, found), "", VIA_S3):
        raise NotYet(f"the role of the build may not kms:GenerateDataKey on {found['Arn']}; allow it")
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        if allowed(aws, BUILD, action, OTHER_KEY, "", "", VIA_S3):
            raise NotYet(f"the role of the build may {action} with other keys, too; name your key as the Resource")
    first = the_key(aws, OLD) or found
    for action in ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"):
        if allowed(aws, BUILD, action, first["Arn"]):
            raise NotYet(f"the role of the build may {action}; it only has to ask for data keys")
    if board(aws).get("SSEKMSKeyId") != found["Arn"]:
        raise NotYet("the board in the bucket is encrypted by another key; build it again")


@check(
    "partner",
    "The key you made lets the partner's role decrypt, and nobody else abroad; the partner's account lets it, too",
    hints=[
        "Two policies in two accounts have to say yes: the key's own policy here, the role's policy there.",
        "put_key_policy replaces the whole policy: write the statement for your own account again, and yours after it.",
        "In a key policy, Resource is *: this key. In the role's policy, Resource is the ARN of the key.",
    ],
)
def partner(aws):
    first = the_key(aws, OLD) or the_key(aws, ALIAS)
    if not first:
        raise NotYet(f"there is no {ALIAS} yet; do Task 2 first")
    require_key_half(aws, first)
    require_own_half(aws, first)


@check(
    "refusal",
    f"{BUCKET} has refused a build that did not ask for encryption with KMS, and the project asks for it again",
    hints=[
        "A statement with the effect Deny wins over every Allow. For everybody, its Principal is *.",
        f"What an upload says about encryption is in {ENCRYPTION}; think of uploads that say nothing, and of AES256.",
        "StringNotEquals also holds when the request has no such header. Deny the upload, not the reading.",
    ],
)
def refusal(aws):
    policy = bucket_policy(aws)
    if not policy:
        raise NotYet(f"{BUCKET} has no policy yet; do Task 1 first")
    for said in ({}, {ENCRYPTION: "AES256"}):
        if decided(aws, BUILD, "s3:PutObject", OBJECT, policy, "", said) != "explicitDeny":
            about = f"with {said[ENCRYPTION]}" if said else "without a word on encryption"
            raise NotYet(f"an upload {about} is not refused by the bucket policy; deny it")
    if not allowed(aws, BUILD, "s3:PutObject", OBJECT, policy, "", {ENCRYPTION: "aws:kms"}):
        raise NotYet("the bucket refuses even what is encrypted with KMS; deny only the rest")
    if not any(was_refused(build) for build in builds(aws)):
        raise NotYet("no build has been refused by the bucket yet; build once with the encryption switched off")
    if project(aws)["artifacts"].get("encryptionDisabled"):
        raise NotYet("the encryption of the project's artifacts is still switched off; switch it on again")


@check(
    "replaced",
    "The partner's role can decrypt what the new key has encrypted, and its own account lets it use the old key, too",
    hints=[
        "Go through the table of the four permissions with the ARN of the new key: two of the four are still right.",
        "The message names one policy that is missing, not all: mend it, and try the download again.",
        "The policy of the new key knows nothing of the partner, and the partner's policy nothing of the new key.",
    ],
)
def replaced(aws):
    old, new = the_key(aws, OLD), the_key(aws, ALIAS)
    if not old or not new:
        raise NotYet("the key has not been replaced yet; let the colleague's script run as Task 6 says")
    if old["Arn"] == new["Arn"]:
        raise NotYet(f"{ALIAS} is the old key again; leave it with the new one and mend what the new one lacks")
    require_key_half(aws, new)
    require_own_half(aws, new)
    if not allowed(aws, RELEASE, "kms:Decrypt", old["Arn"], context=VIA_S3, owner=""):
        raise NotYet("the policy of the partner's role no longer names the old key; older boards are encrypted by it")
    if board(aws).get("SSEKMSKeyId") != new["Arn"]:
        raise NotYet("the board in the bucket is not encrypted by the new key; build it again")


@check(
    "rotation",
    f"KMS renews the material of the key behind {ALIAS} by itself",
    hints=[
        "aws kms help lists the commands; the one you need has rotation in its name.",
        "The option --key-id takes the ARN of the key here, not its alias.",
    ],
)
def rotation(aws):
    found = the_key(aws, ALIAS)
    if not found:
        raise NotYet(f"there is no {ALIAS} yet; do Task 2 first")
    if not aws.client("kms").get_key_rotation_status(KeyId=found["Arn"])["KeyRotationEnabled"]:
        raise NotYet(f"the key behind {ALIAS} is not rotated; switch its rotation on")


def require_key_half(aws, found):
    """What the key's own policy says to the partner's role, and to others."""
    arn, policy = found["Arn"], key_policy(aws, found)
    if not allowed(aws, RELEASE, "kms:Decrypt", arn, policy, EVERYTHING, VIA_S3):
        raise NotYet(f"the policy of {arn} does not let {RELEASE} kms:Decrypt; add a statement")
    for who, action in (
        (RELEASE, "kms:GenerateDataKey"),
        (RELEASE, "kms:PutKeyPolicy"),
        (PARTNERS_ADMINISTRATOR, "kms:Decrypt"),
        (STRANGERS_ADMINISTRATOR, "kms:Decrypt"),
    ):
        if allowed(aws, who, action, arn, policy, EVERYTHING, VIA_S3):
            raise NotYet(f"the policy of {arn} lets {who} {action}, more than the partner needs; narrow it")


def require_own_half(aws, found):
    """What the partner's own policies say to its role, whatever the key says."""
    if not allowed(aws, RELEASE, "kms:Decrypt", found["Arn"], context=VIA_S3, owner=""):
        raise NotYet(f"no policy of the partner's role allows kms:Decrypt on {found['Arn']}; add it in their account")
    if allowed(aws, RELEASE, "kms:Decrypt", OTHER_KEY, context=VIA_S3, owner=""):
        raise NotYet("the partner's role may kms:Decrypt with any key; name the key as the Resource")


def allowed(aws, who, action, resource, policy="", more="", context=None, owner=OWN):
    return decided(aws, who, action, resource, policy, more, context, owner) == "allowed"


def decided(aws, who, action, resource, policy="", more="", context=None, owner=OWN):
    """What IAM decides on a request: by the caller's policies and `more`, and by the `policy` of the resource.

    With `owner` empty, the resource counts as the caller's own: then her policies alone decide.
    """
    members = {"PolicySourceArn": who, "ActionNames": [action], "ResourceArns": [resource]}
    if policy:
        members |= {"ResourcePolicy": policy, "CallerArn": who}
    if owner:
        members["ResourceOwner"] = f"arn:aws:iam::{owner}:root"
    if more:
        members["PolicyInputList"] = [more]
    members["ContextEntries"] = [
        {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for name, value in (context or {}).items()
    ]
    account, secret = who.split(":")[4], aws.get_credentials().secret_key
    iam = aws.client("iam", aws_access_key_id=account, aws_secret_access_key=secret)
    try:
        return iam.simulate_principal_policy(**members)["EvaluationResults"][0]["EvalDecision"]
    except iam.exceptions.NoSuchEntityException:
        raise NotYet(f"there is no {who}; run the cell that makes what is there already") from None


def board(aws):
    """What S3 says of the board."""
    try:
        return aws.client("s3").head_object(Bucket=BUCKET, Key=BOARD)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
            raise NotYet(f"no build has stored {BOARD} in {BUCKET} yet; start one") from None
        raise


def bucket_policy(aws):
    try:
        return aws.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchBucketPolicy", "NoSuchBucket"):
            return ""
        raise


def the_key(aws, alias):
    """What KMS says of a key; None when there is no such alias."""
    try:
        return aws.client("kms").describe_key(KeyId=alias)["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return None
        raise


def key_policy(aws, found):
    return aws.client("kms").get_key_policy(KeyId=found["KeyId"], PolicyName="default")["Policy"]


def project(aws):
    found = aws.client("codebuild").batch_get_projects(names=[PROJECT])["projects"]
    if not found:
        raise NotYet(f"there is no project {PROJECT}; run the cell that makes what is there already")
    return found[0]


def builds(aws):
    project(aws)
    codebuild = aws.client("codebuild")
    ids = codebuild.list_builds_for_project(projectName=PROJECT)["ids"]
    return codebuild.batch_get_builds(ids=ids[:100])["builds"] if ids else []


def was_refused(build):
    """Whether the bucket's policy has ended a build."""
    said = [context["message"] for phase in build["phases"] for context in phase.get("contexts", [])]
    return any("s3:PutObject" in each and "explicit deny in a resource-based policy" in each for each in said)
