"""The decision view: whether a request is allowed, and which statement or which lack of one decided it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import traitlets

from cicdlab.views import decision_html
from cicdlab.views.policies import read_subject
from cicdlab.views.reading import Question, ViewError, read_decision
from cicdlab.views.verdict import Verdict, verdict
from cicdlab.widget import Widget, esm, stylesheet

HERE = Path(__file__).parent


class DecisionView(Widget):
    """Why a request is allowed or denied, drawn from what boto3 returns and from nothing else.

    Parameters
    ----------
    found
        The decision, as `verdict` reads it.
    """

    name = "decision"
    sentence = "Why a request is allowed or denied: run this cell in JupyterLab, or read it in the book, to see it."
    _esm = esm(HERE / "decision.js")
    styles = (HERE / "view.css", HERE / "decision.css")
    _css = stylesheet(*styles)

    picture = traitlets.Unicode().tag(sync=True, page=True)

    def __init__(self, found: Verdict) -> None:
        super().__init__(picture=decision_html.draw(found))

    @classmethod
    def explain(
        cls,
        iam: Any,
        principal: str,
        action: str,
        resource: str = "*",
        *,
        resource_policy: str | Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> DecisionView:
        """Ask IAM to decide on a request, and show why it decides so.

        IAM knows the policies of users, groups and roles. It does not see what a session was given to narrow it, nor
        the policy of a resource, unless that is given here.

        Parameters
        ----------
        iam
            A boto3 client for IAM.
        principal
            The ARN of a user, of a role, or of a session of a role.
        action
            For example `s3:GetObject`.
        resource
            The ARN of the resource.
        resource_policy
            The resource's policy, as text or as a dictionary. On AWS the simulator takes one only when the principal
            is a user.
        context
            Condition keys, each with its value or a list of values.

        Raises
        ------
        ViewError
            There is no such user or role, or IAM does not answer.
        """
        if ":" not in action:
            raise ViewError(f"{action!r} is no action: write service:Action, for example s3:GetObject.")
        policy = resource_policy or ""
        text = policy if isinstance(policy, str) else json.dumps(policy, indent=2)
        question = Question(principal, action, resource, text, context or {})
        subject = read_subject(iam, principal)
        return cls(verdict(read_decision(iam, subject.arn, question), subject, question))

    def fallback(self) -> str:
        """The same view without JavaScript."""
        return self.picture
