"""Builds as a learner makes them: through boto3, against a running cloud."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from cicdlab.cloud.server import Server, Settings

from ...conftest import RunningCloud
from ...goods import MACHINE, TRUST, make_role
from ...waiting import wait_until


def spec(**phases: list[str]) -> str:
    """Return a buildspec whose phases run these commands."""
    return json.dumps({"version": 0.2, "phases": {name: {"commands": lines} for name, lines in phases.items()}}) + "\n"


@dataclass
class Bench:
    """Makes projects and builds, and reads what came of them."""

    cloud: Any
    role: str = ""
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.clients.setdefault(service, self.cloud.client(service))

    @property
    def codebuild(self) -> Any:
        return self.client("codebuild")

    def make_role(self, name: str = "builder", trust: dict[str, Any] | None = None) -> str:
        return make_role(self.client("iam"), name, trust or TRUST)

    def bucket(self, name: str = "goods") -> str:
        self.client("s3").create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, key: str, body: bytes | str) -> Any:
        return self.client("s3").put_object(Bucket=bucket, Key=key, Body=body)

    def settings(self, name: str = "demo", buildspec: str | None = None, **members: Any) -> dict[str, Any]:
        """Return a CreateProject request; the source is the buildspec unless ``source`` says otherwise."""
        return {
            "name": name,
            "source": {"type": "NO_SOURCE", "buildspec": buildspec or spec(build=["true"])},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": MACHINE,
            "serviceRole": self.role,
            **members,
        }

    def project(self, *arguments: Any, **members: Any) -> dict[str, Any]:
        return dict(self.codebuild.create_project(**self.settings(*arguments, **members))["project"])

    def start(self, project: str = "demo", **members: Any) -> str:
        return str(self.codebuild.start_build(projectName=project, **members)["build"]["id"])

    def get(self, build_id: str) -> dict[str, Any]:
        return dict(self.codebuild.batch_get_builds(ids=[build_id])["builds"][0])

    def ended(self, build_id: str) -> dict[str, Any]:
        wait_until(lambda: self.get(build_id)["buildComplete"])
        return self.get(build_id)

    def build(self, project: str = "demo", **members: Any) -> dict[str, Any]:
        """Start a build and return it when it has ended."""
        return self.ended(self.start(project, **members))

    def run(self, buildspec: str, **members: Any) -> dict[str, Any]:
        """Build with this buildspec in a project of its own."""
        number = len(self.codebuild.list_projects()["projects"])
        self.project(f"demo{number}", buildspec, **members)
        return self.build(f"demo{number}")

    def events(self, build: dict[str, Any]) -> list[str]:
        logs = build["logs"]
        pages = self.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=logs["groupName"], logStreamNames=[logs["streamName"]])
        return [event["message"] for page in found for event in page["events"]]

    def log(self, build: dict[str, Any]) -> str:
        return "".join(self.events(build))

    def output(self, build: dict[str, Any]) -> list[str]:
        """Return the lines that the commands wrote."""
        return [event.rstrip("\n") for event in self.events(build) if not event.startswith("[Container]")]

    def keys(self, bucket: str) -> list[str]:
        return [item["Key"] for item in self.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]

    def body(self, bucket: str, key: str) -> bytes:
        return bytes(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


@pytest.fixture(scope="session")
def shared_cloud() -> Iterator[RunningCloud]:
    """Start one cloud for all tests of builds: a new one costs a second."""
    with Server(Settings(port=0)) as server:
        yield RunningCloud(server)


@pytest.fixture
def bench(shared_cloud: RunningCloud) -> Iterator[Bench]:
    """Return a bench on an empty cloud; a minute of a time-out lasts a fifth of a second."""
    shared_cloud.core.reset()
    shared_cloud.core.minute = 0.2
    made = Bench(shared_cloud)
    made.role = made.make_role()
    yield made
    shared_cloud.core.reset()


def phase(build: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in build["phases"] if each["phaseType"] == name)


def states(build: dict[str, Any]) -> dict[str, str]:
    """Return each phase's status, in the order in which they ran."""
    return {each["phaseType"]: each.get("phaseStatus", "") for each in build["phases"]}


def reason(build: dict[str, Any], name: str) -> tuple[str, str]:
    context = phase(build, name)["contexts"][0]
    return context["statusCode"], context["message"]
