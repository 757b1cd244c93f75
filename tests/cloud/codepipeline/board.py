"""The departure board of the lab `codepipeline/01-first-pipeline`: everything between a commit and two screens.

The application and the policies of the roles are the lab's own; every role may do what its part takes, and no more.
"""

import json
import re
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...goods import MACHINE, make_role, trust_in
from ..codecommit.conftest import Learner
from .bench import Bench, action, stage

SOURCE = Path(__file__).parents[3] / "labs" / "codepipeline" / "01-first-pipeline" / "source"
SERVICES = {
    "pipeline": "codepipeline.amazonaws.com",
    "build": "codebuild.amazonaws.com",
    "deploy": "codedeploy.amazonaws.com",
    "start": "events.amazonaws.com",
    "machine": "ec2.amazonaws.com",
}
GROUP = {"ApplicationName": "board", "DeploymentGroupName": "platforms"}
PUSH = {
    "source": ["aws.codecommit"],
    "detail-type": ["CodeCommit Repository State Change"],
    "resources": ["arn:aws:codecommit:us-east-1:123456789012:board"],
    "detail": {"event": ["referenceCreated", "referenceUpdated"], "referenceName": ["main"]},
}


@dataclass
class Board:
    """The board's repository, its pipeline and its screens."""

    bench: Bench
    author: Learner
    address: str = ""

    def prepare(self) -> None:
        """Make everything but the pipeline, and push the first commit."""
        bench = self.bench
        for name, service in SERVICES.items():
            policy = json.loads((SOURCE / "roles" / f"{name}.json").read_text())
            make_role(bench.client("iam"), f"board-{name}", trust_in({"Service": service}), policy)
        iam = bench.client("iam")
        iam.create_instance_profile(InstanceProfileName="board-machine")
        iam.add_role_to_instance_profile(InstanceProfileName="board-machine", RoleName="board-machine")
        bench.client("s3").create_bucket(Bucket="board-pipeline")
        bench.client("codebuild").create_project(
            name="board",
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment=MACHINE,
            serviceRole=role("build"),
        )
        codedeploy = bench.client("codedeploy")
        codedeploy.create_application(applicationName="board")
        codedeploy.create_deployment_group(
            applicationName="board",
            deploymentGroupName="platforms",
            ec2TagFilters=[{"Key": "Shows", "Value": "departures", "Type": "KEY_AND_VALUE"}],
            serviceRoleArn=role("deploy"),
        )
        bench.client("ec2").run_instances(
            ImageId="ami-12c6146b",
            MinCount=2,
            MaxCount=2,
            IamInstanceProfile={"Name": "board-machine"},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Shows", "Value": "departures"}]}],
        )
        made = bench.client("codecommit").create_repository(repositoryName="board")
        self.address = signed_in(made["repositoryMetadata"]["cloneUrlHttp"])
        shutil.copytree(SOURCE / "app", self.author.folder, dirs_exist_ok=True)
        self.author.git("init", "--quiet", "--initial-branch=main")
        self.push("Show the departures")

    def listen(self) -> None:
        """Let EventBridge start the pipeline when main changes."""
        events = self.bench.client("events")
        events.put_rule(Name="board-push", EventPattern=json.dumps(PUSH))
        target = {"Id": "1", "Arn": "arn:aws:codepipeline:us-east-1:123456789012:board", "RoleArn": role("start")}
        events.put_targets(Rule="board-push", Targets=[target])

    def push(self, message: str) -> str:
        """Commit what has changed, push it, and return the commit's id."""
        self.author.git("add", ".")
        self.author.git("commit", "--quiet", "--message", message)
        self.author.git("push", "--quiet", self.address, "main")
        return self.author.git("rev-parse", "HEAD").stdout.strip()

    def move(self, town: str, platform: int) -> str:
        """Let a town's train leave from another platform; return the commit's id."""
        departures = self.author.folder / "board" / "departures.csv"
        departures.write_text(re.sub(rf"{town},\d", f"{town},{platform}", departures.read_text()))
        return self.push(f"{town} leaves from platform {platform}")

    def pages(self) -> set[str]:
        """Return what the screens show, each by an HTTP request to its machine."""
        found = self.bench.client("ec2").describe_instances()["Reservations"][0]["Instances"]
        return {self._page(instance) for instance in found}

    def _page(self, instance: dict[str, Any]) -> str:
        port = next(tag["Value"] for tag in instance["Tags"] if tag["Key"] == "cicdlab:port")
        with urllib.request.urlopen(f"http://{instance['PublicDnsName']}:{port}/", timeout=10) as answer:
            return str(answer.read().decode())


def signed_in(address: str) -> str:
    """Return a repository's address with the key in it, which saves a start of AWS's credential helper."""
    return address.replace("://", "://test:unsigned@")


def role(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/board-{name}"


def pipeline(poll: bool = False) -> dict[str, Any]:
    """Return the pipeline from the commit to the screens."""
    where = {"RepositoryName": "board", "BranchName": "main", "PollForSourceChanges": str(poll).lower()}
    fetch = action("Fetch", "Source", "CodeCommit", where, outputs=("Commit",))
    test = action("Test", "Build", "CodeBuild", {"ProjectName": "board"}, ("Commit",), ("Package",))
    return {
        "name": "board",
        "roleArn": role("pipeline"),
        "artifactStore": {"type": "S3", "location": "board-pipeline"},
        "pipelineType": "V2",
        "stages": [
            stage("Source", fetch),
            stage("Build", test),
            stage("Approve", action("Look", "Approval", "Manual")),
            stage("Deploy", action("Install", "Deploy", "CodeDeploy", GROUP, ("Package",))),
        ],
    }
