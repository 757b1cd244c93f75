"""How each kind of resource that a lab makes is looked for and removed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from .manifest import Kind, Resource

ABSENT = {
    "404",
    "ApplicationDoesNotExistException",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFoundException",
    "PipelineNotFoundException",
    "RepositoryDoesNotExistException",
    "ResourceNotFoundException",
}
DAYS = 7  # before a key is gone; AWS allows no fewer


@dataclass(frozen=True)
class Handling:
    """What can be done with one kind of resource; both functions take a session and a name.

    Parameters
    ----------
    exists
        Tells whether it is there; may as well raise what AWS says of something that is not.
    remove
        Removes it, with what hangs on it.
    """

    exists: Callable[[Any, str], bool]
    remove: Callable[[Any, str], None]


def exists(resource: Resource, session: Any) -> bool:
    """Tell whether a resource is in the cloud."""
    try:
        return _HANDLING[resource.kind].exists(_session_in(resource.account, session), resource.name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return False
        raise


def remove(resource: Resource, session: Any) -> None:
    """Remove a resource that is in the cloud."""
    _HANDLING[resource.kind].remove(_session_in(resource.account, session), resource.name)


def _session_in(account: str | None, session: Any) -> Any:
    """Return a session of an account's administrator; the learner's secret opens every account."""
    if account is None:
        return session
    secret = session.get_credentials().secret_key
    return boto3.Session(aws_access_key_id=account, aws_secret_access_key=secret, region_name=session.region_name)


def _bucket_exists(session: Any, name: str) -> bool:
    session.client("s3").head_bucket(Bucket=name)
    return True


def _remove_bucket(session: Any, name: str) -> None:
    bucket = session.resource("s3").Bucket(name)
    bucket.object_versions.delete()
    bucket.objects.delete()
    bucket.delete()


def _project_exists(session: Any, name: str) -> bool:
    codebuild = session.client("codebuild")
    return bool(codebuild.batch_get_projects(names=[name])["projects"] or _builds(codebuild, name))


def _remove_project(session: Any, name: str) -> None:
    codebuild = session.client("codebuild")
    builds = _builds(codebuild, name)
    for build in codebuild.batch_get_builds(ids=builds[:100])["builds"] if builds else ():
        if not build["buildComplete"]:
            codebuild.stop_build(id=build["id"])
    for start in range(0, len(builds), 100):
        codebuild.batch_delete_builds(ids=builds[start : start + 100])
    codebuild.delete_project(name=name)


def _builds(codebuild: Any, project: str) -> list[str]:
    pages = codebuild.get_paginator("list_builds").paginate()
    return [build for page in pages for build in page["ids"] if build.partition(":")[0] == project]


def _role_exists(session: Any, name: str) -> bool:
    session.client("iam").get_role(RoleName=name)
    return True


def _remove_role(session: Any, name: str) -> None:
    role = session.resource("iam").Role(name)
    for profile in role.instance_profiles.all():
        profile.remove_role(RoleName=name)
    for policy in role.policies.all():
        policy.delete()
    for attached in role.attached_policies.all():
        role.detach_policy(PolicyArn=attached.arn)
    role.delete()


def _profile_exists(session: Any, name: str) -> bool:
    session.client("iam").get_instance_profile(InstanceProfileName=name)
    return True


def _remove_profile(session: Any, name: str) -> None:
    profile = session.resource("iam").InstanceProfile(name)
    for role in profile.roles:
        profile.remove_role(RoleName=role.name)
    profile.delete()


def _log_group_exists(session: Any, name: str) -> bool:
    groups = session.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in groups)


def _remove_log_group(session: Any, name: str) -> None:
    session.client("logs").delete_log_group(logGroupName=name)


def _key_exists(session: Any, alias: str) -> bool:
    session.client("kms").describe_key(KeyId=alias)
    return True


def _remove_key(session: Any, alias: str) -> None:
    kms = session.client("kms")
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    if key["KeyState"] != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=DAYS)
    kms.delete_alias(AliasName=alias)


def _instances(session: Any, pattern: str) -> Any:
    """Return the instances that are not terminated and whose tag Name fits a pattern such as ``web-*``."""
    wanted = [
        {"Name": "tag:Name", "Values": [pattern]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    return session.resource("ec2").instances.filter(Filters=wanted)


def _instances_exist(session: Any, pattern: str) -> bool:
    return any(True for _ in _instances(session, pattern))


def _remove_instances(session: Any, pattern: str) -> None:
    _instances(session, pattern).terminate()


def _application_exists(session: Any, name: str) -> bool:
    session.client("codedeploy").get_application(applicationName=name)
    return True


def _remove_application(session: Any, name: str) -> None:
    codedeploy = session.client("codedeploy")
    running = {"applicationName": name, "includeOnlyStatuses": ["Created", "Queued", "InProgress"]}
    for group in codedeploy.list_deployment_groups(applicationName=name)["deploymentGroups"]:
        for deployment in codedeploy.list_deployments(deploymentGroupName=group, **running)["deployments"]:
            codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=False)
    codedeploy.delete_application(applicationName=name)


def _repository_exists(session: Any, name: str) -> bool:
    session.client("codecommit").get_repository(repositoryName=name)
    return True


def _remove_repository(session: Any, name: str) -> None:
    session.client("codecommit").delete_repository(repositoryName=name)


def _pipeline_exists(session: Any, name: str) -> bool:
    session.client("codepipeline").get_pipeline(name=name)
    return True


def _remove_pipeline(session: Any, name: str) -> None:
    session.client("codepipeline").delete_pipeline(name=name)


def _rule_exists(session: Any, name: str) -> bool:
    session.client("events").describe_rule(Name=name)
    return True


def _remove_rule(session: Any, name: str) -> None:
    events = session.client("events")
    targets = [target["Id"] for target in events.list_targets_by_rule(Rule=name)["Targets"]]
    if targets:
        events.remove_targets(Rule=name, Ids=targets)
    events.delete_rule(Name=name)


_HANDLING: dict[Kind, Handling] = {
    Kind.APPLICATION: Handling(_application_exists, _remove_application),
    Kind.BUCKET: Handling(_bucket_exists, _remove_bucket),
    Kind.INSTANCE_PROFILE: Handling(_profile_exists, _remove_profile),
    Kind.INSTANCES: Handling(_instances_exist, _remove_instances),
    Kind.KEY: Handling(_key_exists, _remove_key),
    Kind.LOG_GROUP: Handling(_log_group_exists, _remove_log_group),
    Kind.PIPELINE: Handling(_pipeline_exists, _remove_pipeline),
    Kind.PROJECT: Handling(_project_exists, _remove_project),
    Kind.REPOSITORY: Handling(_repository_exists, _remove_repository),
    Kind.ROLE: Handling(_role_exists, _remove_role),
    Kind.RULE: Handling(_rule_exists, _remove_rule),
}
