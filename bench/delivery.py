"""Deployments and pipelines: a hook beside ``bash``, a delivery beside one build, a busy cloud beside an idle one."""

import io
import json
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from .calls import client, project
from .result import Result
from .servers import Running, environment

ROUNDS = 9
POLL = 0.02  # seconds
SCRIPTS = 20  # of one lifecycle event
PIPELINES = 10
CALLS = 100
HOOK, DELIVERY, STATE = 3.0, 12.0, 3.0  # targets
ACCOUNT, BUCKET, NAME = "123456789012", "bench-delivery", "bench-delivery"
SERVICES = ("codebuild", "codedeploy", "codepipeline", "ec2")
SCRIPT = '#!/bin/bash\necho "one line"\nmkdir -p /tmp/bench\ndate > /tmp/bench/seen\nrm /tmp/bench/seen\n'
_ENDED = ("Succeeded", "Failed", "Stopped", "Superseded")


def measure(ours: Running) -> list[Result]:
    """Return the three results."""
    site = _Site(ours.endpoint)
    return [_hook(site), _delivery(site), _state(site)]


def _hook(site: "_Site") -> Result:
    """Compare what one more script of an event takes with ``bash`` running it."""
    one, many = site.bundle("one.zip", 1), site.bundle("many.zip", 1 + SCRIPTS)
    short, long, bash = [], [], []
    for _ in range(ROUNDS + 1):
        short.append(_timed(lambda: site.deploy(one)))
        long.append(_timed(lambda: site.deploy(many)))
        bash.append(_timed(_run_scripts))
    more = median(long[1:]) - median(short[1:])
    return Result("A hook's script", more / SCRIPTS * 1000, "bash", median(bash[1:]) / SCRIPTS * 1000, "ms", HOOK)


def _delivery(site: "_Site") -> Result:
    """Compare source, build and deployment with the build alone; each does next to nothing."""
    site.make_pipeline(NAME, "true")
    alone, whole = [], []
    for _ in range(ROUNDS + 1):
        alone.append(_timed(lambda: site.build("bench-alone")))
        whole.append(_timed(lambda: site.run(NAME)))
    return Result(
        "Source, build, deploy", median(whole[1:]) * 1000, "one build", median(alone[1:]) * 1000, "ms", DELIVERY
    )


