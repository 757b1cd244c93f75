"""Reading policy documents: what is one, and what is wrong with what is none."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicdlab.cloud.identity.document import MAX_DOCUMENT, PolicyError, parse

from .cases import ANN, SESSION, allow, deny, document

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
ELEMENTS = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"]
PARTS = st.sampled_from(
    ["Allow", "Deny", "*", "s3:GetObject", "arn:aws:s3:::goods/${aws:username}", "${${*}", ANN, "\0"]
)
STATEMENTS = st.dictionaries(st.sampled_from(ELEMENTS), JSON | PARTS | st.lists(PARTS, max_size=3), max_size=6)


def said(text: Any, **options: bool) -> str:
    """Return what is wrong with a document."""
    with pytest.raises(PolicyError) as caught:
        parse(text if isinstance(text, str) else json.dumps(text), **options)
    return str(caught.value)


def condition(operator: str, key: Any = "aws:username", values: Any = "ann") -> dict[str, Any]:
    return document(allow(Condition={operator: {key: values}}))


def test_a_whole_policy_is_read() -> None:
    text = json.dumps(
        document(
            allow(["s3:Get*", "s3:PutObject"], Sid="One", Condition={"Bool": {"aws:SecureTransport": True}}),
            deny(NotAction="iam:*", NotResource=["arn:aws:s3:::goods"], Condition={"NumericEquals": {"A:b": [1, 2.5]}}),
        )
    )
    read = parse(text, "mine")
    first, second = read.statements
    assert (read.name, read.text) == ("mine", text)
    assert (first.index, first.sid, first.allows, first.actions) == (0, "One", True, ("s3:Get*", "s3:PutObject"))
    assert first.conditions == (("Bool", "aws:securetransport", ("true",)),)
    assert (second.allows, second.actions, second.not_actions) == (False, (), ("iam:*",))
    assert (second.resources, second.not_resources) == ((), ("arn:aws:s3:::goods",))
    assert second.conditions == (("NumericEquals", "a:b", ("1", "2.5")),)


def test_one_statement_needs_no_list() -> None:
    assert len(parse(json.dumps({"Version": "2012-10-17", "Statement": allow()})).statements) == 1


def test_principals_are_read_where_a_resource_has_the_policy() -> None:
    text = json.dumps(document(allow(Principal={"AWS": [ANN, SESSION], "Service": "ec2.amazonaws.com"})))
    statement = parse(text, principals=True).statements[0]
    assert statement.principals == (("AWS", ANN), ("AWS", SESSION), ("Service", "ec2.amazonaws.com"))


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ('{"Statement": NaN}', "JSON"),
        ("[]", "must be a JSON object"),
        ({"Version": "2012-10-17"}, "no Statement"),
        ({"Statement": []}, "no statement"),
        ({"Statement": [1]}, "Statement 1 must be a JSON object"),
        ({"Statement": [], "Extra": 1}, "unknown element Extra"),
        ({"Version": "2012-10-18", "Statement": []}, "version"),
        ({"Version": ["2012-10-17"], "Statement": []}, "version"),
        ({"Id": 1, "Statement": []}, "Id"),
        ('{"Statement": [], "Statement": []}', "Statement twice"),
        (document(allow(Effect="allow")), "Effect"),
        (document(allow(Sid=1)), "Sid"),
        (document(allow(Extra="x")), "unknown element Extra"),
        (document(allow(Sid="a"), allow(Sid="a")), "unique"),
        (document({"Effect": "Allow", "Resource": "*"}), "must contain actions"),
        (document({"Effect": "Allow", "Action": "*"}), "must contain resources"),
        (document({**allow(), "NotAction": "*"}), "both Action and NotAction"),
        (document({**allow(), "NotResource": "*"}), "both Resource and NotResource"),
        (document(allow("GetObject")), "SERVICE:ACTION"),
        (document(allow("s3:Get Object")), "SERVICE:ACTION"),
        (document(allow("s3:GetObj\u00e9ct")), "SERVICE:ACTION"),
        (document(allow([])), "Action is empty"),
        (document(allow(["s3:GetObject", 1])), "must hold texts"),
        (document(allow(resource="goods/*")), "ARN format"),
        (document(allow(resource="arn:aws:s3:::go\0ods")), "must hold texts"),
        (document(allow(Condition=[])), "Condition must be a JSON object"),
        (document(allow(Condition={"Bool": "true"})), "keys and values"),
        (document(allow(Condition={"Bool": {"a:b": None}})), "must hold texts"),
        (document(allow(Condition={"Bool": {" ": "true"}})), "key without a name"),
        (document(allow(Principal="*")), "should not specify a principal"),
    ],
)
def test_what_is_wrong_is_said(policy: Any, why: str) -> None:
    assert why in said(policy)


@pytest.mark.parametrize(
    "operator",
    ["StringMatches", "Equals", "", "NullIfExists", "ForAllValues:Null", "ForSomeValues:Bool", "ForAllValueſ:Bool"],
)
def test_an_unknown_operator_is_refused(operator: str) -> None:
    assert "Invalid Condition type" in said(condition(operator))


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ({}, "must be"),
        ("me", "must be"),
        ({"Group": "x"}, "must be"),
        ({"AWS": []}, "AWS is empty"),
        ({"AWS": "ann"}, "Invalid principal"),
        ({"AWS": "arn:aws:iam::111111111111:user/*"}, "Invalid principal"),
        ({"AWS": "arn:aws:s3:::goods"}, "Invalid principal"),
    ],
)
def test_who_can_be_no_principal_is_refused(named: Any, why: str) -> None:
    assert why in said(document(allow(Principal=named)), principals=True)


def test_a_resources_policy_needs_a_principal() -> None:
    assert "needs a Principal" in said(document(allow()), principals=True)
    both = {**allow(Principal="*"), "NotPrincipal": "*"}
    assert "both Principal and NotPrincipal" in said(document(both), principals=True)


def test_a_trust_policy_names_no_resource() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}
    assert parse(json.dumps(document(trust)), principals=True, resources=False).statements
    assert "prohibited field Resource" in said(document({**trust, "Resource": "*"}), principals=True, resources=False)


def test_a_trust_policy_has_no_not_principal() -> None:
    trust = document({"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": ANN}})
    assert "prohibited field NotPrincipal" in said(trust, principals=True, resources=False)


@pytest.mark.parametrize("text", ["${aws:username", "${${aws:username}}", "${", "${}", "${ }", "a${b${c}"])
def test_a_variable_that_can_never_be_replaced_is_refused(text: str) -> None:
    assert "policy variable" in said(document(allow(resource=f"arn:aws:s3:::goods/{text}")))
    assert "policy variable" in said(condition("StringEquals", values=text))
    assert parse(json.dumps(document(allow(resource=f"arn:aws:s3:::goods/{text}"), version="2008-10-17"))).statements


def test_a_policy_too_long_or_too_deep_is_refused() -> None:
    assert "more than" in said(" " * (MAX_DOCUMENT + 1))
    assert "nested too deeply" in said('{"Statement":' + "[" * 60_000)


@given(st.text() | JSON.map(json.dumps), st.booleans(), st.booleans())
@settings(derandomize=True, deadline=None, max_examples=300)
def test_whatever_is_given_only_policy_errors_come(text: str, principals: bool, resources: bool) -> None:
    try:
        parse(text, principals=principals, resources=resources)
    except PolicyError as error:
        assert str(error)


@given(st.lists(STATEMENTS, max_size=3), st.booleans(), st.booleans())
@settings(derandomize=True, deadline=None, max_examples=500)
def test_whatever_statements_are_given_only_policy_errors_come(
    statements: list[Any], principals: bool, resources: bool
) -> None:
    try:
        parse(json.dumps(document(*statements)), principals=principals, resources=resources)
    except PolicyError as error:
        assert str(error)
