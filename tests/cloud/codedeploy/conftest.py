"""Deployments as a learner makes them: through boto3, against a running cloud with instances."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cicdlab.cloud.server import Server, Settings

from ...conftest import RunningCloud
from ...goods import make_role, trust_in, zipped
from ...waiting import wait_until
from .site import Site, make_site

DEPLOYER, MACHINE = trust_in({"Service": "codedeploy.amazonaws.com"}), trust_in({"Service": "ec2.amazonaws.com"})
TAG = {"Key": "Name", "Value": "web", "Type": "KEY_AND_VALUE"}
BUCKET = "bundles"
ENDED = ("Succeeded", "Failed", "Stopped")
EVENTS = [
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
]


# A script that goes on when somebody lets it.
WAIT = "cd $INSTANCE_ROOT/tmp; touch waits; until [ -e go ]; do sleep 0.02; done; rm go waits"


def appspec(hooks: Mapping[str, str]) -> str:
    """Return an AppSpec file that installs nothing and has one script for each of these events."""
    scripts = {event: [{"location": f"scripts/{event}.sh", "timeout": 60}] for event in hooks}
    return json.dumps({"version": 0.0, "os": "linux", "hooks": scripts})


def bundle(**hooks: str) -> bytes:
    """Return a zipped revision whose hooks run these lines of shell."""
    scripts = {f"scripts/{event}.sh": f"#!/bin/sh\n{lines}\n" for event, lines in hooks.items()}
    return zipped({"appspec.yml": appspec(hooks), **scripts})


def place(key: str = "app.zip", **members: str) -> dict[str, Any]:
    """Return a revision in S3."""
    return {"revisionType": "S3", "s3Location": {"bucket": BUCKET, "key": key, "bundleType": "zip", **members}}


def refused(operation: Any, **request: Any) -> tuple[str, str]:
    """Return code and message of the error with which an operation answers."""
    with pytest.raises(ClientError) as error:
        operation(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@dataclass
class Bench:
    """Makes instances, groups and deployments, and reads what came of them."""

    cloud: Any
    role: str = ""
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.clients.setdefault(service, self.cloud.client(service))

    @property
    def codedeploy(self) -> Any:
        return self.client("codedeploy")

    @property
    def ec2(self) -> Any:
        return self.client("ec2")

    def profile(self, name: str = "machine") -> str:
        """Make an instance profile that may do everything."""
        iam = self.client("iam")
        make_role(iam, name, MACHINE)
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return name

    def launch(self, count: int = 1, name: str = "web", profile: str = "machine") -> list[str]:
        """Start instances with a name and return their ids, sorted."""
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
        settings: dict[str, Any] = {"IamInstanceProfile": {"Name": profile}} if profile else {}
        request = {
            "ImageId": "ami-12c6146b",
            "MinCount": count,
            "MaxCount": count,
            "TagSpecifications": tags,
            **settings,
        }
        made = self.ec2.run_instances(**request)["Instances"]
        return sorted(each["InstanceId"] for each in made)

    def root(self, instance: str) -> Path:
        """Return where an instance's files are on this machine."""
        return Path(self.cloud.core.root, "instances", "123456789012", "us-east-1", instance, "root")

    def port(self, instance: str) -> str:
        """Return the port on which an instance serves."""
        [found] = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
        return next(str(tag["Value"]) for tag in found["Tags"] if tag["Key"] == "cicdlab:port")

    def let_go(self, instance: str) -> None:
        """Let a script go on that waits on an instance, see `WAIT`."""
        (self.root(instance) / "tmp" / "go").touch()

    def put(self, body: bytes, key: str = "app.zip") -> dict[str, Any]:
        """Put a bundle into the bucket and return where it is."""
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        return place(key)

    def application(self, name: str = "app") -> str:
        return str(self.codedeploy.create_application(applicationName=name)["applicationId"])

    def settings(self, name: str = "fleet", **members: Any) -> dict[str, Any]:
        """Return a CreateDeploymentGroup request."""
        return {
            "applicationName": "app",
            "deploymentGroupName": name,
            "serviceRoleArn": self.role,
            "ec2TagFilters": [TAG],
            **members,
        }

    def group(self, name: str = "fleet", **members: Any) -> dict[str, Any]:
        """Make a group, and return it as the API shows it."""
        self.codedeploy.create_deployment_group(**self.settings(name, **members))
        return self.get_group(name)

    def get_group(self, name: str = "fleet") -> dict[str, Any]:
        answer = self.codedeploy.get_deployment_group(applicationName="app", deploymentGroupName=name)
        return dict(answer["deploymentGroupInfo"])

    def start(self, revision: dict[str, Any] | None = None, group: str = "fleet", **members: Any) -> str:
        request = {"applicationName": "app", "deploymentGroupName": group, "revision": revision or place(), **members}
        if "configuration" in request:
            request["deploymentConfigName"] = f"CodeDeployDefault.{request.pop('configuration')}"
        return str(self.codedeploy.create_deployment(**request)["deploymentId"])

    def get(self, deployment: str) -> dict[str, Any]:
        return dict(self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"])

    def waits(self, instance: str) -> None:
        """Return when a script on an instance has begun to wait, see `WAIT`."""
        wait_until((self.root(instance) / "tmp" / "waits").exists, f"the script on {instance}")

    def ended(self, deployment: str) -> dict[str, Any]:
        wait_until(lambda: self.get(deployment)["status"] in ENDED)
        return self.get(deployment)

    def deploy(self, revision: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        """Deploy, and return the deployment when it has ended."""
        return self.ended(self.start(revision, **members))

    def targets(self, deployment: str) -> list[str]:
        return list(self.codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"])

    def target(self, deployment: str, instance: str = "") -> dict[str, Any]:
        target = instance or self.targets(deployment)[0]
        answer = self.codedeploy.get_deployment_target(deploymentId=deployment, targetId=target)
        return dict(answer["deploymentTarget"]["instanceTarget"])

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep every engine thread busy: what is started meanwhile waits for its turn."""
        free = Event()
        for _ in range(64):
            self.cloud.core.workers.submit(free.wait)
        try:
            yield
        finally:
            free.set()

    def allow(self, role: str, *permissions: tuple[str, str]) -> None:
        """Let a role do this, and nothing else."""
        statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in permissions]
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.client("iam").put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=text)


@pytest.fixture(scope="session")
def shared_cloud() -> Iterator[RunningCloud]:
    """Start one cloud for all tests of deployments: a new one costs a second."""
    with Server(Settings(port=0)) as server:
        yield RunningCloud(server)


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    """Return a bench with an instance profile and a deployment group, and a revision that does nothing."""
    bench.profile()
    bench.group()
    bench.put(bundle(ApplicationStart="true"))
    return bench


@pytest.fixture
def site(bench: Bench) -> Site:
    """Return an instance whose agent the test drives itself."""
    bench.profile()
    return make_site(bench)


@pytest.fixture
def bench(shared_cloud: RunningCloud) -> Iterator[Bench]:
    """Return a bench on a cloud with an application, a bucket and a service role, and nothing else."""
    shared_cloud.core.reset()
    made = Bench(shared_cloud)
    made.role = make_role(made.client("iam"), "deployer", DEPLOYER)
    made.client("s3").create_bucket(Bucket=BUCKET)
    made.application()
    yield made
    shared_cloud.core.reset()


def states(target: dict[str, Any]) -> dict[str, str]:
    """Return the status of each lifecycle event of a target, in their order."""
    return {each["lifecycleEventName"]: each["status"] for each in target["lifecycleEvents"]}


def found(target: dict[str, Any], event: str) -> dict[str, str]:
    """Return the diagnostics of a lifecycle event."""
    return next(dict(each["diagnostics"]) for each in target["lifecycleEvents"] if each["lifecycleEventName"] == event)
