"""Wildcards, ARNs and policy variables."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicdlab.cloud.identity.matching import action_matches, arn_matches, glob, literal, plain, resolve, resource_pattern

from .cases import allow, allowed, deny, document

OBJECT = "arn:aws:s3:::goods/home/ann/report"
HOME = "arn:aws:s3:::goods/home/{}/report"


def reads(pattern: str, **context: list[str]) -> bool:
    """Tell whether a policy with this Resource allows ann's report; context keys lack their ``aws:``."""
    given_context = {f"aws:{key.replace('_', '/')}": values for key, values in context.items()}
    return allowed(identity=[document(allow(resource=pattern))], context=given_context)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("*", True),
        ("s3:*", True),
        ("s3:Get*", True),
        ("s3:*Object", True),
        ("s3:G?tObject", True),
        ("s?:GetObject", True),
        ("S3:getobject", True),
        ("s3:GetObject?", False),
        ("s3:Get", False),
        ("ec2:*", False),
        ("s3:*Acl", False),
    ],
)
def test_actions_match_with_wildcards_and_in_any_case(pattern: str, matches: bool) -> None:
    assert action_matches(pattern, "s3:GetObject") is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("*", True),
        (OBJECT, True),
        ("arn:aws:s3:::goods/*", True),
        ("arn:aws:s3:::*/report", True),
        ("arn:aws:s3:::goods/*/ann/*", True),
        ("arn:aws:s3:::goods/home/a?n/report", True),
        ("arn:aws:s3:::goods/home/ann/report?", False),
        ("arn:aws:s3:::goods/home/ANN/report", False),
        ("arn:aws:s3:::goods", False),
        ("arn:aws:s3:::goods/home/ann/report*", True),
        ("arn:*:s3:*:*:goods/*", True),
        ("arn:aws:s3:*", True),
        ("arn:aws:s3", False),
        ("arn:*", True),
        ("arn:aws:sns:::goods/*", False),
    ],
)
def test_wildcards_match_within_the_parts_of_an_arn(pattern: str, matches: bool) -> None:
    assert arn_matches(pattern, OBJECT) is matches


def test_a_star_in_the_middle_of_an_arn_does_not_go_beyond_its_part() -> None:
    key = "arn:aws:ssm:eu-west-1:111111111111:parameter/a:b"
    assert arn_matches("arn:aws:ssm:*:111111111111:parameter/*", key)
    assert not arn_matches("arn:aws:ssm:*:parameter/a:b", key)
    assert not arn_matches("arn:aws:ssm:*:b", key)


def test_an_action_without_a_resource_needs_a_star() -> None:
    assert arn_matches("*", "*")
    assert not arn_matches("arn:aws:s3:::*", "*")


def test_wildcards_match_line_breaks_and_signs_of_regular_expressions() -> None:
    assert glob("a*z").fullmatch("a\n.z")
    assert not glob("a.z").fullmatch("abz")
    assert glob("[a](b)+").fullmatch("[a](b)+")


def test_a_variable_stands_for_its_value() -> None:
    assert reads(HOME.format("${aws:username}"), username=["ann"])
    assert reads(HOME.format("${AWS:UserName}"), username=["ann"])
    assert not reads(HOME.format("${aws:username}"), username=["bob"])


def test_a_variable_without_a_value_matches_nothing() -> None:
    assert not reads(HOME.format("${aws:username}"))
    assert not reads(HOME.format("*${aws:username}*"))
    excepts = HOME.format("${aws:username}")
    assert not allowed(identity=[document(allow(NotResource=excepts))])
    assert not allowed(identity=[document(allow(), deny(NotResource=excepts))])


def test_a_default_stands_in_for_a_value_that_is_missing() -> None:
    assert reads(HOME.format("${aws:PrincipalTag/name, 'ann'}"))
    assert not reads(HOME.format("${aws:PrincipalTag/name, 'ann'}"), PrincipalTag_name=["bob"])
    assert not reads(HOME.format("${aws:PrincipalTag/name, '*'}"))


