"""The administrator's access key in a workspace: `test`, or after `--secure` a random one that belongs to it alone."""

import configparser
from pathlib import Path
from secrets import token_hex

from .files import write_atomically
from .places import Workspace

KEY = ("test", "test")
_SECTION, _NAMES = "default", ("aws_access_key_id", "aws_secret_access_key")


def key(workspace: Workspace) -> tuple[str, str]:
    """Return access key and secret of the workspace's administrator."""
    stored = configparser.ConfigParser(interpolation=None)
    try:
        stored.read(_file(workspace), encoding="utf-8")
        access_key, secret = (stored[_SECTION][name] for name in _NAMES)
    except (configparser.Error, KeyError, UnicodeDecodeError):
        return KEY
    return access_key, secret


def random_key(workspace: Workspace) -> tuple[str, str]:
    """Return the workspace's key after making sure that it is a random one, which nobody else can read."""
    if key(workspace) == KEY:
        workspace.aws.mkdir(parents=True, exist_ok=True)
        write(workspace, f"LAB{token_hex(8).upper()}", token_hex(20))
    return key(workspace)


def write(workspace: Workspace, access_key: str, secret: str) -> None:
    """Write the file in which AWS's tools look for keys."""
    lines = (f"{name} = {value}\n" for name, value in zip(_NAMES, (access_key, secret), strict=True))
    write_atomically(_file(workspace), f"[{_SECTION}]\n{''.join(lines)}", 0o600)


def _file(workspace: Workspace) -> Path:
    return workspace.aws / "credentials"
