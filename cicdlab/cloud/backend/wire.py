"""Reads and writes the wire formats of AWS's services with moto's own readers, which follow botocore's models."""

from functools import cache
from typing import Any
from urllib.parse import quote

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from ..errors import ServiceError
from . import subresources

# Signing names that are not botocore's names of the services.
_NAMES = {"monitoring": "cloudwatch", "email": "ses", "states": "stepfunctions", "tagging": "resourcegroupstaggingapi"}
_ELB_V2 = "2015-12-01"


def service_name(signing_name: str, environ: dict[str, Any]) -> str:
    """Return botocore's name of the service that a request was signed for."""
    if signing_name == "elasticloadbalancing":
        version = Request(environ, populate_request=False).values.get("Version")
        environ["wsgi.input"].seek(0)
        return "elbv2" if version == _ELB_V2 else "elb"
    return _NAMES.get(signing_name, signing_name)


def settle(service: str, environ: dict[str, Any]) -> None:
    """Leave a request one meaning: whoever reads it afterwards finds the operation and its members in one place.

    moto looks for them in the query string, in a form and in the body, whatever the service's format is.

    Raises
    ------
    ServiceError
        The request means two things.
    """
    protocols = _protocols(service)
    if protocols is None:
        return
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target and "json" in protocols:
        environ["CONTENT_TYPE"] = "application/x-amz-json-1.1"
        _set_query(environ, f"x-id={quote(target.rpartition('.')[2])}")  # with none, moto takes the body for one
        return
    environ.pop("HTTP_X_AMZ_TARGET", None)
    if protocols & {"query", "ec2"}:
        if environ["REQUEST_METHOD"] == "POST":
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
            _set_query(environ, "")
        return
    pairs = [pair for pair in environ.get("QUERY_STRING", "").split("&") if not pair.lower().startswith("action=")]
    _set_query(environ, "&".join(filter(None, pairs)) or ("" if service == "s3" else "x-id=rest"))


def read(service: str, environ: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the operation that a settled request asks for, and its members; None for one of a service without a model.

    The body can be read again afterwards.

    Raises
    ------
    ServiceError
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
    except Exception:  # noqa: BLE001  (moto's readers raise whatever they come across)
        raise ServiceError("InvalidRequest", f"This is no request that {service} knows.") from None
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
