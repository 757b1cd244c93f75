"""Runs small builds on a cloud, for tests that compute an answer from what a build does."""

import json
from dataclasses import dataclass
from typing import Any

from cicdlab.lab.wait import wait

from ..goods import MACHINE, make_role, zipped


class Builder:
    """A learner who creates projects and waits for their builds.

    Parameters
    ----------
    cloud
        A running cloud with `client(service)`.
    """

    def __init__(self, cloud: Any) -> None:
        self.codebuild, self.s3, self.logs = (cloud.client(name) for name in ("codebuild", "s3", "logs"))
        iam = cloud.client("iam")
        self.role = make_role(iam)

    def project(self, name: str, buildspec: dict[str, Any] | None = None, **settings: Any) -> None:
        """Create a project; without other settings it has no source and no artifacts."""
        source = {"type": "NO_SOURCE"} | ({"buildspec": json.dumps(buildspec)} if buildspec else {})
        defaults = {"source": source, "artifacts": {"type": "NO_ARTIFACTS"}, "environment": MACHINE}
        self.codebuild.create_project(name=name, serviceRole=self.role, **(defaults | settings))

    def upload(self, bucket: str, key: str, files: dict[str, str]) -> str:
        """Put a zip of these files into a new bucket and return the location that a source names."""
        self.s3.create_bucket(Bucket=bucket)
        self.s3.put_object(Bucket=bucket, Key=key, Body=zipped(files))
        return f"{bucket}/{key}"

    def run(self, project: str, **overrides: Any) -> "FinishedBuild":
        """Start a build and return it when it has ended."""
        started = self.codebuild.start_build(projectName=project, **overrides)["build"]["id"]

        def ended() -> Any:
            build = self.codebuild.batch_get_builds(ids=[started])["builds"][0]
            return build["buildComplete"] and build

        build = wait(ended, reason=f"the end of build {started}")
        return FinishedBuild(build, self._log(build))

    def _log(self, build: dict[str, Any]) -> str:
        place = build.get("logs", {})
        if "streamName" not in place:
            return ""
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=place["groupName"], logStreamNames=[place["streamName"]]
        )
        return "".join(event["message"] for page in pages for event in page["events"])


@dataclass(frozen=True)
class FinishedBuild:
    """A build's record and its log."""

    record: dict[str, Any]
    log: str

    @property
    def status(self) -> str:
        """How the build ended."""
        return str(self.record["buildStatus"])

    @property
    def phases(self) -> dict[str, dict[str, Any]]:
        """The phases that the build went through, by name, in order."""
        return {phase["phaseType"]: phase for phase in self.record["phases"]}

    def printed(self, line: str) -> bool:
        """Whether a command printed this line (the log also shows the commands themselves)."""
        return line in self.log.splitlines()
