"""The one kind of error that travels over the wire."""

from botocore.exceptions import BotoCoreError, ClientError


class ServiceError(Exception):
    """An error as an AWS service answers it.

    Parameters
    ----------
    code
        AWS's error code, for example ``ResourceNotFoundException``.
    message
        One sentence for the caller.
    status
        HTTP status of the answer.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class UndescribedError(ServiceError):
    """The answer to a request that no model of AWS's describes."""


def not_simulated(service: str, operation: str) -> ServiceError:
    """Return the answer to an operation that this cloud does not offer; botocore does not retry status 501."""
    return ServiceError("NotImplemented", f"{service}:{operation} is not simulated on this machine's cloud.", 501)


def aws_reason(error: ClientError | BotoCoreError) -> str:
    """Return another service's error as one sentence, with its code."""
    if not isinstance(error, ClientError):
        return str(error)
    answer = error.response
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return f"{answer['Error'].get('Code', 'Unknown')}: {answer['Error'].get('Message', '')} status code: {status}"
