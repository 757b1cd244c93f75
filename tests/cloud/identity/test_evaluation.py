"""The decision: which policies have to allow, and which deny."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicdlab.cloud.identity.evaluation import decide
from cicdlab.cloud.identity.model import Effect, Kind, Policies, Principal, Request

from .cases import (
    ACCOUNT,
    ANN,
    BOB,
    OTHER,
    ROLE,
    ROOT,
    SERVICE,
    SESSION,
    allow,
    allowed,
    case,
    decision,
    deny,
    document,
    policies,
    read,
)
from .generated import cases

ALL, NOTHING = document(allow("*")), document(allow("ec2:*"))
KEY = {"action": "kms:Decrypt", "resource": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"}
TRUST = {"action": "sts:AssumeRole", "resource": f"arn:aws:iam::{ACCOUNT}:role/release"}


def shared(principal: Any, *more: dict[str, Any], **element: Any) -> dict[str, Any]:
    """Return the policy of a resource that allows a principal everything."""
    return document(allow("*", Principal=principal, **element), *more)


def trust(principal: Any, **element: Any) -> dict[str, Any]:
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **element})


def test_nothing_is_allowed_without_a_policy() -> None:
    made = decision(case())
    assert (made.effect, made.kind, made.findings) == (Effect.IMPLICIT_DENY, Kind.IDENTITY, ())


def test_one_allow_of_several_policies_is_enough() -> None:
    assert allowed(identity=[NOTHING, document(allow("iam:*"), allow("s3:Get*"))])


@pytest.mark.parametrize("where", ["identity", "boundary", "session", "resource_policy"])
def test_a_deny_in_any_policy_prevails(where: str) -> None:
    who = SESSION
    given_case = case(
        principal=who, identity=[ALL], boundary=ALL, session=[ALL], resource_policy=shared({"AWS": SESSION})
    )
    assert allowed(given_case)
    denial = document(allow("*"), deny("s3:*"))
    if where == "resource_policy":
        denial = shared({"AWS": SESSION}, deny("s3:*", Principal="*"))
    made = decision({**given_case, where: [denial] if where in ("identity", "session") else denial})
    assert (made.effect, made.kind.value.partition(" ")[0] if made.kind else "") == (
        Effect.EXPLICIT_DENY,
        {"identity": "identity-based", "boundary": "permissions", "session": "session"}.get(where, "resource-based"),
    )


def test_a_deny_that_does_not_apply_denies_nothing() -> None:
    assert allowed(identity=[document(allow(), deny("s3:PutObject"), deny(resource="arn:aws:s3:::other/*"))])


def test_actions_are_those_named_or_all_but_those() -> None:
    assert allowed(identity=[document(allow(["iam:*", "s3:GetObject"]))])
    assert not allowed(identity=[document(allow("s3:PutObject"))])
    assert allowed(identity=[document(allow(NotAction="iam:*"))])
    assert not allowed(identity=[document(allow(NotAction=["iam:*", "s3:Get*"]))])
    assert not allowed(identity=[document(allow(), deny(NotAction="iam:*"))])


def test_resources_are_those_named_or_all_but_those() -> None:
    assert allowed(identity=[document(allow(resource="arn:aws:s3:::goods/*"))])
    assert not allowed(identity=[document(allow(resource="arn:aws:s3:::goods"))])
    assert allowed(identity=[document(allow(NotResource="arn:aws:s3:::other/*"))])
    assert not allowed(identity=[document(allow(NotResource=["arn:aws:s3:::other/*", "arn:aws:s3:::goods/*"]))])
    assert not allowed(identity=[document(allow(), deny(NotResource="arn:aws:s3:::other/*"))])


def test_all_conditions_have_to_hold_and_one_value_of_each() -> None:
    both = {"StringEquals": {"aws:a": ["1", "2"], "aws:b": "3"}, "Bool": {"aws:c": "true"}}
    policy = [document(allow(Condition=both))]
    context = {"aws:a": ["2"], "AWS:B": ["3"], "aws:c": ["true"]}
    assert allowed(identity=policy, context=context)
    for name, value in (("aws:a", ["4"]), ("AWS:B", []), ("aws:c", ["false"])):
        assert not allowed(identity=policy, context={**context, name: value})


def test_a_boundary_has_to_allow_too() -> None:
    assert allowed(identity=[ALL], boundary=document(allow("s3:*")))
    assert decision(case(identity=[ALL], boundary=NOTHING)).kind is Kind.BOUNDARY
    assert decision(case(boundary=ALL)).kind is Kind.IDENTITY


def test_a_session_policy_has_to_allow_too() -> None:
    assert allowed(principal=SESSION, identity=[ALL], session=[document(allow("s3:*"))])
    assert allowed(principal=SESSION, identity=[ALL], session=[NOTHING, ALL])
    assert decision(case(principal=SESSION, identity=[ALL], session=[NOTHING])).kind is Kind.SESSION
    assert decision(case(principal=SESSION, session=[ALL])).kind is Kind.IDENTITY


@pytest.mark.parametrize("principal", [{"AWS": ANN}, {"AWS": [BOB, ANN]}, "*", {"AWS": "*"}])
def test_in_one_account_a_resources_policy_is_enough(principal: Any) -> None:
    assert allowed(resource_policy=shared(principal))
    assert not allowed(resource_policy=shared({"AWS": BOB}))


@pytest.mark.parametrize("principal", [{"AWS": ROOT}, {"AWS": ACCOUNT}])
def test_a_resource_that_allows_the_account_leaves_it_to_the_account(principal: Any) -> None:
    assert decision(case(resource_policy=shared(principal))).kind is Kind.IDENTITY
    assert allowed(identity=[ALL], resource_policy=shared(principal))
    assert not allowed(principal=ROOT, resource_policy=shared(principal))


def test_a_role_is_named_for_its_sessions() -> None:
    assert allowed(principal=SESSION, resource_policy=shared({"AWS": ROLE}))
    assert allowed(principal=SESSION, resource_policy=shared({"AWS": SESSION}))
    assert not allowed(principal=SESSION, resource_policy=shared({"AWS": f"{SESSION}2"}))
    assert not allowed(principal=SESSION, resource_policy=shared({"AWS": f"{ROLE}2"}))


def test_a_role_with_a_path_is_named_by_its_own_arn() -> None:
    with_path = f"arn:aws:iam::{ACCOUNT}:role/team/deploy"
    request = Request(Principal(SESSION, with_path), "s3:GetObject", "arn:aws:s3:::goods/x", ACCOUNT)
    assert decide(request, Policies(resource=read(shared({"AWS": with_path}), principals=True))).allowed
    assert not decide(request, Policies(resource=read(shared({"AWS": ROLE}), principals=True))).allowed


def test_a_boundary_does_not_limit_what_a_resource_grants_the_user_or_session_herself() -> None:
    assert allowed(boundary=NOTHING, resource_policy=shared({"AWS": ANN}))
    assert allowed(principal=SESSION, boundary=NOTHING, resource_policy=shared({"AWS": SESSION}))
    limited = case(principal=SESSION, boundary=NOTHING, resource_policy=shared({"AWS": ROLE}))
    assert decision(limited).kind is Kind.BOUNDARY


def test_a_session_policy_does_not_limit_what_a_resource_grants_the_session_itself() -> None:
    assert allowed(principal=SESSION, session=[NOTHING], resource_policy=shared({"AWS": SESSION}))
    limited = case(principal=SESSION, session=[NOTHING], resource_policy=shared({"AWS": ROLE}))
    assert decision(limited).kind is Kind.SESSION
    assert allowed(principal=SESSION, session=[ALL], resource_policy=shared({"AWS": ROLE}))


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
def test_neither_limits_what_a_resource_grants_everybody(principal: Any) -> None:
    for limits in ({"boundary": NOTHING}, {"session": [NOTHING]}):
        assert allowed(principal=SESSION, resource_policy=shared(principal), **limits)
        assert not allowed(principal=SESSION, resource_policy=shared(principal), owner=OTHER, identity=[ALL], **limits)


def test_across_accounts_both_sides_have_to_allow() -> None:
    mine = shared({"AWS": ANN})
    assert allowed(owner=OTHER, identity=[ALL], resource_policy=mine)
    assert allowed(owner=OTHER, identity=[ALL], resource_policy=shared({"AWS": ROOT}))
    assert decision(case(owner=OTHER, identity=[ALL])).kind is Kind.RESOURCE
    assert decision(case(owner=OTHER, resource_policy=mine)).kind is Kind.IDENTITY
    assert decision(case(owner=OTHER, identity=[ALL], boundary=NOTHING, resource_policy=mine)).kind is Kind.BOUNDARY
    limited = {"principal": SESSION, "identity": [ALL], "session": [NOTHING]}
    assert decision(case(owner=OTHER, resource_policy=shared({"AWS": SESSION}), **limited)).kind is Kind.SESSION


def test_services_and_the_public_need_the_resources_policy_only() -> None:
    named = {"Service": ["ec2.amazonaws.com", SERVICE]}
    assert allowed(principal=SERVICE, resource_policy=shared(named))
    assert allowed(principal=SERVICE, resource_policy=shared("*"))
    assert not allowed(principal=SERVICE, resource_policy=shared({"Service": "ec2.amazonaws.com"}))
    assert not allowed(principal=SERVICE, resource_policy=shared({"AWS": "*"}))
    assert not allowed(resource_policy=shared({"Service": SERVICE}))
    for everybody in ("*", {"AWS": "*"}):
        assert allowed(principal="anonymous", resource_policy=shared(everybody))
    assert not allowed(principal="anonymous", resource_policy=shared({"AWS": ROOT}))


def test_a_deny_for_the_account_denies_everybody_in_it() -> None:
    for who in (ANN, SESSION, ROOT):
        policy = shared("*", deny("*", Principal={"AWS": ACCOUNT}))
        assert not allowed(principal=who, identity=[ALL], resource_policy=policy)
    policy = shared("*", deny("*", Principal={"AWS": ROLE}))
    assert not allowed(principal=SESSION, identity=[ALL], resource_policy=policy)
    assert allowed(identity=[ALL], resource_policy=policy)


@pytest.mark.parametrize(
    ("principal", "named", "denied"),
    [
        (ANN, [ANN, ROOT], False),
        (ANN, [ANN, ACCOUNT], False),
        (ANN, [ANN], True),
        (ANN, [ROOT], True),
        (ANN, [BOB, ROOT], True),
        (SESSION, [SESSION, ROLE, ROOT], False),
        (SESSION, [ROLE, ROOT], True),
        (SESSION, [SESSION, ROOT], True),
        (ROOT, [ROOT], False),
        (ROOT, [BOB], True),
        (ROOT, [ACCOUNT], False),
    ],
)
def test_a_deny_with_not_principal_excepts_who_is_named_with_role_and_account(
    principal: str, named: list[str], denied: bool
) -> None:
    policy = document(deny("*", NotPrincipal={"AWS": named}))
    assert allowed(principal=principal, identity=[ALL], resource_policy=policy) is not denied


def test_a_deny_with_not_principal_may_except_services() -> None:
    policy = shared("*", deny("*", NotPrincipal={"Service": SERVICE}))
    assert allowed(principal=SERVICE, resource_policy=policy)
    assert not allowed(identity=[ALL], resource_policy=policy)


def test_a_deny_with_not_principal_denies_whoever_has_a_boundary() -> None:
    policy = document(deny("*", NotPrincipal={"AWS": [ANN, ROOT]}))
    made = decision(case(identity=[ALL], boundary=ALL, resource_policy=policy))
    assert (made.effect, made.kind) == (Effect.EXPLICIT_DENY, Kind.RESOURCE)
    elsewhere = document(deny("s3:PutObject", NotPrincipal={"AWS": [ANN, ROOT]}))
    assert allowed(identity=[ALL], boundary=ALL, resource_policy=elsewhere)


@pytest.mark.parametrize("named", [ANN, ROOT, ACCOUNT])
def test_an_allow_with_not_principal_is_for_all_but_those_named_in_any_way(named: str) -> None:
    policy = document(allow("*", NotPrincipal={"AWS": named}))
    assert not allowed(resource_policy=policy)
    assert not allowed(principal=SESSION, resource_policy=policy) or named == ANN
    assert allowed(principal="anonymous", resource_policy=policy)


def test_a_key_is_ruled_by_its_policy() -> None:
    assert decision(case(identity=[ALL], **KEY)).kind is Kind.RESOURCE
    assert not allowed(identity=[ALL], resource_policy=shared({"AWS": BOB}), **KEY)
    assert allowed(resource_policy=shared({"AWS": ANN}), **KEY)
    assert not allowed(resource_policy=shared({"AWS": ROOT}), **KEY)
    assert allowed(identity=[ALL], resource_policy=shared({"AWS": ROOT}), **KEY)


def test_a_role_is_ruled_by_its_trust_policy() -> None:
    assert not allowed(identity=[ALL], **TRUST)
    assert allowed(resource_policy=trust({"AWS": ANN}), **TRUST)
    assert not allowed(resource_policy=trust({"AWS": ROOT}), **TRUST)
    assert allowed(identity=[ALL], resource_policy=trust({"AWS": ROOT}), **TRUST)
    assert not allowed(identity=[ALL], resource_policy=trust({"AWS": BOB}), **TRUST)
    made = decide(Request(Principal(ANN), "sts:AssumeRole", TRUST["resource"], ACCOUNT), Policies(), Kind.TRUST)
    assert not made.allowed


def test_a_trust_policy_may_ask_for_an_external_id() -> None:
    elsewhere = {"action": "sts:AssumeRole", "resource": f"arn:aws:iam::{OTHER}:role/release", "owner": OTHER}
    policy = trust({"AWS": ROOT}, Condition={"StringEquals": {"sts:ExternalId": "e-1"}})
    assert allowed(identity=[ALL], resource_policy=policy, context={"sts:ExternalId": ["e-1"]}, **elsewhere)
    assert not allowed(identity=[ALL], resource_policy=policy, context={"sts:ExternalId": ["e-2"]}, **elsewhere)
    assert not allowed(identity=[ALL], resource_policy=policy, **elsewhere)


def test_findings_say_why_each_statement_does_not_apply() -> None:
    made = decision(
        case(
            identity=[
                document(
                    allow("s3:PutObject"),
                    allow(NotAction="s3:*"),
                    allow(resource="arn:aws:s3:::other/*"),
                    allow(NotResource="arn:aws:s3:::goods/*"),
                    allow(Condition={"Bool": {"aws:SecureTransport": "true"}}),
                    allow(Sid="Good"),
                )
            ],
            resource_policy=shared({"AWS": BOB}),
            context={"aws:SecureTransport": ["false"]},
        )
    )
    reasons = [each.miss for each in made.findings]
    told = ["Action", "NotAction", "Resource", "NotResource", "condition Bool on aws:securetransport", "", "Principal"]
    assert [word in reason for word, reason in zip(told, reasons, strict=True)] == [True] * 7
    assert reasons[4].endswith("aws:securetransport is false, the policy says true")
    assert [each.statement.sid for each in made.matched] == ["Good"]
    assert made.document()["statements"][5]["applies"]


def test_generated_policies_are_decided_and_many_are_allowed() -> None:
    made = [decision(each) for each in cases(seed=1, count=2_000)]
    assert 0.3 < sum(each.allowed for each in made) / len(made) < 0.6
    assert {each.effect for each in made} == set(Effect)
    assert {each.kind for each in made} >= {None, *Kind} - {Kind.TRUST}


TEXT = st.text(max_size=10) | st.sampled_from([ANN, SESSION, SERVICE, "*", "arn:aws:s3:::goods", "${aws:username}", ""])


@given(st.integers(0, 500), TEXT, TEXT, TEXT, TEXT, st.dictionaries(TEXT, st.lists(TEXT, max_size=3).map(tuple)))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_no_request_makes_the_evaluation_fail(
    number: int, principal: str, action: str, resource: str, owner: str, context: dict[str, tuple[str, ...]]
) -> None:
    found = policies(next(cases(seed=number, count=1)))
    made = decide(Request(Principal(principal), action, resource, owner, context), found)
    assert made.allowed is (made.kind is None)
    assert made.document()
