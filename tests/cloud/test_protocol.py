import json
from datetime import UTC, datetime

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from cicdlab.cloud import protocol
from cicdlab.cloud.errors import ServiceError
from cicdlab.cloud.protocol import Router, Target

PROJECT = {
    "name": "demo",
    "source": {"type": "S3", "location": "bucket/key.zip"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": "arn:aws:iam::123456789012:role/builder",
}
WIRES = ("json", "smithy-rpc-v2-cbor")


def operation(name: str):
    return protocol.service_model("codebuild").operation_model(name)


def request(wire: str, name: str, members: dict):
    """Return a request as botocore writes it: its target and its body."""
    written = create_serializer(wire, include_validation=False).serialize_to_request(members, operation(name))
    headers = {key.lower(): value for key, value in written["headers"].items()}
    body = written["body"]
    return Router(["codebuild"]).target(headers, written["url_path"]), body.encode() if isinstance(body, str) else body


def read(name: str, members: dict, wire: str = "json"):
    target, body = request(wire, name, members)
    return protocol.read_request(target, operation(name), body)


@pytest.mark.parametrize("wire", WIRES)
def test_what_botocore_writes_is_read(wire):
    target, _ = request(wire, "CreateProject", PROJECT)
    assert (target.service, target.operation) == ("codebuild", "CreateProject")
    assert read("CreateProject", PROJECT, wire) == PROJECT


@pytest.mark.parametrize("wire", WIRES)
def test_what_is_written_is_read_by_botocore(wire):
    target, _ = request(wire, "CreateProject", PROJECT)
    created = datetime(2026, 11, 2, 9, tzinfo=UTC)
    body = protocol.write_response(
        target, operation("CreateProject"), {"project": {"name": "demo", "created": created}}
    )
    answer = {"status_code": 200, "headers": {"smithy-protocol": "rpc-v2-cbor"}, "body": body}
    parsed = create_parser(wire).parse(answer, operation("CreateProject").output_shape)
    assert parsed["project"] == {"name": "demo", "created": created}


@pytest.mark.parametrize("wire", WIRES)
def test_an_error_is_read_by_botocore(wire):
    target, _ = request(wire, "CreateProject", PROJECT)
    body = protocol.write_error(target, ServiceError("ResourceAlreadyExistsException", "Project already exists: demo"))
    answer = {"status_code": 400, "headers": {"smithy-protocol": "rpc-v2-cbor"}, "body": body}
    error = create_parser(wire).parse(answer, operation("CreateProject").output_shape)["Error"]
    assert error == {"Code": "ResourceAlreadyExistsException", "Message": "Project already exists: demo"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": None}, "Value null at 'name' failed to satisfy constraint: Member must not be null"),
        (
            {"name": "d"},
            "Value 'd' at 'name' failed to satisfy constraint: Member must have length greater than or equal",
        ),
        ({"name": "de mo"}, "Member must satisfy regular expression pattern"),
        ({"timeoutInMinutes": 4}, "at 'timeoutInMinutes' failed to satisfy constraint: Member must have value greater"),
        ({"timeoutInMinutes": 2161}, "Member must have value less than or equal to 2160"),
        (
            {"source": {"type": "FTP"}},
            "Value 'FTP' at 'source.type' failed to satisfy constraint: Member must satisfy enum",
        ),
        ({"source": {}}, "Value null at 'source.type'"),
        ({"secondarySources": [{"type": "FTP"}]}, "at 'secondarySources.1.member.type'"),
    ],
)
def test_a_broken_constraint_is_named_as_aws_names_it(change, sentence):
    members = {key: value for key, value in {**PROJECT, **change}.items() if value is not None}
    with pytest.raises(ServiceError, match="validation error") as refused:
        read("CreateProject", members)
    assert refused.value.code == "ValidationException"
    assert sentence in refused.value.message


def test_every_broken_constraint_is_listed():
    with pytest.raises(ServiceError, match="^2 validation errors detected: .*; ") as refused:
        read("CreateProject", {**PROJECT, "name": "d", "timeoutInMinutes": 1})
    assert refused.value.status == 400


def test_unknown_members_are_left_out():
    assert read("ListProjects", {"sortBy": "NAME"}) == {"sortBy": "NAME"}
    target = Target("codebuild", "ListProjects", cbor=False)
    assert protocol.read_request(target, operation("ListProjects"), b'{"new": {"deep": 1}, "sortBy": "NAME"}') == {
        "sortBy": "NAME"
    }


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"[1]",
        b'"text"',
        b'{"names": "one"}',
        b'{"names": [1]}',
        b'{"names": [null]}',
        b'{"names": {"a": 1}}',
        b"[" * 100000,
    ],
)
def test_an_unreadable_body_is_a_serialization_error(body):
    with pytest.raises(ServiceError) as refused:
        protocol.read_request(Target("codebuild", "BatchGetProjects", False), operation("BatchGetProjects"), body)
    assert refused.value.code == "SerializationException"


def test_another_services_request_has_no_target_here():
    router = Router(["codebuild"])
    assert router.target({"x-amz-target": "Logs_20140328.CreateLogGroup"}, "/") is None
    assert router.target({}, "/service/CodeBuild_20161006/operation/ListProjects") is None
    assert router.target({"smithy-protocol": "rpc-v2-cbor"}, "/bucket/key") is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PROJECT, "type", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*PROJECT, "cache", "vpcConfig", "tags"]), json_values))
def test_any_json_is_read_or_refused(members):
    try:
        read_members = protocol.read_request(
            Target("codebuild", "CreateProject", False), operation("CreateProject"), _json(members)
        )
    except ServiceError as refused:
        assert refused.code in ("ValidationException", "SerializationException")
    else:
        assert set(PROJECT) <= set(read_members)


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_any_bytes_as_cbor_are_read_or_refused(body):
    try:
        protocol.read_request(Target("codebuild", "ListProjects", True), operation("ListProjects"), body)
    except ServiceError as refused:
        assert refused.code in ("ValidationException", "SerializationException")


def _json(value) -> bytes:
    return json.dumps(value).encode()
