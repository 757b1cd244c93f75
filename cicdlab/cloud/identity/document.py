"""Reads policy documents, and says what is wrong with those that are none.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from functools import lru_cache
from typing import Any

from . import conditions
from .matching import VARIABLE, variable
from .model import Policy, Statement

MAX_DOCUMENT = 131_072  # signs that any operation of IAM takes as a policy
VERSIONS = ("2008-10-17", "2012-10-17")
_TOP = {"Version", "Id", "Statement"}
_KEYS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[\w*?.-]+", re.ASCII)
_PRINCIPAL_TYPES = {"AWS", "Service", "Federated", "CanonicalUser"}
_PRINCIPAL = re.compile(r"\*|\d{12}|A[A-Z]{3}\w{12,}|arn:aws[\w-]*:(?:iam|sts)::\d{12}:[^*?]+", re.ASCII)


class PolicyError(Exception):
    """A policy document is none; the message says why in one sentence."""


@lru_cache(maxsize=2048)
def parse(text: str, name: str = "policy", principals: bool = False, resources: bool = True) -> Policy:
    """Return a policy document, checked.

    Parameters
    ----------
    text
        The document, JSON.
    name
        By which name or ARN the owner knows it.
    principals
        Whether its statements name principals, as those of a resource's policy do.
    resources
        Whether its statements name resources; those of a role's trust policy don't.

    Raises
    ------
    PolicyError
        With the first thing that is wrong.
    """
    # rule: policy-grammar
    document = _document(text)
    statements = _listed(document["Statement"])
    if not statements:
        raise PolicyError("The policy has no statement.")
    variables = document.get("Version") == VERSIONS[1]
    read = tuple(_statement(each, number, variables) for number, each in enumerate(statements))
    for each in read:
        _check_parts(each, principals, resources)
    ids = [each.sid for each in read if each.sid]
    if len(set(ids)) < len(ids):
        raise PolicyError("Statement IDs (SID) in a single policy must be unique.")
    return Policy(name, read, text)


def _document(text: str) -> dict[str, Any]:
    if len(text) > MAX_DOCUMENT:
        raise PolicyError(f"The policy has {len(text)} signs, more than {MAX_DOCUMENT}.")
    try:
        document = json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_number)
    except RecursionError:
        raise PolicyError("The policy is nested too deeply.") from None
    except ValueError as error:
        raise PolicyError(f"The policy is not in the correct JSON format: {error}.") from None
    if not isinstance(document, dict):
        raise PolicyError("The policy must be a JSON object.")
    if unknown := document.keys() - _TOP:
        raise PolicyError(f"The policy has an unknown element {min(unknown)}.")
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        raise PolicyError(f"The policy must contain a valid version string: {' or '.join(VERSIONS)}.")
    if not isinstance(document.get("Id", ""), str):
        raise PolicyError("The policy's Id must be a text.")
    if "Statement" not in document:
        raise PolicyError("The policy has no Statement.")
    return document


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise PolicyError(f"The policy has the element {next(name for name in names if names.count(name) > 1)} twice.")
    return found


def _statement(given: Any, number: int, variables: bool) -> Statement:
    where = f"Statement {number + 1}"
    if not isinstance(given, dict):
        raise PolicyError(f"{where} must be a JSON object.")
    if unknown := given.keys() - _KEYS:
        raise PolicyError(f"{where} has an unknown element {min(unknown)}.")
    if given.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"{where} needs the Effect Allow or Deny.")
    sid = given.get("Sid", "")
    if not isinstance(sid, str):
        raise PolicyError(f"{where} has a Sid that is no text.")
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if one in given and other in given:
            raise PolicyError(f"{where} has both {one} and {other}.")
    statement = Statement(
        index=number,
        sid=sid,
        allows=given["Effect"] == "Allow",
        actions=_texts(given, "Action", where),
        not_actions=_texts(given, "NotAction", where),
        resources=_texts(given, "Resource", where),
        not_resources=_texts(given, "NotResource", where),
        principals=_principals(given, "Principal", where),
        not_principals=_principals(given, "NotPrincipal", where),
        conditions=_conditions(given.get("Condition", {}), where),
        variables=variables,
    )
    for action in (*statement.actions, *statement.not_actions):
        if not _ACTION.fullmatch(action):
            raise PolicyError(f"{where}: the action {action!r} must be SERVICE:ACTION, for example s3:GetObject.")
    for resource in (*statement.resources, *statement.not_resources):
        if resource != "*" and not resource.startswith("arn:"):
            raise PolicyError(f'{where}: Resource {resource} must be in ARN format or "*".')
    if variables:
        _check_variables(statement, where)
    return statement


def _check_parts(statement: Statement, principals: bool, resources: bool) -> None:
    where = f"Statement {statement.index + 1}"
    if not (statement.actions or statement.not_actions):
        raise PolicyError(f"{where} must contain actions.")
    named = bool(statement.principals or statement.not_principals)
    if named and not principals:
        raise PolicyError(f"{where} should not specify a principal: the policy is attached to one.")
    if principals and not named:
        raise PolicyError(f"{where} needs a Principal.")
    on = bool(statement.resources or statement.not_resources)
    if on and not resources:
        raise PolicyError(f"{where} has the prohibited field Resource.")
    # rule: not-principal-not-in-trust
    if statement.not_principals and not resources:
        raise PolicyError(f"{where} has the prohibited field NotPrincipal.")
    if resources and not on:
        raise PolicyError(f"{where} must contain resources.")


def _check_variables(statement: Statement, where: str) -> None:
    """Refuse a variable inside a variable, and one without a name: neither could ever be replaced."""
    # rule: variable-malformed
    values = [value for _, _, wanted in statement.conditions for value in wanted]
    for text in (*statement.resources, *statement.not_resources, *values):
        rest = VARIABLE.sub(lambda found: "" if variable(found[1])[0].strip() else found[0], text)
        if "${" in rest:
            raise PolicyError(f"{where} has a policy variable that is circular or not closed: {text}")


def _principals(given: dict[str, Any], element: str, where: str) -> tuple[tuple[str, str], ...]:
    if element not in given:
        return ()
    named = given[element]
    if named == "*":
        return (("*", "*"),)
    if not isinstance(named, dict) or not named or named.keys() - _PRINCIPAL_TYPES:
        raise PolicyError(f'{where}: {element} must be "*" or name AWS, Service, Federated or CanonicalUser.')
    pairs = tuple((kind, value) for kind in named for value in _texts(named, kind, where))
    for kind, value in pairs:
        if kind == "AWS" and not _PRINCIPAL.fullmatch(value):
            raise PolicyError(f"{where}: Invalid principal in policy: AWS {value}")
    return pairs


def _conditions(given: Any, where: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    if not isinstance(given, dict):
        raise PolicyError(f"{where}: Condition must be a JSON object.")
    found = []
    for operator, tests in given.items():
        if not conditions.is_known(operator):
            raise PolicyError(f"{where}: Invalid Condition type : {operator}.")
        if not isinstance(tests, dict):
            raise PolicyError(f"{where}: the condition {operator} must name keys and values.")
        for key in tests:
            if not key.strip():
                raise PolicyError(f"{where}: the condition {operator} has a key without a name.")
            found.append((operator, key.lower(), _texts(tests, key, where, scalars=True)))
    return tuple(found)


def _texts(given: dict[str, Any], element: str, where: str, scalars: bool = False) -> tuple[str, ...]:
    if element not in given:
        return ()
    values = _listed(given[element])
    if not values and not scalars:
        raise PolicyError(f"{where}: {element} is empty.")
    return tuple(_text(value, element, where, scalars) for value in values)


def _text(value: Any, element: str, where: str, scalars: bool) -> str:
    if isinstance(value, str) and "\0" not in value:
        return value
    if scalars and isinstance(value, bool):
        return str(value).lower()
    if scalars and isinstance(value, int | float):
        return str(value)
    raise PolicyError(f"{where}: {element} must hold texts.")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
