"""`cicdlab cloud`: one cloud, in the foreground."""

import contextlib
import signal
from typing import Any

from cicdlab.cloud import sandbox
from cicdlab.cloud.server import PortTakenError, Server, Settings

from .console import CommandError, plain


def run(port: int, clock: str, allowed_hosts: tuple[str, ...]) -> None:
    """Start a cloud, print one line when it is ready, and run until interrupted.

    Raises
    ------
    CommandError
        When the port is taken or there is no such clock.
    """
    try:
        server = Server(Settings(port=port, clock=clock, allowed_hosts=allowed_hosts))
    except PortTakenError as error:
        raise CommandError(
            f"{error} Stop that one (`lsof -i :{port}` shows it), or choose another with --port."
        ) from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    signal.signal(signal.SIGTERM, _interrupt)
    plain(f"Cloud ready at {server.endpoint} (clock: {clock}, builds: {sandbox.available()}); Ctrl-C stops it.")
    with contextlib.suppress(KeyboardInterrupt):
        server.run()


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
