"""IAM's policy simulator: the decision on requests that nobody makes.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from .evaluation import decide
from .model import Decision, Finding, Kind, Policies, Policy, Request

_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"
Position = dict[str, int]


@dataclass(frozen=True)
class Simulation:
    """What is simulated: every action on every resource.

    Parameters
    ----------
    request
        Caller, owner and context; action and resource are filled in.
    actions, resources
        What to do, and the ARNs it is done to.
    policies
        The policies that have a say.
    """

    request: Request
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    policies: Policies

    def results(self) -> list[dict[str, Any]]:
        """Return one result per action and resource, as IAM's API shows it."""
        return [self._result(action, resource) for action in self.actions for resource in self.resources]

    def _result(self, action: str, resource: str) -> dict[str, Any]:
        policies = replace(
            self.policies, resource_decides=action.startswith("kms:") and self.policies.resource is not None
        )
        decision = decide(replace(self.request, action=action, resource=resource), policies)
        result: dict[str, Any] = {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": decision.effect.value,
            "MatchedStatements": [_matched(each) for each in decision.matched],
            "MissingContextValues": self._missing_keys(),
        }
        if policies.boundary:
            result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": _within(decision)}
        return result

    def _missing_keys(self) -> list[str]:
        policies = [*self.policies.identity, *filter(None, (self.policies.boundary, self.policies.resource))]
        # rule: simulate-missing-context
        keys = {key for policy in policies for each in policy.statements for _, key, _ in each.conditions}
        return sorted(key for key in keys if key not in self.request.context)


def _within(decision: Decision) -> bool:
    said = [each for each in decision.findings if each.kind is Kind.BOUNDARY and not each.miss]
    return bool(said) and all(each.statement.allows for each in said)


def _matched(finding: Finding) -> dict[str, Any]:
    start, end = list(spans(finding.policy.text))[finding.statement.index]
    return {
        "SourcePolicyId": policy_id(finding.policy),
        "SourcePolicyType": "Resource Policy" if finding.kind is Kind.RESOURCE else "IAM Policy",
        "StartPosition": position(finding.policy.text, start),
        "EndPosition": position(finding.policy.text, end),
    }


def policy_id(policy: Policy) -> str:
    """Return a policy's id as the simulator shows it: a managed one by its name without the ARN."""
    return policy.name.rpartition("/")[2] if ":policy/" in policy.name else policy.name


def position(text: str, offset: int) -> Position:
    """Return line and column of an offset, both from 1."""
    before = text[:offset]
    return {"Line": before.count("\n") + 1, "Column": offset - before.rfind("\n")}


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each statement of a policy document, which is valid JSON, begins and ends."""
    at = _skip(text, _skip(text, 0) + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if name == "Statement":
            yield from _items(text, at)
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at] == "," else at


def _items(text: str, at: int) -> Iterator[tuple[int, int]]:
    if text[at] != "[":
        yield at, _DECODER.raw_decode(text, at)[1]
        return
    at = _skip(text, at + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at
