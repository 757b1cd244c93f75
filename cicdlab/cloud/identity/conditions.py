"""The operators of a Condition element.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from .matching import MULTIVALUED, arn_like, glob, plain, resolve

Context = Mapping[str, tuple[str, ...]]
_NAME = re.compile(r"(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)


@dataclass(frozen=True)
class Operator:
    """How a value of the request is compared with one of the policy.

    Parameters
    ----------
    holds
        Compares the request's value with the policy's; raises ValueError when one of them is not of its type.
    negated
        Whether the condition holds when no value of the policy matches.
    variables
        Whether ``${…}`` stands for a value.
    """

    holds: Callable[[str, str], bool]
    negated: bool = False
    variables: bool = False


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no number")
    return Decimal(text)


def _date(text: str) -> datetime:
    if re.fullmatch(r"-?\d{5,}(\.\d+)?", text, re.ASCII):
        return datetime.fromtimestamp(float(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)


def _within(value: str, wanted: str) -> bool:
    inner, outer = _network(value), _network(wanted)
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _binary(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda value, wanted: compare(read(value), read(wanted))


def _like(value: str, wanted: str) -> bool:
    return glob(wanted).fullmatch(value) is not None


def _comparisons(name: str, read: Callable[[str], Any]) -> dict[str, Operator]:
    return {
        f"{name}equals": Operator(_compared(read, lambda a, b: a == b)),
        f"{name}notequals": Operator(_compared(read, lambda a, b: a == b), negated=True),
        f"{name}lessthan": Operator(_compared(read, lambda a, b: a < b)),
        f"{name}lessthanequals": Operator(_compared(read, lambda a, b: a <= b)),
        f"{name}greaterthan": Operator(_compared(read, lambda a, b: a > b)),
        f"{name}greaterthanequals": Operator(_compared(read, lambda a, b: a >= b)),
    }


def _with_opposite(name: str, opposite: str, holds: Callable[[str, str], bool], variables: bool) -> dict[str, Operator]:
    return {name: Operator(holds, variables=variables), opposite: Operator(holds, True, variables)}


# rule: operator-string, operator-numeric, operator-date, operator-bool, operator-binary, operator-ip, operator-arn
OPERATORS: Mapping[str, Operator] = {
    **_with_opposite("stringequals", "stringnotequals", lambda value, wanted: value == plain(wanted), True),
    **_with_opposite(
        "stringequalsignorecase",
        "stringnotequalsignorecase",
        lambda value, wanted: value.casefold() == plain(wanted).casefold(),
        True,
    ),
    **_with_opposite("stringlike", "stringnotlike", _like, True),
    **_comparisons("numeric", _number),
    **_comparisons("date", _date),
    "bool": Operator(lambda value, wanted: _bool(value) == _bool(plain(wanted)), variables=True),
    "binaryequals": Operator(_compared(_binary, lambda a, b: a == b)),
    **_with_opposite("ipaddress", "notipaddress", _within, False),
    **_with_opposite("arnequals", "arnnotequals", lambda value, wanted: arn_like(wanted, value), True),
    **_with_opposite("arnlike", "arnnotlike", lambda value, wanted: arn_like(wanted, value), True),
}


def is_known(name: str) -> bool:
    """Tell whether an operator, with its prefix and suffix, is one of AWS's."""
    parts = _NAME.fullmatch(name)
    if not parts:
        return False
    return parts[2].lower() in OPERATORS or (parts[2].lower() == "null" and not parts[1] and not parts[3])


def holds(name: str, key: str, wanted: tuple[str, ...], context: Context, variables: bool) -> bool:
    """Tell whether one condition holds.

    Parameters
    ----------
    name
        The operator, for example ``ForAnyValue:StringLikeIfExists``.
    key
        The condition key, in lower case.
    wanted
        The values of the policy.
    context
        The request's keys and values.
    variables
        Whether ``${…}`` stands for a value in this policy.
    """
    parts = _NAME.fullmatch(name)
    if not parts:
        return False
    values = context.get(key, ())
    if parts[2].lower() == "null":
        # rule: operator-null
        return any(each.lower() == str(not values).lower() for each in wanted)
    operator = OPERATORS[parts[2].lower()]
    patterns = _patterns(operator, wanted, context, variables)
    test = _tester(operator, patterns)
    match (parts[1] or "").lower():
        case "forallvalues":
            # rule: for-all-values
            return all(map(test, values))
        case "foranyvalue":
            # rule: for-any-value
            return any(map(test, values))
    if not values:
        # rule: missing-key, if-exists
        return bool(parts[3]) or operator.negated
    # rule: multivalued-needs-set-operator
    return len(values) == 1 and key not in MULTIVALUED and test(values[0])


def _patterns(operator: Operator, wanted: tuple[str, ...], context: Context, variables: bool) -> list[str]:
    """Return the policy's values, those with a variable that has no value left out: they equal nothing."""
    # rule: variables-in-operators
    if not (operator.variables and variables):
        return list(wanted)
    return [resolved for each in wanted if (resolved := resolve(each, context)) is not None]


def _tester(operator: Operator, patterns: list[str]) -> Callable[[str], bool]:
    def matches(value: str, wanted: str) -> bool | None:
        try:
            return operator.holds(value, wanted)
        except (ValueError, InvalidOperation, OverflowError, OSError, TypeError, binascii.Error):
            return None

    def test(value: str) -> bool:
        found = [matches(value, each) for each in patterns]
        # What can't be compared fulfils no condition, and a negated one neither.
        return not any(each is not False for each in found) if operator.negated else True in found

    return test
