"""What moto keeps, as the evaluation of permissions asks for it; read directly, so that it is never out of date."""

import json
from collections.abc import Iterator
from typing import Any

from ..identity.directory import Attached, Document, Key, Role, Secret, UserKey
from ..identity.model import Principal
from .parts import PARTITION, backends, set_boundary


class MotoDirectory:
    """Reads moto's resources in this process."""

    def user_key(self, access_key: str) -> UserKey | None:
        """Return a user's access key."""
        for _, iam in _iam():
            for user in list(iam.users.values()):
                for key in user.access_keys:
                    if key.access_key_id == access_key:
                        tags = iam.tagger.get_tag_dict_for_resource(user.arn)
                        principal = Principal(user.arn, id=user.id, tags=tags)
                        return UserKey(key.secret_access_key, key.status == "Active", principal)
        return None

    def attached(self, principal: Principal) -> Attached | None:
        """Return the policies of a user or of a session's role."""
        iam = backends("iam")[principal.account][PARTITION]
        holders: list[Any]
        found: Any
        if principal.is_session:
            found = next((role for role in list(iam.roles.values()) if role.arn == principal.roles[0]), None)
            if found and principal.id and not principal.id.startswith(f"{found.id}:"):
                return None  # another role, made under the same name after the session's was deleted
            holders = [found]
        else:
            found = next((user for user in list(iam.users.values()) if user.arn == principal.arn), None)
            holders = [found, *(group for group in list(iam.groups.values()) if found in group.users)]
        if found is None:
            return None
        boundary = getattr(found, "permissions_boundary_arn", None)
        return Attached(
            tuple(document for holder in holders for document in _documents(holder)),
            _managed(iam, boundary) if boundary else None,
        )

    def role(self, arn: str) -> Role | None:
        """Return a role."""
        account = arn.split(":")[4]
        for role in list(backends("iam")[account][PARTITION].roles.values()):
            if role.arn == arn:
                tags = {tag["Key"]: tag["Value"] for tag in _listed(role.tags)}
                longest = int(role.max_session_duration or 3600)
                return Role(role.arn, role.id, role.assume_role_policy_document, longest, tags)
        return None

    def managed_policy(self, arn: str, account: str) -> str:
        """Return the text of a managed policy that an account may use, or an empty string."""
        found = backends("iam")[account][PARTITION].managed_policies.get(arn)
        return _in_force(found) if found else ""

    def set_user_boundary(self, account: str, name: str, boundary: str) -> bool:
        """Set, or with an empty ARN remove, a user's permissions boundary; return whether there is such a user."""
        user: Any = backends("iam")[account][PARTITION].users.get(name)
        if user is None:
            return False
        set_boundary(user, boundary)
        return True

    def entity_arn(self, arn: str) -> str:
        """Return the ARN, path included, of what this ARN names without one."""
        account = arn.split(":")[4]
        kind, _, rest = arn.split(":", 5)[5].partition("/")
        iam = backends("iam")[account][PARTITION]
        stores: dict[str, Any] = {
            "user": iam.users.values(),
            "role": iam.roles.values(),
            "group": iam.groups.values(),
            "instance-profile": iam.instance_profiles.values(),
        }
        names = [each for each in list(stores.get(kind, ())) if each.name == rest.rpartition("/")[2]]
        return names[0].arn if names else arn

    def profile_role(self, account: str, profile: str) -> str:
        """Return the ARN of the role in an instance profile, or an empty string."""
        for each in list(backends("iam")[account][PARTITION].instance_profiles.values()):
            if profile in (each.name, each.arn) and each.roles:
                return str(each.roles[0].arn)
        return ""

    def bucket_owner(self, bucket: str) -> str:
        """Return the account that owns a bucket, or an empty string."""
        return backends("s3").bucket_accounts.get(bucket, ("", ""))[1]

    def bucket_encryption(self, bucket: str) -> tuple[str, str]:
        """Return how a bucket encrypts by default: algorithm and key."""
        found = self._bucket(bucket)
        rule = _listed((found.encryption or {}).get("Rule")) if found else []
        default = rule[0].get("ApplyServerSideEncryptionByDefault", {}) if rule else {}
        return default.get("SSEAlgorithm", ""), default.get("KMSMasterKeyID", "")

    def object_encryption(self, bucket: str, key: str, version: str) -> tuple[str, str] | None:
        """Return algorithm and key of an object; None when there is no such object."""
        found = self._bucket(bucket)
        versions = found.keys.getlist(key, default=[]) if found else []
        for each in reversed(versions):
            if not version or str(each.version_id) == version:
                return None if not hasattr(each, "encryption") else (each.encryption or "", each.kms_key_id or "")
        return None

    def upload_encryption(self, bucket: str, upload: str) -> tuple[str, str]:
        """Return algorithm and key of an upload in parts."""
        found: Any = self._bucket(bucket)
        begun = found.multiparts.get(upload) if found else None
        return (begun.sse_encryption or "", begun.kms_key_id or "") if begun else ("", "")

    def key(self, reference: str, region: str, account: str) -> Key | None:
        """Return the key that an id, an ARN or an alias means to an account."""
        if reference.startswith("arn:"):
            parts = reference.split(":")
            if len(parts) < 6:
                return None
            region, account = parts[3], parts[4]
        if not account.isdigit() or region not in backends("kms")[account]:
            return None
        backend = backends("kms")[account][region]
        try:
            found = backend.keys[backend.any_id_to_key_id(reference)]
        except (KeyError, AttributeError, IndexError, TypeError):
            return None
        managed = ":alias/aws/" in f":{reference}" or any(alias.startswith("alias/aws/") for alias in found.aliases)
        return Key(found.arn, found.policy, found.key_state == "Enabled", managed)

    def ciphertext_key(self, blob: bytes, region: str, account: str) -> str:
        """Return the ARN of the key by which something was encrypted, or an empty string."""
        from moto.kms.utils import _deserialize_ciphertext_blob

        try:
            key_id = _deserialize_ciphertext_blob(ciphertext_blob=blob).key_id
        except Exception:  # noqa: BLE001  (whatever is wrong with it, moto says so when it decrypts)
            return ""
        for _, backend in _in_region(backends("kms"), region):
            if key_id in backend.keys:
                return str(backend.keys[key_id].arn)
        return ""

    def secret(self, reference: str, region: str, account: str) -> Secret | None:
        """Return the secret that a name or an ARN means to an account."""
        if reference.startswith("arn:") and len(reference.split(":")) > 5:
            account = reference.split(":")[4]
        if not account.isdigit():
            return None
        found: Any = backends("secretsmanager")[account][region].secrets.get(reference)
        if found is None:
            return None
        return Secret(found.arn, getattr(found, "policy", None) or "", getattr(found, "kms_key_id", None) or "")

    def parameter_key(self, name: str, region: str, account: str) -> str:
        """Return the key of a SecureString, or an empty string for other parameters."""
        found: Any = backends("ssm")[account][region]._parameters.get(name.partition(":")[0])
        latest = found[-1] if found else None
        return str(latest.keyid or "") if latest is not None and latest.parameter_type == "SecureString" else ""

    def resource_policy(self, arn: str) -> str:
        """Return the policy of a bucket, topic, repository, queue or function, or an empty string."""
        _, _, service, region, account, name = [*arn.split(":", 5), "", "", "", "", ""][:6]
        try:
            return _POLICIES[service](region, account, name, arn) or "" if service in _POLICIES else ""
        except Exception:  # noqa: BLE001  (each of moto's services says in its own way that something is not there)
            return ""

    def _bucket(self, name: str) -> Any:
        owner = self.bucket_owner(name)
        return backends("s3")[owner][PARTITION].buckets.get(name) if owner else None


