"""The operators of conditions: every family, missing keys, several values."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicdlab.cloud.identity.conditions import OPERATORS, holds, is_known
from cicdlab.cloud.identity.document import PolicyError, parse

from .cases import allow, deny, document

NAMES = sorted(OPERATORS)
TEXT = st.text(max_size=12) | st.sampled_from(
    [
        "5",
        "-1.5",
        "1e9",
        "true",
        "2026-01-01T00:00:00Z",
        "1767225600",
        "9" * 400,
        "10.0.0.0/8",
        "::1/200",
        "cmVk",
        "===",
        "*",
    ]
    + ["arn:aws:s3:::goods", "${aws:username}", "${*}", "a\0b", "\ud800"]
)


def fulfils(operator: str, given_values: Any, wanted: Any, key: str = "aws:key", **context: str) -> bool:
    """Tell whether a value of the request, or None, fulfils a condition; the context holds ``aws:`` keys."""
    values = () if given_values is None else given_values if isinstance(given_values, tuple) else (given_values,)
    keys = {f"aws:{name}": (value,) for name, value in context.items()} | {key: values}
    return holds(operator, key, wanted if isinstance(wanted, tuple) else (wanted,), keys, variables=True)


@pytest.mark.parametrize(
    ("operator", "value", "wanted", "expected"),
    [
        ("StringEquals", "red", "red", True),
        ("StringEquals", "red", "Red", False),
        ("StringEquals", "red", "r*", False),
        ("StringEquals", "red", ("blue", "red"), True),
        ("StringEquals", "", "", True),
        ("stringequals", "red", "red", True),
        ("StringNotEquals", "red", "blue", True),
        ("StringNotEquals", "red", ("blue", "red"), False),
        ("StringEqualsIgnoreCase", "red", "RED", True),
        ("StringNotEqualsIgnoreCase", "red", "RED", False),
        ("StringLike", "red", "r?*", True),
        ("StringLike", "red", "R*", False),
        ("StringLike", "r*d", "r${*}d", True),
        ("StringLike", "red", "r${*}d", False),
        ("StringEquals", "r*d", "r${*}d", True),
        ("StringNotLike", "red", "b*", True),
        ("StringNotLike", "red", ("b*", "*d"), False),
    ],
)
def test_strings_are_compared(operator: str, value: str, wanted: Any, expected: bool) -> None:
    assert fulfils(operator, value, wanted) is expected


@pytest.mark.parametrize(
    ("operator", "value", "wanted", "expected"),
    [
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", "10", "11", False),
        ("NumericNotEquals", "10", "11", True),
        ("NumericLessThan", "9", "10", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "-1", "-2.5", True),
        ("NumericGreaterThan", "10", "10", False),
        ("NumericGreaterThanEquals", "10", ("11", "10"), True),
        ("NumericEquals", "5abc", "5", False),
        ("NumericNotEquals", "5abc", "6", False),
        ("NumericEquals", "١", "1", False),
        ("NumericEquals", "nan", "nan", False),
    ],
)
def test_numbers_are_compared(operator: str, value: str, wanted: Any, expected: bool) -> None:
    assert fulfils(operator, value, wanted) is expected


@pytest.mark.parametrize(
    ("operator", "value", "wanted", "expected"),
    [
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00", True),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01", True),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", True),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-02", True),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", True),
        ("DateLessThan", "2026-01-01T00:00:01Z", "2026-01-01T00:00:01Z", False),
        ("DateLessThanEquals", "2026-01-01T00:00:01Z", "2026-01-01T00:00:01Z", True),
        ("DateGreaterThan", "2026-06-01", "2026-05-31T23:59:59Z", True),
        ("DateGreaterThanEquals", "1767225600", "2026-01-01T00:00:00Z", True),
        ("DateLessThan", "yesterday", "2026-01-01", False),
        ("DateLessThan", "9" * 400, "2026-01-01", False),
    ],
)
def test_dates_are_compared(operator: str, value: str, wanted: Any, expected: bool) -> None:
    assert fulfils(operator, value, wanted) is expected


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ("true", "true", True),
        ("false", "true", False),
        ("True", "true", True),
        ("1", "true", False),
        ("no", "no", False),
    ],
)
def test_truth_is_compared(value: str, wanted: str, expected: bool) -> None:
    assert fulfils("Bool", value, wanted) is expected


def test_bytes_are_compared() -> None:
    assert fulfils("BinaryEquals", "cmVk", "cmVk")
    assert not fulfils("BinaryEquals", "cmVk", "Ymx1ZQ==")
    assert not fulfils("BinaryEquals", "red", "red")


@pytest.mark.parametrize(
    ("operator", "value", "wanted", "expected"),
    [
        ("IpAddress", "203.0.113.9", "203.0.113.0/24", True),
        ("IpAddress", "203.0.113.9", "203.0.113.77/24", True),
        ("IpAddress", "203.0.113.9", "203.0.113.9", True),
        ("IpAddress", "203.0.113.9", "203.0.113.128/25", False),
        ("IpAddress", "203.0.113.9", ("10.0.0.0/8", "203.0.113.8/29"), True),
        ("IpAddress", "2001:db8::5", "2001:0db8:0:0::5", True),
        ("IpAddress", "2001:db8:1::5", "2001:db8::/32", True),
        ("IpAddress", "2001:db8:1::5", "0.0.0.0/0", False),
        ("NotIpAddress", "2001:db8:1::5", "203.0.113.9", True),
        ("NotIpAddress", "203.0.113.9", "2001:db8::/32", True),
        ("NotIpAddress", "10.1.1.1", ("203.0.113.0/24", "10.0.0.0/8"), False),
        ("IpAddress", "here", "203.0.113.9", False),
        ("NotIpAddress", "here", "203.0.113.9", False),
    ],
)
def test_addresses_are_compared(operator: str, value: str, wanted: Any, expected: bool) -> None:
    assert fulfils(operator, value, wanted) is expected


@pytest.mark.parametrize("operator", ["ArnEquals", "ArnLike"])
@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ("arn:aws:sns:eu-west-1:111111111111:news", "arn:aws:sns:eu-west-1:111111111111:news", True),
        ("arn:aws:sns:eu-west-1:111111111111:news", "arn:aws:sns:*:111111111111:n?ws", True),
        ("arn:aws:sns:eu-west-1:111111111111:news", "arn:aws:*:news", False),
        ("arn:aws:sns:eu-west-1:111111111111:news", "arn:aws:sns:eu-west-1:111111111111:NEWS", False),
        ("arn:aws:sns:eu-west-1:111111111111:news", "*", False),
        ("arn:aws:s:eu:999999999999:store/abc:111111111111:f/d", "arn:aws:s:*:111111111111:f/*", False),
        ("news", "arn:aws:sns:*:*:*", False),
    ],
)
def test_arns_are_compared_part_by_part(operator: str, value: str, wanted: str, expected: bool) -> None:
    assert fulfils(operator, value, wanted) is expected
    assert fulfils(operator.replace("Arn", "ArnNot"), value, wanted) is not expected


def test_null_asks_whether_a_key_is_there() -> None:
    assert fulfils("Null", None, "true")
    assert fulfils("Null", (), "true")
    assert not fulfils("Null", "x", "true")
    assert fulfils("Null", "x", "false")
    assert not fulfils("Null", None, "false")


@pytest.mark.parametrize("operator", NAMES)
def test_a_missing_key_fulfils_negated_operators_only(operator: str) -> None:
    wanted = {"numeric": "5", "date": "2026-01-01", "bool": "true"}.get(operator.split("e")[0], "red")
    assert fulfils(operator, None, wanted) is ("not" in operator)
    assert fulfils(operator, (), wanted) is ("not" in operator)


@pytest.mark.parametrize("operator", NAMES)
def test_if_exists_asks_only_when_the_key_is_there(operator: str) -> None:
    assert fulfils(f"{operator}IfExists", None, "red")
    for value in ("red", "5", "true", "2026-01-01", "10.0.0.1", "arn:aws:s3:::goods", "cmVk"):
        assert fulfils(f"{operator}IfExists", value, value) is fulfils(operator, value, value)


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("StringEquals", ("env",), True),
        ("StringEquals", ("env", "team"), True),
        ("StringEquals", ("env", "cost"), False),
        ("StringEquals", (), True),
        ("StringLike", ("env", "t"), False),
        ("StringNotEquals", ("cost",), True),
        ("StringNotEquals", ("cost", "env"), False),
    ],
)
def test_for_all_values_wants_every_value_of_the_request(
    operator: str, values: tuple[str, ...], expected: bool
) -> None:
    assert fulfils(f"ForAllValues:{operator}", values, ("env", "team"), "aws:tagkeys") is expected


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("StringEquals", ("env", "cost"), True),
        ("StringEquals", ("cost",), False),
        ("StringEquals", (), False),
        ("StringEqualsIfExists", (), False),
        ("StringNotEquals", ("env", "cost"), True),
        ("StringNotEquals", ("env", "team"), False),
        ("StringNotEquals", (), False),
    ],
)
def test_for_any_value_wants_one_value_of_the_request(operator: str, values: tuple[str, ...], expected: bool) -> None:
    assert fulfils(f"ForAnyValue:{operator}", values, ("env", "team"), "aws:tagkeys") is expected


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringEqualsIfExists"])
def test_without_a_set_operator_a_key_for_several_values_matches_nothing(operator: str) -> None:
    wanted = "cost" if "Not" in operator else "env"
    assert not fulfils(operator, ("env",), wanted, "aws:tagkeys")
    assert not fulfils(operator, ("env", "env"), wanted)
    assert fulfils(operator, ("env",), wanted)


@pytest.mark.parametrize(
    ("operator", "value", "wanted", "expected"),
    [
        ("StringEquals", "ann", "${aws:username}", True),
        ("StringNotEquals", "ann", "${aws:username}", False),
        ("StringLike", "ann/x", "${aws:username}/*", True),
        ("ArnLike", "arn:aws:iam::111111111111:user/ann", "arn:aws:iam::*:user/${aws:username}", True),
        ("ArnEquals", "arn:aws:s3:::goods", "${aws:bucket}", True),
        ("Bool", "true", "${aws:yes}", True),
        ("NumericEquals", "5", "${aws:five}", False),
        ("DateEquals", "2026-01-01", "${aws:day}", False),
        ("IpAddress", "10.0.0.1", "${aws:here}", False),
        ("BinaryEquals", "cmVk", "${aws:red}", False),
        ("Null", "x", "${aws:no}", False),
    ],
)
def test_variables_count_in_string_arn_and_bool_operators(
    operator: str, value: str, wanted: str, expected: bool
) -> None:
    context = {"username": "ann", "bucket": "arn:aws:s3:::goods", "yes": "true", "five": "5", "day": "2026-01-01"}
    context |= {"here": "10.0.0.1", "red": "cmVk", "no": "false"}
    assert fulfils(operator, value, wanted, **context) is expected


def test_a_variable_without_a_value_equals_nothing() -> None:
    assert not fulfils("StringEquals", "", "${aws:none}")
    assert not fulfils("StringLike", "x", "*${aws:none}")
    assert fulfils("StringNotEquals", "x", "${aws:none}")
    assert fulfils("StringNotLike", "x", "${aws:none}*")
    assert not fulfils("StringNotEquals", "x", ("${aws:none}", "x"))


@given(st.text(max_size=24), st.lists(TEXT, max_size=3), st.lists(TEXT, max_size=3))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_an_unknown_operator_is_never_part_of_a_policy(name: str, values: list[str], wanted: list[str]) -> None:
    text = json.dumps(document(allow(Condition={name: {"aws:key": wanted}})))
    if is_known(name):
        assert isinstance(fulfils(name, tuple(values), tuple(wanted)), bool)
    else:
        with pytest.raises(PolicyError):
            parse(text)
        with pytest.raises(PolicyError):
            parse(json.dumps(document(allow(), deny(Condition={name: {"aws:key": wanted}}))))


@given(
    st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]),
    st.sampled_from(NAMES),
    st.sampled_from(["", "IfExists"]),
    st.sampled_from(["aws:key", "aws:tagkeys"]),
    st.lists(TEXT, max_size=3),
    st.lists(TEXT, max_size=3),
)
@settings(derandomize=True, deadline=None, max_examples=1_000)
def test_no_operator_fails_on_any_value(
    prefix: str, name: str, suffix: str, key: str, values: list[str], wanted: list[str]
) -> None:
    assert isinstance(fulfils(f"{prefix}{name}{suffix}", tuple(values), tuple(wanted), key, username="ann"), bool)
