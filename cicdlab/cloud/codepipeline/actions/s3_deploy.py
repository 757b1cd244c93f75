"""Puts an artifact, or what is in it, into a bucket.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3Deploy.html
"""

import mimetypes
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ... import archive
from . import store
from .base import Action
from .provider import ActionError, Job, Outcome

if TYPE_CHECKING:
    from ...core import Cloud

CANNED_ACLS = frozenset(
    {
        "authenticated-read",
        "aws-exec-read",
        "bucket-owner-full-control",
        "bucket-owner-read",
        "private",
        "public-read",
        "public-read-write",
    }
)


class S3Deploy(Action):
    """Puts the zip itself under a key, or every file in it under its own name."""

    def __init__(self, cloud: "Cloud") -> None:
        super().__init__(cloud, "Deploy", "S3")

    def run(self, job: Job) -> Outcome:
        """Deploy the input artifact.

        Raises
        ------
        ActionError
            The configuration does not fit together, the artifact is no zip, or the role may not write.
        """
        given = job.configuration
        extract = _is_extracted(given)
        settings = _settings(given)
        s3, bucket, key = job.client("s3"), given["BucketName"], given.get("ObjectKey", "")
        with tempfile.TemporaryDirectory(dir=self.cloud.root) as folder:
            zipped, target = Path(folder, "artifact.zip"), Path(folder, "files")
            store.get(job.client, job.inputs[0], zipped)
            try:
                if extract:
                    target.mkdir()
                    _unpack(zipped, target)
                    _put_all(job, s3, bucket, key, target, settings)
                else:
                    # rule: s3-deploy-without-extract
                    _put(s3, bucket, key, zipped, settings)
            except (ClientError, BotoCoreError) as error:
                raise _refused(error, bucket) from error
        return Outcome(summary="Deployment Succeeded", external_id="")


def _is_extracted(given: Any) -> bool:
    # rule: s3-deploy-object-key
    extract = given["Extract"].lower()
    if extract not in ("true", "false"):
        raise ActionError("ConfigurationError", f"Extract is true or false, not {given['Extract']}.")
    if extract == "false" and not given.get("ObjectKey"):
        raise ActionError("ConfigurationError", "ObjectKey is required when Extract is false.")
    return extract == "true"


def _settings(given: Any) -> dict[str, str]:
    """Return what every object gets besides its content."""
    # rule: s3-deploy-acl-and-cache, s3-deploy-encryption
    acl = given.get("CannedACL", "")
    if acl and acl not in CANNED_ACLS:
        raise ActionError("ConfigurationError", f"CannedACL {acl} is not one of {', '.join(sorted(CANNED_ACLS))}.")
    key = given.get("KMSEncryptionKeyARN", "")
    return {
        **({"ACL": acl} if acl else {}),
        **({"CacheControl": given["CacheControl"]} if given.get("CacheControl") else {}),
        **({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}),
    }


def _unpack(zipped: Path, target: Path) -> None:
    try:
        archive.unpack(zipped, target)
    except archive.ArchiveError as error:
        # rule: s3-deploy-needs-a-zip
        raise ActionError("JobFailed", f"The input artifact could not be extracted: {error}.") from error


def _put_all(job: Job, s3: Any, bucket: str, prefix: str, folder: Path, settings: dict[str, str]) -> None:
    """Put every file under its name, below the key if there is one; stop between two files when told to."""
    # rule: s3-deploy-extract
    start = f"{prefix.rstrip('/')}/" if prefix else ""
    for name, path in sorted(_files(folder)):
        job.check()
        _put(s3, bucket, f"{start}{name}", path, settings)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            if path.is_file():  # a link to a file of the artifact counts as the file
                yield path.relative_to(folder).as_posix(), path


def _put(s3: Any, bucket: str, key: str, path: Path, settings: dict[str, str]) -> None:
    kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
    with path.open("rb") as body:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind, **settings)


def _refused(error: ClientError | BotoCoreError, bucket: str) -> ActionError:
    if store.code_of(error) == "NoSuchBucket":
        return ActionError("ConfigurationError", f"The Amazon S3 bucket {bucket} does not exist.")
    return store.refused(error, bucket)
