"""The action that lets CodeDeploy install an artifact on instances.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeDeploy.html
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ...errors import ServiceError, aws_reason
from . import permission, store
from .base import Action
from .provider import ActionError, Job, Outcome

if TYPE_CHECKING:
    from ...core import Cloud

_ENDED = frozenset({"Succeeded", "Failed", "Stopped"})
_CONFIGURATION = frozenset({"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"})


class CodeDeploy(Action):
    """Registers the artifact as a revision, deploys it to a group, and waits."""

    def __init__(self, cloud: "Cloud") -> None:
        super().__init__(cloud, "Deploy", "CodeDeploy")

    def run(self, job: Job) -> Outcome:
        """Deploy the input artifact.

        Raises
        ------
        ActionError
            The deployment can't be started, did not succeed, or the action was stopped; then the deployment goes on.
        """
        # rule: deploy-external-execution
        job.check()
        client = job.client("codedeploy")
        deployment_id = self._created(job, client)
        url = f"https://console.aws.amazon.com/codedeploy/home?region={job.region}#/deployments/{deployment_id}"
        job.report(external_id=deployment_id, external_url=url)
        ended = job.events.wait_for(lambda: _ended(client, deployment_id), job.stopped)
        job.check()  # rule: abandoned-work-goes-on
        assert ended is not None  # only who was stopped gets nothing
        if ended["status"] != "Succeeded":
            reason = _failure(ended)
            job.report(summary=reason)
            raise ActionError("JobFailed", reason)
        return Outcome(summary="Deployment Succeeded", external_id=deployment_id, external_url=url)

    def _created(self, job: Job, client: Any) -> str:
        """Return the id of a new deployment of the artifact."""
        # rule: deploy-permissions, deploy-revision
        application, group = job.configuration["ApplicationName"], job.configuration["DeploymentGroupName"]
        revision = {"applicationName": application, "revision": _revision(job)}
        try:
            client.register_application_revision(**revision)
            client.get_application_revision(**revision)
            self._check_configuration(job, application, group)
            return str(client.create_deployment(**revision, deploymentGroupName=group)["deploymentId"])
        except (ClientError, BotoCoreError) as error:
            if store.is_denied(error):
                raise store.lacking(_named(application, group), aws_reason(error)) from error
            code = "ConfigurationError" if store.code_of(error) in _CONFIGURATION else "JobFailed"
            raise ActionError(code, f"The deployment could not be started. Error: {aws_reason(error)}") from error

    def _check_configuration(self, job: Job, application: str, group: str) -> None:
        """Ask for the permission to read the group's configuration, without which no deployment can be started."""
        account = permission.caller(self.cloud, job.credentials).principal.account
        owner = self.cloud.client("codedeploy", job.region, account=account)
        known = owner.get_deployment_group(applicationName=application, deploymentGroupName=group)
        members = {"deploymentConfigName": known["deploymentGroupInfo"]["deploymentConfigName"]}
        try:
            permission.check(self.cloud, job.credentials, job.region, "codedeploy", "GetDeploymentConfig", members)
        except ServiceError as error:
            raise store.lacking(_named(application, group), error.message) from error


def _named(application: str, group: str) -> str:
    return f"the AWS CodeDeploy application {application} with the deployment group {group}"


def _revision(job: Job) -> dict[str, Any]:
    """Return where the artifact is, as it is now."""
    artifact = job.inputs[0]
    try:
        found = job.client("s3").head_object(Bucket=artifact.bucket, Key=artifact.key)
    except (ClientError, BotoCoreError) as error:
        raise store.refused(error, artifact.bucket) from error
    version = {"version": found["VersionId"]} if found.get("VersionId", "null") != "null" else {}
    place = {"bucket": artifact.bucket, "key": artifact.key, "bundleType": "zip", "eTag": found["ETag"].strip('"')}
    return {"revisionType": "S3", "s3Location": {**place, **version}}


def _ended(client: Any, deployment_id: str) -> Mapping[str, Any] | None:
    """Return the deployment when it has ended."""
    try:
        found: Mapping[str, Any] = client.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
    except (ClientError, BotoCoreError) as error:
        code = "PermissionError" if store.is_denied(error) else "JobFailed"
        raise ActionError(code, f"The deployment {deployment_id} can't be read. Error: {aws_reason(error)}") from error
    return found if found["status"] in _ENDED else None


def _failure(deployment: Mapping[str, Any]) -> str:
    """Return how a deployment ended that did not succeed, and why."""
    # rule: deploy-failure
    why = deployment.get("errorInformation", {})
    reason = f" {why['code']}: {why['message']}" if why.get("code") else ""
    return f"Deployment {deployment['deploymentId']} {deployment['status'].lower()}.{reason}"
