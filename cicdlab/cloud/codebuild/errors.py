"""Why a build's phase ends early."""


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
