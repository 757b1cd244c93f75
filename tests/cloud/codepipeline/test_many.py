"""Many pipelines at once, and requests of all sorts."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cicdlab.cloud.protocol import service_model

from ...conftest import RunningCloud
from ...waiting import wait_until
from .bench import OVER, Bench, approval, site, source, stage

OPERATIONS = sorted(
    name for name in service_model("codepipeline").operation_names if name not in ("CreatePipeline", "UpdatePipeline")
)


def test_pipelines_run_beside_each_other(bench: Bench) -> None:
    names = [f"pipe{number}" for number in range(12)]

    def run(name: str) -> str:
        return str(
            bench.ended(bench.create(stage("Source", source()), stage("Deploy", site()), name=name), name)["status"]
        )

    with ThreadPoolExecutor(len(names)) as threads:
        assert list(threads.map(run, names)) == ["Succeeded"] * len(names)


def test_starts_answers_and_stops_at_the_same_moment_leave_no_stage_locked(bench: Bench) -> None:
    first = bench.create()
    token = bench.token()

    def ask(what: str) -> None:
        try:
            {
                "start": bench.start,
                "approve": lambda: bench.answer(token=token),
                "stop": lambda: bench.stop(first, abandon=True),
                "state": lambda: bench.stage("Deploy"),
            }[what]()
        except ClientError as error:
            assert error.response["Error"]["Code"] in (
                "ApprovalAlreadyCompletedException",
                "PipelineExecutionNotStoppableException",
                "InvalidApprovalTokenException",
            )

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(ask, ["start", "approve", "stop", "start", "state", "start"]))

    def all_over() -> bool:
        waiting = bench.latest("Approve", "Ask").get("token")
        if waiting:
            bench.answer(token=waiting)
        return all(each["status"] in OVER for each in bench.executions())

    wait_until(all_over)
    assert len(bench.executions()) == 4
    assert bench.executions()[0]["status"] == "Succeeded"
    final = bench.start()
    bench.answer()
    assert bench.ended(final)["status"] == "Succeeded"


def test_the_state_of_a_pipeline_is_cheap_while_others_run(bench: Bench) -> None:
    asks = stage("Approve", *[approval(f"Ask{number}") for number in range(5)])
    for number in range(10):
        bench.create(stage("Source", source()), asks, name=f"pipe{number}")
        bench.token("Approve", "Ask0", f"pipe{number}")

    def fastest(call: Any) -> float:
        times = []
        for _ in range(30):
            begin = time.perf_counter()
            call()
            times.append(time.perf_counter() - begin)
        return min(times)

    busy = fastest(lambda: bench.codepipeline.get_pipeline_state(name="pipe0"))
    for number in range(10):
        bench.stop(bench.executions(f"pipe{number}")[0]["pipelineExecutionId"], f"pipe{number}", abandon=True)
    idle = fastest(bench.codepipeline.list_pipelines)
    assert busy <= 3 * idle


VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2000)
    | st.text(max_size=12)
    | st.sampled_from(["pipe", "Approve", "Ask"])
)


def members(draw: st.DrawFn, shape: Any, depth: int = 0) -> Any:
    """Return a value that more or less fits a shape."""
    if draw(st.integers(0, 15)) == 0 or depth > 4:
        return draw(VALUES)
    if shape.type_name == "structure":
        wanted = [name for name in shape.members if name in shape.required_members or draw(st.booleans())]
        return {name: members(draw, shape.members[name], depth + 1) for name in wanted}
    if shape.type_name == "list":
        return [members(draw, shape.member, depth + 1) for _ in range(draw(st.integers(0, 2)))]
    if shape.type_name == "map":
        return {draw(st.text(max_size=5)): members(draw, shape.value, depth + 1)}
    if getattr(shape, "enum", None):
        return draw(st.sampled_from(shape.enum))
    return draw(st.sampled_from(["pipe", "Approve", "Ask", "11111111-1111-4111-8111-111111111111"]) | VALUES)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, Any]:
    name = draw(st.sampled_from(OPERATIONS))
    return name, members(draw, service_model("codepipeline").operation_model(name).input_shape)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests())
def test_no_request_makes_the_service_fail(bench: Bench, asked: tuple[str, Any]) -> None:
    if not bench.codepipeline.list_pipelines()["pipelines"]:
        bench.create()
    status = post(bench.cloud, *asked)
    assert status in (200, 400, 403, 404, 501)


def post(cloud: RunningCloud, operation: str, request: Any) -> int:
    return post_bytes(cloud, operation, json.dumps(request).encode())


def post_bytes(cloud: RunningCloud, operation: str, body: bytes) -> int:
    target = Request(
        cloud.endpoint,
        body,
        {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"CodePipeline_20150709.{operation}",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/codepipeline/aws4_request, "
            "SignedHeaders=host, Signature=0",
        },
    )
    try:
        with urlopen(target) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"name": 7}', b'{"name": "' + b"x" * 200 + b'"}'])
def test_a_body_that_is_no_request_is_refused(bench: Bench, body: bytes) -> None:
    assert post_bytes(bench.cloud, "GetPipelineState", body) == 400
