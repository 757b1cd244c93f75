"""Reads and writes the wire formats of AWS's services with moto's own readers, which follow botocore's models."""

from typing import Any

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

# Signing names that are not botocore's names of the services.
_NAMES = {"monitoring": "cloudwatch", "email": "ses", "states": "stepfunctions"}
_ELB_V2 = "2015-12-01"


def service_name(signing_name: str, environ: dict[str, Any]) -> str:
    """Return botocore's name of the service that a request was signed for."""
    if signing_name == "elasticloadbalancing":
        version = Request(environ, populate_request=False).values.get("Version")
        environ["wsgi.input"].seek(0)
        return "elbv2" if version == _ELB_V2 else "elb"
    return _NAMES.get(signing_name, signing_name)


def read(service: str, environ: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the operation that a request asks for, and its members; None when botocore's model does not describe it.

    The body can be read again afterwards.
    """
    request = Request(environ, populate_request=False)
    request.environ.setdefault("RAW_URI", environ.get("REQUEST_URI", ""))
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
    except Exception:  # noqa: BLE001  (moto's readers raise whatever they come across, and moto will again)
        return None
    finally:
        environ["wsgi.input"].seek(0)
    return operation.name, members


def write(service: str, operation: str, result: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer, in the service's first format."""
    model = get_service_model(service)
    serializer = get_serializer_class(service, str(model.protocol))(model.operation_model(operation))
    answer = serializer.serialize(result)
    body = answer["body"]
    return answer["status_code"], dict(answer["headers"]), body.encode() if isinstance(body, str) else body


def _operation(service: str, model: Any, request: Request) -> tuple[OperationModel, dict[str, Any]]:
    target = request.headers.get("X-Amz-Target")
    name = target.rpartition(".")[2] if target else request.values.get("Action")
    if name:
        return model.operation_model(name), {}
    return get_service_router(service).match(request)
