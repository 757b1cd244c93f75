"""`cicdlab env`: the environment in which `aws` and boto3 talk to the cloud on this machine and to nothing else."""

import shlex

from .console import CommandError


def exports(target: str = "") -> str:
    """Return shell commands that set and unset the variables of a target, for ``eval``."""
    lines = []
    for name, value in variables(target).items():
        lines.append(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
    return "\n".join(lines)


def variables(target: str = "") -> dict[str, str | None]:
    """Return the variables of a target; None stands for one that must not be set.

    Raises
    ------
    CommandError
        When there is no such target.
    """
    from cicdlab.lab.environment import environment

    try:
        return environment(target)
    except ValueError as error:
        raise CommandError(str(error)) from error


def engine_endpoint() -> str:
    """Return the address of this course's own cloud, which beside LocalStack is not the one for everything."""
    known = variables()
    return known.get("AWS_ENDPOINT_URL_CODEBUILD") or known.get("AWS_ENDPOINT_URL") or ""
