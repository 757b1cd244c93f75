"""What the decision view asks IAM, and what it makes of the answer."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicdlab.views import DecisionView, ViewError, decision_html
from cicdlab.views.excerpts import statement_at
from cicdlab.views.policies import Policy, Subject
from cicdlab.views.reading import Question
from cicdlab.views.verdict import verdict

from .decisions import (
    ACTION,
    LIMIT,
    OBJECT,
    READ_ONLY,
    ROLE,
    SESSION,
    USER,
    Iam,
    matched,
    policy,
    position,
    result,
    statement,
    within,
)

READS = policy(statement(Action="s3:ListAllMyBuckets", Resource="*"), statement(Sid="ReadArtifact"))
DENIES = policy(statement("Deny", Sid="Never"))


def explain(iam: Iam, principal: str = ROLE, **options: Any) -> str:
    """The words of a view."""
    return words(DecisionView.explain(iam.client, principal, ACTION, OBJECT, **options).picture)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&quot;", '"').replace(" .", ".")


def bundle(view: DecisionView) -> dict[str, str]:
    output = view._repr_mimebundle_()[0]
    output.pop("application/vnd.jupyter.widget-view+json")
    return output


def test_a_request_that_no_statement_allows_says_so_and_what_is_missing() -> None:
    iam = Iam(result(), inline={"role deploy": {"logs": policy(statement(Action="logs:*", Resource="*"))}})
    said = explain(iam)
    assert f"✗ Denied: no statement allows {ACTION} on {OBJECT}." in said
    assert "logs Inline policy – Says nothing" in said
    assert f"To allow it, a policy of role deploy needs a statement with Action {ACTION} and Resource {OBJECT}." in said


def test_a_statement_that_allows_is_shown() -> None:
    iam = Iam(result("allowed", matched("role_deploy_read", READS, 2)), inline={"role deploy": {"read": READS}})
    said = explain(iam)
    assert f"✓ Allowed: a statement allows {ACTION} on {OBJECT}." in said
    assert 'read Inline policy ✓ Allows { "Effect": "Allow", "Action": "s3:GetObject"' in said
    assert "ReadArtifact" in said
    assert "ListAllMyBuckets" not in said
    assert "To allow it" not in said


def test_a_statement_that_denies_comes_first_and_what_allows_does_not_count() -> None:
    iam = Iam(
        result("explicitDeny", matched("role_deploy_stop", DENIES)),
        inline={"role deploy": {"read": READS, "stop": DENIES}},
    )
    said = explain(iam)
    assert "✗ Denied: a statement denies" in said
    assert said.index("stop Inline policy ✗ Denies") < said.index("read Inline policy – Does not count")
    assert "that statement must change" in said


def test_a_permissions_boundary_that_does_not_allow_has_a_row_and_a_line() -> None:
    iam = Iam(
        result("implicitDeny", matched("user_ann_read", READS, 2), **within(False)),
        inline={"user ann": {"read": READS}},
        managed={LIMIT: policy(statement(Action="logs:*"))},
        boundary=LIMIT,
    )
    said = explain(iam, USER)
    assert "✗ Denied: the permissions boundary does not allow" in said
    assert "course-limit Permissions boundary ✗ Does not allow" in said
    assert "The permissions boundary course-limit does not allow it." in said
    assert "To allow it, the permissions boundary needs a statement with Action" in said
    assert "must allow it, too" not in said


def test_a_boundary_that_stops_a_request_does_not_tell_what_the_others_say() -> None:
    iam = Iam(
        result(**within(False)),
        inline={"user ann": {"read": READS}},
        managed={LIMIT: DENIES},
        boundary=LIMIT,
    )
    said = explain(iam, USER)
    assert "read Inline policy – Does not count" in said
    assert "A policy of user ann must allow it, too." in said


def test_a_boundary_that_allows_says_so() -> None:
    iam = Iam(
        result("allowed", matched("role_deploy_read", READS, 2), **within(True)),
        inline={"role deploy": {"read": READS}},
        managed={LIMIT: READS},
        boundary=LIMIT,
    )
    said = explain(iam)
    assert "course-limit Permissions boundary ✓ Allows" in said
    assert "The permissions boundary course-limit allows it." in said


def test_missing_context_values_are_named_in_order() -> None:
    keys = ["aws:SourceIp", "aws:MultiFactorAuthPresent"]
    iam = Iam(result(MissingContextValues=keys), inline={"role deploy": {"read": READS}})
    said = explain(iam)
    assert "The request said nothing about: aws:MultiFactorAuthPresent , aws:SourceIp." in said
    assert "The statement's conditions must hold, too." in said


def test_a_policy_of_the_resource_is_asked_about_and_shown() -> None:
    text = policy(statement(Principal={"AWS": USER}))
    iam = Iam(result("allowed", matched("ResourcePolicy", text, kind="Resource Policy")))
    said = explain(iam, USER, resource_policy=json.loads(text))
    assert "Policy of the resource Resource-based policy ✓ Allows" in said
    assert f'"AWS": "{USER}"' in said
    assert json.loads(iam.question["ResourcePolicy"]) == json.loads(text)
    assert iam.question["CallerArn"] == USER


def test_a_request_that_only_the_resources_side_stops_needs_a_principal_there() -> None:
    iam = Iam(result("implicitDeny", matched("user_ann_read", READS, 2)), inline={"user ann": {"read": READS}})
    said = explain(iam, USER)
    assert "✗ Denied: the resource's policy does not allow" in said
    assert f"the resource's policy needs a statement with Principal {USER} , Action" in said


def test_an_organization_that_does_not_allow_is_named() -> None:
    said = explain(Iam(result(OrganizationsDecisionDetail={"AllowedByOrganizations": False})))
    assert "✗ Denied: the organization's policies do not allow" in said


def test_details_by_policy_tell_what_a_policy_says() -> None:
    details = {"role_deploy_read": "allowed", "Resource Policy": "implicitDeny"}
    iam = Iam(result(EvalDecisionDetails=details), inline={"role deploy": {"read": READS}})
    said = explain(iam, resource_policy=DENIES)
    assert "read Inline policy ✓ Allows" in said
    assert "Policy of the resource Resource-based policy – Says nothing" in said


def test_what_is_said_of_the_resource_alone_counts() -> None:
    specific = {
        "EvalResourceName": OBJECT,
        "EvalResourceDecision": "allowed",
        "MatchedStatements": [matched("role_deploy_read", READS, 2)],
        **within(True),
    }
    iam = Iam(
        result("allowed", ResourceSpecificResults=[specific]),
        inline={"role deploy": {"read": READS}},
    )
    said = explain(iam)
    assert "read Inline policy ✓ Allows" in said
    assert "The permissions boundary allows it." in said


def test_a_session_is_asked_about_by_its_role() -> None:
    iam = Iam(result())
    said = explain(iam, SESSION)
    assert iam.question["PolicySourceArn"] == ROLE
    assert f"Who asks: {SESSION}" in said
    assert "a policy of role deploy needs" in said


def test_all_policies_of_a_user_and_her_groups_are_there_once() -> None:
    iam = Iam(
        result("allowed", matched("ReadOnlyAccess", READS, 2), matched("group_devs_own", READS, 2)),
        inline={"user ann": {"build": READS}, "group devs": {"own": READS}},
        managed={READ_ONLY: READS, LIMIT: READS},
        attached={"user ann": [LIMIT], "group devs": [READ_ONLY, LIMIT], "group testers": [READ_ONLY]},
        groups=("devs", "testers"),
    )
    picture = DecisionView.explain(iam.client, USER, ACTION, OBJECT).picture
    rows = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', picture)
    assert rows == [
        ("own", "Inline policy of group devs"),
        ("ReadOnlyAccess", "AWS managed policy of group devs"),
        ("build", "Inline policy"),
        ("course-limit", "Customer managed policy"),
    ]


def test_a_statement_of_an_unknown_policy_is_not_lost() -> None:
    iam = Iam(result("explicitDeny", matched("p-limit", DENIES, kind="SCP")))
    said = explain(iam)
    assert "p-limit SCP ✗ Denies The statement begins at line 4, column 9." in said


def test_a_principal_without_policies_says_so() -> None:
    assert "No policy had a say: role deploy has none." in explain(Iam(result()))


def test_a_decision_that_the_service_adds_later_is_shown_in_its_own_words() -> None:
    iam = Iam(result("partlyAllowed"), inline={"role deploy": {"read": READS}})
    said = explain(iam)
    assert "? Partly allowed: this is what IAM says to" in said
    assert "read Inline policy ? Not told" in said


@pytest.mark.parametrize("late", [0, 1])  # AWS gives the column after the first brace
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_statement_is_found_by_its_place(number: int, indent: int | None, late: int) -> None:
    conditions = {"StringLike": {"s3:prefix": ['"}{"Effect": "', "ü"]}}
    statements = [statement(Sid="A", Condition=conditions), statement("Deny", Sid="B"), statement(Sid="C")]
    texts = [json.dumps(each, indent=indent, ensure_ascii=False) for each in statements]
    text = f'{{"Id": "{{x}}",\r\n "Statement": [{", ".join(texts)}]}}'
    start = text.index(texts[number])
    place = position(text, start + late), position(text, start + len(texts[number]))
    assert statement_at(text, *place) == statements[number]


def test_a_statement_that_no_position_names_is_shown_only_when_it_is_the_only_one() -> None:
    assert statement_at(DENIES, None, None) == statement("Deny", Sid="Never")
    assert statement_at(READS, None, None) is None
    assert statement_at("", {"Line": 1, "Column": 1}, {"Line": 9, "Column": 1}) is None


def test_aws_own_example_is_read() -> None:
    text = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
        '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
    )
    found = statement_at(text, {"Line": 1, "Column": 38}, {"Line": 1, "Column": 167})
    assert found == json.loads(text)["Statement"]


def test_context_goes_into_the_question_and_onto_the_page() -> None:
    iam = Iam(result())
    said = explain(iam, context={"aws:SecureTransport": True, "aws:TagKeys": ["team", "stage"]})
    assert iam.question["ContextEntries"] == [
        {"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "string"},
        {"ContextKeyName": "aws:TagKeys", "ContextKeyValues": ["team", "stage"], "ContextKeyType": "stringList"},
    ]
    assert "The request said: aws:SecureTransport is true , aws:TagKeys is team, stage" in said


def test_only_what_was_given_is_asked() -> None:
    iam = Iam(result())
    DecisionView.explain(iam.client, USER, "s3:ListAllMyBuckets")
    assert iam.question == {
        "PolicySourceArn": USER,
        "ActionNames": ["s3:ListAllMyBuckets"],
        "ResourceArns": ["*"],
    }


def test_the_client_gives_the_same_answers_as_before() -> None:
    iam = Iam(result(), inline={"role deploy": {"read": READS}})
    explain(iam)
    answer = iam.client.get_role_policy(RoleName="deploy", PolicyName="read")
    assert answer == {"PolicyDocument": json.loads(READS)}


def test_the_same_answers_give_the_same_output() -> None:
    iam = Iam(result("allowed", matched("role_deploy_read", READS, 2)), inline={"role deploy": {"read": READS}})
    outputs = [bundle(DecisionView.explain(iam.client, ROLE, ACTION, OBJECT)) for _ in range(2)]
    assert outputs[0] == outputs[1]
    assert outputs[0]["text/plain"] == DecisionView.sentence
    assert "ReadArtifact" in outputs[0]["text/html"].split("</script>")[1]


@pytest.mark.parametrize(
    ("principal", "refusals", "sentence"),
    [
        (ROLE, {"GetRole": "NoSuchEntity"}, "There is no role 'deploy': look at what list_roles() returns."),
        (USER, {"GetUser": "NoSuchEntity"}, "There is no user 'ann': look at what list_users() returns."),
        (ROLE.replace("/service", ""), {}, "the role 'deploy' has the ARN 'arn:aws:iam::123456789012:role/service/"),
        ("arn:aws:iam::123456789012:root", {}, "is not the ARN of a user, a role or a session of a role."),
        (ROLE, {"SimulatePrincipalPolicy": "NotImplemented"}, "This cloud does not simulate SimulatePrincipalPolicy"),
        (ROLE, {"SimulatePrincipalPolicy": "InvalidInput"}, "AWS refuses SimulatePrincipalPolicy: No to Simulate"),
        (ROLE, {"ListRolePolicies": "AccessDenied"}, "AWS refuses ListRolePolicies: No to ListRolePolicies."),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_sentence(
    principal: str, refusals: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ViewError) as refused:
        explain(Iam(result(), refusals=refusals), principal)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_action_without_its_service_is_refused() -> None:
    with pytest.raises(ViewError, match="'GetObject' is no action: write service:Action"):
        DecisionView.explain(Iam(result()).client, ROLE, "GetObject", OBJECT)


def test_an_empty_answer_is_said() -> None:
    iam = Iam(result())
    iam.client.meta.events.register(
        "after-call.iam.SimulatePrincipalPolicy", lambda parsed, **_: parsed.update(EvaluationResults=[])
    )
    with pytest.raises(ViewError, match="IAM decided nothing on s3:GetObject"):
        explain(iam)


POSITION = st.fixed_dictionaries({}, optional={"Line": st.integers(-5, 99), "Column": st.integers(-5, 9999)})
STATEMENT = st.fixed_dictionaries(
    {},
    optional={
        "SourcePolicyId": st.sampled_from(["read", "limit", "ResourcePolicy"]) | st.text(),
        "SourcePolicyType": st.sampled_from(["IAM Policy", "Resource Policy", "resource"]) | st.text(),
        "StartPosition": POSITION,
        "EndPosition": POSITION,
    },
)
RESULT = st.fixed_dictionaries(
    {},
    optional={
        "EvalDecision": st.sampled_from(["allowed", "explicitDeny", "implicitDeny"]) | st.text(),
        "MatchedStatements": st.lists(STATEMENT),
        "MissingContextValues": st.lists(st.text()),
        "PermissionsBoundaryDecisionDetail": st.just({}) | st.booleans().map(lambda b: within(b).popitem()[1]),
        "OrganizationsDecisionDetail": st.just({}) | st.booleans().map(lambda b: {"AllowedByOrganizations": b}),
        "EvalDecisionDetails": st.dictionaries(st.sampled_from(["read", "limit"]) | st.text(), st.text()),
    },
)


@settings(deadline=None, derandomize=True)
@given(RESULT, st.text() | st.sampled_from([READS, DENIES]), st.booleans())
def test_whatever_members_are_missing_every_policy_has_one_row(answer: Any, text: str, limited: bool) -> None:
    limit = Policy("limit", "limit", "Permissions boundary", text) if limited else None
    subject = Subject("role", "deploy", ROLE, (Policy("read", "read", "Inline policy", text),), limit)
    found = verdict(answer, subject, Question(ROLE, ACTION, OBJECT, text))
    kinds = [row.kind for row in found.rows]
    assert kinds.count("Inline policy") == 1
    assert kinds.count("Permissions boundary") == limited
    decision_html.draw(found).encode("utf-8")
