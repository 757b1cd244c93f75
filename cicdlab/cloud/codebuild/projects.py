"""Makes projects from requests, and checks that their parts fit together."""

import re
from datetime import datetime
from typing import Any

from ..errors import ServiceError
from .buildspec import is_inline, is_passable
from .model import Artifacts, EnvironmentVariable, Project, Source, Store
from .repositories import is_codecommit
from .sources import split_location

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}")
MOST_SECONDARY = 12
_IDENTIFIER = re.compile(r"\w{1,127}", re.ASCII)


def invalid(message: str) -> ServiceError:
    """Return AWS's answer to input that its model allows and the service does not."""
    return ServiceError("InvalidInputException", message)


def created(store: Store, request: dict[str, Any], now: datetime) -> Project:
    """Return the project that a CreateProject request describes."""
    # rule: project-defaults, encryption-default
    name = request["name"]
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid project name: {name}")  # rule: project-name
    return checked(
        Project.model_validate(
            {
                "encryptionKey": f"arn:aws:kms:{store.region}:{store.account}:alias/aws/s3",
                **_members(request),
                "arn": store.arn("project", name),
                "created": now,
                "lastModified": now,
                **artifact_members(request, name),
            }
        )
    )


def updated(project: Project, request: dict[str, Any], now: datetime) -> Project:
    """Return a project with the members that an UpdateProject request gives."""
    # rule: update-replaces-given-members
    members = {
        **project.wire(),
        **_members(request),
        **artifact_members(request, project.name),
        "lastModified": now,
    }
    if request.get("concurrentBuildLimit") == -1:
        del members["concurrentBuildLimit"]  # rule: concurrent-build-limit-removed
    return checked(Project.model_validate(members))


def _members(request: dict[str, Any]) -> dict[str, Any]:
    members = {name: value for name, value in request.items() if name != "badgeEnabled"}
    if "badgeEnabled" in request:
        members["badge"] = {"badgeEnabled": request["badgeEnabled"]}
    return members


def artifact_members(request: dict[str, Any], project_name: str, suffix: str = "") -> dict[str, Any]:
    """Return the artifacts that a request gives, with AWS's defaults; the members' names may have a suffix there."""
    # rule: artifact-defaults
    members: dict[str, Any] = {}
    if f"artifacts{suffix}" in request:
        members["artifacts"] = _with_defaults(request[f"artifacts{suffix}"], project_name)
    if f"secondaryArtifacts{suffix}" in request:
        members["secondaryArtifacts"] = [
            _with_defaults(each, each.get("artifactIdentifier", "")) for each in request[f"secondaryArtifacts{suffix}"]
        ]
    return members


def _with_defaults(given: dict[str, Any], name: str) -> dict[str, Any]:
    if given["type"] != "S3":
        return given
    return {"namespaceType": "NONE", "packaging": "NONE", "name": name, "encryptionDisabled": False, **given}


def checked(project: Project) -> Project:
    """Check what AWS's model of a single member can't: that a project's parts fit together.

    Raises
    ------
    ServiceError
        ``InvalidInputException``: they don't.
    """
    if (project.artifacts.type == "CODEPIPELINE") != (project.source.type == "CODEPIPELINE"):
        # rule: codepipeline-both-ends
        raise invalid(
            "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE"
        )
    if project.source.type == "CODEPIPELINE" and project.badge["badgeEnabled"]:
        # rule: badge-codepipeline
        raise invalid("Build badges are not supported for CodePipeline source")
    _check_source(project.source)
    _check_artifacts(project.artifacts)
    _check_secondary_sources(project.secondary_sources)
    _check_secondary_artifacts(project.secondary_artifacts)
    check_variables(project.environment.environment_variables)
    return project


def _check_source(source: Source) -> None:
    if source.type == "S3" and not all(split_location(source.location)):
        # rule: source-s3-location
        raise invalid("Invalid project source: location must be a bucket and a ZIP file's key or a folder/")
    if source.type == "CODECOMMIT" and not is_codecommit(source.location):
        # rule: source-codecommit-location
        raise invalid("Invalid project source: location must be the address from which git clones the repository")
    if source.type in ("S3", "CODECOMMIT") and (source.model_extra or {}).get("reportBuildStatus"):
        # rule: report-build-status
        raise invalid("Invalid project source: reportBuildStatus is for sources of Git providers only")
    if source.type == "NO_SOURCE":
        # rule: no-source-needs-inline-buildspec
        if not is_inline(source.buildspec or ""):
            raise invalid("Invalid project source: source type NO_SOURCE needs an inline buildspec")
        if source.location:
            raise invalid("Invalid project source: source type NO_SOURCE has no location")


def _check_artifacts(artifacts: Artifacts) -> None:
    if artifacts.type == "S3" and not artifacts.location:
        # rule: artifacts-s3-location
        raise invalid("Invalid artifacts: artifacts of type S3 need a location, the name of a bucket")
    if artifacts.type != "S3" and artifacts.encryption_disabled:
        # rule: artifacts-encryption-disabled
        raise invalid("Invalid artifacts: encryptionDisabled is for artifacts of type S3 only")


def _check_secondary_sources(sources: tuple[Source, ...]) -> None:
    # rule: secondary-sources-limit
    _check_identifiers("source", "secondarySources", [source.source_identifier for source in sources])
    for source in sources:
        if source.type in ("CODEPIPELINE", "NO_SOURCE"):
            raise invalid(f"Invalid project source: a secondary source can't be of type {source.type}")
        _check_source(source)


def _check_secondary_artifacts(artifacts: tuple[Artifacts, ...]) -> None:
    # rule: secondary-artifacts-limit
    _check_identifiers("artifact", "secondaryArtifacts", [each.artifact_identifier for each in artifacts])
    for each in artifacts:
        if each.type != "S3":
            # rule: secondary-artifacts-are-s3
            raise invalid(f"Invalid artifacts: secondary artifacts are of type S3, not {each.type}")
        _check_artifacts(each)


def _check_identifiers(kind: str, member: str, identifiers: list[str | None]) -> None:
    # rule: secondary-identifier
    if len(identifiers) > MOST_SECONDARY:
        raise invalid(f"Invalid {member}: a project has at most {MOST_SECONDARY}")
    for identifier in identifiers:
        if not _IDENTIFIER.fullmatch(identifier or ""):
            raise invalid(
                f"Invalid {member}: each needs a {kind}Identifier of letters, digits and underscores, "
                f"less than 128 of them; not {identifier!r}"
            )
        if identifiers.count(identifier) > 1:
            raise invalid(f"Invalid {member}: the {kind}Identifier {identifier} is there more than once")


def check_variables(variables: tuple[EnvironmentVariable, ...]) -> None:
    """Refuse variables that no process can be given.

    Raises
    ------
    ServiceError
        ``InvalidInputException``.
    """
    for variable in variables:
        if "=" in variable.name or not is_passable(variable.name + variable.value):
            raise invalid(f"Invalid environment variable: {variable.name!r}")
