"""Collects what a build leaves and puts it into S3.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html, block ``artifacts``
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import archive
from ..errors import aws_reason
from .buildspec import Output
from .errors import PhaseError
from .model import Artifacts, BuildArtifacts

Found = dict[str, Path]  # name in the artifact → file on this machine


@dataclass(frozen=True)
class Destination:
    """Where one build's artifact goes.

    Parameters
    ----------
    settings
        The project's artifacts.
    name
        The artifact's name, from the project or computed from the buildspec's.
    build_uuid
        The build, for ``namespaceType`` BUILD_ID.
    build_arn
        Written to every object's metadata.
    encryption_key
        The KMS key with which the objects are encrypted, an ARN or an alias.
    """

    settings: Artifacts
    name: str
    build_uuid: str
    build_arn: str
    encryption_key: str = ""

    @property
    def key(self) -> str:
        """The object's key, or the folder's without a slash at its end; empty is the bucket's root."""
        # rule: artifact-key, artifact-namespace-build-id
        namespace = self.build_uuid if self.settings.namespace_type == "BUILD_ID" else ""
        parts = (self.settings.path or "", namespace, self.name)
        return "/".join(part.strip("/") for part in parts if part.strip("/"))

    @property
    def encryption(self) -> dict[str, str]:
        """What S3 is told about encryption: nothing when it is switched off, and no key for AWS's own."""
        # rule: encryption-default, encryption-key, artifacts-encryption-disabled
        if self.settings.encryption_disabled:
            return {}
        own = {} if self.encryption_key.endswith("alias/aws/s3") else {"SSEKMSKeyId": self.encryption_key}
        return {"ServerSideEncryption": "aws:kms", **own}


@dataclass(frozen=True)
class Site:
    """Where a build left its files.

    Parameters
    ----------
    root
        Everything the build may have written; nothing else gets into an artifact.
    source
        The source folder.
    resolve
        Turns an absolute path as the build's commands see it into one on this machine.
    note
        Writes a line to the log.
    """

    root: Path
    source: Path
    resolve: Callable[[str], Path]
    note: Callable[[str], None]

    def holds(self, path: Path) -> bool:
        """Tell whether a path, links followed, is one that the build may have written."""
        return path.resolve().is_relative_to(self.root.resolve())


def collect(output: Output, site: Site) -> Found:
    """Return the files that a buildspec's artifacts block means.

    Raises
    ------
    PhaseError
        Nothing matches, or the base directory is outside of the build.
    """
    site.note(f"Expanding base directory path: {output.base_directory}")
    excluded = [_pattern(each) for each in output.exclude_paths]
    found: Found = {}
    bases = _base_folders(output.base_directory, site)
    if not bases:
        # rule: artifacts-no-base-directory
        raise PhaseError("CLIENT_ERROR", f"no matching base directory path found for {output.base_directory}")
    for base in bases:
        files = list(_files(base, site))
        for wanted in output.files:
            site.note(f"Expanding {wanted}")
            pattern = _pattern(wanted)
            for name, path in files:
                if pattern.fullmatch(name) and not any(each.fullmatch(name) for each in excluded):
                    # rule: artifacts-exclude-paths, artifacts-discard-paths
                    found.setdefault(Path(name).name if output.discard_paths else name, path)
    if not found:
        # rule: artifacts-no-match-fails
        raise PhaseError("CLIENT_ERROR", "no matching artifact paths found")
    site.note(f"Found {len(found)} file(s)")
    return dict(sorted(found.items()))


def upload(s3: Any, destination: Destination, found: Found) -> BuildArtifacts:
    """Put the files into the artifact bucket and return what the build says of them.

    Raises
    ------
    PhaseError
        ``CLIENT_ERROR`` with S3's reason.
    """
    settings = destination.settings
    zipped = settings.packaging == "ZIP"
    try:
        sums = _put_zip(s3, destination, found) if zipped else _put_files(s3, destination, found)
    except (ClientError, BotoCoreError) as error:
        raise PhaseError("CLIENT_ERROR", f"Error in UPLOAD_ARTIFACTS phase: {aws_reason(error)}") from error
    return BuildArtifacts(
        location=_arn(settings, destination.key),
        artifact_identifier=settings.artifact_identifier,
        override_artifact_name=settings.override_artifact_name,
        encryption_disabled=settings.encryption_disabled,
        **sums,
    )


