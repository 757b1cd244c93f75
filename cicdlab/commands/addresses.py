"""Ports and addresses on this machine: is one free, does one answer, what does it say."""

import json
import os
import socket
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from .console import CommandError
from .env import variables

LOOPBACK = "127.0.0.1"
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot reach this machine's loopback


def is_free(port: int) -> bool:
    """Tell whether no program listens on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(url: str, timeout: float = 2.0) -> bool:
    """Tell whether an address answers a GET with success.

    Parameters
    ----------
    url
        The address.
    timeout
        How long to wait, in seconds.
    """
    try:
        with _opener.open(url, timeout=timeout) as response:
            return bool(response.status < 400)
    except (OSError, ValueError):
        return False


def ask_cloud(endpoint: str, path: str, order: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask a cloud for one of its own pages and return the document it answers with.

    Parameters
    ----------
    endpoint
        The cloud's address.
    path
        The page, for example ``/_cicdlab/health``.
    order
        What to post; without it the page is only read.

    Raises
    ------
    CommandError
        When nothing answers there, when it is no cloud of this course, or when it refuses the order.
    """
    request = urllib.request.Request(endpoint.rstrip("/") + path, json.dumps(order).encode() if order else None)
    try:
        answer = _answer(request)
    except urllib.error.HTTPError as error:
        raise CommandError(_refused(endpoint, error)) from error
    except (OSError, ValueError) as error:
        raise CommandError(
            f"No cloud answers at {endpoint}: run `make start` or `cicdlab cloud` in another terminal, then try again."
        ) from error
    return dict(answer)


def _answer(request: urllib.request.Request) -> Any:
    """Return what a cloud answers; a secured one is shown the administrator's secret, and only when it asks for it."""
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY") or variables()["AWS_SECRET_ACCESS_KEY"]
    try:
        with _opener.open(request, timeout=10) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.FORBIDDEN or not secret or request.has_header("Authorization"):
            raise
    request.add_header("Authorization", f"Bearer {secret}")
    return _answer(request)


def _refused(endpoint: str, error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError):
        return f"{endpoint} is no cloud of this course (it answers {error.code}): look at what runs there."
