"""Removes what a lab made in the cloud, and tells what is left of it.

In a process of its own: ``python -m cicdlab.lab.clean_up <lab>``, with ``--look`` to change nothing.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from .errors import LabError
from .guard import refuse_unless_local
from .manifest import Entry, Kind, Resource, load

ABSENT = {"NoSuchBucket", "404", "NoSuchEntity", "ResourceNotFoundException", "NotFoundException"}
DAYS = 7  # before a key is gone; AWS allows no fewer


def clean_up(entry: Entry, session: Any = None) -> list[Resource]:
    """Remove everything the manifest says the lab makes, and return what is left nonetheless.

    Parameters
    ----------
    entry
        The lab.
    session
        A boto3 session; a new one by default.
    """
    session = session or boto3.Session()
    for resource in entry.makes:
        if exists(resource, session):
            REMOVE[resource.kind](_session_in(resource.account, session), resource.name)
    return left_over(entry, session)


def left_over(entry: Entry, session: Any = None) -> list[Resource]:
    """Return what of a lab's resources is in the cloud."""
    session = session or boto3.Session()
    return [resource for resource in entry.makes if exists(resource, session)]


def in_own_process(entry: Entry, environ: Mapping[str, str], look: bool = False) -> list[Resource]:
    """Clean up, or only look, in the cloud that an environment leads to, and return what is left.

    A process of its own, because boto3 takes its environment from the process.

    Raises
    ------
    LabError
        When that process could not do it.
    """
    command = [sys.executable, "-m", "cicdlab.lab.clean_up", entry.id, *(["--look"] if look else [])]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(environ), check=False)
    if done.returncode:
        raise LabError((done.stderr.strip() or "The clean-up gave no reason.").splitlines()[-1])
    return [Resource(**one) for one in json.loads(done.stdout)]


def exists(resource: Resource, session: Any) -> bool:
    """Tell whether a resource is in the cloud."""
    try:
        return LOOK[resource.kind](_session_in(resource.account, session), resource.name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return False
        raise


def _session_in(account: str | None, session: Any) -> Any:
    """Return a session of an account's administrator; the learner's secret opens every account."""
    if account is None:
        return session
    secret = session.get_credentials().secret_key
    return boto3.Session(aws_access_key_id=account, aws_secret_access_key=secret, region_name=session.region_name)


def _bucket_exists(session: Any, name: str) -> bool:
    session.client("s3").head_bucket(Bucket=name)
    return True


def _project_exists(session: Any, name: str) -> bool:
    codebuild = session.client("codebuild")
    return bool(codebuild.batch_get_projects(names=[name])["projects"] or _builds(codebuild, name))


def _role_exists(session: Any, name: str) -> bool:
    session.client("iam").get_role(RoleName=name)
    return True


def _log_group_exists(session: Any, name: str) -> bool:
    groups = session.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in groups)


def _key_exists(session: Any, alias: str) -> bool:
    session.client("kms").describe_key(KeyId=alias)
    return True


def _remove_bucket(session: Any, name: str) -> None:
    bucket = session.resource("s3").Bucket(name)
    bucket.object_versions.delete()
    bucket.objects.delete()
    bucket.delete()


def _remove_project(session: Any, name: str) -> None:
    codebuild = session.client("codebuild")
    builds = _builds(codebuild, name)
    for build in codebuild.batch_get_builds(ids=builds[:100])["builds"] if builds else ():
        if not build["buildComplete"]:
            codebuild.stop_build(id=build["id"])
    for start in range(0, len(builds), 100):
        codebuild.batch_delete_builds(ids=builds[start : start + 100])
    codebuild.delete_project(name=name)


def _remove_role(session: Any, name: str) -> None:
    role = session.resource("iam").Role(name)
    for policy in role.policies.all():
        policy.delete()
    for attached in role.attached_policies.all():
        role.detach_policy(PolicyArn=attached.arn)
    role.delete()


def _remove_log_group(session: Any, name: str) -> None:
    session.client("logs").delete_log_group(logGroupName=name)


def _remove_key(session: Any, alias: str) -> None:
    kms = session.client("kms")
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    if key["KeyState"] != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=DAYS)
    kms.delete_alias(AliasName=alias)


def _builds(codebuild: Any, project: str) -> list[str]:
    pages = codebuild.get_paginator("list_builds").paginate()
    return [build for page in pages for build in page["ids"] if build.partition(":")[0] == project]


LOOK: dict[Kind, Callable[[Any, str], bool]] = {
    Kind.BUCKET: _bucket_exists,
    Kind.PROJECT: _project_exists,
    Kind.ROLE: _role_exists,
    Kind.LOG_GROUP: _log_group_exists,
    Kind.KEY: _key_exists,
}
REMOVE: dict[Kind, Callable[[Any, str], None]] = {
    Kind.BUCKET: _remove_bucket,
    Kind.PROJECT: _remove_project,
    Kind.ROLE: _remove_role,
    Kind.LOG_GROUP: _remove_log_group,
    Kind.KEY: _remove_key,
}


def main() -> int:
    """Clean up, print what is left as JSON, and return the exit status."""
    parser = argparse.ArgumentParser(prog="cicdlab.lab.clean_up", description="Remove what a lab made.")
    parser.add_argument("lab")
    parser.add_argument("--look", action="store_true", help="remove nothing")
    given = parser.parse_args()
    try:
        refuse_unless_local()
        entry = load().find(given.lab)
        left = left_over(entry) if given.look else clean_up(entry)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps([resource.model_dump(mode="json") for resource in left]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
