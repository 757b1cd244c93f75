"""Brings a build's source from S3 into its source folder."""

import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import archive
from ..errors import aws_reason
from .errors import PhaseError

_ARN = "arn:aws:s3:::"


def split_location(location: str | None) -> tuple[str, str]:
    """Return bucket and key, or key prefix, of a source's location; both empty when it is none."""
    bucket, slash, key = (location or "").removeprefix(_ARN).partition("/")
    return (bucket, key) if bucket and slash and key else ("", "")


def download(s3: Any, location: str, version: str | None, target: Path, label: str) -> None:
    """Bring a zip or the objects under a prefix into a folder.

    Parameters
    ----------
    s3
        A boto3 client for S3 with the service role's credentials.
    location
        ``bucket/key.zip`` or ``bucket/folder/``.
    version
        The object's version id, or None for the latest.
    target
        The source folder.
    label
        What to call the source when it can't be brought.

    Raises
    ------
    PhaseError
        ``CLIENT_ERROR`` with S3's reason, or with what is wrong with the zip.
    """
    # rule: source-s3-zip, source-s3-folder, source-s3-version, source-missing-fails
    bucket, key = split_location(location)
    try:
        if key.endswith("/"):
            _download_folder(s3, bucket, key, target)
        else:
            _download_zip(s3, bucket, key, version, target)
    except (ClientError, BotoCoreError) as error:
        reason = aws_reason(error)
    except (archive.ArchiveError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)  # without the place on this machine
    else:
        return
    raise PhaseError("CLIENT_ERROR", f"{reason} for {label}")


def read_text(s3: Any, arn: str) -> str:
    """Return the text of an object named by its ARN, as a buildspec may be.

    Raises
    ------
    PhaseError
        ``CLIENT_ERROR`` with S3's reason.
    """
    bucket, key = split_location(arn)
    try:
        return str(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode(errors="replace"))
    except (ClientError, BotoCoreError) as error:
        raise PhaseError("CLIENT_ERROR", f"{aws_reason(error)} for buildspec {arn}") from error


def _download_zip(s3: Any, bucket: str, key: str, version: str | None, target: Path) -> None:
    chosen = {"VersionId": version} if version else {}
    body = s3.get_object(Bucket=bucket, Key=key, **chosen)["Body"]
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".zip") as file:
        while chunk := body.read(1 << 20):
            file.write(chunk)
        file.flush()
        archive.unpack(Path(file.name), target)


def _download_folder(s3: Any, bucket: str, prefix: str, target: Path) -> None:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = [item["Key"] for page in pages for item in page.get("Contents", [])]
    if not found:
        raise archive.ArchiveError(f"NoSuchKey: nothing is stored under {prefix}")
    for key in found:
        name = PurePosixPath(key.removeprefix(prefix))
        if key.endswith("/"):
            continue
        if name.is_absolute() or ".." in name.parts or "\0" in str(name):
            raise archive.ArchiveError(f"the object {key} points out of the source")
        path = target.joinpath(*name.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
