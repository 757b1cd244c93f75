"""The action that lets CodeBuild build or test.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ...codebuild.model import PipelineArtifact, PipelineWork
from ...errors import ServiceError, aws_reason
from . import permission, store
from .base import Action
from .provider import ActionError, Artifact, Job, Outcome

if TYPE_CHECKING:
    from ...core import Cloud

_VARIABLE = {"name": str, "value": str, "type": str}
_UNSUPPORTED = ("BatchEnabled", "CombineArtifacts")
_DENIED = "AccessDeniedException"


class CodeBuild(Action):
    """Starts a build of a project with the action's artifacts, and waits for it.

    Parameters
    ----------
    cloud
        The cloud in which the build runs.
    category
        ``Build`` or ``Test``; both do the same.
    """

    def __init__(self, cloud: "Cloud", category: str) -> None:
        super().__init__(cloud, category, "CodeBuild")

    def run(self, job: Job) -> Outcome:
        """Build, and return what the build exports.

        Raises
        ------
        ActionError
            The build can't be started, did not succeed, or the action was stopped; then the build goes on.
        """
        # rule: build-external-execution
        job.check()
        build = self._started(job)
        url = _console(job, build)
        job.report(external_id=build["id"], external_url=url)
        ended = job.events.wait_for(lambda: _ended(job, build["id"]), job.stopped)
        job.check()  # rule: abandoned-work-goes-on
        assert ended is not None  # only who was stopped gets nothing
        if ended["buildStatus"] != "SUCCEEDED":
            reason = _failure(ended)
            job.report(summary=reason)
            raise ActionError("JobFailed", reason)
        # rule: build-output-variables
        exported = {each["name"]: each["value"] for each in ended.get("exportedEnvironmentVariables", ())}
        return Outcome(external_id=build["id"], external_url=url, variables=exported)

    def _started(self, job: Job) -> dict[str, Any]:
        request, work = _request(job.configuration), _work(job)
        service: Any = self.cloud.services["codebuild"]
        try:
            # rule: build-permissions
            who = permission.check(self.cloud, job.credentials, job.region, "codebuild", "StartBuild", request)
            answer = service.start_for_pipeline(who, job.region, request, work)
        except ServiceError as error:
            code = "PermissionError" if error.code == _DENIED else "JobFailed"
            raise ActionError(code, _calling("startBuild", error.code, error.message)) from error
        return dict(answer["build"])


def _request(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what an action's configuration says as StartBuild takes it."""
    for name in _UNSUPPORTED:
        if given.get(name, "false").lower() != "false":
            raise ActionError("ConfigurationError", f"{name} of a CodeBuild action is not simulated yet.")
    request: dict[str, Any] = {"projectName": given["ProjectName"]}
    if given.get("BuildspecOverride"):  # rule: build-buildspec-override
        request["buildspecOverride"] = given["BuildspecOverride"]
    if given.get("EnvironmentVariables"):
        request["environmentVariablesOverride"] = _variables(given["EnvironmentVariables"])
    return request


def _variables(text: str) -> list[dict[str, str]]:
    # rule: build-environment-variables
    wrong = ActionError(
        "ConfigurationError",
        "EnvironmentVariables is a JSON array of objects with name, value and, if it is not PLAINTEXT, type.",
    )
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise wrong from None
    if not isinstance(given, list):
        raise wrong
    for each in given:
        if not isinstance(each, dict) or not {"name", "value"} <= each.keys() <= _VARIABLE.keys():
            raise wrong
        if not all(isinstance(value, str) for value in each.values()):
            raise wrong
    return [{"type": "PLAINTEXT", **each} for each in given]


def _work(job: Job) -> PipelineWork:
    """Return what the build gets in the place of its project's source and artifacts."""
    # rule: build-primary-source
    names = [each.name for each in job.inputs]
    primary = job.configuration.get("PrimarySource") or (names[0] if len(names) == 1 else "")
    if primary not in names:
        wrong = f"{primary} is not one of them" if primary else "none is named"
        raise ActionError(
            "ConfigurationError",
            f"PrimarySource has to name one of the input artifacts {', '.join(names)}; {wrong}.",
        )
    chosen = next(each for each in job.inputs if each.name == primary)
    return PipelineWork(
        initiator=f"codepipeline/{job.pipeline}",
        source=_place(chosen),
        secondary_sources=tuple(_place(each) for each in job.inputs if each is not chosen),
        outputs=tuple(map(_place, job.outputs)),
        revision=chosen.revision,
    )


def _place(artifact: Artifact) -> PipelineArtifact:
    return PipelineArtifact(artifact.name, artifact.bucket, artifact.key)


def _ended(job: Job, build_id: str) -> dict[str, Any] | None:
    """Return the build when it has ended."""
    try:
        found = job.client("codebuild").batch_get_builds(ids=[build_id])["builds"]
    except (ClientError, BotoCoreError) as error:
        if store.is_denied(error):
            raise ActionError("PermissionError", _refused("batchGetBuilds", error)) from error
        raise ActionError("JobFailed", _refused("batchGetBuilds", error)) from error
    if not found:
        raise ActionError("JobFailed", f"The build {build_id} is not there any more.")
    return dict(found[0]) if found[0]["buildComplete"] else None


def _failure(build: Mapping[str, Any]) -> str:
    """Return why a build did not succeed: its status, and the first phase that went wrong."""
    # rule: build-failure
    sentence = f"Build terminated with state: {build['buildStatus']}."
    for phase in build.get("phases", ()):
        if phase.get("phaseStatus", "SUCCEEDED") != "SUCCEEDED":
            context = (phase.get("contexts") or [{}])[0]
            return (
                f"{sentence} Phase: {phase['phaseType']}, Code: {context.get('statusCode', '')}, "
                f"Message: {context.get('message', '')}"
            )
    return sentence


def _refused(operation: str, error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return _calling(operation, store.code_of(error), error.response["Error"].get("Message", ""))
    return f"Error calling {operation}: {aws_reason(error)}"


def _calling(operation: str, code: str, message: str) -> str:
    return f"Error calling {operation}: {message} (Service: AWSCodeBuild; Error Code: {code})"


def _console(job: Job, build: Mapping[str, Any]) -> str:
    return f"https://console.aws.amazon.com/codebuild/home?region={job.region}#/builds/{build['id']}/view/new"
