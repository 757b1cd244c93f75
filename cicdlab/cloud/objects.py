"""Tells our services of objects that the backend's S3 has stored, whether or not a bucket tells EventBridge of them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from .events import Events, Happening
from .identity.actions import ApiCall

OBJECT_CREATED = "Object Created"
_WRITES = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload", "PostObject"})
_VERSION = "x-amz-version-id"
StartResponse = Callable[..., Any]


def watched(
    start_response: StartResponse, call: ApiCall, owner: str, events: Events, now: Callable[[], datetime]
) -> StartResponse:
    """Return what takes S3's answer to a request and tells of the new version of an object, if there is one.

    Parameters
    ----------
    start_response
        Takes the answer.
    call
        The request.
    owner
        The account that owns the bucket.
    events
        Whom to tell.
    now
        Returns the cloud's time.
    """
    if call.service != "s3" or call.operation not in _WRITES:
        return start_response

    def answered(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        version = next((value for name, value in headers if name.lower() == _VERSION), "")
        if status.startswith("2") and version:
            events.notice(_created(call, owner, version, now()))
        return start_response(status, headers, *rest)

    return answered


def _created(call: ApiCall, owner: str, version: str, now: datetime) -> Happening:
    bucket, key = str(call.members.get("Bucket", "")), str(call.members.get("Key", ""))
    detail = {"bucket": {"name": bucket}, "object": {"key": key, "version-id": version}, "reason": call.operation}
    return Happening(owner, call.region, "aws.s3", OBJECT_CREATED, detail, (f"arn:aws:s3:::{bucket}",), now)
