"""Pipelines as a learner makes them: through boto3, against a running cloud."""

from dataclasses import dataclass, field
from typing import Any

from cicdlab.cloud.core import ACCOUNT

from ...goods import MACHINE, TRUST, make_role, zipped
from ...waiting import wait_until
from .jobs import PIPELINE_TRUST

REGION = "us-east-1"
OVER = {"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"}


def action(
    name: str,
    category: str,
    provider: str,
    configuration: dict[str, str] | None = None,
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    **members: Any,
) -> dict[str, Any]:
    """Return an action's declaration."""
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration or {},
        "inputArtifacts": [{"name": each} for each in inputs],
        "outputArtifacts": [{"name": each} for each in outputs],
        **members,
    }


def source(name: str = "Fetch", key: str = "app.zip", output: str = "App", **members: Any) -> dict[str, Any]:
    """Return an action that fetches an object; nothing but a start makes it do so."""
    given = {"S3Bucket": "source", "S3ObjectKey": key, "PollForSourceChanges": "false"}
    return action(name, "Source", "S3", given, outputs=(output,), **members)


def approval(name: str = "Ask", configuration: dict[str, str] | None = None, **members: Any) -> dict[str, Any]:
    """Return an action that waits for somebody."""
    return action(name, "Approval", "Manual", configuration, **members)


def site(name: str = "Publish", bucket: str = "site", **members: Any) -> dict[str, Any]:
    """Return an action that publishes an artifact."""
    return action(name, "Deploy", "S3", {"BucketName": bucket, "Extract": "true"}, ("App",), **members)


def build(name: str = "Make", project: str = "demo", **members: Any) -> dict[str, Any]:
    """Return an action that builds an artifact."""
    return action(name, "Build", "CodeBuild", {"ProjectName": project}, ("App",), **members)


def stage(name: str, *actions: dict[str, Any]) -> dict[str, Any]:
    """Return a stage's declaration."""
    return {"name": name, "actions": list(actions)}


def definition(*stages: dict[str, Any], role: str = "", name: str = "pipe", **members: Any) -> dict[str, Any]:
    """Return a pipeline's declaration; without stages of its own it fetches, asks and publishes."""
    return {
        "name": name,
        "roleArn": role or f"arn:aws:iam::{ACCOUNT}:role/pipeline",
        "artifactStore": {"type": "S3", "location": "store"},
        "stages": list(stages) or [stage("Source", source()), stage("Approve", approval()), stage("Deploy", site())],
        **members,
    }