def planned(settings: Artifacts, build_uuid: str) -> BuildArtifacts:
    """Return what a build says of its artifacts before they are there."""
    key = Destination(settings, settings.name or "", build_uuid, "").key
    return BuildArtifacts(
        location=_arn(settings, key) if settings.type == "S3" else "",
        artifact_identifier=settings.artifact_identifier,
        override_artifact_name=settings.override_artifact_name,
        encryption_disabled=settings.encryption_disabled,
    )


def _arn(settings: Artifacts, key: str) -> str:
    return f"arn:aws:s3:::{settings.location}/{key}".rstrip("/")


def _put_zip(s3: Any, destination: Destination, found: Found) -> dict[str, str]:
    # rule: artifact-zip, artifact-checksums
    if not destination.key:
        raise PhaseError("CLIENT_ERROR", "A ZIP artifact needs a name.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "artifact.zip"
        archive.pack(file, found.items())
        data = file.read_bytes()
    _put(s3, destination, destination.key, data)
    return {
        "sha256sum": hashlib.sha256(data).hexdigest(),
        "md5sum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
    }


def _put_files(s3: Any, destination: Destination, found: Found) -> dict[str, str]:
    # rule: artifact-folder
    for name, path in found.items():
        _put(s3, destination, f"{destination.key}/{name}".lstrip("/"), path.read_bytes())
    return {}


def _put(s3: Any, destination: Destination, key: str, data: bytes) -> None:
    # rule: artifact-metadata
    s3.put_object(
        Bucket=destination.settings.location,
        Key=key,
        Body=data,
        Metadata={"codebuild-buildarn": destination.build_arn},
        **destination.encryption,
    )


def _base_folders(base: str, site: Site) -> list[Path]:
    """Return the folders that a base directory means; a pattern may mean several."""
    # rule: artifacts-base-directory
    if base.startswith("/"):
        folder = site.resolve(base)
        return [folder] if site.holds(folder) and folder.is_dir() else []
    parts = [part for part in base.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise PhaseError("CLIENT_ERROR", f"The base directory {base} points out of the source folder.")
    folders = [site.source]
    for part in parts:
        pattern = _pattern(part)
        folders = [each for folder in folders for each in _folders_in(folder) if pattern.fullmatch(each.name)]
    return sorted(folders)


def _folders_in(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _files(base: Path, site: Site) -> Iterator[tuple[str, Path]]:
    """Yield every file under a folder, in order, with its name there."""
    for folder, folders, names in os.walk(base):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            target = _followed(path, site) if path.is_symlink() else path
            # A link may mean another file here than inside the build: an artifact must not hold the learner's files.
            inside = path.relative_to(base).as_posix()
            text = os.fsencode(inside).decode(errors="replace")  # neither S3 nor a log takes a name that is no UTF-8
            if target is None or not site.holds(target) or not target.is_file() or text != inside:
                site.note(f"Skipping invalid file path {text}")
                continue
            yield inside, target


def _followed(link: Path, site: Site) -> Path | None:
    goal = str(link.readlink())
    target = site.resolve(goal) if goal.startswith("/") else link.parent / goal
    return None if target.is_symlink() else target


def _pattern(glob: str) -> re.Pattern[str]:
    """Return the regular expression of an artifact path: ``*`` stays in a folder, ``**`` does not."""
    # rule: artifacts-globs
    text = ""
    position = 0
    glob = glob.removeprefix("./")
    while position < len(glob):
        if glob.startswith("**/", position):
            text, position = text + "(?:.*/)?", position + 3
        elif glob.startswith("**", position):
            text, position = text + ".*", position + 2
        else:
            sign = glob[position]
            text += {"*": "[^/]*", "?": "[^/]"}.get(sign, re.escape(sign))
            position += 1
    return re.compile(text, re.DOTALL)
