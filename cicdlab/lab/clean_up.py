"""Removes what a lab made in the cloud, and tells what is left of it.

In a process of its own: ``python -m cicdlab.lab.clean_up <lab>``, with ``--look`` to change nothing.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import boto3

from . import resources
from .errors import LabError
from .guard import refuse_unless_local
from .manifest import Entry, Resource, load


def clean_up(entry: Entry, session: Any = None) -> list[Resource]:
    """Remove everything the manifest says the lab makes, and return what is left nonetheless.

    Parameters
    ----------
    entry
        The lab.
    session
        A boto3 session; a new one by default.
    """
    session = session or boto3.Session()
    for resource in entry.makes:
        if resources.exists(resource, session):
            resources.remove(resource, session)
    return left_over(entry, session)


def left_over(entry: Entry, session: Any = None) -> list[Resource]:
    """Return what of a lab's resources is in the cloud."""
    session = session or boto3.Session()
    return [resource for resource in entry.makes if resources.exists(resource, session)]


def in_own_process(entry: Entry, environ: Mapping[str, str], look: bool = False) -> list[Resource]:
    """Clean up, or only look, in the cloud that an environment leads to, and return what is left.

    A process of its own, because boto3 takes its environment from the process.

    Raises
    ------
    LabError
        When that process could not do it.
    """
    command = [sys.executable, "-m", "cicdlab.lab.clean_up", entry.id, *(["--look"] if look else [])]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(environ), check=False)
    if done.returncode:
        raise LabError((done.stderr.strip() or "The clean-up gave no reason.").splitlines()[-1])
    return [Resource(**one) for one in json.loads(done.stdout)]


def main() -> int:
    """Clean up, print what is left as JSON, and return the exit status."""
    parser = argparse.ArgumentParser(prog="cicdlab.lab.clean_up", description="Remove what a lab made.")
    parser.add_argument("lab")
    parser.add_argument("--look", action="store_true", help="remove nothing")
    given = parser.parse_args()
    try:
        refuse_unless_local()
        entry = load().find(given.lab)
        left = left_over(entry) if given.look else clean_up(entry)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps([resource.model_dump(mode="json") for resource in left]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
