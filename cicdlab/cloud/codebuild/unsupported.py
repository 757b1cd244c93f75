"""What CodeBuild has and this cloud does not simulate yet: refused by name where it would change a build's result.

Left out on purpose: settings that change nothing for the sources simulated here (``auth``), that another operation
reads (``buildBatchConfig``), or that only choose a machine (``computeType``, ``image``).
"""

from collections.abc import Callable, Mapping
from typing import Any

from .model import Environment, EnvironmentVariable, Project
from .repositories import HOSTS, is_connected

# Buildspec key → the values that mean "not used"; * is any phase.
BUILDSPEC: Mapping[str, frozenset[str]] = {
    "run-as": frozenset({"root"}),
    "env.shell": frozenset({"bash", "/bin/sh"}),
    "env.parameter-store": frozenset(),
    "env.secrets-manager": frozenset(),
    "env.git-credential-helper": frozenset({"no", "false"}),
    "environment_variables": frozenset(),
    "proxy.upload-artifacts": frozenset({"no", "false"}),
    "proxy.logs": frozenset({"no", "false"}),
    "phases.*.run-as": frozenset({"root"}),
    "phases.*.on-failure": frozenset(),
    "reports": frozenset(),
    "artifacts.enable-symlinks": frozenset({"no", "false"}),
    "artifacts.s3-prefix": frozenset(),
    "artifacts.secondary-artifacts.*.enable-symlinks": frozenset({"no", "false"}),
    "artifacts.secondary-artifacts.*.s3-prefix": frozenset(),
}

# Members of StartBuild that are read; every other one is refused.
START_BUILD = frozenset(
    {
        "projectName",
        "sourceVersion",
        "idempotencyToken",
        "sourceTypeOverride",
        "sourceLocationOverride",
        "sourceAuthOverride",
        "gitCloneDepthOverride",
        "secondarySourcesOverride",
        "secondarySourcesVersionOverride",
        "secondaryArtifactsOverride",
        "buildspecOverride",
        "artifactsOverride",
        "environmentVariablesOverride",
        "environmentTypeOverride",
        "imageOverride",
        "computeTypeOverride",
        "privilegedModeOverride",
        "imagePullCredentialsTypeOverride",
        "hostKernelOverride",
        "serviceRoleOverride",
        "timeoutInMinutesOverride",
        "queuedTimeoutInMinutesOverride",
        "logsConfigOverride",
        "debugSessionEnabled",
        "encryptionKeyOverride",
    }
)

_SOURCES = {"CODECOMMIT", "CODEPIPELINE", "S3", "NO_SOURCE"}
_MACHINES = {"LINUX_CONTAINER", "LINUX_GPU_CONTAINER", "ARM_CONTAINER", "LINUX_EC2", "ARM_EC2"}


def _extra(project: Project, name: str) -> Any:
    return (project.model_extra or {}).get(name)


def _machine(environment: Environment, name: str) -> Any:
    return (environment.model_extra or {}).get(name)


# What to name in the answer → whether a project uses it.
_PROJECT: Mapping[str, Callable[[Project], bool]] = {
    "cache of type S3": lambda project: project.cache["type"] == "S3",
    "vpcConfig": lambda project: bool((_extra(project, "vpcConfig") or {}).get("vpcId")),
    "fileSystemLocations": lambda project: bool(_extra(project, "fileSystemLocations")),
    "autoRetryLimit": lambda project: bool(project.auto_retry_limit),
    "badgeEnabled": lambda project: bool(project.badge["badgeEnabled"]),
    "logsConfig.s3Logs": lambda project: project.logs_config.s3_logs.status == "ENABLED",
    "environment.certificate": lambda project: bool(_machine(project.environment, "certificate")),
    "environment.fleet": lambda project: bool((_machine(project.environment, "fleet") or {}).get("fleetArn")),
    "environment.dockerServer": lambda project: bool(_machine(project.environment, "dockerServer")),
}


def in_request(request: Mapping[str, Any]) -> str | None:
    """Return the name of the first member of a StartBuild request that is not simulated."""
    for name, value in request.items():
        if name not in START_BUILD or (name == "debugSessionEnabled" and value):
            return name
    return None


def in_project(project: Project, overrides: tuple[EnvironmentVariable, ...]) -> str | None:
    """Return the name of the first setting of a build that is not simulated."""
    for source in (project.source, *project.secondary_sources):
        if source.type not in _SOURCES and not is_connected(source):
            return f"a source of type {source.type}"
        if source.type in HOSTS and (source.model_extra or {}).get("reportBuildStatus"):
            return "reportBuildStatus of a source"
    if project.environment.type not in _MACHINES:
        return f"an environment of type {project.environment.type}"
    for variable in (*project.environment.environment_variables, *overrides):
        if variable.type != "PLAINTEXT":
            return f"the environment variable {variable.name} of type {variable.type}"
    return next((name for name, used in _PROJECT.items() if used(project)), None)
