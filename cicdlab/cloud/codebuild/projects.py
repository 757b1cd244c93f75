"""Makes projects from requests, and checks that their parts fit together."""

import re
from datetime import datetime
from typing import Any

from ..errors import ServiceError
from .buildspec import is_inline, is_passable
from .environment import merged
from .model import Artifacts, Environment, EnvironmentVariable, LogsConfig, Order, Project, Source, Store
from .sources import split_location

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}")


def invalid(message: str) -> ServiceError:
    """Return AWS's answer to input that its model allows and the service does not."""
    return ServiceError("InvalidInputException", message)


def created(store: Store, request: dict[str, Any], now: datetime) -> Project:
    """Return the project that a CreateProject request describes."""
    # rule: project-defaults, encryption-default
    name = request["name"]
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid project name: {name}")  # rule: project-name
    return _checked(
        Project.model_validate(
            {
                "encryptionKey": f"arn:aws:kms:{store.region}:{store.account}:alias/aws/s3",
                **_members(request),
                "arn": store.arn("project", name),
                "created": now,
                "lastModified": now,
                "artifacts": _artifacts(request["artifacts"], name),
            }
        )
    )


def updated(project: Project, request: dict[str, Any], now: datetime) -> Project:
    """Return a project with the members that an UpdateProject request gives."""
    # rule: update-replaces-given-members
    members = {**project.wire(), **_members(request), "lastModified": now}
    if "artifacts" in request:
        members["artifacts"] = _artifacts(request["artifacts"], project.name)
    if request.get("concurrentBuildLimit") == -1:
        del members["concurrentBuildLimit"]  # rule: concurrent-build-limit-removed
    return _checked(Project.model_validate(members))


def ordered(project: Project, request: dict[str, Any]) -> Order:
    """Return what a StartBuild request asks for: the project with this build's overrides.

    Raises
    ------
    ServiceError
        ``InvalidInputException`` when the overrides don't fit together.
    """
    # rule: overrides-for-one-build
    source_type = request.get("sourceTypeOverride", project.source.type)
    location = request.get("sourceLocationOverride", project.source.location)
    source = project.source.model_copy(
        update={
            "type": source_type,
            "location": None if source_type == "NO_SOURCE" else location,
            "buildspec": request.get("buildspecOverride", project.source.buildspec),
        }
    )
    overrides = tuple(
        EnvironmentVariable.model_validate(each) for each in request.get("environmentVariablesOverride", ())
    )
    changes: dict[str, Any] = {"source": source, "environment": _environment(project, request)}
    if "artifactsOverride" in request:
        changes["artifacts"] = Artifacts.model_validate(_artifacts(request["artifactsOverride"], project.name))
    if "logsConfigOverride" in request:
        changes["logs_config"] = LogsConfig.model_validate(request["logsConfigOverride"])
    for member in ("serviceRole", "encryptionKey", "timeoutInMinutes", "queuedTimeoutInMinutes"):
        if f"{member}Override" in request:
            changes[_python_name(member)] = request[f"{member}Override"]
    effective = _checked(project.model_copy(update=changes))
    version = request.get("sourceVersion") or project.source_version
    if version and (source.location or "").endswith("/"):
        raise invalid("Source version should be empty for S3 folder source location")
    _check_variables(overrides)
    return Order(effective, overrides, version)


def effective_environment(order: Order) -> Environment:
    """Return the environment of a build, with the variables of StartBuild merged in."""
    environment = order.project.environment
    return environment.model_copy(
        update={"environment_variables": merged(environment.environment_variables, order.overrides)}
    )


def _members(request: dict[str, Any]) -> dict[str, Any]:
    members = {name: value for name, value in request.items() if name != "badgeEnabled"}
    if "badgeEnabled" in request:
        members["badge"] = {"badgeEnabled": request["badgeEnabled"]}
    return members


def _artifacts(given: dict[str, Any], project_name: str) -> dict[str, Any]:
    # rule: artifact-defaults
    if given["type"] != "S3":
        return given
    return {"namespaceType": "NONE", "packaging": "NONE", "name": project_name, "encryptionDisabled": False, **given}


def _environment(project: Project, request: dict[str, Any]) -> Environment:
    changes = {
        _python_name(member): request[f"{member}Override"]
        for member in ("type", "image", "computeType", "privilegedMode", "imagePullCredentialsType", "hostKernel")
        if f"{member}Override" in request
    }
    if "environmentTypeOverride" in request:
        changes["type"] = request["environmentTypeOverride"]
    return project.environment.model_copy(update=changes)


def _python_name(member: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", member).lower()


def _checked(project: Project) -> Project:
    """Check what AWS's model of a single member can't: that a project's parts fit together."""
    _check_source(project.source)
    _check_artifacts(project)
    _check_variables(project.environment.environment_variables)
    return project


def _check_source(source: Source) -> None:
    extra = source.model_extra or {}
    if source.type == "S3":
        if not all(split_location(source.location)):
            # rule: source-s3-location
            raise invalid("Invalid project source: location must be a bucket and a ZIP file's key or a folder/")
        if extra.get("reportBuildStatus"):
            # rule: report-build-status
            raise invalid("Invalid project source: reportBuildStatus is for sources of Git providers only")
    if source.type == "NO_SOURCE":
        # rule: no-source-needs-inline-buildspec
        if not is_inline(source.buildspec or ""):
            raise invalid("Invalid project source: source type NO_SOURCE needs an inline buildspec")
        if source.location:
            raise invalid("Invalid project source: source type NO_SOURCE has no location")


def _check_artifacts(project: Project) -> None:
    artifacts = project.artifacts
    if (artifacts.type == "CODEPIPELINE") != (project.source.type == "CODEPIPELINE"):
        raise invalid("Invalid artifacts: source and artifacts must both be of type CODEPIPELINE, or neither")
    if artifacts.type == "S3" and not artifacts.location:
        # rule: artifacts-s3-location
        raise invalid("Invalid artifacts: artifacts of type S3 need a location, the name of a bucket")
    if artifacts.type != "S3" and artifacts.encryption_disabled:
        # rule: artifacts-encryption-disabled
        raise invalid("Invalid artifacts: encryptionDisabled is for artifacts of type S3 only")


def _check_variables(variables: tuple[EnvironmentVariable, ...]) -> None:
    for variable in variables:
        if "=" in variable.name or not is_passable(variable.name + variable.value):
            raise invalid(f"Invalid environment variable: {variable.name!r}")
