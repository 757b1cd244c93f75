"""What the evaluation has to know of the cloud: who holds which policies, and who owns what."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from .model import Principal

Document = tuple[str, str]  # a policy's name or ARN, and its text


@dataclass(frozen=True)
class UserKey:
    """An access key of an IAM user, and whose it is."""

    secret: str
    active: bool
    principal: Principal


@dataclass(frozen=True)
class Attached:
    """The policies of a user, her groups included, or of a role."""

    identity: tuple[Document, ...] = ()
    boundary: Document | None = None


@dataclass(frozen=True)
class Role:
    """A role.

    Parameters
    ----------
    trust
        Its trust policy.
    max_session
        How long a session may last, in seconds.
    """

    arn: str
    id: str
    trust: str
    max_session: int = 3600
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Key:
    """A KMS key.

    Parameters
    ----------
    managed
        Whether it is AWS's own key of a service, such as ``alias/aws/s3``.
    """

    arn: str
    policy: str
    enabled: bool = True
    managed: bool = False


@dataclass(frozen=True)
class Secret:
    """A secret of Secrets Manager: its full ARN, its resource policy, and the key it is encrypted with."""

    arn: str
    policy: str = ""
    key: str = ""


@dataclass(frozen=True)
class Session:
    """Credentials that STS has issued.

    Parameters
    ----------
    policies
        The session policies.
    """

    access_key: str
    secret: str
    token: str
    principal: Principal
    expires: datetime
    policies: tuple[Document, ...] = ()
    issued: datetime | None = None
    source_identity: str = ""


class Directory(Protocol):
    """Reads the cloud's resources as they are now."""

    def user_key(self, access_key: str) -> UserKey | None:
        """Return a user's access key."""

    def attached(self, principal: Principal) -> Attached | None:
        """Return the policies of a user or of a session's role; None when there is no such user or role any more."""

    def role(self, arn: str) -> Role | None:
        """Return a role."""

    def managed_policy(self, arn: str, account: str) -> str:
        """Return the text of a managed policy that an account may use, or an empty string."""

    def set_user_boundary(self, account: str, name: str, boundary: str) -> bool:
        """Set, or with an empty ARN remove, a user's permissions boundary; return whether there is such a user."""

    def entity_arn(self, arn: str) -> str:
        """Return the ARN, path included, of the IAM user, role, group or profile that this ARN names without one."""

    def profile_role(self, account: str, profile: str) -> str:
        """Return the ARN of the role in an instance profile, or an empty string."""

    def bucket_owner(self, bucket: str) -> str:
        """Return the account that owns a bucket, or an empty string."""

    def bucket_encryption(self, bucket: str) -> tuple[str, str]:
        """Return how a bucket encrypts by default: algorithm and key, each empty when there is none."""

    def object_encryption(self, bucket: str, key: str, version: str) -> tuple[str, str] | None:
        """Return algorithm and key of an object; None when there is no such object."""

    def upload_encryption(self, bucket: str, upload: str) -> tuple[str, str]:
        """Return algorithm and key of an upload in parts, each empty when there is none."""

    def key(self, reference: str, region: str, account: str) -> Key | None:
        """Return the key that an id, an ARN or an alias means to an account."""

    def ciphertext_key(self, blob: bytes, region: str, account: str) -> str:
        """Return the ARN of the key by which something was encrypted, or an empty string."""

    def secret(self, reference: str, region: str, account: str) -> Secret | None:
        """Return the secret that a name or an ARN means to an account."""

    def parameter_key(self, name: str, region: str, account: str) -> str:
        """Return the key of a SecureString, or an empty string for other parameters."""

    def resource_policy(self, arn: str) -> str:
        """Return the policy of a bucket, topic, repository, queue or function, or an empty string."""
