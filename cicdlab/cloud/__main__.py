"""Runs one cloud in the foreground: ``python -m cicdlab.cloud``."""

import argparse
import os
import sys

from .clients import Keys
from .clock import SPEED
from .server import DEFAULT_PORT, PortTakenError, Settings, serve


def main(arguments: list[str] | None = None) -> int:
    """Start a cloud, print one line when it is ready, and run until interrupted; return the exit status."""
    try:
        serve(_settings(arguments), lambda server: print(f"ready {server.endpoint}", flush=True))
    except PortTakenError as error:
        print(f"{error} Stop it, or choose another with --port.", file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _settings(arguments: list[str] | None) -> Settings:
    parser = argparse.ArgumentParser(prog="cicdlab.cloud", description="AWS on your own machine, at one endpoint.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="another address than loopback only inside a container")
    parser.add_argument("--clock", choices=list(SPEED), default="instant")
    parser.add_argument("--backend", default="", metavar="URL", help="an endpoint that answers for the other services")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--minute", type=float, default=60.0, help="real seconds that a minute of a time-out lasts")
    parser.add_argument("--secure", action="store_true", help="check signatures; the keys are in AWS's own variables")
    given = parser.parse_args(arguments)
    return Settings(
        given.host,
        given.port,
        given.clock,
        given.backend,
        tuple(given.allow_host),
        given.threads,
        given.minute,
        Keys.of(os.environ) if given.secure else None,
    )


if __name__ == "__main__":
    sys.exit(main())
