"""Decode and check a request's members against botocore's shapes, with AWS's own wording for what is wrong."""

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .errors import ServiceError

_NUMBERS = {"integer", "long", "float", "double"}
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
    "blob": (str, bytes),
    "timestamp": (int, float, str, datetime),
}


def decode(shape: Shape, value: Any) -> Any:
    """Return a request's members as Python values, without those that the shape does not know.

    Raises
    ------
    ServiceError
        ``SerializationException`` when a value has another type than its shape.
    """
    if value is None:
        return None
    if not _has_type(shape, value):
        raise ServiceError("SerializationException", f"{_json_name(value)} can not be converted to a {shape.name}")
    if isinstance(shape, StructureShape):
        known = {name: decode(member, value.get(name)) for name, member in shape.members.items()}
        return {name: member for name, member in known.items() if member is not None}
    if isinstance(shape, ListShape):
        return [_decode_item(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _decode_item(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return _timestamp(value)
    if shape.type_name == "blob" and isinstance(value, str):
        return _blob(value)
    return value


def _decode_item(shape: Shape, value: Any) -> Any:
    if value is None:
        raise ServiceError("SerializationException", f"A list or map of {shape.name} can not hold null")
    return decode(shape, value)


def check(shape: Shape, value: dict[str, Any]) -> None:
    """Check required members, lengths, ranges, enums and patterns.

    Raises
    ------
    ServiceError
        ``ValidationException`` that lists every violation.
    """
    found = list(_violations(shape, value, ""))
    if found:
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
        raise ServiceError("ValidationException", f"{count}: {'; '.join(found)}")


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    constraint = _broken_constraint(shape, value)
    if constraint:
        shown = "" if shape.metadata.get("sensitive") else f" '{_text(value)}'"
        yield f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"
    elif isinstance(shape, StructureShape):
        for name in shape.required_members:
            if name not in value:
                yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
        for name, member in value.items():
            yield from _violations(shape.members[name], member, _join(path, name))
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, 1):
            yield from _violations(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _violations(shape.value, item, f"{path}.{key}.member")


def _broken_constraint(shape: Shape, value: Any) -> str | None:
    limits = shape.metadata
    size, what = (value, "value") if shape.type_name in _NUMBERS else (_length(value), "length")
    if size is not None and "min" in limits and size < limits["min"]:
        return f"Member must have {what} greater than or equal to {limits['min']}"
    if size is not None and "max" in limits and size > limits["max"]:
        return f"Member must have {what} less than or equal to {limits['max']}"
    if isinstance(value, str) and limits.get("enum") and value not in limits["enum"]:
        return f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
    if isinstance(value, str) and "pattern" in limits and not _matches(limits["pattern"], value):
        return f"Member must satisfy regular expression pattern: {limits['pattern']}"
    return None


def _has_type(shape: Shape, value: object) -> bool:
    if isinstance(value, bool):
        return shape.type_name == "boolean"
    return isinstance(value, _PYTHON_TYPES[shape.type_name])


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, (str, bytes, list, dict)) else None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:  # AWS's patterns are Java's; the few that Python can't read check nothing
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


def _timestamp(value: Any) -> datetime:
    try:
        if isinstance(value, datetime):
            return value
        if isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(UTC)
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ServiceError("SerializationException", f"{value} is not a time stamp") from error


def _blob(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError("SerializationException", "A blob must be base64") from error


def _text(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 256 else f"{text[:256]}…"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _json_name(value: Any) -> str:
    return {bool: "TRUE_VALUE", str: "STRING_VALUE", dict: "START_OBJECT", list: "START_ARRAY"}.get(
        type(value), "NUMBER_VALUE"
    )
