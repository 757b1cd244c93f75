"""Serves the built book on loopback: ``python -m cicdlab.commands.serve FOLDER --port 8891``."""

import argparse
import contextlib
import signal
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cicdlab.cloud.guard import refusal

DEFAULT_PORT = 8891


class BookHandler(SimpleHTTPRequestHandler):
    """Answers with files of the book, and with nothing to pages of other sites."""

    protocol_version = "HTTP/1.1"
    extensions_map = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".ipynb": "application/json",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".mjs": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }

    def send_head(self) -> Any:
        """Refuse a request that names another host, as DNS rebinding does."""
        reason = refusal({"host": self.headers.get("Host", "")})
        if reason:
            self.send_error(HTTPStatus.FORBIDDEN, "The book is for this machine only")
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> None:
        """Show no list of files for a folder without an index."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Have the browser ask again each time, so that a book built anew is seen."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()


class BookServer(ThreadingHTTPServer):
    """Answers several readers at once and is silent about one who goes away."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a reader who went away; report everything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; return the exit status."""
    parser = argparse.ArgumentParser(prog="cicdlab.commands.serve", description="Serves the built book.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="another address than loopback only inside a container")
    given = parser.parse_args(arguments)
    try:
        server = BookServer((given.host, given.port), partial(BookHandler, directory=str(given.folder)))
    except OSError:
        print(f"Port {given.port} is used by another program: choose another with --port.", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _interrupt)
    print(f"ready http://{given.host}:{server.server_port}", flush=True)
    with contextlib.suppress(KeyboardInterrupt), server:
        server.serve_forever()
    return 0


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
