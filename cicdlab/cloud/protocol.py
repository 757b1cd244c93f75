"""AWS's wire formats, read from botocore's own service models.

The services of this cloud speak JSON 1.0/1.1 (``X-Amz-Target``) and Smithy's RPC v2 CBOR; which one a caller uses is
seen from the request, so that an SDK may switch without a change here.
"""

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

import botocore.loaders
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.parsers import ResponseParserError, RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer

from . import shapes
from .errors import ServiceError

_CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)")


@cache
def loader() -> botocore.loaders.Loader:
    """Return the loader of botocore's service models, which is slow to make twice."""
    return botocore.loaders.create_loader()


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service, named as for ``boto3.client``."""
    return ServiceModel(loader().load_service_model(service, "service-2"), service)


@dataclass(frozen=True)
class Target:
    """What a request asks for: a service, the name of an operation, and the format it is written in."""

    service: str
    operation: str
    cbor: bool

    @property
    def content_type(self) -> str:
        """The media type of the answer."""
        if self.cbor:
            return "application/cbor"
        return f"application/x-amz-json-{service_model(self.service).metadata.get('jsonVersion', '1.1')}"


class Router:
    """Tells which of our services a request is for.

    Parameters
    ----------
    services
        Names as for ``boto3.client``.
    """

    def __init__(self, services: list[str]) -> None:
        self._by_prefix: dict[str, str] = {}
        for service in services:
            prefix = service_model(service).metadata["targetPrefix"]
            self._by_prefix[prefix] = service
            self._by_prefix[prefix.rsplit(".", 1)[-1]] = service

    def target(self, headers: dict[str, str], path: str) -> Target | None:
        """Return the target of a request, or None when another service is meant."""
        if "x-amz-target" in headers:
            prefix, _, operation = headers["x-amz-target"].rpartition(".")
            service = self._by_prefix.get(prefix)
            return Target(service, operation, cbor=False) if service else None
        parts = path.split("/")
        if (
            headers.get("smithy-protocol") == "rpc-v2-cbor"
            and len(parts) == 5
            and parts[1::2] == ["service", "operation"]
        ):
            service = self._by_prefix.get(parts[2])
            return Target(service, parts[4], cbor=True) if service else None
        return None


def read_request(target: Target, operation: OperationModel, body: bytes) -> dict[str, Any]:
    """Return the request's members, checked against the operation's model.

    Raises
    ------
    ServiceError
        ``SerializationException`` or ``ValidationException``.
    """
    shape = operation.input_shape
    try:
        members = (_read_cbor(body) if target.cbor else json.loads(body)) if body else {}
        if shape is None:
            return {}
        request = shapes.decode(shape, members) or {}
        shapes.check(shape, request)
    except RecursionError as error:
        raise ServiceError("SerializationException", "The request is nested too deeply.") from error
    except (ValueError, OverflowError, ResponseParserError, TypeError) as error:
        raise ServiceError("SerializationException", f"The request's body could not be read: {error}") from error
    return request


def write_response(target: Target, operation: OperationModel, response: dict[str, Any]) -> bytes:
    """Return the body that carries an operation's response."""
    shape = operation.output_shape
    if shape is None:
        return b"" if not target.cbor else b"\xa0"
    if target.cbor:
        return _write_cbor(shape, response)
    return json.dumps(_jsonable(shape, response), separators=(",", ":")).encode()


def write_error(target: Target, error: ServiceError) -> bytes:
    """Return the body that carries an error."""
    body = {"__type": error.code, "message": error.message}
    if not target.cbor:
        return json.dumps(body).encode()
    text = service_model(target.service).shape_for("String")
    data = bytearray(b"\xa2")
    for item in (part for pair in body.items() for part in pair):
        RpcV2CBORSerializer()._serialize_data_item(data, item, text)
    return bytes(data)


def refusal(headers: dict[str, str], error: ServiceError) -> tuple[str, bytes]:
    """Return the media type and body of an error for any service, ours or not, in the format that its SDK reads."""
    code, message = escape(error.code), escape(error.message)
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        detail = f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
        return "text/xml", f"<ErrorResponse><Error>{detail}</Error></ErrorResponse>".encode()
    if "/s3/aws4_request" in headers.get("authorization", "/s3/aws4_request"):
        return "application/xml", f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return "application/x-amz-json-1.1", json.dumps({"__type": error.code, "message": error.message}).encode()


def _jsonable(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        return {name: _jsonable(shape.members[name], item) for name, item in value.items() if item is not None}
    if isinstance(shape, ListShape):
        return [_jsonable(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _jsonable(shape.value, item) for key, item in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.timestamp() if isinstance(value, datetime) else value


def _read_cbor(body: bytes) -> Any:
    return RpcV2CBORParser().parse_data_item(_PeekableBytes(body))


class _PeekableBytes(BytesIO):
    """What the parser reads from; a buffered reader would allocate whatever length the body states."""

    def peek(self, size: int) -> bytes:
        """Return the next bytes without moving on."""
        return bytes(self.getbuffer()[self.tell() : self.tell() + size])


def _write_cbor(shape: Shape, response: dict[str, Any]) -> bytes:
    data = bytearray()
    RpcV2CBORSerializer()._serialize_data_item(data, response, shape)
    return bytes(data)
