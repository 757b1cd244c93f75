"""Works out which actions on which resources a request asks permission for.

``services/*.yml`` holds what AWS's Service Authorization Reference says of each operation; the values come from the
members of the request, named as in botocore's models.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from pydantic import BaseModel, ConfigDict

from ..errors import ServiceError
from .directory import Directory
from .model import Principal

SERVICES = Path(__file__).with_name("services")
_PREFIXES = {"resourcegroupstaggingapi": "tag", "stepfunctions": "states"}
_PLACE = re.compile(r"\{([^{}]+)\}")
_EC2_TYPES = {
    "ami": "image",
    "eni": "network-interface",
    "i": "instance",
    "lt": "launch-template",
    "sg": "security-group",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
}
_COPY_SOURCE = re.compile(r"/?([A-Za-z0-9][\w.-]{1,254})/(.+)", re.DOTALL | re.ASCII)
_COPY_VERSION = re.compile(r"versionId=([\w.~-]+)", re.ASCII)
_QUEUE = re.compile(r"(?:(?:https?://[^/?#]+)?/?(\d{12})/)?([\w-]{1,80}(?:\.fifo)?)", re.ASCII)
_PARTIAL_FUNCTION = re.compile(r"\d{12}:function:.+")
_NAMED = re.compile(r"([\w.]+)\[(\w+)=KEY\]\.(\w+)")
_WRITTEN = re.compile(r"([\w/]+)\{(\w+)\}")  # a member with something in front
_FILTER = re.compile(r"(\w+)(?:\((.*)\))?")
_IAM = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(?:user|role|group|instance-profile|policy)/.+")


class Group(BaseModel):
    """Operations that are checked on the same resources."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    arns: tuple[str, ...]
    operations: tuple[str, ...]


class Action(BaseModel):
    """An action that an operation needs, on its usual resources or on others."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    action: str
    arns: tuple[str, ...] = ()
    when: str = ""
    instead_of: str = ""


class Passed(BaseModel):
    """Members of a request that hold roles, and the service to which they are passed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    members: tuple[str, ...]
    to: str


