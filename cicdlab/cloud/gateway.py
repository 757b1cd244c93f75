"""The one endpoint: decides who may ask and which service answers."""

import json
import logging
import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from botocore import xform_name
from botocore.model import OperationNotFoundError

from . import guard, protocol, signatures
from .backend import refusals
from .clients import ENGINE
from .control import Control
from .core import REGION, Call, Cloud
from .errors import ServiceError, not_simulated

MAX_BODY = 16 << 20  # bytes; AWS's JSON services take far less, and what they read is kept in memory
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_SCOPE = re.compile(r"Credential=([^/\s]+)/\d+/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_MAY_CHANGE_IAM = re.compile(r"/(?:iam|cloudformation)/aws4_request")
_log = logging.getLogger(__name__)


class Gateway:
    """The WSGI application of a cloud.

    Parameters
    ----------
    cloud
        The cloud whose services answer.
    allowed_hosts
        Host names, besides this machine's own, by which the endpoint may be called.
    secure
        Whether every request must be signed with the secret of its access key.
    """

    def __init__(self, cloud: Cloud, allowed_hosts: Iterable[str] = (), secure: bool = False) -> None:
        self._cloud = cloud
        self._secure = secure
        self._allowed_hosts = frozenset(name.lower() for name in allowed_hosts)
        self._router = protocol.Router(list(cloud.services))
        self._control = Control(cloud, secure)
        cloud.connect(self)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        headers = request_headers(environ)
        refusal = guard.refusal(headers, self._allowed_hosts)
        if refusal:
            return _answer(start_response, 403, {"__type": "AccessDeniedException", "message": refusal})
        path = environ.get("PATH_INFO", "/")
        if path.startswith(("/_cicdlab/", "/moto-api")):
            return _answer(
                start_response, *self._control.answer(environ["REQUEST_METHOD"], path, headers, _body(environ))
            )
        target = self._router.target(headers, path)
        try:
            if self._secure:
                signatures.verify(environ, headers, lambda: _peek(environ), self._cloud.secret_of)
            if target is None:
                return self._forward(environ, headers, start_response)
        except ServiceError as error:
            return _refuse(start_response, headers, error)
        return self._serve(target, headers, _body(environ), start_response)

    def _forward(
        self, environ: dict[str, Any], headers: dict[str, str], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Let the backend answer, unless it would only pretend to."""
        if self._cloud.backend.app is None:
            ours = ", ".join(self._cloud.services)
            message = f"This endpoint serves {ours}; the rest is at {self._cloud.backend.name}."
            raise ServiceError("NotImplemented", message, 501)
        if refusals.service_of(headers) in self._cloud.services:  # moto has a CodeBuild too, which builds nothing
            raise ServiceError("UnknownOperationException", "No operation of this service has that name.", 404)
        request = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/"), headers
        if refusals.concerned(headers):
            refusals.check(*request, _peek(environ))
        try:
            answer = self._cloud.backend.app(environ, start_response)
        except NotImplementedError:
            environ["wsgi.input"].seek(0)
            raise refusals.missing(*request, _peek(environ)) from None
        except Exception:
            _log.exception("The backend failed")
            raise ServiceError("InternalFailure", "The backend of this cloud failed; its log says why.", 500) from None
        if ENGINE not in environ and _MAY_CHANGE_IAM.search(headers.get("authorization", "")):
            self._cloud.iam_changes += 1  # a learner's call may have changed a role; engines only read
        return answer

    def _serve(
        self, target: protocol.Target, headers: dict[str, str], body: bytes, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            payload, status = self._call(target, headers, body), 200
        except ServiceError as error:
            payload, status = protocol.write_error(target, error), error.status
        except Exception:
            _log.exception("%s:%s failed", target.service, target.operation)
            fault = ServiceError("InternalFailure", f"The cloud failed in {target.service}:{target.operation}.", 500)
            payload, status = protocol.write_error(target, fault), fault.status
        answer = [("Content-Type", target.content_type), ("Content-Length", str(len(payload)))]
        if target.cbor:
            answer.append(("smithy-protocol", "rpc-v2-cbor"))
        start_response(_status_line(status), answer)
        return [payload]

    def _call(self, target: protocol.Target, headers: dict[str, str], body: bytes) -> bytes:
        api = self._cloud.services[target.service]
        handler = getattr(api, xform_name(target.operation), None)
        try:
            operation = protocol.service_model(target.service).operation_model(target.operation)
        except OperationNotFoundError:
            raise not_simulated(target.service, target.operation) from None
        if handler is None:
            raise not_simulated(target.service, target.operation)
        if len(body) > MAX_BODY:
            raise ServiceError("RequestEntityTooLargeException", f"A request has at most {MAX_BODY} bytes.", 413)
        request = protocol.read_request(target, operation, body)
        access_key, region = _caller(headers)
        call = Call(target.service, target.operation, region, access_key)
        return protocol.write_response(target, operation, handler(call, request))


def request_headers(environ: dict[str, Any]) -> dict[str, str]:
    """Return a WSGI request's headers, names in lower case."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    }
    if "CONTENT_TYPE" in environ:
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers


def _caller(headers: dict[str, str]) -> tuple[str, str]:
    scope = _SCOPE.search(headers.get("authorization", ""))
    return (scope[1], scope[2]) if scope else ("", REGION)


def _body(environ: dict[str, Any]) -> bytes:
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def _answer(start_response: StartResponse, status: int, document: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(document).encode()
    start_response(_status_line(status), [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _peek(environ: dict[str, Any]) -> bytes:
    body = _body(environ)
    environ["wsgi.input"] = BytesIO(body)
    return body


def _refuse(start_response: StartResponse, headers: dict[str, str], error: ServiceError) -> Iterable[bytes]:
    content_type, body = protocol.refusal(headers, error)
    start_response(_status_line(error.status), [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]


_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Error", 501: "Not Implemented"}


def _status_line(status: int) -> str:
    return f"{status} {_REASONS.get(status, 'Error')}"
