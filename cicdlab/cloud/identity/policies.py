"""Brings together the policies that have a say in a request."""

import json

from .directory import Directory, Document, Key, Session
from .document import parse
from .model import Policies, Policy, Principal

EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_OF_RESOURCE = ("kms", "s3", "secretsmanager", "sns", "sqs", "ecr", "lambda")


def read(document: Document, principals: bool = False, resources: bool = True) -> Policy:
    """Return a document, checked.

    Raises
    ------
    PolicyError
        It is no policy.
    """
    name, text = document
    return parse(text, name, principals, resources)


def of_caller(principal: Principal, session: Session | None, directory: Directory) -> Policies:
    """Return the caller's own policies: identity-based ones, boundary, session policies.

    Raises
    ------
    PolicyError
        One of them cannot be read.
    """
    if principal.is_root:
        return Policies(identity=(parse(EVERYTHING, "AdministratorAccess"),))
    # rule: policies-add-up, managed-policies
    attached = directory.attached(principal) if principal.account else None
    if attached is None:
        return Policies()
    return Policies(
        identity=tuple(read(each) for each in attached.identity),
        boundary=read(attached.boundary) if attached.boundary else None,
        session=tuple(read(each) for each in session.policies) if session else (),
    )


def of_resource(arn: str, directory: Directory, key: Key | None = None) -> Policy | None:
    """Return the policy of a resource, if it has one.

    Parameters
    ----------
    arn
        The resource.
    directory
        Where its policy is.
    key
        The key, when it is one.

    Raises
    ------
    PolicyError
        It cannot be read.
    """
    service = arn.split(":")[2] if arn.count(":") >= 5 else ""
    if service not in _OF_RESOURCE:
        return None
    if service == "kms":
        found = key or directory.key(arn, "", "")
        text = found.policy if found else ""
    elif service == "secretsmanager":
        secret = directory.secret(arn, arn.split(":")[3], arn.split(":")[4])
        text = secret.policy if secret else ""
    else:
        text = directory.resource_policy(arn)
        text = repository_policy(text) if service == "ecr" else text
    return read((arn, text), principals=True) if text else None


def repository_policy(text: str) -> str:
    """Return an ECR policy with the resource that its statements leave out: the repository itself."""
    try:
        document = json.loads(text)
        statements = document["Statement"]
        for each in statements if isinstance(statements, list) else [statements]:
            each.setdefault("Resource", "*")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text
    return json.dumps(document)


def of_role(arn: str, directory: Directory) -> Policy | None:
    """Return the trust policy of a role, or None when there is no such role.

    Raises
    ------
    PolicyError
        It cannot be read.
    """
    role = directory.role(arn)
    return read((arn, role.trust), principals=True, resources=False) if role else None
