"""Values of an AppSpec file, whatever its author wrote there."""

import posixpath
from typing import Any

from .errors import failed

MOST_SHOWN = 100


def shown(value: Any) -> str:
    """Return a value for a message: short, and nothing of what is nested."""
    if isinstance(value, dict | list | tuple | set):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def text(value: Any) -> str:
    """Return a text without spaces around it; nothing is an empty one.

    Raises
    ------
    LifecycleError
        It is a mapping or a list, or has characters that no path and no command can have.
    """
    if value is None:
        return ""
    if isinstance(value, dict | list | tuple | set | bytes):
        raise failed(
            f"The deployment failed because the application specification file has {shown(value)} where a text is "
            "expected. Correct the AppSpec file, and then try again."
        )
    found = str(value).lower() if isinstance(value, bool) else str(value)
    if any(sign in "\0\n\r" or "\ud800" <= sign <= "\udfff" for sign in found.strip()):
        raise failed(
            "The deployment failed because the application specification file has a line break or a null in "
            f"{shown(found.strip())!r}. Correct the AppSpec file, and then try again."
        )
    return found.strip()


def listed(value: Any, name: str) -> list[Any]:
    """Return a list; nothing is an empty one.

    Raises
    ------
    LifecycleError
        It is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise failed(
            f"The deployment failed because {name} in the application specification file is not a list. Correct the "
            "AppSpec file, and then try again."
        )
    return value


def mappings(value: Any, name: str) -> list[dict[Any, Any]]:
    """Return a list of mappings; nothing is an empty one.

    Raises
    ------
    LifecycleError
        It is something else.
    """
    found = listed(value, name)
    if not all(isinstance(each, dict) for each in found):
        raise failed(
            f"The deployment failed because an entry of {name} in the application specification file has no keys. "
            "Correct the AppSpec file, and then try again."
        )
    return found


def absolute(path: str, name: str, section: str) -> str:
    """Return an absolute path without detours.

    Raises
    ------
    LifecycleError
        It is relative.
    """
    if not path.startswith("/"):
        raise failed(
            f"The deployment failed because the {name} ({shown(path)}) in the {section} section of the application "
            "specification file is not an absolute path. Correct the AppSpec file, and then try again."
        )
    return "/" + posixpath.normpath(path).lstrip("/")