def _state(site: "_Site") -> Result:
    """Compare GetPipelineState while ten pipelines run with ListPipelines while none does."""
    names = [f"bench-busy-{number}" for number in range(PIPELINES)]
    for name in names:
        site.make_pipeline(name, "sleep 600")
    codepipeline = site.clients["codepipeline"]
    idle = [_timed(codepipeline.list_pipelines) for _ in range(CALLS)]
    started = {name: codepipeline.start_pipeline_execution(name=name)["pipelineExecutionId"] for name in names}
    for name in names:
        _wait(lambda name=name: site.builds_in(name) == "InProgress")
    busy = [
        _timed(lambda name=name: codepipeline.get_pipeline_state(name=name))
        for _ in range(CALLS // PIPELINES)
        for name in names
    ]
    for name, execution in started.items():
        codepipeline.stop_pipeline_execution(pipelineName=name, pipelineExecutionId=execution, abandon=True)
    return Result("State of 10 pipelines", median(busy) * 1000, "ListPipelines, idle", median(idle) * 1000, "ms", STATE)


class _Site:
    """A cloud with an instance, a deployment group, and what pipelines need.

    Parameters
    ----------
    endpoint
        Where the cloud is.
    """

    def __init__(self, endpoint: str) -> None:
        self.clients = {name: client(name, endpoint) for name in (*SERVICES, "iam", "s3")}
        self.role = self._make_role()
        s3 = self.clients["s3"]
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self._make_fleet()
        self._make_project("bench-alone", "true", "NO_SOURCE")

    def bundle(self, key: str, scripts: int) -> str:
        """Put a revision into the bucket whose one event has so many scripts, and return its key."""
        event = [{"location": "script.sh"}] * scripts
        appspec = json.dumps({"version": 0.0, "os": "linux", "hooks": {"ApplicationStart": event}})
        self._put(key, {"appspec.yml": appspec, "script.sh": SCRIPT})
        return key

    def deploy(self, key: str) -> None:
        """Deploy a revision and wait for it."""
        codedeploy = self.clients["codedeploy"]
        place = {"bucket": BUCKET, "key": key, "bundleType": "zip"}
        revision = {"revisionType": "S3", "s3Location": place}
        group = {"applicationName": NAME, "deploymentGroupName": NAME}
        started = codedeploy.create_deployment(**group, revision=revision)["deploymentId"]
        _succeeded(lambda: str(codedeploy.get_deployment(deploymentId=started)["deploymentInfo"]["status"]))

    def build(self, name: str) -> None:
        """Build a project and wait for it."""
        codebuild = self.clients["codebuild"]
        started = codebuild.start_build(projectName=name)["build"]["id"]
        status = {"IN_PROGRESS": "InProgress", "SUCCEEDED": "Succeeded"}
        _succeeded(lambda: status.get(codebuild.batch_get_builds(ids=[started])["builds"][0]["buildStatus"], "Failed"))

    def run(self, name: str) -> None:
        """Run a pipeline and wait for it."""
        codepipeline = self.clients["codepipeline"]
        started = codepipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]
        which = {"pipelineName": name, "pipelineExecutionId": started}
        _succeeded(lambda: str(codepipeline.get_pipeline_execution(**which)["pipelineExecution"]["status"]))

    def builds_in(self, name: str) -> str:
        """Return how the build of a pipeline's newest execution stands."""
        stage = self.clients["codepipeline"].get_pipeline_state(name=name)["stageStates"][1]
        return str(stage.get("latestExecution", {}).get("status", ""))

    def make_pipeline(self, name: str, command: str) -> None:
        """Make a pipeline from S3 over a build of one command to the instance, and wait for its first execution."""
        hook = {"ApplicationStart": [{"location": "script.sh"}]}
        appspec = json.dumps({"version": 0.0, "os": "linux", "hooks": hook})
        self._put(f"{name}.zip", {"appspec.yml": appspec, "script.sh": "#!/bin/bash\n"})
        self._make_project(name, command, "CODEPIPELINE")
        source = {"S3Bucket": BUCKET, "S3ObjectKey": f"{name}.zip", "PollForSourceChanges": "false"}
        group = {"ApplicationName": NAME, "DeploymentGroupName": NAME}
        stages = [
            _stage("Source", "Source", "S3", source, outputs=["Source"]),
            _stage("Build", "Build", "CodeBuild", {"ProjectName": name}, ["Source"], ["Package"]),
            _stage("Deploy", "Deploy", "CodeDeploy", group, ["Package"]),
        ]
        store = {"type": "S3", "location": BUCKET}
        codepipeline = self.clients["codepipeline"]
        codepipeline.create_pipeline(
            pipeline={"name": name, "roleArn": self.role, "artifactStore": store, "stages": stages}
        )
        execution = _wait(
            lambda: codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
        )
        which = {"pipelineName": name, "pipelineExecutionId": execution[0]["pipelineExecutionId"]}
        if command != "true":
            codepipeline.stop_pipeline_execution(**which, abandon=True)
        _wait(lambda: codepipeline.get_pipeline_execution(**which)["pipelineExecution"]["status"] in _ENDED)

    def _put(self, key: str, files: dict[str, str]) -> None:
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            for name, text in files.items():
                member = zipfile.ZipInfo(name)
                member.external_attr = 0o755 << 16
                archive.writestr(member, text)
        self.clients["s3"].put_object(Bucket=BUCKET, Key=key, Body=body.getvalue())

    def _make_role(self) -> str:
        services = [f"{name}.amazonaws.com" for name in SERVICES]
        trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam = self.clients["iam"]
        role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=_policy(trust))["Role"]
        iam.put_role_policy(RoleName=NAME, PolicyName="all", PolicyDocument=_policy(everything))
        iam.create_instance_profile(InstanceProfileName=NAME)
        iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)
        return str(role["Arn"])

    def _make_fleet(self) -> None:
        tag = {"Key": "Name", "Value": NAME}
        self.clients["ec2"].run_instances(
            ImageId="ami-12c6146b",
            MinCount=1,
            MaxCount=1,
            IamInstanceProfile={"Name": NAME},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [tag]}],
        )
        codedeploy = self.clients["codedeploy"]
        codedeploy.create_application(applicationName=NAME, computePlatform="Server")
        codedeploy.create_deployment_group(
            applicationName=NAME,
            deploymentGroupName=NAME,
            deploymentConfigName="CodeDeployDefault.AllAtOnce",
            ec2TagFilters=[{**tag, "Type": "KEY_AND_VALUE"}],
            serviceRoleArn=self.role,
        )

    def _make_project(self, name: str, command: str, source: str) -> None:
        files = {"artifacts": {"files": ["**/*"]}} if source == "CODEPIPELINE" else {}
        spec = {"version": 0.2, "phases": {"build": {"commands": [command]}}, **files}
        made = project(name, self.role, {"type": source, "buildspec": json.dumps(spec)})
        made["artifacts"] = {"type": "CODEPIPELINE" if source == "CODEPIPELINE" else "NO_ARTIFACTS"}
        self.clients["codebuild"].create_project(**made)


def _stage(
    name: str,
    category: str,
    provider: str,
    configuration: dict[str, str],
    inputs: list[str] | None = None,
    outputs: list[str] | None = None,
) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    action = {
        "name": name,
        "actionTypeId": kind,
        "configuration": configuration,
        "inputArtifacts": [{"name": each} for each in inputs or ()],
        "outputArtifacts": [{"name": each} for each in outputs or ()],
    }
    return {"name": name, "actions": [action]}


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _run_scripts() -> None:
    with tempfile.TemporaryDirectory(prefix="cicdlab-bench-") as folder:
        script = Path(folder) / "script.sh"
        script.write_text(SCRIPT, encoding="utf-8")
        for _ in range(SCRIPTS):
            subprocess.run(["bash", script], cwd=folder, env=environment(folder), check=True, stdout=subprocess.PIPE)


def _timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _wait(look: Callable[[], Any]) -> Any:
    while not (found := look()):
        time.sleep(POLL)
    return found


def _succeeded(status: Callable[[], str]) -> None:
    """Wait until something has ended.

    Raises
    ------
    RuntimeError
        It did not succeed.
    """
    ended = _wait(lambda: (now := status()) in _ENDED and now)
    if ended != "Succeeded":
        raise RuntimeError(f"What was to be measured ended {ended}.")
