"""Instances as a learner starts them through boto3, and the machines behind them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cicdlab.cloud.instances import Machine
from cicdlab.cloud.instances.instance import described
from cicdlab.cloud.sandbox import Ending, available
from cicdlab.cloud.server import Server, Settings

from ...conftest import RunningCloud
from ...goods import EVERYTHING, make_role, trust_in

OTHER = "210987654321"


@dataclass
class Yard:
    """Starts instances, and programs on them."""

    cloud: RunningCloud

    @property
    def ec2(self) -> Any:
        return self.cloud.client("ec2")

    def profile(self, name: str = "machine", permissions: Any = EVERYTHING, **client: str) -> str:
        """Make an instance profile and return its ARN."""
        iam = self.cloud.client("iam", **client)
        make_role(iam, name, trust_in({"Service": "ec2.amazonaws.com"}), permissions)
        made = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return str(made["Arn"])

    def launch(self, count: int = 1, ec2: Any = None, **members: Any) -> list[str]:
        """Start instances and return their ids in AWS's order."""
        request = {"ImageId": "ami-12c6146b", "MinCount": count, "MaxCount": count, **members}
        made = (ec2 or self.ec2).run_instances(**request)["Instances"]
        return [each["InstanceId"] for each in made]

    def describe(self, ec2: Any = None) -> list[dict[str, Any]]:
        pages = (ec2 or self.ec2).describe_instances()["Reservations"]
        return [each for reservation in pages for each in reservation["Instances"]]

    def machine(self, instance: str, ec2: Any = None) -> Machine:
        """Return the machine of an instance that runs."""
        known = {each.id: each for each in described(ec2 or self.ec2)}
        return self.cloud.core.instances.machine(known[instance])

    def run(self, machine: Machine, lines: str) -> tuple[Ending, str]:
        """Run lines of shell on an instance and return how they ended and what they wrote."""
        written = bytearray()
        script = machine.script(["/bin/sh", "-c", lines], "/tmp", {})
        ending = script.run(timeout=30, linger=5, on_output=lambda _, data: written.extend(data))
        return ending, written.decode().strip()

    def says(self, machine: Machine, lines: str) -> str:
        """Run lines of shell that succeed and return what they wrote."""
        ending, written = self.run(machine, lines)
        assert ending.status == 0, written
        return written

    def allow(self, role: str, action: str) -> None:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.cloud.client("iam").put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=text)


@pytest.fixture(scope="session")
def shared_cloud() -> Iterator[RunningCloud]:
    """Start one cloud for all tests of instances: a new one costs a second."""
    with Server(Settings(port=0)) as server:
        yield RunningCloud(server)


@pytest.fixture
def yard(shared_cloud: RunningCloud) -> Iterator[Yard]:
    """Return a yard without instances."""
    shared_cloud.core.reset()
    yield Yard(shared_cloud)
    shared_cloud.core.reset()


@pytest.fixture
def bubblewrap() -> None:
    """Skip where sandboxes are ordinary processes, which see the host's files."""
    if available() != "bubblewrap":
        pytest.skip("bubblewrap does not work here")


def listing(folder: Path) -> list[str]:
    """Return everything in a folder, links unfollowed."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
