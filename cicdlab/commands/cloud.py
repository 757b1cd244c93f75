"""`cicdlab cloud`: one cloud, in the foreground."""

from cicdlab.cloud import sandbox
from cicdlab.cloud.server import PortTakenError, Server, Settings, serve

from .console import CommandError, plain


def run(port: int, clock: str, allowed_hosts: tuple[str, ...]) -> None:
    """Start a cloud, print one line when it is ready, and run until interrupted.

    Raises
    ------
    CommandError
        When the port is taken or there is no such clock.
    """
    settings = Settings(port=port, clock=clock, allowed_hosts=allowed_hosts)
    try:
        serve(settings, _announce)
    except PortTakenError as error:
        raise CommandError(
            f"{error} Stop that one (`lsof -i :{port}` shows it), or choose another with --port."
        ) from error
    except ValueError as error:
        raise CommandError(str(error)) from error


def _announce(server: Server) -> None:
    clock = server.cloud.clock.mode
    plain(f"Cloud ready at {server.endpoint} (clock: {clock}, builds: {sandbox.available()}); Ctrl-C stops it.")
