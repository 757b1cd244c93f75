"""How CodePipeline refuses a request."""

from ..errors import ServiceError


def refused(kind: str, message: str) -> ServiceError:
    """Return CodePipeline's answer to a request that it can't carry out.

    Parameters
    ----------
    kind
        AWS's error code without ``Exception``, for example ``InvalidStructure``.
    message
        One sentence for the caller.
    """
    return ServiceError(f"{kind}Exception", message)


def not_simulated(name: str) -> ServiceError:
    """Return the answer to a request for something that AWS has and this cloud does not."""
    return ServiceError("NotImplemented", f"codepipeline: {name} is not simulated yet on this machine's cloud.", 501)