class Service(BaseModel):
    """What the operations of one service ask permission for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    prefix: str
    source: str
    checked: Any
    resources: tuple[Group, ...] = ()
    actions: dict[str, tuple[str | Action, ...]] = {}
    also: dict[str, tuple[Action, ...]] = {}
    context: dict[str, dict[str, tuple[str, ...]]] = {}
    passes: dict[str, Passed] = {}

    def arns(self, operation: str) -> tuple[str, ...]:
        """Return the templates of the resources on which an operation is checked; none means ``*``."""
        return next((group.arns for group in self.resources if operation in group.operations), ())


@dataclass(frozen=True)
class ApiCall:
    """A request as its service reads it.

    Parameters
    ----------
    service, operation
        As botocore names them.
    members
        The members of the request.
    region
        Where it was sent.
    principal
        Who asks.
    """

    service: str
    operation: str
    members: Mapping[str, Any]
    region: str
    principal: Principal


@dataclass(frozen=True)
class Need:
    """One permission that a request needs.

    Parameters
    ----------
    action, resource
        What to do, and the ARN it is done to.
    owner
        The account that owns the resource.
    context
        Condition keys of this action, in lower case, beside those that the request's members set.
    direct
        Whether it is the request's own action, and no other that it implies.
    """

    action: str
    resource: str
    owner: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    direct: bool = False


@cache
def service(name: str) -> Service:
    """Return what is known of a service; for one that is not described, every action is on ``*``."""
    path = SERVICES / f"{name}.yml"
    if not is_described(name):
        return Service(prefix=_PREFIXES.get(name, name), source="", checked=None)
    return Service.model_validate(
        yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    )


def is_described(name: str) -> bool:
    """Tell whether this cloud knows what the operations of a service ask permission for."""
    return (SERVICES / f"{name}.yml").exists()


def needs(call: ApiCall, directory: Directory) -> list[Need]:
    """Return the permissions that a request needs, those of other services left out."""
    # rule: action-of-operation, resource-of-operation, resource-star, object-version
    known = service(call.service)
    reading = _Reading(call, directory)
    usual = known.arns(call.operation)
    named = known.actions.get(call.operation, (f"{known.prefix}:{call.operation}",))
    wanted = [each if isinstance(each, Action) else Action(action=each) for each in named]
    if "CopySource" in call.members and copy_source(call.members["CopySource"])[2]:
        wanted = [
            each.model_copy(update={"action": "s3:GetObjectVersion"}) if each.action == "s3:GetObject" else each
            for each in wanted
        ]
    for extra in known.also.get(call.operation, ()):
        if list(values(call.members, extra.when)):
            wanted = [each for each in wanted if each.action != extra.instead_of] + [extra]
    return [
        Need(each.action, arn, reading.owner(arn), direct=True)
        for each in wanted
        for arn in reading.arns(each.arns or usual)
    ]


def passed_roles(call: ApiCall) -> Iterator[tuple[str, str]]:
    """Yield each role that a request passes to a service, a name or an ARN, and the service."""
    passed = service(call.service).passes.get(call.operation)
    for member in passed.members if passed else ():
        for value in values(call.members, member):
            yield str(value), passed.to if passed else ""


def values(members: Any, path: str) -> Iterator[Any]:
    """Yield what a path such as ``Delete.Objects[].Key`` names in a request."""
    first, _, rest = path.partition(".")
    name = first.removesuffix("[]").removesuffix("?")
    found = members.get(name) if isinstance(members, Mapping) else None
    if found is None:
        return
    for item in found if first.endswith("[]") and isinstance(found, list) else [found]:
        if rest:
            yield from values(item, rest)
        else:
            yield item


def context(call: ApiCall) -> dict[str, tuple[str, ...]]:
    """Return the condition keys that the members of a request set."""
    # rule: context-of-request, request-tags, buildspec-key
    found = dict(_tags(call.members))
    for key, members in service(call.service).context.items():
        for path, operations in members.items():
            if call.operation in operations:
                found.update(_keys(key.lower(), path, call.members))
    return found


def _keys(key: str, path: str, members: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if named := _NAMED.fullmatch(path):
        for item in values(members, f"{named[1]}[]"):
            if isinstance(item, Mapping) and named[2] in item and named[3] in item:
                yield re.sub(r"\$\{\w+\}", str(item[named[2]]).lower(), key), (_text(item[named[3]]),)
        return
    if written := _WRITTEN.fullmatch(path):
        yield from ((key, (f"{written[1]}{_text(item)}",)) for item in values(members, written[2]))
        return
    given = list(values(members, path))
    if not given:
        return
    if path.endswith("?"):
        yield key, ("true",)
    elif isinstance(given[0], Mapping):
        for name, value in given[0].items():
            if "${" in key:
                yield re.sub(r"\$\{\w+\}", str(name).lower(), key), (_text(value),)
        if "${" not in key:
            yield key, tuple(map(str, given[0]))
    else:
        yield key, tuple(map(_text, given))


def _tags(members: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    pairs: dict[str, str] = {}
    for name in ("Tags", "tags", "TagList", "Tagging"):
        pairs.update(_pairs(members.get(name)))
    for specification in members.get("TagSpecifications") or ():
        pairs.update(_pairs(specification.get("Tags")))
    keys = [str(each) for name in ("TagKeys", "tagKeys") for each in members.get(name) or ()] + list(pairs)
    for key, value in pairs.items():
        yield f"aws:requesttag/{key.lower()}", (value,)
    if keys:
        yield "aws:tagkeys", tuple(dict.fromkeys(keys))


def _pairs(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return _pairs(tags["TagSet"]) if "TagSet" in tags else {str(key): str(value) for key, value in tags.items()}
    if not isinstance(tags, list):
        return {}
    found = {}
    for tag in tags:
        if isinstance(tag, Mapping):
            key, value = tag.get("Key", tag.get("key")), tag.get("Value", tag.get("value"))
            if key is not None:
                found[str(key)] = "" if value is None else str(value)
    return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Reading:
    """Fills ARN templates from one request."""

    def __init__(self, call: ApiCall, directory: Directory) -> None:
        self._call = call
        self._directory = directory

    def arns(self, templates: Iterable[str]) -> list[str]:
        """Return the ARNs; a template with a member that the request lacks is left out."""
        found = [arn for template in templates for arn in self._filled(template)]
        return list(dict.fromkeys(found)) or ["*"]

    def owner(self, arn: str) -> str:
        """Return the account that owns a resource; the caller's when the ARN does not tell."""
        if arn.startswith("arn:aws:s3:::"):
            bucket = arn.removeprefix("arn:aws:s3:::").partition("/")[0]
            return self._directory.bucket_owner(bucket) or self._call.principal.account
        parts = arn.split(":")
        return parts[4] if len(parts) > 5 and parts[4].isdigit() else self._call.principal.account

    def _filled(self, template: str) -> Iterator[str]:
        whole, pieces = [""], _PLACE.split(template)
        service = template.split(":")[2] if template.startswith("arn:") else ""
        for number, piece in enumerate(pieces):
            options = list(self._options(piece)) if number % 2 else [piece]
            whole = [
                # a member that holds a full ARN says more than the template; the key of an object is no ARN
                option if option.startswith(f"arn:aws:{service}:") and service not in ("", "s3") else before + option
                for before in whole
                for option in options
            ]
        for arn in whole:
            yield self._directory.entity_arn(arn) if _IAM.fullmatch(arn) else arn

    def _options(self, place: str) -> Iterator[str]:
        name, *filters = place.split("|")
        fixed = {"region": self._call.region, "account": self._call.principal.account}
        given: list[Any] = [fixed[name]] if name in fixed else list(values(self._call.members, name))
        for text in filters:
            step = _FILTER.fullmatch(text)
            if step and step[1] == "or":
                given = given or list(values(self._call.members, step[2]))
            elif step and step[1] == "default":
                given = [each for each in given if each != ""] or [step[2]]
            elif step and step[1] in (
                "default_caller",
                "or_account",
                "elb_type",
                "bus_name",
                "iam_path",
                "prefix",
                "suffix",
            ):
                given = self._optional(step[1], step[2] or "", given)
            elif step:
                given = [FILTERS[step[1]](each, self._call, self._directory) for each in given]
        yield from (str(each) for each in given)

    def _optional(self, name: str, argument: str, given: list[Any]) -> list[Any]:
        value = str(given[0]) if given else ""
        match name:
            case "prefix":
                return [f"{argument}{value}" if value else ""]
            case "suffix":
                return [f"{value}{argument}" if value else ""]
            case "or_account":
                return [value or self._call.principal.account]
            case "default_caller":
                return [value or self._call.principal.name]
            case "elb_type":
                return [{"network": "net", "gateway": "gwy"}.get(value, "app")]
            case "bus_name":
                bus = value.rpartition("/")[2]
                return ["" if bus == "default" else bus]
        return [value.strip("/") + "/" if value.strip("/") else ""]


