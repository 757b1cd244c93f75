"""Reads and writes the wire formats of AWS's services with moto's own readers, which follow botocore's models."""

import zlib
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from ..errors import ServiceError, UndescribedError
from ..identity.actions import copy_source
from ..scope import Scope
from . import subresources

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_LONGEST = 64 << 20  # bytes of an unpacked body

# Signing names that are not botocore's names of the services.
_NAMES = {"monitoring": "cloudwatch", "email": "ses", "states": "stepfunctions", "tagging": "resourcegroupstaggingapi"}
_ELB_V2 = "2015-12-01"


def service_name(signing_name: str, environ: dict[str, Any]) -> str:
    """Return botocore's name of the service that a request was signed for."""
    if signing_name == "elasticloadbalancing":
        _unpack(environ)
        _settle_query(environ)
        version = Request(environ, populate_request=False).values.get("Version")
        environ["wsgi.input"].seek(0)
        return "elbv2" if version == _ELB_V2 else "elb"
    return _NAMES.get(signing_name, signing_name)


def settle(service: str, scope: Scope, environ: dict[str, Any]) -> None:
    """Leave a request one meaning: whoever reads it afterwards finds the operation and its members in one place.

    moto looks for them in the query string, in a form and in the body, whatever the service's format is; and it finds
    the service by the address when the header does not name one.

    Raises
    ------
    ServiceError
        The request means two things, or nothing.
    """
    credential = f"{scope.access_key or 'nobody'}/20000101/{scope.region}/{scope.service or 's3'}/aws4_request"
    environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
    protocols = _protocols(service)
    if protocols is None:
        return
    if service == "s3":
        _settle_copy(environ)
    else:
        _unpack(environ)
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target and "json" in protocols:
        _require(environ["REQUEST_METHOD"] == "POST", service)
        environ["CONTENT_TYPE"] = "application/x-amz-json-1.1"
        _set_query(environ, f"x-id={quote(target.rpartition('.')[2])}")  # with none, moto takes the body for one
        return
    environ.pop("HTTP_X_AMZ_TARGET", None)
    if protocols & {"query", "ec2"}:
        _settle_query(environ)
        return
    if environ.get("CONTENT_TYPE", "").lower().startswith(_FORMS):
        environ["CONTENT_TYPE"] = "application/octet-stream" if service == "s3" else "application/json"
    pairs = [pair for pair in environ.get("QUERY_STRING", "").split("&") if unquote(pair).lower()[:7] != "action="]
    _set_query(environ, "&".join(filter(None, pairs)) or ("" if service == "s3" else "x-id=rest"))
    _require(service != "s3" or not environ.get("PATH_INFO", "").startswith("/v20180820"), service)  # S3 Control's


def _settle_query(environ: dict[str, Any]) -> None:
    """Leave a request of a query service its form, or when it has none its query string."""
    if environ["REQUEST_METHOD"] == "POST":
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        _set_query(environ, "")
    elif environ["REQUEST_METHOD"] == "GET":
        _set_body(environ, b"")
        environ.pop("CONTENT_TYPE", None)
    else:
        _require(False, "this service")


def _settle_copy(environ: dict[str, Any]) -> None:
    """Write the object that is copied in the one form that moto reads as it is meant."""
    if source := environ.get("HTTP_X_AMZ_COPY_SOURCE"):
        bucket, key, version = copy_source(source)
        asked = f"?versionId={version}" if version else ""
        environ["HTTP_X_AMZ_COPY_SOURCE"] = quote(f"{bucket}/{key}") + asked


def _unpack(environ: dict[str, Any]) -> None:
    """Replace a packed body by what is in it: moto unpacks it, and a form reader does not."""
    if environ.pop("HTTP_CONTENT_ENCODING", "").lower() != "gzip":
        return
    packed = zlib.decompressobj(wbits=31)
    try:
        body = packed.decompress(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)), _LONGEST)
    except zlib.error:
        raise ServiceError("InvalidRequest", "The request's body could not be unpacked.") from None
    _require(not packed.unconsumed_tail, "this service")
    _set_body(environ, body)


def _set_body(environ: dict[str, Any], body: bytes) -> None:
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))


def _require(condition: bool, service: str) -> None:
    if not condition:
        raise ServiceError("InvalidRequest", f"This is no request that {service} knows.")


def read(service: str, environ: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the operation that a settled request asks for, and its members; None for one of a service without a model.

    The body can be read again afterwards.

    Raises
    ------
    UndescribedError
        The service's model describes no such request.
    """
    if _protocols(service) is None:
        return None
    environ["RAW_URI"] = environ.get("REQUEST_URI", "")
    request = Request(environ, populate_request=False)
    try:
        model = get_service_model(service)
        operation, labels = _operation(service, model, request)
        protocol = determine_request_protocol(model, request.content_type)
        members = PROTOCOL_PARSERS[protocol](operation).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": labels,
            }
        )
    except Exception as error:  # noqa: BLE001  (moto's readers raise whatever they come across)
        raise UndescribedError("InvalidRequest", f"This is no request that {service} knows.") from error
    finally:
        environ["wsgi.input"].seek(0)
    if service == "s3":
        subresources.check(request.method, "Key" in labels, environ["QUERY_STRING"])
    return operation.name, members


def write(service: str, operation: str, result: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer, in the service's first format."""
    model = get_service_model(service)
    serializer = get_serializer_class(service, str(model.protocol))(model.operation_model(operation))
    answer = serializer.serialize(result)
    body = answer["body"]
    return answer["status_code"], dict(answer["headers"]), body.encode() if isinstance(body, str) else body


@cache
def _protocols(service: str) -> frozenset[str] | None:
    """Return the formats of a service; None when botocore does not know it."""
    try:
        model = get_service_model(service)
    except UnknownServiceError:
        return None
    return frozenset(model.metadata.get("protocols", [model.protocol]))


def _operation(service: str, model: Any, request: Request) -> tuple[OperationModel, dict[str, Any]]:
    target = request.headers.get("X-Amz-Target")
    name = target.rpartition(".")[2] if target else request.values.get("Action")
    if name and _protocols(service) != {"rest-xml"}:
        return model.operation_model(name), {}
    return get_service_router(service).match(request)


def _set_query(environ: dict[str, Any], query: str) -> None:
    path = environ.get("REQUEST_URI", environ.get("PATH_INFO", "/")).partition("?")[0]
    environ["QUERY_STRING"], environ["REQUEST_URI"] = query, f"{path}?{query}" if query else path
