"""Reads an AppSpec file: what is installed where, with which permissions, and which scripts run when.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure.html

What is wrong is said in the agent's words where the agent has some. Keys that it does not know it leaves alone, as
the agent does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from . import permissions
from . import yaml_values as values
from .errors import LifecycleError, failed
from .permissions import Permission

NAMES = ("appspec.yml", "appspec.yaml")
BEHAVIORS = ("DISALLOW", "OVERWRITE", "RETAIN")
SCRIPTED = (
    "BeforeBlockTraffic",
    "AfterBlockTraffic",
    "ApplicationStop",
    "BeforeInstall",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
)
# rule: reserved-events, load-balancer-events
RESERVED = ("DownloadBundle", "Install")
MAX_SECONDS = 3600  # of all scripts of an event
MAX_BYTES = 256 << 10
MAX_DEPTH = 20
MAX_ALIASES = 20  # enough for anybody, too few for one line that stands for a billion
MAX_ENTRIES = 1000


@dataclass(frozen=True)
class Source:
    """A file or folder of the revision, and the folder into which it goes."""

    source: str
    destination: str


@dataclass(frozen=True)
class Hook:
    """A script of a lifecycle event.

    Parameters
    ----------
    location
        Where it is in the revision.
    timeout
        Its seconds; None leaves it what its event has left.
    runas
        The user to run it; empty for the agent's own.
    """

    location: str
    timeout: int | None = None
    runas: str = ""


@dataclass(frozen=True)
class AppSpec:
    """What an AppSpec file says."""

    files: tuple[Source, ...] = ()
    permissions: tuple[Permission, ...] = ()
    hooks: Mapping[str, tuple[Hook, ...]] = field(default_factory=dict)
    file_exists_behavior: str = ""

    def check_events(self, name: str) -> None:
        """Refuse scripts for events that there are not.

        Parameters
        ----------
        name
            What the file is called.

        Raises
        ------
        LifecycleError
            With the events' names.
        """
        # rule: appspec-unknown-events
        unknown = [f'"{each}"' for each in self.hooks if each not in (*SCRIPTED, *RESERVED)]
        if unknown:
            raise failed(f"{name} file contains unknown lifecycle events: [{', '.join(unknown)}]")


@lru_cache(maxsize=16)  # every lifecycle event reads the file anew
def parse(data: bytes) -> AppSpec:
    """Read an AppSpec file.

    Raises
    ------
    LifecycleError
        It is not as AWS wants it.
    """
    given = _loaded(data)
    if given is None:
        raise failed(
            "The deployment failed because the application specification file was empty. Make sure your AppSpec file "
            "defines at minimum the 'version' and 'os' properties."
        )
    found = given if isinstance(given, dict) else {}
    _check_version(found.get("version"))
    _check_os(found.get("os"))
    return AppSpec(
        hooks=_hooks(found.get("hooks")),
        files=tuple(map(_source, values.mappings(found.get("files"), "files"))),
        permissions=tuple(map(permissions.read, values.mappings(found.get("permissions"), "permissions"))),
        file_exists_behavior=_behavior(found.get("file_exists_behavior")),
    )


def _loaded(data: bytes) -> Any:
    # rule: appspec-yaml
    if len(data) > MAX_BYTES:
        raise failed(f"The AppSpec file is larger than {MAX_BYTES >> 10} KiB.")
    try:
        text = data.decode()
        _check_size(text)
        return yaml.safe_load(text)
    except LifecycleError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1} column {mark.column + 1}" if mark else "an unknown line"
        raise failed(f"The AppSpec file can't be read as YAML: {error.problem or error.context} at {place}") from error
    except UnicodeDecodeError as error:
        raise failed("The AppSpec file can't be read as YAML: it is no text in UTF-8.") from error
    except Exception as error:  # PyYAML on numbers, dates and escapes that are none
        raise failed(f"The AppSpec file can't be read as YAML: {values.shown(' '.join(str(error).split()))}") from error


def _check_size(text: str) -> None:
    """Refuse what would grow when it is read."""
    depth = aliases = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > MAX_DEPTH or aliases > MAX_ALIASES:
            raise failed(f"The AppSpec file is nested more than {MAX_DEPTH} levels deep or has too many aliases.")


def _check_version(version: Any) -> None:
    # rule: appspec-version
    if isinstance(version, bool) or not isinstance(version, int | float) or version != 0:
        raise failed(
            f"The deployment failed because an invalid version value ({values.shown(version)}) was entered in the "
            'application specification file. Make sure your AppSpec file specifies "0.0" as the version, and then try '
            "again."
        )


def _check_os(system: Any) -> None:
    # rule: appspec-os
    if system != "linux":
        raise failed(
            "The deployment failed because the application specification file specifies an unsupported operating "
            f'system ({values.shown(system)}). Specify either "linux" or "windows" in the os section of the AppSpec '
            "file, and then try again."
        )


def _behavior(given: Any) -> str:
    if given is None:
        return ""
    if given not in BEHAVIORS:
        raise failed(
            f"The deployment failed because an invalid file_exists_behavior value ({values.shown(given)}) was entered "
            f"in the application specification file. Make sure your AppSpec file specifies one of {','.join(BEHAVIORS)}"
            " as the file_exists_behavior, and then try again."
        )
    return str(given)


def _source(entry: dict[str, Any]) -> Source:
    # rule: files-source-and-destination
    source, destination = values.text(entry.get("source")), values.text(entry.get("destination"))
    if not source:
        raise failed(
            "The deployment failed because the application specification file specifies a destination file, but no "
            "source file. Update the files section of the AppSpec file, and then try again."
        )
    if not destination:
        raise failed(
            f"The deployment failed because the application specification file specifies only a source file ({source})."
            " Add the name of the destination file to the files section of the AppSpec file, and then try again."
        )
    return Source(source, values.absolute(destination, "destination", "files"))


def _hooks(given: Any) -> dict[str, tuple[Hook, ...]]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise failed(
            "The deployment failed because the hooks section of the application specification file has no lifecycle "
            "events. Correct the AppSpec file, and then try again."
        )
    found = {}
    for name, scripts in given.items():
        event = values.text(name)
        if scripts is not None:
            found[event] = tuple(map(_hook, values.mappings(scripts, event)))
            _check_seconds(event, found[event])
    return found


def _hook(entry: dict[str, Any]) -> Hook:
    # rule: hook-location
    location = values.text(entry.get("location"))
    if not location:
        raise failed(
            "The deployment failed because the application specification file specifies a script with no location "
            "value. Specify the location in the hooks section of the AppSpec file, and then try again."
        )
    return Hook(location, _seconds(entry.get("timeout")), values.text(entry.get("runas")))


def _seconds(given: Any) -> int | None:
    if given is None:
        return None
    try:
        seconds = int(float(values.text(given)))
    except (ValueError, OverflowError):
        seconds = 0
    if seconds <= 0:
        raise failed(
            "The deployment failed because an invalid timeout value was provided for a script in the application "
            "specification file. Make corrections in the hooks section of the AppSpec file, and then try again."
        )
    return seconds


def _check_seconds(event: str, hooks: tuple[Hook, ...]) -> None:
    # rule: hook-timeouts-of-an-event
    total = sum(each.timeout or 0 for each in hooks)
    if total > MAX_SECONDS:
        raise failed(
            f"The deployment failed because the timeouts of the scripts of {event} add up to {values.shown(total)} "
            f"seconds; a lifecycle event has {MAX_SECONDS} at most. Correct the hooks section of the AppSpec file, and "
            "then try again."
        )
