"""boto3 clients for the engines: in-process while the backend is ours, over HTTP when it is somebody else's.

A request thread never calls its own endpoint: with few server threads, handlers that wait for each other starve.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from threading import Lock
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from .credentials import SessionCredentials
from .errors import ServiceError
from .identity.actions import ApiCall
from .identity.model import Principal

Check = Callable[[ApiCall, str], None]
WsgiApp = Callable[..., Any]
ENGINE = "cicdlab.engine"  # marks a request in its WSGI environment that an engine makes in-process
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 2}, s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=60
)


@dataclass(frozen=True)
class Keys:
    """An access key and its secret."""

    access_key: str
    secret: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Keys":
        """Return the keys in AWS's own variables.

        Raises
        ------
        ValueError
            When one is missing.
        """
        try:
            return cls(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"])
        except KeyError as missing:
            message = "A secured cloud takes its administrator's keys from the environment: set"
            raise ValueError(f"{message} {missing.args[0]}, then try again.") from None


DEFAULT_KEYS = Keys("test", "test")


class Clients:
    """Makes boto3 clients that reach the cloud's backend.

    Parameters
    ----------
    endpoint
        Where requests go, for example ``http://127.0.0.1:4566``.
    app
        The WSGI application that answers them in-process; None sends them over HTTP.
    check
        Raises ServiceError for a request of a role that is denied; needed where no gateway of ours sees it.
    """

    def __init__(self, endpoint: str, app: WsgiApp | None, check: Check | None = None) -> None:
        self._endpoint = endpoint
        self._app = app
        self._check = check
        self._lock = Lock()
        self._session = _session()
        self._of_administrators = cache(self._make)  # making one costs more than a call

    def make(self, service: str, region: str, who: SessionCredentials | str) -> Any:
        """Return a client, with a role's credentials or, given an account's number, its administrator's."""
        return (
            self._of_administrators(service, region, who) if isinstance(who, str) else self._make(service, region, who)
        )

    def _make(self, service: str, region: str, who: SessionCredentials | str) -> Any:
        # Both backends take an account's number as the access key of its administrator.
        keys: tuple[str, str, str | None]
        keys = (
            (who, "test", None)
            if isinstance(who, str)
            else (who.access_key_id, who.secret_access_key, who.session_token)
        )
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        with self._lock:  # a boto3 session must not make two clients at once
            client = self._session.client(
                service, region, endpoint_url=self._endpoint, config=_CONFIG, **dict(zip(names, keys, strict=True))
            )
        if self._app:
            client.meta.events.register("before-send", Transport(self._app))
        elif self._check and not isinstance(who, str):
            client.meta.events.register("before-parameter-build", _Checked(self._check, service, region, who))
        return client


class _Checked:
    """Asks whether a role may make a request, before it is made."""

    def __init__(self, check: Check, service: str, region: str, who: SessionCredentials) -> None:
        self._check, self._service, self._region, self._who = check, service, region, who

    def __call__(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Raise what the service would answer to a request that is denied."""
        try:
            self._check(
                ApiCall(self._service, model.name, params, self._region, Principal("")), self._who.access_key_id
            )
        except ServiceError as error:
            answer = {
                "Error": {"Code": error.code, "Message": error.message},
                "ResponseMetadata": {"HTTPStatusCode": error.status},
            }
            raise ClientError(answer, model.name) from None


class Transport:
    """Answers a client's request by calling a WSGI application, without a socket."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Return the application's response to a prepared request."""
        answer: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            answer.update(status=int(status.split()[0]), headers=dict(headers))

        chunks = self._app(wsgi_environ(request), start_response)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return AWSResponse(request.url, answer["status"], answer["headers"], _RawBody(body))


class _RawBody(BytesIO):
    """A response body as urllib3 gives it."""

    def stream(self, **_: Any) -> Any:
        """Yield what is left of the body."""
        while chunk := self.read(1 << 20):
            yield chunk


def wsgi_environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """Return the WSGI environment of a prepared request."""
    url = urlsplit(request.url)
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    elif isinstance(body, str):
        body = body.encode()
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquoted(url.path),
        "REQUEST_URI": url.path + (f"?{url.query}" if url.query else ""),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "CONTENT_LENGTH": str(len(body)),
        ENGINE: True,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if key == "CONTENT_TYPE":
            environ[key] = text
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            environ[f"HTTP_{key}"] = text
    return environ


def _unquoted(path: str) -> str:
    return unquote_to_bytes(path or "/").decode("latin-1")


def _session() -> boto3.Session:
    # An empty profile map and no files: the engines must not read the learner's AWS configuration.
    core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    core.set_config_variable("config_file", "/dev/null")
    core.set_config_variable("credentials_file", "/dev/null")
    core.set_config_variable("ignore_configured_endpoint_urls", True)
    return boto3.Session(botocore_session=core)
