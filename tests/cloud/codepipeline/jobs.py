"""One action alone, without a pipeline: a job made by hand, with a real role."""

import io
import json
import zipfile
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from cicdlab.cloud.codepipeline.actions import providers
from cicdlab.cloud.codepipeline.actions.provider import Artifact, Job, Outcome
from cicdlab.cloud.core import ACCOUNT
from cicdlab.cloud.credentials import SessionCredentials
from cicdlab.cloud.identity.roles import ServiceRoles

from ...conftest import RunningCloud
from ...goods import make_role, trust_in, zipped

REGION, STORE, SERVICE = "us-east-1", "store", "codepipeline.amazonaws.com"
PIPELINE_TRUST = trust_in({"Service": SERVICE})


def allowing(*actions: str, resource: str = "*") -> dict[str, Any]:
    """Return a policy that allows these actions."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}],
    }


@dataclass
class Jobs:
    """Runs actions with a role of theirs, and reads what they left in the artifact store."""

    cloud: RunningCloud
    role: str = ""
    reported: dict[str, Any] = field(default_factory=dict)
    stopped: Event = field(default_factory=Event)

    def prepare(self) -> None:
        """Make the artifact store, and a role that may do everything."""
        self.client("s3").create_bucket(Bucket=STORE)
        self.role = make_role(self.client("iam"), "pipeline", PIPELINE_TRUST)

    def client(self, service: str) -> Any:
        return self.cloud.client(service)

    def allow(self, *actions: str, resource: str = "*") -> None:
        """Let the role do these things, and nothing else."""
        text = json.dumps(allowing(*actions, resource=resource))
        self.client("iam").put_role_policy(RoleName="pipeline", PolicyName="all", PolicyDocument=text)

    def assumed(self) -> SessionCredentials:
        core = self.cloud.core
        return ServiceRoles(core.access, core.client, SERVICE).assume(REGION, self.role, "action")

    def by_role(self, service: str) -> Any:
        """Return an engine's client with the role's permissions."""
        return self.cloud.core.client(service, REGION, self.assumed())

    def supply(self, files: dict[str, str | bytes] | bytes, name: str = "Source") -> Artifact:
        """Put an artifact into the store, as an earlier action does."""
        artifact = self.place(name)
        self.client("s3").put_object(
            Bucket=STORE, Key=artifact.key, Body=files if isinstance(files, bytes) else zipped(files)
        )
        return artifact

    def place(self, name: str = "Output", encryption_key: str = "") -> Artifact:
        return Artifact(name, STORE, f"pipe/{name}/x1.zip", encryption_key)

    def job(
        self,
        configuration: dict[str, str],
        inputs: tuple[Artifact, ...] = (),
        outputs: tuple[Artifact, ...] = (),
        revision: str = "",
    ) -> Job:
        core = self.cloud.core
        return Job(
            account=ACCOUNT,
            region=REGION,
            pipeline="pipe",
            execution_id="11111111-1111-4111-8111-111111111111",
            stage="Stage",
            action="Act",
            action_execution_id="22222222-2222-4222-8222-222222222222",
            configuration=configuration,
            inputs=inputs,
            outputs=outputs,
            client=self.by_role,
            credentials=self.assumed(),
            events=core.events,
            stopped=self.stopped,
            report=self.reported.update,
            timeline=core.clock.timeline(),
            revision=revision,
        )

    def run(self, category: str, provider: str, configuration: dict[str, str], **artifacts: Any) -> Outcome:
        """Carry an action out, to its end."""
        made = providers(self.cloud.core)[category, "AWS", provider, "1"]
        return made.run(self.job(configuration, **artifacts))

    def body(self, bucket: str, key: str) -> bytes:
        return bytes(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def keys(self, bucket: str) -> list[str]:
        return [item["Key"] for item in self.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]

    def names(self, artifact: Artifact) -> list[str]:
        return zipfile.ZipFile(io.BytesIO(self.body(artifact.bucket, artifact.key))).namelist()

    def versioned(self, name: str = "source") -> str:
        """Make a bucket that keeps versions."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name
