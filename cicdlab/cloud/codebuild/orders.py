"""What one build is asked to do: a project with the overrides of StartBuild, or with what CodePipeline hands over.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html
"""

import re
from typing import Any

from .environment import merged
from .model import (
    Artifacts,
    Environment,
    EnvironmentVariable,
    LogsConfig,
    Order,
    PipelineWork,
    Project,
    Source,
    SourceAuth,
    SourceVersion,
)
from .projects import artifact_members, check_variables, checked, invalid

_OVERRIDDEN = ("serviceRole", "encryptionKey", "timeoutInMinutes", "queuedTimeoutInMinutes")
_MACHINE = ("image", "computeType", "privilegedMode", "imagePullCredentialsType", "hostKernel")


def ordered(project: Project, request: dict[str, Any]) -> Order:
    """Return what a StartBuild request asks for: the project with this build's overrides.

    Raises
    ------
    ServiceError
        ``InvalidInputException`` when the overrides don't fit together.
    """
    # rule: overrides-for-one-build
    changes: dict[str, Any] = {
        "source": _source(project.source, request),
        "environment": _environment(project.environment, request),
        **_secondary(project, request),
    }
    leaves_pipeline = project.artifacts.type == "CODEPIPELINE" and changes["source"].type != "CODEPIPELINE"
    if leaves_pipeline and "artifactsOverride" not in request:
        # rule: artifacts-override-with-another-source
        raise invalid("ArtifactsOverride must be set when using artifacts type CodePipelines")
    artifacts = artifact_members(request, project.name, "Override")
    if "artifacts" in artifacts:
        changes["artifacts"] = Artifacts.model_validate(artifacts["artifacts"])
    if "secondaryArtifacts" in artifacts:  # rule: secondary-artifacts-overridden
        changes["secondary_artifacts"] = tuple(map(Artifacts.model_validate, artifacts["secondaryArtifacts"]))
    if "logsConfigOverride" in request:
        changes["logs_config"] = LogsConfig.model_validate(request["logsConfigOverride"])
    for member in _OVERRIDDEN:
        if f"{member}Override" in request:
            changes[_python_name(member)] = request[f"{member}Override"]
    effective = checked(project.model_copy(update=changes))
    version = request.get("sourceVersion") or project.source_version
    if version and effective.source.type == "S3" and (effective.source.location or "").endswith("/"):
        raise invalid("Source version should be empty for S3 folder source location")
    overrides = tuple(map(EnvironmentVariable.model_validate, request.get("environmentVariablesOverride", ())))
    check_variables(overrides)
    return Order(effective, overrides, version)


def for_pipeline(project: Project, request: dict[str, Any], work: PipelineWork) -> Order:
    """Return what a pipeline asks for: its artifacts take the place of whatever source and artifacts the project has.

    Raises
    ------
    ServiceError
        ``InvalidInputException`` when the overrides don't fit together.
    """
    # rule: pipeline-replaces-source, pipeline-ignores-location
    here = {"type": "CODEPIPELINE"}
    replaced = {
        "source": Source.model_validate({**here, "buildspec": project.source.buildspec}),
        "artifacts": Artifacts.model_validate(here),
        "secondary_sources": tuple(
            Source.model_validate({**here, "sourceIdentifier": each.name}) for each in work.secondary_sources
        ),
        "secondary_source_versions": tuple(
            SourceVersion(source_identifier=each.name, source_version=each.arn) for each in work.secondary_sources
        ),
        "secondary_artifacts": (),
        "source_version": None,
    }
    # what the pipeline names is no project's: its secondary sources are put in after the check
    order = ordered(project.model_copy(update={**replaced, "secondary_sources": ()}), request)
    effective = order.project.model_copy(update={"secondary_sources": replaced["secondary_sources"]})
    return Order(effective, order.overrides, work.source.arn, work)


def effective_environment(order: Order) -> Environment:
    """Return the environment of a build, with the variables of StartBuild merged in."""
    environment = order.project.environment
    return environment.model_copy(
        update={"environment_variables": merged(environment.environment_variables, order.overrides)}
    )


def _source(source: Source, request: dict[str, Any]) -> Source:
    source_type = request.get("sourceTypeOverride", source.type)
    location = request.get("sourceLocationOverride", source.location)
    changes = {
        "type": source_type,
        "location": None if source_type == "NO_SOURCE" else location,
        "buildspec": request.get("buildspecOverride", source.buildspec),
        "git_clone_depth": request.get("gitCloneDepthOverride", source.git_clone_depth),
    }
    if "sourceAuthOverride" in request:
        changes["auth"] = SourceAuth.model_validate(request["sourceAuthOverride"])
    return source.model_copy(update=changes)


def _secondary(project: Project, request: dict[str, Any]) -> dict[str, Any]:
    """Return the secondary sources and their versions as this build has them."""
    # rule: secondary-sources-overridden, secondary-versions-overridden
    sources = project.secondary_sources
    if "secondarySourcesOverride" in request:
        sources = tuple(map(Source.model_validate, request["secondarySourcesOverride"]))
    versions = {each.source_identifier: each for each in project.secondary_source_versions}
    for given in request.get("secondarySourcesVersionOverride", ()):
        each = SourceVersion.model_validate(given)
        if each.source_identifier not in {source.source_identifier for source in sources}:
            raise invalid(f"Invalid source version: there is no secondary source {each.source_identifier}")
        versions[each.source_identifier] = each
    return {"secondary_sources": sources, "secondary_source_versions": tuple(versions.values())}


def _environment(environment: Environment, request: dict[str, Any]) -> Environment:
    changes = {
        _python_name(member): request[f"{member}Override"] for member in _MACHINE if f"{member}Override" in request
    }
    if "environmentTypeOverride" in request:
        changes["type"] = request["environmentTypeOverride"]
    return environment.model_copy(update=changes)


def _python_name(member: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", member).lower()
