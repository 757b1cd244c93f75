"""What a request needs beside its own action: the key of what it reads or writes, the role that it passes.

Each line of `KMS` names the page that says so.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ServiceError
from .actions import ApiCall, Need, copy_source, passed_roles, values
from .directory import Directory, Key

GENERATE, DECRYPT, ENCRYPT = "kms:GenerateDataKey", "kms:Decrypt", "kms:Encrypt"
_KMS_ENCRYPTION = ("aws:kms", "aws:kms:dsse")
_SSE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
_UPLOADS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html"
_SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"
_PARAMETERS = "https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html"


@dataclass(frozen=True)
class Use:
    """A use of a key that a request implies.

    Parameters
    ----------
    key
        The id, ARN or alias of the key; empty for the service's own.
    owner
        The account from which the key is looked up: that of the thing which is encrypted.
    context
        The encryption context.
    """

    key: str
    owner: str
    context: Mapping[str, str]


Uses = Callable[[ApiCall, Directory], Iterator[Use]]


def _stored(call: ApiCall, directory: Directory) -> Iterator[Use]:
    """The key of the object that is written: the request's, or the bucket's default."""
    bucket, key = str(call.members.get("Bucket", "")), str(call.members.get("Key", ""))
    algorithm, used = str(call.members.get("ServerSideEncryption") or ""), str(call.members.get("SSEKMSKeyId") or "")
    if not algorithm:
        algorithm, used = directory.bucket_encryption(bucket)
    if algorithm in _KMS_ENCRYPTION:
        # rule: key-of-the-requester
        yield Use(used, call.principal.account or directory.bucket_owner(bucket), _object_context(bucket, key))


def _read(call: ApiCall, directory: Directory) -> Iterator[Use]:
    """The key of the object that is read."""
    bucket, key = str(call.members.get("Bucket", "")), str(call.members.get("Key", ""))
    yield from _object(directory, bucket, key, str(call.members.get("VersionId") or ""))


def _copied(call: ApiCall, directory: Directory) -> Iterator[Use]:
    """The key of the object that is copied."""
    yield from _object(directory, *copy_source(call.members.get("CopySource")))


def _object(directory: Directory, bucket: str, key: str, version: str) -> Iterator[Use]:
    algorithm, used = directory.object_encryption(bucket, key, version) or ("", "")
    if algorithm in _KMS_ENCRYPTION:
        yield Use(used, directory.bucket_owner(bucket), _object_context(bucket, key))


def _object_context(bucket: str, key: str) -> dict[str, str]:
    return {"aws:s3:arn": f"arn:aws:s3:::{bucket}/{key}"}


def _uploaded(call: ApiCall, directory: Directory) -> Iterator[Use]:
    """The key of the upload of which this is a part."""
    bucket, key = str(call.members.get("Bucket", "")), str(call.members.get("Key", ""))
    algorithm, used = directory.upload_encryption(bucket, str(call.members.get("UploadId") or ""))
    if algorithm in _KMS_ENCRYPTION:
        yield Use(used, directory.bucket_owner(bucket), _object_context(bucket, key))


def _of_secret(call: ApiCall, directory: Directory) -> Iterator[Use]:
    """The key of the secret that is read or written."""
    for path in ("SecretId", "SecretIdList[]"):
        for reference in values(call.members, path):
            secret = directory.secret(str(reference), call.region, call.principal.account)
            if secret:
                yield Use(secret.key, secret.arn.split(":")[4], {"SecretARN": secret.arn})


def _named(call: ApiCall, _: Directory) -> Iterator[Use]:
    """The key that the request names."""
    if call.members.get("KmsKeyId"):
        yield Use(str(call.members["KmsKeyId"]), call.principal.account, {})


def _of_parameter(call: ApiCall, directory: Directory) -> Iterator[Use]:
    """The key of each SecureString that is decrypted."""
    if not call.members.get("WithDecryption"):
        return
    account = call.principal.account
    for path in ("Name", "Names[]"):
        for name in values(call.members, path):
            key = directory.parameter_key(str(name), call.region, account)
            if key:
                yield _parameter(call, str(name), key)


def _written_parameter(call: ApiCall, directory: Directory) -> Iterator[Use]:
    """The key of the SecureString that is written."""
    if call.members.get("Type") == "SecureString":
        yield _parameter(call, str(call.members.get("Name", "")), str(call.members.get("KeyId") or ""))


def _parameter(call: ApiCall, name: str, key: str) -> Use:
    account = call.principal.account
    arn = f"arn:aws:ssm:{call.region}:{account}:parameter/{name.lstrip('/').partition(':')[0]}"
    return Use(key, account, {"PARAMETER_ARN": arn})


# rule: s3-needs-kms, multipart-needs-decrypt, secrets-need-kms, securestring-needs-kms
KMS: Mapping[tuple[str, str], tuple[tuple[str, Uses, str], ...]] = {
    ("s3", "PutObject"): ((GENERATE, _stored, _SSE),),
    ("s3", "GetObject"): ((DECRYPT, _read, _SSE),),
    ("s3", "CopyObject"): ((DECRYPT, _copied, _SSE), (GENERATE, _stored, _SSE)),
    ("s3", "CreateMultipartUpload"): ((GENERATE, _stored, _UPLOADS),),
    ("s3", "UploadPart"): ((DECRYPT, _uploaded, _UPLOADS),),
    ("s3", "UploadPartCopy"): ((DECRYPT, _copied, _UPLOADS), (DECRYPT, _uploaded, _UPLOADS)),
    ("s3", "CompleteMultipartUpload"): ((DECRYPT, _uploaded, _UPLOADS),),
    ("secretsmanager", "GetSecretValue"): ((DECRYPT, _of_secret, _SECRETS),),
    ("secretsmanager", "BatchGetSecretValue"): ((DECRYPT, _of_secret, _SECRETS),),
    ("secretsmanager", "CreateSecret"): ((GENERATE, _named, _SECRETS), (DECRYPT, _named, _SECRETS)),
    ("secretsmanager", "PutSecretValue"): ((GENERATE, _of_secret, _SECRETS), (DECRYPT, _of_secret, _SECRETS)),
    ("secretsmanager", "UpdateSecret"): ((GENERATE, _named, _SECRETS), (DECRYPT, _named, _SECRETS)),
    ("ssm", "GetParameter"): ((DECRYPT, _of_parameter, _PARAMETERS),),
    ("ssm", "GetParameters"): ((DECRYPT, _of_parameter, _PARAMETERS),),
    ("ssm", "GetParameterHistory"): ((DECRYPT, _of_parameter, _PARAMETERS),),
    ("ssm", "PutParameter"): ((ENCRYPT, _written_parameter, _PARAMETERS),),
}


def key_uses(call: ApiCall, directory: Directory) -> Iterator[tuple[Need, Key]]:
    """Yield the uses of KMS keys that a request implies, each with the key.

    Raises
    ------
    ServiceError
        A key is not there, or not enabled.
    """
    for action, uses, _ in KMS.get((call.service, call.operation), ()):
        for use in uses(call, directory):
            reference = use.key or f"alias/aws/{call.service}"
            key = directory.key(reference, call.region, use.owner)
            if key is None:
                raise ServiceError("KMS.NotFoundException", f"Invalid keyId '{reference}'", 400)
            if not key.enabled:
                raise ServiceError("KMS.DisabledException", f"{key.arn} is disabled.", 400)
            owner = key.arn.split(":")[4]
            yield Need(action, key.arn, owner, _context(call, use)), key


def roles_passed(call: ApiCall, directory: Directory) -> Iterator[Need]:
    """Yield the permission to pass each role that a request hands to a service.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    # rule: pass-role
    account = call.principal.account
    for role, service in passed_roles(call):
        arn = role if role.startswith("arn:") else directory.entity_arn(f"arn:aws:iam::{account}:role/{role}")
        if call.service in ("ec2", "autoscaling") and ":role/" not in role:
            arn = directory.profile_role(account, role)
        if arn.split(":")[4:5] == [account]:  # a service refuses another account's role itself
            yield Need("iam:PassRole", arn, arn.split(":")[4], {"iam:passedtoservice": (service,)})


def managed_key_policy(service: str, region: str, account: str) -> str:
    """Return the policy of AWS's own key of a service: whoever may use the service in its account may use the key.

    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
    """
    # rule: aws-managed-key
    condition = {"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com", "kms:CallerAccount": account}}
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _context(call: ApiCall, use: Use) -> dict[str, tuple[str, ...]]:
    # rule: kms-via-service, kms-encryption-context
    found: dict[str, tuple[str, ...]] = {
        f"kms:encryptioncontext:{name.lower()}": (value,) for name, value in use.context.items()
    }
    found["kms:viaservice"] = (f"{call.service}.{call.region}.amazonaws.com",)
    found["kms:encryptioncontextkeys"] = tuple(use.context)
    if use.key.startswith("alias/"):
        found["kms:requestalias"] = (use.key,)
    return found
