"""Clones and pushes over the endpoint, by git's own http-backend.

https://git-scm.com/docs/git-http-backend
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from typing import IO, Any

from .command import environment
from .repository import Repository

PULL, PUSH = "git-upload-pack", "git-receive-pack"
PATIENCE = 600.0  # seconds
SIGN_IN = ("WWW-Authenticate", 'Basic realm="CodeCommit"')
Answer = tuple[str, list[tuple[str, str]], Iterable[bytes]]


def service(method: str, rest: str, query: str) -> str:
    """Return what a request to a repository is for, `PULL` or `PUSH`; empty when it is for neither.

    Parameters
    ----------
    method
        The HTTP method.
    rest
        The part of the path after the repository.
    query
        The query string.
    """
    for name in (PULL, PUSH):
        if (method, rest, query) == ("GET", "info/refs", f"service={name}") or (method, rest) == ("POST", name):
            return name
    return ""


def refusal(status: str, sentence: str, *headers: tuple[str, str]) -> Answer:
    """Return why git gets no answer."""
    return status, [("Content-Type", "text/plain; charset=utf-8"), *headers], [f"{sentence}\n".encode()]


def answer(repository: Repository, environ: dict[str, Any], rest: str, user: str) -> Answer:
    """Return status line, headers and body of git's answer."""
    variables = {
        **environment(repository.folder),
        "GIT_PROJECT_ROOT": str(repository.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{rest}",
        "REQUEST_METHOD": environ["REQUEST_METHOD"],
        "QUERY_STRING": environ.get("QUERY_STRING", ""),
        "CONTENT_TYPE": environ.get("CONTENT_TYPE", ""),
        "CONTENT_LENGTH": environ.get("CONTENT_LENGTH") or "0",
        "HTTP_CONTENT_ENCODING": environ.get("HTTP_CONTENT_ENCODING", ""),
        "GIT_PROTOCOL": environ.get("HTTP_GIT_PROTOCOL", ""),
        "REMOTE_USER": user,
        "REMOTE_ADDR": "127.0.0.1",
    }
    output = tempfile.TemporaryFile()  # noqa: SIM115  (the answer is read from it later)
    with tempfile.TemporaryFile() as given:
        shutil.copyfileobj(environ["wsgi.input"], given)
        given.seek(0)
        subprocess.run(
            ["git", "http-backend"],
            env=variables,
            stdin=given,
            stdout=output,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
        )
    output.seek(0)
    status, headers = _headers(output)
    return status, headers, _pieces(output)


def _headers(output: IO[bytes]) -> tuple[str, list[tuple[str, str]]]:
    status, headers = "200 OK", []
    while line := output.readline().decode("latin-1").strip():
        name, _, value = line.partition(": ")
        if name == "Status":
            status = value
        else:
            headers.append((name, value))
    return (status, headers) if headers else ("500 Internal Server Error", [("Content-Type", "text/plain")])


def _pieces(output: IO[bytes]) -> Iterable[bytes]:
    with output:
        while piece := output.read(1 << 16):
            yield piece
