"""Sixty-four builds at once, on a cloud with four server threads."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...waiting import wait_until
from .conftest import Bench, states

COUNT = 64


def all_ended(bench: Bench, ids: list[str]) -> list[dict[str, Any]]:
    builds = bench.codebuild.batch_get_builds(ids=ids)["builds"]
    return builds if all(build["buildComplete"] for build in builds) else []


def test_sixty_four_builds_at_once_keep_their_logs_artifacts_and_statuses_apart(bench: Bench) -> None:
    bench.cloud.core.minute = 60
    bench.bucket()
    text = {
        "version": "0.2",
        "phases": {
            "build": {"commands": ["echo build $N", "echo $N > number", "exit $((N % 2))"]},
            "post_build": {"commands": ["echo after $N"]},
        },
        "artifacts": {"files": ["number"]},
    }
    bench.project(
        "demo", json.dumps(text) + "\n", artifacts={"type": "S3", "location": "goods", "namespaceType": "BUILD_ID"}
    )

    def start(number: int) -> str:
        return bench.start("demo", environmentVariablesOverride=[{"name": "N", "value": str(number)}])

    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(start, range(COUNT)))
        builds = wait_until(lambda: all_ended(bench, ids), 120)
        outputs = list(pool.map(bench.output, builds))
    assert len(set(ids)) == COUNT
    assert sorted(build["buildNumber"] for build in builds) == list(range(1, COUNT + 1))
    for number, (build, output) in enumerate(zip(builds, outputs, strict=True)):
        assert build["buildStatus"] == ("FAILED" if number % 2 else "SUCCEEDED")
        assert states(build)["POST_BUILD"] == "SUCCEEDED"
        assert output == [f"build {number}", f"after {number}"]
        uuid = build["id"].partition(":")[2]
        assert bench.body("goods", f"{uuid}/demo/number") == f"{number}\n".encode()
    assert len({json.dumps([each.get("durationInSeconds") for each in build["phases"]]) for build in builds}) == 1


def test_a_reader_never_sees_a_half_written_build(bench: Bench) -> None:
    bench.cloud.core.minute = 60
    bench.project("demo", json.dumps({"version": "0.2", "phases": {"build": {"commands": ["true"] * 30}}}) + "\n")
    ids = [bench.start("demo") for _ in range(8)]
    seen: set[str] = set()
    while len(seen) < len(ids):
        for build in bench.codebuild.batch_get_builds(ids=ids)["builds"]:
            names = [each["phaseType"] for each in build["phases"]]
            assert len(names) == len(set(names))
            assert build["currentPhase"] == names[-1]
            assert all("phaseStatus" in each and "endTime" in each for each in build["phases"][:-1])
            assert build["buildComplete"] == (build["buildStatus"] != "IN_PROGRESS") == ("endTime" in build)
            if build["buildComplete"]:
                seen.add(build["id"])
