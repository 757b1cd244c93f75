"""What one action gets when it begins, and what it leaves behind when it has ended."""

import string
from datetime import timedelta
from typing import Any
from uuid import UUID

from ..ids import Ids
from . import variables
from .actions.approval import MANUAL
from .actions.provider import ActionError, Artifact, Outcome
from .model import (
    ActionDeclaration,
    ActionExecution,
    ArtifactDetail,
    ArtifactRevision,
    ErrorDetails,
    Pipeline,
    Progress,
    S3Location,
    StageDeclaration,
)

APPROVAL_TIMEOUT = timedelta(days=7)
_LETTERS = string.digits + string.ascii_letters
_LONGEST_ERROR, _LONGEST_SUMMARY = 5000, 2048


def run_of(
    ids: Ids,
    pipeline: Pipeline,
    execution_id: str,
    stage: StageDeclaration,
    action: ActionDeclaration,
    waited: timedelta,
) -> tuple[ActionExecution, ActionError | None]:
    """Return a new run of an action, and why it can't begin if it can't.

    Parameters
    ----------
    ids
        Makes its ids.
    pipeline, execution_id, stage, action
        Which one.
    waited
        The patience of the clock, from which an approval's deadline counts.
    """
    progress, execution = pipeline.progress[execution_id], pipeline.executions[execution_id]
    scope = f"{pipeline.arn}/{execution_id}/{stage.name}/{action.name}"
    now, problem = progress.timeline.now(), None
    try:
        configuration = variables.resolved(action.configuration, progress.variables)
    except variables.UnresolvedError as error:
        configuration, problem = {}, ActionError("ConfigurationError", str(error))
    approval: dict[str, Any] = {}
    if action.action_type_id.key == MANUAL:
        # rule: approval-token, approval-timeout
        minutes = action.timeout_in_minutes
        wait = timedelta(minutes=minutes) if minutes else APPROVAL_TIMEOUT
        approval = {"token": ids.uuid("codepipeline approval", scope), "expires": now + wait, "deadline": waited + wait}
    bucket = pipeline.version(execution.pipeline_version).store.location
    inputs = [progress.artifacts[each.name] for each in action.input_artifacts]
    outputs = [
        _place(bucket, pipeline.name, each.name, ids.uuid("codepipeline artifact", f"{scope}/{each.name}"))
        for each in action.output_artifacts
    ]
    run = ActionExecution(
        action_execution_id=ids.uuid("codepipeline action", scope),
        pipeline_execution_id=execution_id,
        pipeline_version=execution.pipeline_version,
        stage_name=stage.name,
        declaration=action,
        start_time=now,
        last_update_time=now,
        resolved_configuration=configuration,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        **approval,
    )
    return run, problem


def _place(bucket: str, pipeline: str, name: str, uuid: str) -> ArtifactDetail:
    """Return where an artifact goes."""
    # rule: artifact-keys
    number, letters = UUID(uuid).int, []
    for _ in range(7):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    key = f"{pipeline[:20]}/{name[:10]}/{''.join(letters)}"
    return ArtifactDetail(name=name, s3location=S3Location(bucket=bucket, key=key))


def artifacts(pipeline: Pipeline, run: ActionExecution, places: tuple[ArtifactDetail, ...]) -> tuple[Artifact, ...]:
    """Return artifacts as an action gets them."""
    store = pipeline.version(run.pipeline_version).store
    key = store.encryption_key.id if store.encryption_key else ""
    known = pipeline.executions[run.pipeline_execution_id].artifact_revisions
    revisions = {each.name: each.revision_id for each in known}
    return tuple(
        Artifact(each.name, each.s3location.bucket, each.s3location.key, key, revisions.get(each.name, ""))
        for each in places
    )


def leave(progress: Progress, run: ActionExecution, end: Outcome | ActionError) -> dict[str, Any]:
    """Put down what later actions get of one that has ended, and return what changes in its run."""
    if isinstance(end, ActionError):
        return {"error_details": ErrorDetails(code=end.code, message=end.message[:_LONGEST_ERROR])}
    for each in run.outputs:
        progress.artifacts[each.name] = each
    if run.declaration.namespace:
        # rule: output-variables-need-a-namespace
        progress.variables[run.declaration.namespace] = dict(end.variables)
    members: dict[str, Any] = {"output_variables": dict(end.variables)}
    if end.summary:
        members["summary"] = end.summary[:_LONGEST_SUMMARY]
    if end.external_id:
        members["external_execution_id"] = end.external_id
    if end.external_url:
        members["external_execution_url"] = end.external_url
    if end.revision and run.outputs:
        members["revision"] = ArtifactRevision(
            name=run.outputs[0].name,
            revision_id=end.revision.id,
            revision_change_identifier=None,
            revision_summary=end.revision.summary[:_LONGEST_SUMMARY] or None,
            created=end.revision.created,
            revision_url=end.revision.url or None,
        )
    return members


def note_revisions(pipeline: Pipeline, run_id: str) -> None:
    """Show what a source action brought in its execution too."""
    # rule: artifact-revisions
    run = pipeline.runs[run_id]
    if run.revision:
        known = pipeline.executions[run.pipeline_execution_id].artifact_revisions
        pipeline.update_execution(run.pipeline_execution_id, artifact_revisions=(*known, run.revision))
