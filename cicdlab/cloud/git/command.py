"""Runs git, apart from the learner's own configuration, hooks and credentials."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

PATIENCE = 60.0  # seconds


class GitError(Exception):
    """git ended with another status than 0; the message is what it wrote."""


def environment(home: Path) -> dict[str, str]:
    """Return everything that git sees of an environment."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


def run(folder: Path, *arguments: str, given: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
    """Run git on a repository and return what it writes.

    Parameters
    ----------
    folder
        The repository.
    arguments
        The command and its options.
    given
        What it reads.
    variables
        What else it sees of an environment.

    Raises
    ------
    GitError
        It failed, or did not end in time.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**environment(folder), **(variables or {})},
            input=given,
            capture_output=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git {arguments[0]} did not end within {PATIENCE:.0f} seconds.") from None
    except ValueError as error:  # an argument that no program can be given
        raise GitError(str(error)) from None
    if done.returncode:
        raise GitError(done.stderr.decode(errors="replace").strip())
    return done.stdout
