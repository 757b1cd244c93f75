"""Refuses a request that would store a policy which is none.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ServiceError
from .actions import ApiCall
from .document import PolicyError, parse
from .policies import repository_policy

_SPACE = re.compile(r"\s")


@dataclass(frozen=True)
class Stored:
    """A member of a request that holds a policy.

    Parameters
    ----------
    member
        Its name.
    code
        The service's code for a policy that is none.
    limit
        How many signs it may have, white space not counted.
    principals, resources
        Whether its statements name principals, and resources.
    """

    member: str
    code: str
    limit: int
    principals: bool = False
    resources: bool = True


_IAM = "MalformedPolicyDocument"
# rule: policies-are-checked-when-stored, policy-size
STORED: Mapping[tuple[str, str], Stored] = {
    ("iam", "CreatePolicy"): Stored("PolicyDocument", _IAM, 6_144),
    ("iam", "CreatePolicyVersion"): Stored("PolicyDocument", _IAM, 6_144),
    ("iam", "PutUserPolicy"): Stored("PolicyDocument", _IAM, 2_048),
    ("iam", "PutGroupPolicy"): Stored("PolicyDocument", _IAM, 5_120),
    ("iam", "PutRolePolicy"): Stored("PolicyDocument", _IAM, 10_240),
    ("iam", "CreateRole"): Stored("AssumeRolePolicyDocument", _IAM, 2_048, principals=True, resources=False),
    ("iam", "UpdateAssumeRolePolicy"): Stored("PolicyDocument", _IAM, 2_048, principals=True, resources=False),
    ("sts", "AssumeRole"): Stored("Policy", _IAM, 2_048),
    ("s3", "PutBucketPolicy"): Stored("Policy", "MalformedPolicy", 20_480, principals=True),
    ("kms", "CreateKey"): Stored("Policy", "MalformedPolicyDocumentException", 32_768, principals=True),
    ("kms", "PutKeyPolicy"): Stored("Policy", "MalformedPolicyDocumentException", 32_768, principals=True),
    ("secretsmanager", "PutResourcePolicy"): Stored(
        "ResourcePolicy", "MalformedPolicyDocumentException", 20_480, principals=True
    ),
    ("ecr", "SetRepositoryPolicy"): Stored("policyText", "InvalidParameterException", 10_240, principals=True),
}


def check(call: ApiCall) -> None:
    """Refuse a request whose policy is malformed or too long.

    Raises
    ------
    ServiceError
        With the service's code.
    """
    stored = STORED.get((call.service, call.operation))
    text = _text(call.members.get(stored.member)) if stored else ""
    if not stored or not text:
        return
    size = len(_SPACE.sub("", text))
    if size > stored.limit:
        if call.service == "iam":
            raise ServiceError("LimitExceeded", f"Maximum policy size of {stored.limit} bytes exceeded.", 409)
        raise ServiceError(stored.code, f"The policy has {size} bytes, more than the {stored.limit} allowed.")
    try:
        parse(repository_policy(text) if call.service == "ecr" else text, "policy", stored.principals, stored.resources)
    except PolicyError as error:
        raise ServiceError(stored.code, str(error)) from None


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
