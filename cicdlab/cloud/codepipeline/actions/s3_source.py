"""The source that is one object of a versioned bucket.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from . import store
from .base import Action
from .provider import ActionError, Job, Outcome, Revision

if TYPE_CHECKING:
    from ...core import Cloud

NO_VERSION = "null"  # the version id of an object that was stored before its bucket had versions


class S3Source(Action):
    """Copies the newest version of an object into the artifact store."""

    def __init__(self, cloud: "Cloud") -> None:
        super().__init__(cloud, "Source", "S3")

    def run(self, job: Job) -> Outcome:
        """Copy the object, whatever it is, and tell its version.

        Raises
        ------
        ActionError
            The bucket has no versions, the object is not there, or the role may not read it.
        """
        # rule: s3-source-output, s3-source-revision, s3-source-variables
        bucket, key = job.configuration["S3Bucket"], job.configuration["S3ObjectKey"]
        s3 = job.client("s3")
        found = _head(s3, bucket, key, job.revision)
        with tempfile.TemporaryDirectory(dir=self.cloud.root) as folder:
            file = Path(folder, "source")
            try:
                store.download(s3, file, bucket, key, found["VersionId"])
            except (ClientError, BotoCoreError) as error:
                raise _refused(error, bucket, key) from error
            store.put(job.client, job.outputs[0], file)
        etag = found["ETag"].strip('"')
        summary = f"Amazon S3 version id: {found['VersionId']}"
        return Outcome(
            summary=summary,
            variables={"BucketName": bucket, "ETag": etag, "ObjectKey": key, "VersionId": found["VersionId"]},
            revision=Revision(found["VersionId"], summary, created=found["LastModified"]),
        )

    def latest(self, client: Callable[[str], Any], configuration: Mapping[str, str]) -> str:
        """Return the id of the object's newest version.

        Raises
        ------
        ActionError
            It can't be told.
        """
        return str(_head(client("s3"), configuration["S3Bucket"], configuration["S3ObjectKey"])["VersionId"])


def _head(s3: Any, bucket: str, key: str, version: str = "") -> dict[str, Any]:
    """Return what S3 tells of a version, or of the newest one."""
    chosen = {"VersionId": version} if version else {}
    try:
        # rule: s3-source-needs-versioning
        if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
            raise ActionError("ConfigurationError", f"The Amazon S3 bucket {bucket} does not have versioning enabled.")
        found = dict(s3.head_object(Bucket=bucket, Key=key, **chosen))
    except (ClientError, BotoCoreError) as error:
        raise _refused(error, bucket, key) from error
    return {"VersionId": NO_VERSION, **found}


def _refused(error: ClientError | BotoCoreError, bucket: str, key: str) -> ActionError:
    # rule: s3-source-missing-object
    match store.code_of(error):
        case "NoSuchBucket":
            return ActionError("ConfigurationError", f"The Amazon S3 bucket {bucket} does not exist.")
        case "404" | "NoSuchKey":
            return ActionError(
                "ConfigurationError",
                f"The Amazon S3 object with key '{key}' does not exist in the bucket {bucket}.",
            )
    return store.refused(error, bucket)
