"""Why a build's phase ends early."""

from botocore.exceptions import BotoCoreError, ClientError


class PhaseError(Exception):
    """Ends a phase that did not succeed.

    Parameters
    ----------
    code
        The status code of the phase's context, for example ``CLIENT_ERROR``.
    message
        One sentence for the developer.
    status
        How the phase, and with it the build, ended.
    """

    def __init__(self, code: str, message: str, status: str = "FAILED") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def aws_reason(error: ClientError | BotoCoreError) -> str:
    """Return another service's error as one sentence, with its code."""
    if not isinstance(error, ClientError):
        return str(error)
    answer = error.response
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return f"{answer['Error'].get('Code', 'Unknown')}: {answer['Error'].get('Message', '')} status code: {status}"
