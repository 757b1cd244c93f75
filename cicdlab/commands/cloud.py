"""`cicdlab cloud`: one cloud, in the foreground."""

from cicdlab.cloud import sandbox
from cicdlab.cloud.clients import Keys
from cicdlab.cloud.server import PortTakenError, Server, Settings, serve
from cicdlab.lab.administrator import random_key
from cicdlab.lab.places import Workspace

from .console import CommandError, plain


def run(port: int, clock: str, allowed_hosts: tuple[str, ...], secure: bool) -> None:
    """Start a cloud, print one line when it is ready, and run until interrupted.

    Raises
    ------
    CommandError
        When the port is taken, or there is no such clock.
    """

    def say_ready(server: Server) -> None:
        how = f"clock: {clock}, builds: {sandbox.available()}{', signatures checked' if secure else ''}"
        plain(f"Cloud ready at {server.endpoint} ({how}); Ctrl-C stops it.")

    try:
        administrator = Keys(*random_key(Workspace.of())) if secure else None
        serve(Settings(port=port, clock=clock, allowed_hosts=allowed_hosts, administrator=administrator), say_ready)
    except PortTakenError as error:
        advice = f"Stop that one (`lsof -i :{port}` shows it), or choose another with --port."
        raise CommandError(f"{error} {advice}") from error
    except ValueError as error:
        raise CommandError(str(error)) from error
