"""How CodeConnections refuses a request."""

from ..errors import ServiceError


def not_found(what: str) -> ServiceError:
    """Return the answer to a request about something that is not there."""
    return ServiceError("ResourceNotFoundException", f"{what} not found")


def unavailable(message: str) -> ServiceError:
    """Return the answer to a request for something that can't be had."""
    return ServiceError("ResourceUnavailableException", message)


def invalid(message: str) -> ServiceError:
    """Return the answer to a request whose members don't fit together."""
    return ServiceError("InvalidInputException", message)


def not_simulated(name: str) -> ServiceError:
    """Return the answer to a request for something that AWS has and this cloud does not."""
    return ServiceError("NotImplemented", f"codeconnections: {name} is not simulated on this machine's cloud.", 501)
