"""The one endpoint: decides who may ask and which service answers."""

import json
import logging
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from botocore import xform_name
from botocore.model import OperationNotFoundError

from . import guard, objects, protocol, signatures
from .backend import refusals
from .clients import ENGINE
from .codecommit import git_door
from .codeconnections import git_door as connections_door
from .control import Control
from .core import Call, Cloud, Wire
from .errors import ServiceError, UndescribedError, not_simulated
from .events import DELIVER
from .identity import messages, validation
from .identity.actions import ApiCall, is_described
from .identity.api import IamApi, StsApi
from .identity.enforcement import Caller, Passage
from .scope import Scope

MAX_BODY = 16 << 20  # bytes; AWS's JSON services take far less, and what they read is kept in memory
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
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
        self._own: dict[str, Any] = {"sts": StsApi(cloud.access), "iam": IamApi(cloud.access)}
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
        if path.startswith("/git/"):
            door = connections_door if path.startswith(connections_door.PREFIX) else git_door
            status, answers, body = door.answer(self._cloud, environ, headers.get("authorization", ""), self._secure)
            start_response(status, answers)
            return body
        try:
            target = self._router.target(headers, path)
            if self._secure and ENGINE not in environ:
                signatures.verify(environ, headers, lambda: _peek(environ), self._cloud.secret_of)
            scope = Scope.of(headers, environ.get("QUERY_STRING", ""))
            if target is None:
                return self._forward(environ, headers, scope, start_response)
        except ServiceError as error:
            return _refuse(environ, start_response, headers, error)
        except Exception:
            _log.exception("The gateway failed")
            fault = ServiceError("InternalFailure", "This cloud failed before the request reached a service.", 500)
            return _refuse(environ, start_response, headers, fault)
        return self._serve(target, scope, _body(environ), start_response)

    def _forward(
        self, environ: dict[str, Any], headers: dict[str, str], scope: Scope, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Let the backend answer what the caller may ask, unless it would only pretend to."""
        backend = self._cloud.backend
        if backend.app is None or backend.wire is None:
            ours = ", ".join(self._cloud.services)
            message = f"This endpoint serves {ours}; the rest is at {backend.name}."
            raise ServiceError("NotImplemented", message, 501)
        if scope.service in self._cloud.services:  # moto has a CodeBuild too, which builds nothing
            raise ServiceError("UnknownOperationException", "No operation of this service has that name.", 404)
        if not scope.access_key and (headers.get("x-amz-target") or _is_form(headers)):
            raise messages.unsigned()
        service = backend.wire.service_name(scope.service or "s3", environ)
        backend.wire.settle(service, scope, environ)
        headers = request_headers(environ)
        caller = self._cloud.access.callers.identify(scope.access_key, scope.token)
        backend.prepare(service, environ, caller.principal.account)
        call = self._read(backend.wire, service, environ, scope, caller)
        passage = Passage(caller.principal.account)
        if ENGINE not in environ or not caller.principal.is_root:
            passage = self._permitted(call, caller)
        request = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/"), headers
        if service in self._own:
            handler = getattr(self._own[service], xform_name(call.operation), None)
            if handler:
                return _written(start_response, *backend.wire.write(service, call.operation, handler(call, caller)))
            if service == "sts":
                raise not_simulated(service, call.operation)
        if refusals.concerned(headers):
            refusals.check(*request, _peek(environ))
        environ["HTTP_X_MOTO_ACCOUNT_ID"], environ["HTTP_X_CICDLAB_REGION"] = passage.owner, scope.region
        environ[DELIVER] = self._cloud.targets.deliver
        if service == "s3" and passage.key:  # as on AWS, an alias counts at this moment, and the object keeps the key
            environ["HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID"] = passage.key
        try:
            events, now = self._cloud.events, self._cloud.clock.now
            answer = backend.app(environ, objects.watched(start_response, call, passage.owner, events, now))
            if service in ("ec2", "cloudformation"):
                self._cloud.instances.follow(call, passage.owner)
            return answer
        except NotImplementedError:
            environ["wsgi.input"].seek(0)
            raise refusals.missing(*request, _peek(environ)) from None
        except Exception:
            _log.exception("The backend failed")
            raise ServiceError("InternalFailure", "The backend of this cloud failed; its log says why.", 500) from None

    def _read(self, wire: Wire, service: str, environ: dict[str, Any], scope: Scope, caller: Caller) -> ApiCall:
        """Return a request as its service reads it.

        Of a service that this cloud does not know, an administrator may ask what no model describes.
        """
        try:
            read = wire.read(service, environ)
        except UndescribedError:
            if is_described(service):
                raise
            read = None
        if read is None and (not caller.principal.is_root or "s3" in service):
            raise not_simulated(service, "what its model does not describe")
        operation, members = read or ("", {})
        return ApiCall(service, operation, members, scope.region, caller.principal)

    def _permitted(self, call: ApiCall, caller: Caller) -> Passage:
        """Return how a request goes on, when the caller may make it."""
        validation.check(call)
        return self._cloud.access.enforcement.check(call, caller)

    def _serve(
        self, target: protocol.Target, scope: Scope, body: bytes, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            payload, status = self._call(target, scope, body), 200
        except ServiceError as error:
            payload, status = protocol.write_error(target, error), error.status
        except Exception:
            _log.exception("%s:%s failed", target.service, target.operation)
            fault = ServiceError("InternalFailure", f"The cloud failed in {target.service}:{target.operation}.", 500)
            payload, status = protocol.write_error(target, fault), fault.status
        answer = {"Content-Type": target.content_type}
        if target.cbor:
            answer["smithy-protocol"] = "rpc-v2-cbor"
        return _written(start_response, status, answer, payload)

    def _call(self, target: protocol.Target, scope: Scope, body: bytes) -> bytes:
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
        if not scope.access_key:
            raise messages.unsigned()
        caller = self._cloud.access.callers.identify(scope.access_key, scope.token)
        request = protocol.read_request(target, operation, body)
        self._permitted(ApiCall(target.service, target.operation, request, scope.region, caller.principal), caller)
        call = Call(target.service, target.operation, scope.region, caller)
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


def _body(environ: dict[str, Any]) -> bytes:
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def _answer(start_response: StartResponse, status: int, document: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(document).encode()
    return _written(start_response, status, {"Content-Type": "application/json"}, body)


def _peek(environ: dict[str, Any]) -> bytes:
    body = _body(environ)
    environ["wsgi.input"] = BytesIO(body)
    return body


def _refuse(
    environ: dict[str, Any], start_response: StartResponse, headers: dict[str, str], error: ServiceError
) -> Iterable[bytes]:
    content_type, body = protocol.refusal(headers, error)
    return _written(
        start_response,
        error.status,
        {"Content-Type": content_type, "x-amzn-errortype": error.code},
        b"" if environ["REQUEST_METHOD"] == "HEAD" else body,
    )


def _written(start_response: StartResponse, status: int, headers: dict[str, str], body: bytes) -> Iterable[bytes]:
    start_response(_status_line(status), [*headers.items(), ("Content-Length", str(len(body)))])
    return [body]


def _is_form(headers: dict[str, str]) -> bool:
    return headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Error", 501: "Not Implemented"}


def _status_line(status: int) -> str:
    return f"{status} {_REASONS.get(status, 'Error')}"