def test_signs_in_braces_stand_for_themselves() -> None:
    star = "arn:aws:s3:::goods/${*}${?}${$}{x}"
    policy = [document(allow(resource=star))]
    assert allowed(identity=policy, resource="arn:aws:s3:::goods/*?${x}")
    assert not allowed(identity=policy, resource="arn:aws:s3:::goods/ab${x}")


def test_a_value_with_wildcards_stands_for_itself() -> None:
    assert not reads(HOME.format("${aws:username}"), username=["*"])
    assert not reads(HOME.format("${aws:username}"), username=["???"])
    assert not allowed(
        identity=[document(allow(Condition={"StringLike": {"aws:UserAgent": "${aws:username}"}}))],
        context={"aws:username": ["*"], "aws:UserAgent": ["anything"]},
    )


def test_a_value_with_a_variable_is_not_expanded_again() -> None:
    assert not reads(HOME.format("${aws:PrincipalTag/name}"), PrincipalTag_name=["${aws:username}"], username=["ann"])
    itself = [document(allow(resource=HOME.format("${aws:PrincipalTag/name}")))]
    context = {"aws:PrincipalTag/name": ["${aws:username}"], "aws:username": ["ann"]}
    assert allowed(identity=itself, context=context, resource=HOME.format("${aws:username}"))


def test_variables_count_in_version_2012_10_17_only() -> None:
    for version in ("2008-10-17", None):
        policy = [document(allow(resource=HOME.format("${aws:username}")), version=version)]
        assert not allowed(identity=policy, context={"aws:username": ["ann"]})
        assert allowed(identity=policy, resource=HOME.format("${aws:username}"))


@pytest.mark.parametrize(
    "pattern",
    [
        "arn:aws:iam::${aws:PrincipalAccount}:role/deploy",
        "arn:aws:${aws:service}:::deploy",
        "arn:${partition}",
        "arn:aws:iam::${account}:role/${aws:username}",
    ],
)
def test_a_variable_before_the_fifth_colon_never_has_a_value(pattern: str) -> None:
    context = dict.fromkeys(("aws:principalaccount", "aws:service", "partition", "account", "aws:username"), ("x",))
    assert resource_pattern(pattern, context, variables=True) is None
    role = "arn:aws:iam::111111111111:role/deploy"
    assert not allowed(identity=[document(allow("*", NotResource=pattern))], action="iam:PassRole", resource=role)


def test_a_key_for_several_values_stands_in_no_variable() -> None:
    assert not reads(HOME.format("${aws:TagKeys}"), TagKeys=["ann"])
    assert reads(HOME.format("${aws:TagKeys, 'ann'}"), TagKeys=["bob"])
    assert resolve("${aws:username}", {"aws:username": ("ann", "bob")}) is None


def test_hard_patterns_do_not_take_long() -> None:
    started = time.process_time()
    assert not glob("*a" * 2_000 + "*b").fullmatch("a" * 20_000)
    assert glob("*?" * 500).fullmatch("x" * 20_000)
    assert time.process_time() - started < 5


@given(st.text(alphabet="ab*?.\n", max_size=12), st.text(alphabet="ab*?.\n", max_size=16))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_patterns_match_as_a_plain_regular_expression_says(pattern: str, text: str) -> None:
    plainly = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern)
    assert bool(glob(pattern).fullmatch(text)) is bool(re.fullmatch(plainly, text, re.DOTALL))


@given(st.text(max_size=20), st.text(max_size=20))
@settings(derandomize=True, deadline=None)
def test_a_marked_text_matches_itself_only(text: str, other: str) -> None:
    assert glob(literal(text)).fullmatch(text)
    assert bool(glob(literal(text)).fullmatch(other)) is (text == other)
    assert plain(literal(text)) == text


@given(st.text(alphabet="ab${}*:'", max_size=20), st.text(alphabet="ab${}*:'", max_size=12))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_a_value_allows_what_it_says_literally_and_nothing_else(value: str, name: str) -> None:
    context = {"aws:PrincipalTag/name": [value], "aws:username": ["ann"], "a": ["b"]}
    policy = [document(allow(resource=HOME.format("${aws:PrincipalTag/name}")))]
    assert allowed(identity=policy, context=context, resource=HOME.format(name)) is (name == value)
