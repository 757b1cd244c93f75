"""The variables that a build's commands see, and no others.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .buildspec import Buildspec
from .model import Build, EnvironmentVariable, Order, Source


@dataclass(frozen=True)
class Place:
    """Where a build runs.

    Parameters
    ----------
    region
        The project's region.
    source_folder
        The source, as commands see it.
    secondary_folders
        The secondary sources, by their identifiers.
    credentials_url
        Where the role's credentials are handed out.
    endpoints
        How AWS's SDKs find this cloud.
    """

    region: str
    source_folder: str
    credentials_url: str
    endpoints: Mapping[str, str]
    secondary_folders: Mapping[str, str] = field(default_factory=dict)


def merged(
    project: tuple[EnvironmentVariable, ...], overrides: tuple[EnvironmentVariable, ...]
) -> tuple[EnvironmentVariable, ...]:
    """Return a project's variables with those of StartBuild in their place, and new ones at the end."""
    variables = {variable.name: variable for variable in (*project, *overrides)}
    return tuple(variables.values())


def for_build(build: Build, order: Order, buildspec: Buildspec, place: Place) -> dict[str, str]:
    """Return all variables of a build.

    Later ones win: the region, the buildspec's, the project's, those of StartBuild, then what CodeBuild itself sets.
    """
    # rule: variable-precedence, variable-plaintext-literal
    given = merged(order.project.environment.environment_variables, order.overrides)
    return {
        "AWS_DEFAULT_REGION": place.region,
        "AWS_REGION": place.region,
        **buildspec.variables,
        **{variable.name: variable.value for variable in given},
        **_built_in(build, place),
    }


def _built_in(build: Build, place: Place) -> dict[str, str]:
    # rule: variables-built-in
    variables = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": place.credentials_url,
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": build.environment.image,
        "CODEBUILD_BUILD_NUMBER": str(build.build_number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_KMS_KEY_ID": build.encryption_key,
        "CODEBUILD_LOG_PATH": build.logs.stream_name or "",
        "CODEBUILD_SOURCE_REPO_URL": _url(build.source),
        "CODEBUILD_SRC_DIR": place.source_folder,
        "CODEBUILD_START_TIME": str(int(build.start_time.timestamp() * 1000)),
        **place.endpoints,
    }
    if build.source_version:
        variables["CODEBUILD_SOURCE_VERSION"] = build.source_version
    if build.resolved_source_version:
        # rule: resolved-source-version
        variables["CODEBUILD_RESOLVED_SOURCE_VERSION"] = build.resolved_source_version
    return {**variables, **_of_secondary_sources(build, place)}


def _of_secondary_sources(build: Build, place: Place) -> dict[str, str]:
    # rule: secondary-source-variables
    folders = {f"CODEBUILD_SRC_DIR_{name}": folder for name, folder in place.secondary_folders.items()}
    urls = {f"CODEBUILD_SOURCE_REPO_URL_{each.source_identifier}": _url(each) for each in build.secondary_sources}
    versions = {
        f"CODEBUILD_SOURCE_VERSION_{each.source_identifier}": each.source_version
        for each in build.secondary_source_versions
    }
    return {**folders, **urls, **versions}


def _url(source: Source) -> str:
    # rule: source-url, git-source-variables
    if not source.location:
        return ""
    return f"s3://{source.location}" if source.type == "S3" else source.location