def _iam() -> Iterator[tuple[str, Any]]:
    for account, partitions in list(backends("iam").items()):
        if PARTITION in partitions:
            yield account, partitions[PARTITION]


def _in_region(stores: Any, region: str) -> Iterator[tuple[str, Any]]:
    for account, regions in list(stores.items()):
        if region in regions:
            yield account, regions[region]


def _documents(holder: Any) -> Iterator[Document]:
    kind = type(holder).__name__.lower()
    for name, text in list(holder.policies.items()):
        yield f"{kind}_{holder.name}_{name}", _text(text)
    for policy in list(holder.managed_policies.values()):
        yield policy.arn, _in_force(policy)


def _managed(iam: Any, arn: str) -> Document:
    found = iam.managed_policies.get(arn)
    # Nothing is allowed within a boundary that is gone.
    return (arn, _in_force(found) if found else "{}")


def _in_force(policy: Any) -> str:
    """Return the text of a managed policy's default version."""
    return next((_text(each.document) for each in policy.versions if each.is_default), "{}")


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _bucket_policy(_: str, __: str, name: str, ___: str) -> str:
    bucket = MotoDirectory()._bucket(name.partition("/")[0])
    policy = bucket.policy if bucket else None
    return policy.decode() if isinstance(policy, bytes) else policy or ""


def _topic_policy(region: str, account: str, _: str, arn: str) -> str:
    return str(backends("sns")[account][region].topics[arn].policy)


def _repository_policy(region: str, account: str, name: str, _: str) -> str:
    return backends("ecr")[account][region].repositories[name.removeprefix("repository/")].policy or ""


def _queue_policy(region: str, account: str, name: str, _: str) -> str:
    return _text(backends("sqs")[account][region].queues[name].policy or "")


def _function_policy(region: str, account: str, name: str, _: str) -> str:
    function: Any = backends("lambda")[account][region].get_function(name.split(":")[1])
    # moto keeps an account's number as the principal that AddPermission was given
    statements = [
        {**each, "Principal": {"AWS": each["Principal"]}} if isinstance(each["Principal"], str) else each
        for each in function.policy.statements
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""


_POLICIES = {
    "s3": _bucket_policy,
    "sns": _topic_policy,
    "ecr": _repository_policy,
    "sqs": _queue_policy,
    "lambda": _function_policy,
}