@dataclass
class Bench:
    """Makes pipelines, and reads what came of them."""

    cloud: Any
    role: str = ""
    clients: dict[str, Any] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make a role, and the buckets of a source, of artifacts and of a site."""
        self.role = make_role(self.client("iam"), "pipeline", PIPELINE_TRUST)
        for bucket in ("store", "source", "site"):
            self.client("s3").create_bucket(Bucket=bucket)
        self.client("s3").put_bucket_versioning(Bucket="source", VersioningConfiguration={"Status": "Enabled"})
        self.put({"index.html": "hello"})

    def client(self, service: str) -> Any:
        if service not in self.clients:  # making one takes longer than a call
            self.clients[service] = self.cloud.client(service)
        return self.clients[service]

    @property
    def codepipeline(self) -> Any:
        return self.client("codepipeline")

    def put(self, files: dict[str, str], key: str = "app.zip") -> str:
        """Store a new version of the source and return its id."""
        answer = self.client("s3").put_object(Bucket="source", Key=key, Body=zipped(files))
        return str(answer["VersionId"])

    def create(self, *stages: dict[str, Any], name: str = "pipe", **members: Any) -> str:
        """Create a pipeline and return the id of the execution with which it begins."""
        self.codepipeline.create_pipeline(pipeline=definition(*stages, role=self.role, name=name, **members))
        return self.executions(name)[0]["pipelineExecutionId"]

    def start(self, name: str = "pipe", **members: Any) -> str:
        return str(self.codepipeline.start_pipeline_execution(name=name, **members)["pipelineExecutionId"])

    def executions(self, name: str = "pipe") -> list[dict[str, Any]]:
        """Return the executions, the latest first."""
        return list(self.codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"])

    def execution(self, execution_id: str, name: str = "pipe") -> dict[str, Any]:
        answer = self.codepipeline.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution_id)
        return dict(answer["pipelineExecution"])

    def status(self, execution_id: str, name: str = "pipe") -> str:
        return str(self.execution(execution_id, name)["status"])

    def ended(self, execution_id: str, name: str = "pipe") -> dict[str, Any]:
        wait_until(lambda: self.status(execution_id, name) in OVER, f"{execution_id} has ended")
        return self.execution(execution_id, name)

    def runs(self, name: str = "pipe", execution_id: str | None = None) -> list[dict[str, Any]]:
        """Return the runs of actions, the first first."""
        chosen = {"filter": {"pipelineExecutionId": execution_id}} if execution_id else {}
        answer = self.codepipeline.list_action_executions(pipelineName=name, **chosen)
        return list(reversed(answer["actionExecutionDetails"]))

    def run(self, action_name: str, name: str = "pipe", execution_id: str | None = None) -> dict[str, Any]:
        return next(each for each in self.runs(name, execution_id) if each["actionName"] == action_name)

    def error(self, action_name: str, name: str = "pipe") -> tuple[str, str]:
        details = self.run(action_name, name)["output"]["executionResult"]["errorDetails"]
        return details["code"], details["message"]

    def stage(self, stage_name: str, name: str = "pipe") -> dict[str, Any]:
        states = self.codepipeline.get_pipeline_state(name=name)["stageStates"]
        return dict(next(each for each in states if each["stageName"] == stage_name))

    def latest(self, stage_name: str, action_name: str, name: str = "pipe") -> dict[str, Any]:
        """Return the last run of an action as GetPipelineState shows it; empty when there was none."""
        states = self.stage(stage_name, name)["actionStates"]
        return dict(next(each for each in states if each["actionName"] == action_name).get("latestExecution", {}))

    def token(self, stage_name: str = "Approve", action_name: str = "Ask", name: str = "pipe") -> str:
        """Wait until an approval waits, and return what its answer has to carry."""
        return str(wait_until(lambda: self.latest(stage_name, action_name, name).get("token"), "an approval waits"))

    def answer(
        self,
        status: str = "Approved",
        token: str = "",
        stage_name: str = "Approve",
        action_name: str = "Ask",
        name: str = "pipe",
        summary: str = "fine",
    ) -> Any:
        return self.codepipeline.put_approval_result(
            pipelineName=name,
            stageName=stage_name,
            actionName=action_name,
            token=token or self.token(stage_name, action_name, name),
            result={"summary": summary, "status": status},
        )

    def stop(self, execution_id: str, name: str = "pipe", **members: Any) -> None:
        self.codepipeline.stop_pipeline_execution(pipelineName=name, pipelineExecutionId=execution_id, **members)

    def project(self, command: str, name: str = "demo") -> None:
        """Make a project whose build runs a command on the pipeline's artifact."""
        if name == "demo":
            make_role(self.client("iam"), "builder", TRUST)
        self.client("codebuild").create_project(
            name=name,
            source={
                "type": "CODEPIPELINE",
                "buildspec": f"version: 0.2\nphases: {{build: {{commands: ['{command}']}}}}\n",
            },
            artifacts={"type": "CODEPIPELINE"},
            environment=MACHINE,
            serviceRole=f"arn:aws:iam::{ACCOUNT}:role/builder",
        )

    def keys(self, bucket: str) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=bucket)
        return [item["Key"] for item in found.get("Contents", [])]

    def body(self, bucket: str, key: str) -> bytes:
        return bytes(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
