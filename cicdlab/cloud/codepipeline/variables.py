"""Variables in an action's configuration: ``#{namespace.key}``.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
"""

import re
from collections.abc import Iterator, Mapping

OWN, PIPELINE = "codepipeline", "variables"  # the reserved namespaces
_REFERENCE = re.compile(r"#\{([^{}]*)\}")
_PARTS = re.compile(r"([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)")


class UnresolvedError(Exception):
    """A reference to a variable that has no value."""


def references(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the references of a text as they are written, with namespace and key; both empty when malformed."""
    for found in _REFERENCE.finditer(text):
        parts = _PARTS.fullmatch(found[1])
        yield found[0], parts[1] if parts else "", parts[2] if parts else ""


def resolved(configuration: Mapping[str, str], known: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return a configuration with the values of the variables in it.

    Parameters
    ----------
    configuration
        An action's configuration.
    known
        The variables by namespace and name.

    Raises
    ------
    UnresolvedError
        A variable has no value.
    """
    # rule: variables-are-resolved, unresolved-variable-fails

    def value(found: re.Match[str]) -> str:
        parts = _PARTS.fullmatch(found[1])
        given = known.get(parts[1], {}).get(parts[2]) if parts else None
        if given is None:
            raise UnresolvedError(found[0])
        return given

    shown = {}
    for name, text in configuration.items():
        try:
            shown[name] = _REFERENCE.sub(value, text)
        except UnresolvedError as error:
            raise UnresolvedError(
                f"The variable {error} in the configuration {name} could not be resolved: "
                "no earlier action of this execution has given it a value."
            ) from None
    return shown
