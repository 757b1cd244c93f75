"""What moto answers with success and does not do: refused here, so that nothing turns green without having happened.

A line goes when the cloud does the thing itself.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from ..errors import ServiceError, not_simulated

_TARGET_ACTION = re.compile(r"(?:^|&)Action=(\w+)")
_RPC_OPERATION = re.compile(r"/service/[^/]+/operation/([^/]+)")
_SCOPE_SERVICE = re.compile(r"Credential=[^,]*/([a-z0-9-]+)/aws4_request")


@dataclass(frozen=True)
class Refusal:
    """One thing that moto pretends to do.

    Parameters
    ----------
    service
        The service's signing name.
    operation
        The operation's name, or a pattern of its path for a REST service, ``METHOD /path``.
    what
        What is refused, for the learner.
    effect
        What would happen, or not happen, behind moto's success.
    body
        A pattern that the body must contain for the refusal to hold; empty for every body.
    """

    service: str
    operation: str
    what: str
    effect: str
    body: str = ""


REFUSALS = (
    Refusal(
        "lambda",
        r"POST /2015-03-31/functions/[^/]+/invocations",
        "lambda:Invoke",
        "no function would run",
    ),
    Refusal(
        "autoscaling",
        "PutLifecycleHook",
        "autoscaling:PutLifecycleHook",
        "no instance would wait for the hook",
    ),
    Refusal(
        "monitoring",
        "PutMetricAlarm",
        "cloudwatch:PutMetricAlarm",
        "the alarm would never leave its state",
    ),
    Refusal(
        "events",
        "PutTargets",
        "events:PutTargets to anything but CodeBuild, CodePipeline, SNS, SQS, CloudWatch Logs and event buses",
        "no event would arrive",
        r'"Arn":\s*"arn:aws[\w-]*:(?!(?:codebuild|codepipeline|sns|sqs|logs|events):)',
    ),
    Refusal(
        "secretsmanager",
        "RotateSecret",
        "secretsmanager:RotateSecret",
        "the secret would stay the same",
    ),
    Refusal(
        "cloudformation",
        "(?:Create|Update)(?:Stack|ChangeSet)",
        "cloudformation for AWS::CodeBuild, AWS::CodeDeploy and AWS::CodePipeline",
        "the stack would say CREATE_COMPLETE without them",
        r"AWS::Code(?:Build|Deploy|Pipeline)::",
    ),
)
# Services that will be this cloud's own: moto records what they are asked to do, says "Succeeded", and runs nothing.
_SERVICES = frozenset(refusal.service for refusal in REFUSALS)


def concerned(headers: dict[str, str]) -> bool:
    """Tell whether a request goes to a service of which something is refused, without reading its body."""
    return service_of(headers) in _SERVICES


def check(method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    """Refuse what moto would only pretend to do.

    Raises
    ------
    ServiceError
        With status 501 and a sentence that says what would not happen.
    """
    service, text = service_of(headers), body.decode("utf-8", "replace")
    operation = _operation(method, path, headers, text)
    for refusal in REFUSALS:
        if refusal.service == service and re.fullmatch(refusal.operation, operation):
            content = (
                unquote_plus(text) if headers.get("content-type", "").startswith("application/x-www-form") else text
            )
            if re.search(refusal.body, content):
                message = f"{refusal.what} is not simulated on this machine's cloud: {refusal.effect}."
                raise ServiceError("NotImplemented", message, 501)


def missing(method: str, path: str, headers: dict[str, str], body: bytes) -> ServiceError:
    """Return the answer to an operation that moto does not have."""
    return not_simulated(service_of(headers), _operation(method, path, headers, body.decode("utf-8", "replace")))


def service_of(headers: dict[str, str]) -> str:
    """Return the signing name of the service that a request was signed for, or an empty string."""
    scope = _SCOPE_SERVICE.search(headers.get("authorization", ""))
    return scope[1] if scope else ""


def _operation(method: str, path: str, headers: dict[str, str], text: str) -> str:
    if "x-amz-target" in headers:
        return headers["x-amz-target"].rpartition(".")[2]
    if called := _RPC_OPERATION.fullmatch(path):
        return called[1]
    if called := _TARGET_ACTION.search(text):
        return called[1]
    return f"{method} {path}"
