"""The policies of a backend that is another endpoint, read through boto3.

It has one account, and its keys are its own: no user's key is known here.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .directory import Attached, Document, Key, Role, Secret, UserKey
from .model import Principal

REGION = "us-east-1"  # of IAM and S3, which answer for all regions


class RemoteDirectory:
    """Reads another endpoint's resources.

    Parameters
    ----------
    client
        Makes a boto3 client for a service in a region.
    """

    def __init__(self, client: Callable[[str, str], Any]) -> None:
        self._client = client

    def user_key(self, access_key: str) -> UserKey | None:
        """Return None: that endpoint does not tell whose a key is."""
        return None

    def attached(self, principal: Principal) -> Attached | None:
        """Return the policies of a session's role."""
        if not principal.is_session:
            return None
        name = principal.roles[0].rpartition("/")[2]
        iam = self._client("iam", REGION)
        role = _asked(partial(iam.get_role, RoleName=name), "Role")
        if role is None:
            return None
        boundary = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return Attached(
            tuple(_documents(iam, name)), (boundary, self.managed_policy(boundary, "") or "{}") if boundary else None
        )

    def role(self, arn: str) -> Role | None:
        """Return a role."""
        name = arn.rpartition("/")[2]
        found = _asked(partial(self._client("iam", REGION).get_role, RoleName=name), "Role")
        if found is None or found["Arn"] != arn:
            return None
        return Role(arn, found["RoleId"], json.dumps(found["AssumeRolePolicyDocument"]))

    def managed_policy(self, arn: str, account: str) -> str:
        """Return the text of a managed policy, or an empty string."""
        return _managed(self._client("iam", REGION), arn)

    def set_user_boundary(self, account: str, name: str, boundary: str) -> bool:
        """Return False: users are that endpoint's own."""
        return False

    def entity_arn(self, arn: str) -> str:
        """Return the ARN of a role with its path; others as they are."""
        if ":role/" not in arn:
            return arn
        name = arn.rpartition("/")[2]
        found = _asked(partial(self._client("iam", REGION).get_role, RoleName=name), "Role")
        return str(found["Arn"]) if found else arn

    def profile_role(self, account: str, profile: str) -> str:
        """Return the ARN of the role in an instance profile, or an empty string."""
        name = profile.rpartition("/")[2]
        found = _asked(
            partial(self._client("iam", REGION).get_instance_profile, InstanceProfileName=name), "InstanceProfile"
        )
        return str(found["Roles"][0]["Arn"]) if found and found["Roles"] else ""

    def bucket_owner(self, bucket: str) -> str:
        """Return an empty string: every bucket is the one account's."""
        return ""

    def bucket_encryption(self, bucket: str) -> tuple[str, str]:
        """Return how a bucket encrypts by default: algorithm and key."""
        s3 = self._client("s3", REGION)
        found = _asked(partial(s3.get_bucket_encryption, Bucket=bucket), "ServerSideEncryptionConfiguration")
        default = found["Rules"][0].get("ApplyServerSideEncryptionByDefault", {}) if found else {}
        return default.get("SSEAlgorithm", ""), default.get("KMSMasterKeyID", "")

    def object_encryption(self, bucket: str, key: str, version: str) -> tuple[str, str] | None:
        """Return algorithm and key of an object; None when there is no such object."""
        chosen = {"VersionId": version} if version else {}
        found = _asked(partial(self._client("s3", REGION).head_object, Bucket=bucket, Key=key, **chosen))
        return (found.get("ServerSideEncryption", ""), found.get("SSEKMSKeyId", "")) if found else None

    def upload_encryption(self, bucket: str, upload: str) -> tuple[str, str]:
        """Return nothing: no engine uploads in parts."""
        return "", ""

    def key(self, reference: str, region: str, account: str) -> Key | None:
        """Return the key that an id, an ARN or an alias means."""
        if reference.startswith("arn:"):
            region = reference.split(":")[3]
        kms = self._client("kms", region or REGION)
        found = _asked(partial(kms.describe_key, KeyId=reference), "KeyMetadata")
        if found is None:
            return None
        policy = _asked(partial(kms.get_key_policy, KeyId=found["KeyId"], PolicyName="default"), "Policy")
        managed = found.get("KeyManager") == "AWS" or "alias/aws/" in reference
        return Key(found["Arn"], policy or "", found.get("KeyState") == "Enabled", managed)

    def ciphertext_key(self, blob: bytes, region: str, account: str) -> str:
        """Return an empty string: how that endpoint writes its ciphertexts is its own affair."""
        return ""

    def secret(self, reference: str, region: str, account: str) -> Secret | None:
        """Return the secret that a name or an ARN means."""
        manager = self._client("secretsmanager", region or REGION)
        found = _asked(partial(manager.describe_secret, SecretId=reference))
        if found is None:
            return None
        policy = _asked(partial(manager.get_resource_policy, SecretId=reference), "ResourcePolicy")
        return Secret(found["ARN"], policy or "", found.get("KmsKeyId", ""))

    def parameter_key(self, name: str, region: str, account: str) -> str:
        """Return the key of a SecureString, or an empty string for other parameters."""
        ssm = self._client("ssm", region)
        wanted = [{"Key": "Name", "Values": [name]}]
        found = _asked(partial(ssm.describe_parameters, ParameterFilters=wanted), "Parameters")
        secure = found and found[0].get("Type") == "SecureString"
        return str(found[0].get("KeyId", "alias/aws/ssm")) if found and secure else ""

    def resource_policy(self, arn: str) -> str:
        """Return the policy of a bucket, or an empty string."""
        if not arn.startswith("arn:aws:s3:::"):
            return ""
        bucket = arn.removeprefix("arn:aws:s3:::").partition("/")[0]
        return _asked(partial(self._client("s3", REGION).get_bucket_policy, Bucket=bucket), "Policy") or ""


def _documents(iam: Any, role: str) -> Iterator[Document]:
    for name in _asked(partial(iam.list_role_policies, RoleName=role), "PolicyNames") or ():
        found = _asked(partial(iam.get_role_policy, RoleName=role, PolicyName=name), "PolicyDocument")
        yield f"role_{role}_{name}", json.dumps(found)
    for each in _asked(partial(iam.list_attached_role_policies, RoleName=role), "AttachedPolicies") or ():
        yield each["PolicyArn"], _managed(iam, each["PolicyArn"])


def _managed(iam: Any, arn: str) -> str:
    policy = _asked(partial(iam.get_policy, PolicyArn=arn), "Policy")
    if policy is None:
        return ""
    version = _asked(
        partial(iam.get_policy_version, PolicyArn=arn, VersionId=policy["DefaultVersionId"]), "PolicyVersion"
    )
    return json.dumps(version["Document"]) if version else ""


def _asked(question: Callable[[], Any], member: str = "") -> Any:
    """Return an answer, or a member of it; None when the endpoint has nothing to say."""
    try:
        answer = question()
    except (ClientError, BotoCoreError):
        return None
    return answer.get(member) if member else answer
