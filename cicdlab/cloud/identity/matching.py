"""Wildcards, ARNs and policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Mapping
from functools import lru_cache

MARK = "\0"  # no policy and no request holds it
_MARKED = re.compile(f"{MARK}(.)", re.DOTALL)
VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT = re.compile(r"([^,]+?)\s*(?:,\s*'(.*)')?\s*", re.DOTALL)
_SEGMENTS = 6
# Keys that may hold several values in one request: they stand in no variable, and need a set operator to match.
MULTIVALUED = frozenset(
    {
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
        "aws:resourceorgpaths",
        "aws:sourceorgpaths",
        "aws:tagkeys",
        "aws:vpceorgpaths",
        "kms:encryptioncontextkeys",
        "kms:grantoperations",
        "kms:resourcealiases",
    }
)
# Variables that stand for a sign which would otherwise be a wildcard or begin a variable.
_SIGNS = {"*", "?", "$"}


@lru_cache(maxsize=4096)
def glob(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    """Return the regular expression of a pattern in which ``*`` is any text and ``?`` any sign.

    A sign that `literal` has marked stands for itself. Each text between two stars is sought once and never given back,
    so that no pattern takes long.
    """
    pieces = [""]
    marked = False
    for sign in pattern:
        if sign == MARK and not marked:
            marked = True
            continue
        if sign == "*" and not marked:
            pieces.append("")
        else:
            pieces[-1] += "." if sign == "?" and not marked else re.escape(sign)
        marked = False
    first, *rest = pieces
    between = "".join(f"(?>.*?{piece})" for piece in rest[:-1] if piece)
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(first + between + last, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def action_matches(pattern: str, action: str) -> bool:
    """Tell whether a pattern of an Action element means an action; case does not count."""
    # rule: action-wildcards
    return glob(pattern, ignore_case=True).fullmatch(action) is not None


def arn_matches(pattern: str, arn: str) -> bool:
    """Tell whether the pattern of a Resource element means an ARN.

    Each of the first five parts is compared on its own; a pattern with fewer parts that ends in ``*`` goes beyond the
    colons. ``*`` alone means everything, and is the only pattern for an action without a resource.
    """
    # rule: resource-wildcards
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", _SEGMENTS - 1), arn.split(":", _SEGMENTS - 1)
    if len(wanted) < _SEGMENTS:
        return pattern.endswith("*") and glob(pattern).fullmatch(arn) is not None
    return len(given) == _SEGMENTS and all(
        glob(part).fullmatch(value) is not None for part, value in zip(wanted, given, strict=True)
    )


def arn_like(pattern: str, arn: str) -> bool:
    """Tell whether two ARNs match part by part, as the ARN operators of conditions compare them."""
    wanted, given = pattern.split(":", _SEGMENTS - 1), arn.split(":", _SEGMENTS - 1)
    return len(wanted) == len(given) == _SEGMENTS and all(
        glob(part).fullmatch(value) is not None for part, value in zip(wanted, given, strict=True)
    )


def resolve(text: str, context: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return a text with its variables replaced, or None when one has no value.

    What a variable brings in stands for itself: its signs are marked, so that `glob` takes none for a wildcard.
    """
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        name, default = variable(found[1])
        if name in _SIGNS:
            return literal(name)  # rule: special-signs
        key = name.lower()
        # rule: multivalued-in-no-variable, variable-default
        values = () if key in MULTIVALUED else context.get(key, ())
        if len(values) != 1 and default is None:
            missing = True
            return ""
        return literal(values[0] if len(values) == 1 else default or "")

    resolved = VARIABLE.sub(value, text)
    return None if missing else resolved


def variable(inside: str) -> tuple[str, str | None]:
    """Return the key, and the default if there is one, of what stands between ``${`` and ``}``."""
    parts = _DEFAULT.fullmatch(inside)
    return (parts[1], parts[2]) if parts else (inside, None)


def literal(text: str) -> str:
    """Mark every sign of a text as standing for itself."""
    return "".join(f"{MARK}{sign}" for sign in text)


def plain(text: str) -> str:
    """Return a resolved text without marks."""
    return _MARKED.sub(r"\1", text)


def resource_pattern(pattern: str, context: Mapping[str, tuple[str, ...]], variables: bool) -> str | None:
    """Return a pattern of a Resource element with its variables replaced, or None when one has no value.

    Variables count in the last part of an ARN only; one in another part never has a value.
    """
    # rule: variables-need-version, variable-after-fifth-colon
    if not variables or "${" not in pattern:
        return pattern
    *before, last = pattern.split(":", _SEGMENTS - 1)
    if len(before) < _SEGMENTS - 1 or "${" in "".join(before):
        return None
    resolved = resolve(last, context)
    return None if resolved is None else ":".join([*before, resolved])
