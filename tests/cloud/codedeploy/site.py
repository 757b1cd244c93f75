"""An instance whose agent the tests drive, without a deployment around it."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from cicdlab.cloud.codedeploy.agent import ROOT, Agent, Assignment, LifecycleError
from cicdlab.cloud.codedeploy.model import LIFECYCLE_EVENTS
from cicdlab.cloud.instances import Machine
from cicdlab.cloud.instances.instance import described

GROUP = "5f7a4e9c-0000-4000-8000-00000000feed"


def archived(files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> bytes:
    """Return a zip of files with these modes, or else those of scripts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = (modes or {}).get(name, 0o755) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def spec(**members: Any) -> str:
    """Return an AppSpec file."""
    return json.dumps({"version": 0.0, "os": "linux", **members})


@dataclass
class Site:
    """One instance, its agent, and revisions for it."""

    bench: Any
    machine: Machine
    numbers: count = field(default_factory=lambda: count(1))

    def put(self, files: Mapping[str, str | bytes], key: str = "app.zip", **modes: int) -> None:
        self.put_bytes(archived(files, modes), key)

    def put_bytes(self, body: bytes, key: str = "app.zip") -> None:
        self.bench.client("s3").put_object(Bucket="bundles", Key=key, Body=body)

    def assignment(self, **changes: str) -> Assignment:
        known = {
            "account": "123456789012",
            "region": "us-east-1",
            "application": "app",
            "group": "fleet",
            "group_id": GROUP,
            "deployment_id": f"d-{next(self.numbers):09}",
            "bucket": "bundles",
            "key": "app.zip",
            "bundle_type": "zip",
            "version": "",
            "etag": "",
            "file_exists_behavior": "DISALLOW",
        }
        return Assignment(**{**known, **changes})

    def agent(self, **changes: str) -> Agent:
        cloud = self.bench.cloud.core
        return Agent(cloud, self.machine, self.assignment(**changes), cloud.clock.timeline())

    def deploy(self, files: Mapping[str, str | bytes] | None = None, **changes: str) -> str:
        """Run every lifecycle event and return the deployment's id."""
        if files is not None:
            self.put(files)
        agent = self.agent(**changes)
        for event in LIFECYCLE_EVENTS:
            agent.run(event)
        agent.succeeded()
        return agent.assignment.deployment_id

    def fails(self, files: Mapping[str, str | bytes] | None = None, **changes: str) -> LifecycleError:
        """Return how a deployment fails."""
        with pytest.raises(LifecycleError) as error:
            self.deploy(files, **changes)
        return error.value

    def hooks(self, **hooks: str) -> dict[str, str]:
        """Return a revision that runs these lines of shell."""
        scripts = {f"{event}.sh": f"#!/bin/sh\n{lines}\n" for event, lines in hooks.items()}
        return {"appspec.yml": spec(hooks={event: [{"location": f"{event}.sh"}] for event in hooks}), **scripts}

    def host(self, inside: str) -> Path:
        """Return where a path of the instance is on this machine, when no link is in it."""
        return self.machine.root / inside.lstrip("/")

    def folder(self, deployment: str) -> str:
        """Return where the agent keeps a deployment."""
        return f"{ROOT}/{GROUP}/{deployment}"

    def log(self, deployment: str) -> str:
        return self.host(f"{self.folder(deployment)}/logs/scripts.log").read_text()


def make_site(bench: Any) -> Site:
    """Start an instance with a profile that may do everything."""
    [instance] = bench.launch()
    known = {each.id: each for each in described(bench.ec2)}
    return Site(bench, bench.cloud.core.instances.machine(known[instance]))
