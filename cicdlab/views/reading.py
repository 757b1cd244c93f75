"""Reading with boto3: a build and its log, and what IAM decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cicdlab.views.text import clean


class ViewError(Exception):
    """Something cannot be shown; the message is one sentence for the learner.

    Attributes
    ----------
    code
        AWS's code of the error behind it; empty if there is none.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone: IPython calls this instead of printing a traceback."""
        return [str(self)]


def read_build(codebuild: Any, build_id: str) -> dict[str, Any]:
    """The build's record.

    Raises
    ------
    ViewError
        There is no such build.
    """
    builds = codebuild.batch_get_builds(ids=[build_id])["builds"]
    if not builds:
        raise ViewError(f"There is no build {build_id!r}: look at what list_builds() returns.")
    return dict(builds[0])


class LogReader:
    """The log of one build, read on from where the last reading stopped.

    Parameters
    ----------
    logs
        A boto3 client for CloudWatch Logs.
    """

    def __init__(self, logs: Any) -> None:
        self._logs = logs
        self._token: str | None = None
        self.events: list[dict[str, Any]] = []

    def read(self, build: dict[str, Any]) -> list[dict[str, Any]]:
        """All events until now; none while the build has no log stream.

        Parameters
        ----------
        build
            The build's record, which names group and stream.
        """
        place = build.get("logs") or {}
        group, stream = place.get("groupName"), place.get("streamName")
        if not group or not stream:
            return self.events
        while True:
            since = {"nextToken": self._token} if self._token else {}
            try:
                page = self._logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **since)
            except ClientError as error:
                if error.response["Error"]["Code"] == "ResourceNotFoundException":  # nothing has been written yet
                    return self.events
                raise
            self.events += page["events"]
            # The end is reached when the service hands back the token it was given.
            before, self._token = self._token, page.get("nextForwardToken")
            if self._token in (None, before):
                return self.events


@dataclass(frozen=True)
class Question:
    """A request on which IAM shall decide.

    Attributes
    ----------
    principal
        The ARN of who makes the request.
    action, resource
        What is done to what.
    resource_policy
        The text of the resource's policy; empty for none.
    context
        Condition keys, each with its value or a list of values.
    """

    principal: str
    action: str
    resource: str = "*"
    resource_policy: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


def ask(call: Callable[..., Any], known: Mapping[str, str] = MappingProxyType({}), /, **members: Any) -> Any:
    """Call an operation.

    Parameters
    ----------
    call
        A method of a boto3 client.
    known
        What to say of an error, by its code; of others the service's own words are told.
    members
        The request.

    Raises
    ------
    ViewError
        The service refuses, or cannot be reached.
    """
    try:
        return call(**members)
    except ClientError as error:
        code = str(error.response["Error"].get("Code") or "")
        raise ViewError(known.get(code) or _refusal(error), code) from error
    except BotoCoreError as error:
        raise ViewError(clean(error)) from error


def pages(client: Any, operation: str, member: str, **members: Any) -> list[Any]:
    """What an operation lists, on all of its pages.

    Raises
    ------
    ViewError
        As `ask` does.
    """
    paginator = client.get_paginator(operation)
    return list(ask(lambda: [item for page in paginator.paginate(**members) for item in page.get(member) or []]))


def _refusal(error: ClientError) -> str:
    """An error of a service as one sentence."""
    answer = error.response
    operation = error.operation_name
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if answer["Error"].get("Code") == "NotImplemented" or status == 501:
        return f"This cloud does not simulate {operation}, and so nothing can be shown of it."
    message = clean(answer["Error"].get("Message") or answer["Error"].get("Code") or "no reason given")
    return f"AWS refuses {operation}: {message.rstrip('.')}."


def read_decision(iam: Any, source: str, question: Question) -> dict[str, Any]:
    """What IAM decides, as `simulate_principal_policy` returns it.

    Parameters
    ----------
    iam
        A boto3 client for IAM.
    source
        The ARN of the user or role whose policies count.
    question
        The request.

    Raises
    ------
    ViewError
        IAM does not answer the question.
    """
    members: dict[str, Any] = {
        "PolicySourceArn": source,
        "ActionNames": [question.action],
        "ResourceArns": [question.resource],
    }
    if question.resource_policy:
        members |= {"ResourcePolicy": question.resource_policy, "CallerArn": question.principal}
    if question.context:
        members["ContextEntries"] = [_entry(key, value) for key, value in question.context.items()]
    results = ask(iam.simulate_principal_policy, **members).get("EvaluationResults")
    if not results:
        raise ViewError(f"IAM decided nothing on {question.action}: look at what simulate_principal_policy() returns.")
    return dict(results[0])


def _entry(key: str, value: Any) -> dict[str, Any]:
    several = isinstance(value, (list, tuple))
    return {
        "ContextKeyName": key,
        "ContextKeyValues": context_values(value),
        "ContextKeyType": "stringList" if several else "string",
    }


def context_values(value: Any) -> list[str]:
    """The values of a condition key, as IAM takes them."""
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in context_values(each)]
    return [str(value).lower() if isinstance(value, bool) else str(value)]
