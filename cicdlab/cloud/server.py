"""Starts and stops a cloud behind an HTTP server."""

import contextlib
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Any

import waitress.server
from waitress import wasyncore
from waitress.channel import HTTPChannel

from .clients import DEFAULT_KEYS, Keys
from .clock import Clock
from .core import Backend, Cloud
from .gateway import Gateway
from .identity.remote import RemoteDirectory

DEFAULT_PORT = 4566


@dataclass(frozen=True)
class Settings:
    """How a cloud is started.

    Parameters
    ----------
    host, port
        Where it listens; port 0 takes a free one.
    clock
        ``instant``, ``60x`` or ``real``.
    backend
        Address of an endpoint that answers for the services that are not ours; empty for moto in this process.
    allowed_hosts
        Host names, besides this machine's own, by which it may be called.
    threads
        How many requests are answered at once.
    minute
        Real seconds that a minute of a time-out lasts.
    administrator
        The learner's keys; when given, every request must be signed with the secret of its key.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    clock: str = "instant"
    backend: str = ""
    allowed_hosts: tuple[str, ...] = ()
    threads: int = 4
    minute: float = 60.0
    administrator: Keys | None = None


class PortTakenError(Exception):
    """The port is used by another program."""


class Server:
    """A cloud that answers at an address.

    Raises
    ------
    PortTakenError
        When another program listens there.
    """

    def __init__(self, settings: Settings) -> None:
        listener = _listen(settings.host, settings.port)
        port = listener.getsockname()[1]
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "localhost") else settings.host
        self.endpoint = f"http://{host}:{port}"
        keys = settings.administrator or DEFAULT_KEYS
        self.cloud = Cloud(self.endpoint, _backend(settings.backend), Clock(settings.clock), settings.minute, keys)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._http: Any = waitress.server.create_server(
            Gateway(self.cloud, settings.allowed_hosts, secure=settings.administrator is not None),
            sockets=[listener],
            threads=settings.threads,
            clear_untrusted_proxy_headers=True,
            max_request_body_size=1 << 30,
            channel_timeout=300,
            connection_limit=1000,
        )
        self._http.channel_class = _Channel
        self._thread: Thread | None = None

    def run(self) -> None:
        """Answer requests until the process is interrupted; ``close`` is the caller's."""
        self._http.run()

    def start(self) -> "Server":
        """Answer requests on a thread of its own, until ``close``."""
        self._thread = Thread(target=self._http.run, name="http", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop answering, stop whatever runs, and remove what it wrote."""
        self._http.task_dispatcher.shutdown()
        if self._thread:
            with contextlib.suppress(OSError):  # the loop may wake for another reason and disconnect first
                self._http.trigger.pull_trigger(self._disconnect)
            self._thread.join()
        else:
            self._disconnect()
        self.cloud.close()

    def _disconnect(self) -> None:
        wasyncore.close_all(self._http._map, ignore_all=True)

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


class _Channel(HTTPChannel):
    """A connection that also answers a request which expects "100 Continue" and has no body, as an empty upload."""

    def send_continue(self) -> None:
        """Tell the client to go on, and leave a request complete that is complete already."""
        complete = self.request.completed
        super().send_continue()
        self.request.completed = complete


def serve(settings: Settings, announce: Callable[[Server], None]) -> None:
    """Run a cloud in the foreground until Ctrl-C or a TERM signal, then stop whatever runs.

    Parameters
    ----------
    settings
        How it is started.
    announce
        Called once, when it answers.

    Raises
    ------
    PortTakenError
        When another program listens there.
    """
    server = Server(settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        announce(server)
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def _interrupt(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # a second Ctrl-C must not cut the clean-up short
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _backend(address: str) -> Backend:
    if address:
        nothing = lambda *_: None  # noqa: E731
        return Backend(address.rstrip("/"), None, nothing, nothing, RemoteDirectory, lambda *_: True)
    from .backend import directory, events, moto, wire  # slow to import, and not needed beside another backend

    return Backend(
        name="moto",
        app=moto.application(),
        reset=moto.reset,
        prepare=moto.prepare,
        directory=lambda _: directory.MotoDirectory(),
        heard=events.heard,
        wire=wire,
    )


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTakenError(f"Port {port} on {host} is used by another program.") from error
    return listener
