"""Artifacts: zips in the pipeline's artifact store, read and written with the permissions of the action's role.

https://docs.aws.amazon.com/codepipeline/latest/userguide/welcome-introducing-artifacts.html
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ...errors import aws_reason
from .provider import ActionError, Artifact

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403", "Forbidden"})
_MISSING = frozenset({"NoSuchBucket", "NoSuchKey", "NoSuchVersion", "404", "NotFound"})


def get(client: Callable[[str], Any], artifact: Artifact, target: Path) -> None:
    """Bring an artifact into a file.

    Raises
    ------
    ActionError
        The role may not read it, or it is not there.
    """
    # rule: artifacts-are-read-with-the-actions-role
    try:
        download(client("s3"), target, artifact.bucket, artifact.key)
    except (ClientError, BotoCoreError) as error:
        raise refused(error, artifact.bucket) from error


def put(client: Callable[[str], Any], artifact: Artifact, source: Path) -> None:
    """Write an artifact.

    Raises
    ------
    ActionError
        The role may not write it, or there is no such bucket.
    """
    # rule: artifacts-are-encrypted
    key = {"SSEKMSKeyId": artifact.encryption_key} if artifact.encryption_key else {}
    try:
        with source.open("rb") as body:
            client("s3").put_object(
                Bucket=artifact.bucket, Key=artifact.key, Body=body, ServerSideEncryption="aws:kms", **key
            )
    except (ClientError, BotoCoreError) as error:
        raise refused(error, artifact.bucket) from error


def download(s3: Any, target: Path, bucket: str, key: str, version: str = "") -> None:
    """Bring an object into a file, piece by piece."""
    chosen = {"VersionId": version} if version else {}
    body = s3.get_object(Bucket=bucket, Key=key, **chosen)["Body"]
    with target.open("wb") as file:
        while piece := body.read(1 << 20):
            file.write(piece)


def refused(error: ClientError | BotoCoreError, bucket: str) -> ActionError:
    """Return S3's refusal as an action shows it."""
    if is_denied(error):
        return denied(f"the Amazon S3 bucket named {bucket}", error)
    code = "ConfigurationError" if code_of(error) in _MISSING else "JobFailed"
    return ActionError(
        code, f"The action could not use the Amazon S3 bucket named {bucket}. Error: {aws_reason(error)}"
    )


def denied(what: str, error: ClientError | BotoCoreError) -> ActionError:
    """Return what an action says whose role lacks a permission."""
    return lacking(what, aws_reason(error))


def lacking(what: str, reason: str) -> ActionError:
    """Return what an action says whose role lacks a permission, with the reason that a service gave."""
    return ActionError(
        "PermissionError",
        f"The service role or action role doesn’t have the permissions required to access {what}. "
        f"Update the IAM role permissions, and then try again. Error: {reason}",
    )


def is_denied(error: ClientError | BotoCoreError) -> bool:
    """Tell whether a service refused for want of a permission."""
    return code_of(error) in _DENIED


def code_of(error: ClientError | BotoCoreError) -> str:
    """Return the code of a service's error, or an empty string."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""