Filter = Callable[[Any, ApiCall, Directory], str]


def _last(value: Any, *_: Any) -> str:
    return re.split(r"[/:]", str(value))[-1] if str(value).startswith("arn:") else str(value)


def _build_project(value: Any, *_: Any) -> str:
    return str(value).rpartition("build/")[2].rpartition("build-batch/")[2].partition(":")[0]


def _report_group(value: Any, *_: Any) -> str:
    return str(value).rpartition("report/")[2].partition(":")[0]


def _key(value: Any, call: ApiCall, directory: Directory) -> str:
    found = directory.key(str(value), call.region, call.principal.account)
    return found.arn if found else _last(value)


def _ciphertext_key(value: Any, call: ApiCall, directory: Directory) -> str:
    blob = value if isinstance(value, bytes) else str(value).encode()
    return directory.ciphertext_key(blob, call.region, call.principal.account) or "*"


def _secret(value: Any, call: ApiCall, directory: Directory) -> str:
    found = directory.secret(str(value), call.region, call.principal.account)
    return found.arn if found else str(value)


def _param(value: Any, *_: Any) -> str:
    name = str(value)
    if name.startswith("arn:"):
        return ":".join(name.split(":")[:6])  # what comes after is a version or a label
    return name.lstrip("/").partition(":")[0]


def _log_group(value: Any, *_: Any) -> str:
    name = str(value)
    return name.split(":log-group:")[-1].removesuffix(":*") if name.startswith("arn:") else name


def _function(value: Any, call: ApiCall, *_: Any) -> str:
    name = str(value)
    partial = _PARTIAL_FUNCTION.fullmatch(name)
    return f"arn:aws:lambda:{call.region}:{name}" if partial else name


def _queue_name(value: Any, call: ApiCall, *_: Any) -> str:
    found = _QUEUE.fullmatch(str(value))
    if not found:
        raise ServiceError("InvalidAddress", f"The address {value} is not valid for this endpoint.", 404)
    return f"arn:aws:sqs:{call.region}:{found[1]}:{found[2]}" if found[1] else found[2]


def _copy_source(value: Any, *_: Any) -> str:
    return "/".join(copy_source(value)[:2])


def copy_source(value: Any) -> tuple[str, str, str]:
    """Return bucket, key and version, or an empty string, of the object that a request copies.

    Raises
    ------
    ServiceError
        It names no object, or in two ways.
    """
    if isinstance(value, Mapping):
        return str(value.get("Bucket", "")), str(value.get("Key", "")), str(value.get("VersionId") or "")
    path, asked, query = str(value).partition("?")
    found, version = _COPY_SOURCE.fullmatch(unquote(path)), _COPY_VERSION.fullmatch(query)
    if not found or (asked and not version):
        raise ServiceError("InvalidArgument", "Invalid copy source object key")
    return found[1], found[2], version[1] if version else ""


def _ec2_resource(value: Any, *_: Any) -> str:
    return f"{_EC2_TYPES.get(str(value).partition('-')[0], '*')}/{value}"


def _without_scheme(value: Any, *_: Any) -> str:
    return str(value).partition("://")[2] or str(value)


def _lstrip_slash(value: Any, *_: Any) -> str:
    return str(value).lstrip("/")


FILTERS: Mapping[str, Filter] = {
    "name": _last,
    "build_project": _build_project,
    "report_group": _report_group,
    "key": _key,
    "ciphertext_key": _ciphertext_key,
    "secret": _secret,
    "param": _param,
    "log_group": _log_group,
    "function": _function,
    "queue_name": _queue_name,
    "copy_source": _copy_source,
    "without_scheme": _without_scheme,
    "ec2_resource": _ec2_resource,
    "lstrip_slash": _lstrip_slash,
}
