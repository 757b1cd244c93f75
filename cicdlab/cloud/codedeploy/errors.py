"""Why a deployment ends early, and how CodeDeploy refuses a request."""

from ..errors import ServiceError


class DeploymentError(Exception):
    """Ends a deployment that did not succeed.

    Parameters
    ----------
    code
        AWS's code of the deployment's ``errorInformation``, for example ``NO_INSTANCES``.
    message
        One sentence for the developer.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class LifecycleError(Exception):
    """Ends a lifecycle event that did not succeed on an instance.

    Parameters
    ----------
    code
        AWS's code of the event's diagnostics, for example ``ScriptFailed``.
    message
        What happened, as the agent says it.
    script_name
        The script at which it happened, as the AppSpec file names it.
    log_tail
        The end of what the event's scripts have written.
    """

    def __init__(self, code: str, message: str, script_name: str = "", log_tail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.script_name = script_name
        self.log_tail = log_tail


def failed(message: str) -> LifecycleError:
    """Return what ends a lifecycle event when no script is to blame."""
    return LifecycleError("UnknownError", message)


def not_on_instances(name: str, instead: str) -> LifecycleError:
    """Return what ends a lifecycle event that asks for something which this cloud's instances do not have."""
    return failed(f"codedeploy: {name} is not simulated on this machine's instances, where {instead}.")


def refused(kind: str, message: str) -> ServiceError:
    """Return CodeDeploy's answer to a request that it can't carry out.

    Parameters
    ----------
    kind
        AWS's error code without ``Exception``, for example ``InvalidRevision``.
    message
        One sentence for the caller.
    """
    return ServiceError(f"{kind}Exception", message)


def not_simulated(name: str) -> ServiceError:
    """Return the answer to a request for something that AWS has and this cloud does not."""
    return ServiceError("NotImplemented", f"codedeploy: {name} is not simulated yet on this machine's cloud.", 501)
