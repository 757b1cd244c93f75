"""AWS's words for what is denied, and the codes that its services give them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from ..errors import ServiceError
from .model import ANYBODY, Decision, Effect, Kind

_QUERY = {"autoscaling", "cloudformation", "elb", "elbv2", "iam", "sts"}
_CODES = {
    "ec2": ("UnauthorizedOperation", 403),
    "lambda": ("AccessDeniedException", 403),
    "sns": ("AuthorizationError", 403),
}


def sentence(decision: Decision, quoted: bool = False) -> str:
    """Return AWS's sentence for a denied request.

    Parameters
    ----------
    decision
        What was decided.
    quoted
        Whether the resource stands in quotes, as S3 writes it.
    """
    # rule: message-implicit, message-explicit
    request, kind = decision.request, decision.kind or Kind.IDENTITY
    resource = f'"{request.resource}"' if quoted else request.resource
    where = "" if request.resource == "*" else f" on resource: {resource}"
    said = f"User: {request.principal.arn} is not authorized to perform: {request.action}{where}"
    if decision.unreadable:
        return f"{said} because a policy cannot be read: {decision.unreadable}"
    article = "the" if kind is Kind.TRUST else "an" if kind is Kind.IDENTITY else "a"
    if decision.effect is Effect.EXPLICIT_DENY:
        return f"{said} with an explicit deny in {article} {kind}"
    return f"{said} because no {kind} allows the {request.action} action"


def denied(service: str, decision: Decision) -> ServiceError:
    """Return the error by which a service denies a request.

    Parameters
    ----------
    service
        The service that was asked, as botocore names it.
    decision
        What was decided, maybe about an action of another service.
    """
    # rule: denial-codes
    request = decision.request
    if service == "s3":
        # rule: s3-hides-reasons-from-strangers
        stranger = request.principal.arn == ANYBODY or (
            request.principal.account != request.owner and not request.action.startswith("kms:")
        )
        return ServiceError("AccessDenied", "Access Denied" if stranger else sentence(decision, _is_s3(decision)), 403)
    if service == "ec2":
        return ServiceError(
            "UnauthorizedOperation", f"You are not authorized to perform this operation. {sentence(decision)}", 403
        )
    if service == "secretsmanager" and request.action.startswith("kms:"):
        return ServiceError("AccessDeniedException", "Access to KMS is not allowed", 400)
    code, status = _CODES.get(service, ("AccessDenied", 403) if service in _QUERY else ("AccessDeniedException", 400))
    return ServiceError(code, sentence(decision), status)


def unknown_key() -> ServiceError:
    """Return the error for an access key that was never issued, or is gone."""
    # rule: unknown-key
    return ServiceError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)


def expired() -> ServiceError:
    """Return the error for a session whose time is over."""
    # rule: expired-session
    return ServiceError("ExpiredToken", "The security token included in the request is expired", 403)


def unsigned() -> ServiceError:
    """Return the error for a request that nobody signed."""
    return ServiceError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)


def _is_s3(decision: Decision) -> bool:
    return decision.request.action.startswith("s3:")
