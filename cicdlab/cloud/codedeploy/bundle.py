"""Brings a revision to an instance: downloads its bundle from S3 and unpacks it.

https://docs.aws.amazon.com/codedeploy/latest/userguide/application-revisions-push.html
"""

import bz2
import gzip
import io
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import archive
from ..archive import MAX_ENTRIES, MAX_UNPACKED, ArchiveError
from .errors import failed

CHUNK = 1 << 20
_COMPRESSED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))


def download(s3: Any, bucket: str, key: str, version: str, etag: str, target: Path) -> tuple[str, str]:
    """Write an object of S3's to a file and return its ETag, without quotes, and its version.

    Raises
    ------
    LifecycleError
        With S3's reason, or because another object is there than the revision names.
    """
    # rule: revision-version, revision-etag
    try:
        answer = s3.get_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))
        found = str(answer["ETag"]).strip('"')
        if etag and etag.strip('"') != found:
            raise failed(f"Expected deployment artifact bundle etag {etag} but was actually {found}")
        with target.open("wb") as file:
            while chunk := answer["Body"].read(CHUNK):
                file.write(chunk)
    except ClientError as error:
        raise failed(error.response["Error"].get("Message") or str(error)) from error
    except BotoCoreError as error:
        raise failed(str(error)) from error
    return found, str(answer.get("VersionId", ""))


def unpack(source: Path, kind: str, target: Path) -> None:
    """Unpack a bundle into a folder that exists and is empty; permissions are kept.

    Parameters
    ----------
    source
        The bundle.
    kind
        ``zip``, ``tar`` or ``tgz``.
    target
        The folder. A single folder at the bundle's top that holds the AppSpec file is left out.

    Raises
    ------
    LifecycleError
        It is no such archive, is damaged or too large, or has an entry that would lie or lead outside of the folder.
    """
    # rule: bundle-types
    try:
        if kind == "zip":
            archive.unpack(source, target)
            _restore_modes(source, target)
        else:
            _unpack_tar(source, kind, target)
    except ArchiveError as error:
        raise failed(f"The revision's bundle could not be unpacked as {kind}: {error}.") from error
    _strip(target)


def _restore_modes(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as bundle:
        for entry in bundle.infolist():
            path, mode = target / entry.filename, entry.external_attr >> 16
            if entry.create_system == 3 and stat.S_IMODE(mode) and not stat.S_ISLNK(mode) and not path.is_symlink():
                path.chmod(_usable(mode, path.is_dir()))


def _usable(mode: int, is_folder: bool) -> int:
    """Return a mode with which the agent can go on working, without set-user-id and the like."""
    return (mode & 0o777) | (0o700 if is_folder else 0o600)


class _Measured(io.RawIOBase):
    """Reads what a bundle unpacks to, and stops at more than is allowed: its headers may say anything."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > CHUNK:
            raise ArchiveError("the tar has a header that is larger than is allowed")
        data = self._file.read(size)
        self._at += len(data)
        if self._at > MAX_UNPACKED:
            raise ArchiveError("the tar unpacks to more than is allowed")
        return data

    def tell(self) -> int:
        return self._at

    def seek(self, position: int, whence: int = 0) -> int:
        while self._at < position and self.read(min(CHUNK, position - self._at)):
            pass
        return self._at

    def close(self) -> None:
        self._file.close()


def _unpack_tar(source: Path, kind: str, target: Path) -> None:
    try:
        with source.open("rb") as raw, tarfile.open(fileobj=_plain(raw, kind), mode="r:") as bundle:
            links: list[tuple[Path, str]] = []
            for member in _members(bundle, target):
                _extract(bundle, member, target, links)
            archive.link(links, target)
    except ArchiveError:
        raise
    except (OSError, EOFError, ValueError, tarfile.TarError, lzma.LZMAError) as error:
        raise ArchiveError(f"not a valid {kind} file ({getattr(error, 'strerror', None) or error})") from error
    except Exception as error:  # zlib.error: each compressor has an error of its own
        raise ArchiveError(f"the {kind} is damaged: {error}") from error


def _plain(raw: io.BufferedReader, kind: str) -> _Measured:
    start = raw.read(6)
    raw.seek(0)
    for magic, decompress in _COMPRESSED:
        if start.startswith(magic):
            return _Measured(decompress(raw))
    if kind == "tgz":
        raise ArchiveError("not in gzip format")
    return _Measured(raw)


def _members(bundle: tarfile.TarFile, target: Path) -> Iterator[tarfile.TarInfo]:
    left = MAX_UNPACKED
    for number, member in enumerate(bundle):
        if number >= MAX_ENTRIES:
            raise ArchiveError(f"the tar has more than {MAX_ENTRIES} entries")
        bundle.members = []  # type: ignore[attr-defined]
        # Of sparse files the archive holds less than they have, and a hard link becomes a copy.
        left -= _linked(member, target).lstat().st_size if member.islnk() else member.size
        if left < 0:
            raise ArchiveError("the tar unpacks to more than is allowed")
        yield member


def _extract(bundle: tarfile.TarFile, member: tarfile.TarInfo, target: Path, links: list[tuple[Path, str]]) -> None:
    parts = _parts(member.name)
    path = target.joinpath(*parts)
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
    elif member.issym():
        links.append((path, member.linkname))
        return
    elif member.islnk():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(_linked(member, target), path)
        return
    elif member.isfile():
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = bundle.extractfile(member)
        with path.open("wb") as sink:
            while stream and (chunk := stream.read(CHUNK)):
                sink.write(chunk)
        os.utime(path, (member.mtime, member.mtime))
    else:
        raise ArchiveError(f"the entry {member.name!r} is neither a file nor a folder nor a link")
    path.chmod(_usable(member.mode, member.isdir()))


def _linked(member: tarfile.TarInfo, target: Path) -> Path:
    """Return the file to which a hard link leads; links are made last, so there is none in its path."""
    path = target.joinpath(*_parts(member.linkname))
    if not path.is_file():
        raise ArchiveError(f"the entry {member.name!r} is a link to something that is not in the archive")
    return path


def _parts(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise ArchiveError(f"the entry {name!r} points out of the archive")
    return path.parts


def _strip(target: Path) -> None:
    """Leave out a single folder at the top that holds the AppSpec file."""
    top = list(target.iterdir())
    if len(top) != 1 or top[0].is_symlink() or not top[0].is_dir():
        return
    if not any("appspec" in each.name.lower() for each in top[0].iterdir()):
        return
    aside = target.with_name(f"{target.name}-temp")
    top[0].rename(aside)
    target.rmdir()
    aside.rename(target)
