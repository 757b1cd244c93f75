"""How CodeCommit refuses a request."""

from ..errors import ServiceError


def refused(kind: str, message: str) -> ServiceError:
    """Return CodeCommit's answer to a request that it can't carry out.

    Parameters
    ----------
    kind
        AWS's error code without ``Exception``, for example ``InvalidPath``.
    message
        One sentence for the caller.
    """
    return ServiceError(f"{kind}Exception", message)
