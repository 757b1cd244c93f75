"""The ``permissions`` of an AppSpec file: which of the installed files and folders get another mode.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-permissions.html

Everything on an instance of this cloud belongs to root, because nobody but the learner can own files on the learner's
machine. So ``owner`` and ``group`` may be root; other accounts are refused by name, as are access control lists and
SELinux contexts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import yaml_values as values
from .errors import failed, not_on_instances

TYPES = ("file", "directory")
EVERYTHING = "**"
OWNER = "root"


@dataclass(frozen=True)
class Permission:
    """One entry of the section.

    Parameters
    ----------
    object
        The file or the folder that it is for.
    pattern, exceptions
        Which of the names in the folder it takes, and which of these not; ``**`` takes all that is below it.
    types
        ``file`` or ``directory``, or both.
    owner, group
        Whose they are to be.
    mode
        Octal digits.
    """

    object: str
    pattern: str = EVERYTHING
    exceptions: tuple[str, ...] = ()
    types: tuple[str, ...] = TYPES
    owner: str = ""
    group: str = ""
    mode: str = ""

    def takes(self, path: str) -> bool:
        """Tell whether a file or folder below the object is meant."""
        base = f"{self.object.rstrip('/')}/"
        if not path.startswith(base):
            return False
        name = path.removeprefix(base)
        taken = self.pattern == EVERYTHING or _fits(name, self.pattern)
        return taken and not any(_fits(name, each) for each in self.exceptions)

    def check_file(self) -> None:
        """Refuse a pattern where the object is a file.

        Raises
        ------
        LifecycleError
            It has a pattern or exceptions.
        """
        if self.pattern != EVERYTHING:
            raise failed(
                f"The deployment failed because the application specification file includes an object ({self.object}) "
                f"with an invalid pattern ({self.pattern}), such as a pattern for a file applied to a directory. "
                "Correct the permissions section of the AppSpec file, and then try again."
            )
        if self.exceptions:
            raise failed(
                f"The deployment failed because the except parameter for a pattern in the permissions section "
                f"({', '.join(self.exceptions)}) for the object named {self.object} contains an invalid format. Update "
                "the AppSpec file, and then try again."
            )

    def check_simulated(self) -> None:
        """Refuse other owners than root.

        Raises
        ------
        LifecycleError
            With the owner's or the group's name.
        """
        for kind, name in (("owner", self.owner), ("group", self.group)):
            if name not in ("", OWNER):
                raise not_on_instances(f"the {kind} {name} in the permissions section", "everything belongs to root")


def read(entry: dict[str, Any]) -> Permission:
    """Return an entry of the section.

    Raises
    ------
    LifecycleError
        Something in it is not as AWS wants it, or is not simulated.
    """
    name = values.text(entry.get("object"))
    if not name:
        raise failed(
            "The deployment failed because a permission listed in the application specification file has no object "
            "value. Update the permissions section of the AppSpec file, and then try again."
        )
    for key, what in (("acls", "an access control list"), ("context", "an SELinux context")):
        if entry.get(key) is not None:
            raise not_on_instances(f"{what} ({key}) in the permissions section", "files have a mode only")
    return Permission(
        object=values.absolute(name, "object", "permissions"),
        pattern=values.text(entry.get("pattern")) or EVERYTHING,
        exceptions=tuple(map(values.text, values.listed(entry.get("except"), "except"))),
        types=_types(entry.get("type")),
        owner=values.text(entry.get("owner")),
        group=values.text(entry.get("group")),
        mode="" if entry.get("mode") is None else _mode(values.text(entry["mode"])),
    )


def _types(given: Any) -> tuple[str, ...]:
    chosen = tuple(map(values.text, values.listed(given, "type"))) if given is not None else TYPES
    for each in chosen:
        if each not in TYPES:
            raise failed(
                "The deployment failed because the application specification file specifies a permission for an object "
                f"type not supported for permissions ({each}). Update the permissions section of the AppSpec file, and "
                "then try again."
            )
    return chosen


def _mode(text: str) -> str:
    """Return three or four octal digits; an unquoted 0644 has become another number before we see it, as on AWS."""
    # rule: permissions-mode
    mode = text.rjust(3, "0")
    if len(mode) > 4:
        raise failed(
            f"The deployment failed because the length of a permissions mode ({mode}) in the application specification "
            "file is invalid. Permissions modes must be between one and four characters long. Update the permissions "
            "section of the AppSpec file, and then try again."
        )
    for sign in mode:
        if sign not in "01234567":
            raise failed(
                f"The deployment failed because the permissions mode ({mode}) in the application specification file "
                f"contains an invalid character ({sign}). Update the permissions section of the AppSpec file, and then "
                "try again."
            )
    return mode


def _fits(name: str, pattern: str) -> bool:
    """Tell whether a name is one of a pattern's, in which a star stands for anything within one folder."""
    if "/" in name:
        return False
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first):
        return False
    *middle, last = rest
    at = len(first)
    for part in middle:
        found = name.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(name) - len(last) >= at and name.endswith(last)


def chosen(permission: Permission, files: Iterable[str], folders: Iterable[str]) -> list[str]:
    """Return which of the installed files and folders a permission is for, besides its object itself."""
    # rule: permissions-pattern, permissions-except, permissions-type
    found: list[str] = []
    if "file" in permission.types:
        found += filter(permission.takes, files)
    if "directory" in permission.types:
        found += filter(permission.takes, folders)
    return found
