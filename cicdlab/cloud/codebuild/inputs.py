"""What a build begins with: its sources, each in a folder of its own, and its buildspec.

https://docs.aws.amazon.com/codebuild/latest/userguide/sample-multi-in-out.html
"""

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import sources
from .buildspec import Buildspec, BuildspecError, is_inline, parse
from .errors import PhaseError
from .logs import BuildLog
from .machine import Machine
from .model import Build, Order, Source
from .repositories import TYPES, Repositories


class Inputs:
    """Brings what one build begins with.

    Parameters
    ----------
    build
        The build.
    order
        What it was asked to do.
    machine
        Where its folders are.
    client
        Makes a client for a service with the service role's permissions.
    repositories
        The git repositories that the service role may read.
    """

    def __init__(
        self, build: Build, order: Order, machine: Machine, client: Callable[[str], Any], repositories: Repositories
    ) -> None:
        self._build = build
        self._order = order
        self._machine = machine
        self._client = client
        self._repositories = repositories
        self.resolved_version: str | None = None
        self.secondary_folders: dict[str, str] = {}  # as commands see them

    def bring(self) -> None:
        """Bring every source into its folder.

        Raises
        ------
        PhaseError
            One can't be brought.
        """
        if self._order.work:
            self._bring_artifacts()
            return
        build, machine = self._build, self._machine
        self.resolved_version = self._bring(build.source, build.source_version, machine.source, "primary source")
        # rule: secondary-source-folders, secondary-source-versions
        versions = {each.source_identifier: each.source_version for each in build.secondary_source_versions}
        for each in build.secondary_sources:
            name = each.source_identifier or ""
            folder, self.secondary_folders[name] = machine.add_source_folder(name)
            self._bring(each, versions.get(name), folder, f"secondary source {name}")

    def buildspec(self, log: BuildLog) -> Buildspec:
        """Return the buildspec, and tell the log of it.

        Raises
        ------
        PhaseError
            It can't be read, or can't be used.
        """
        try:
            found = parse(self._text(log))
        except BuildspecError as error:
            raise PhaseError(error.code, error.message) from error
        _describe(found, self._machine.source_folder, log)
        return found

    def _bring(self, source: Source, version: str | None, folder: Path, label: str) -> str | None:
        """Bring one source into its folder; return the id of its commit, if it has one."""
        if source.type in TYPES:
            return self._repositories.bring(source, version, folder, label)
        if source.type == "S3" and source.location:
            sources.download(self._client("s3"), source.location, version, folder, f"{label} {source.location}")
        return None

    def _bring_artifacts(self) -> None:
        """Bring what CodePipeline handed over: zips in its artifact store."""
        # rule: pipeline-source, pipeline-secondary-sources, pipeline-role
        work = self._order.work
        assert work is not None
        s3 = self._client("s3")
        label = f"primary source and source version {work.source.arn}"
        sources.download(s3, f"{work.source.bucket}/{work.source.key}", None, self._machine.source, label)
        for each in work.secondary_sources:
            folder, self.secondary_folders[each.name] = self._machine.add_source_folder(each.name)
            label = f"secondary source {each.name} and source version {each.arn}"
            sources.download(s3, f"{each.bucket}/{each.key}", None, folder, label)
        self.resolved_version = work.revision or None

    def _text(self, log: BuildLog) -> str:
        """Return the buildspec's text: given inline, an object in S3, or a file of the source."""
        # rule: buildspec-inline, buildspec-path, buildspec-s3, buildspec-missing
        given = self._build.source.buildspec or ""
        if is_inline(given):
            return given
        if given.startswith("arn:aws:s3:::"):
            return sources.read_text(self._client("s3"), given)
        name = given or "buildspec.yml"
        place = f"{self._machine.source_folder}/{name}"
        try:
            file = (self._machine.source / name).resolve()
            found = file.is_file()
        except (OSError, ValueError) as error:  # too long, or with a null character
            raise BuildspecError(f"stat {place}: {getattr(error, 'strerror', None) or error}") from error
        if not file.is_relative_to(self._machine.source.resolve()):
            raise BuildspecError(f"The buildspec {name} is outside of the source folder.")
        if not found:
            missing = f"stat {place}: no such file or directory"
            raise BuildspecError(missing if given else f"YAML file does not exist: {missing}")
        log.line(f"YAML location is {place}")
        return file.read_bytes().decode(errors="replace")


def _describe(buildspec: Buildspec, source_folder: str, log: BuildLog) -> None:
    for language, version in buildspec.runtimes.items():
        here = f"Python {platform.python_version()}" if language == "python" else "what is installed on it"
        log.line(f"Runtime {language} {version} was asked for; builds on this machine use {here}.")
    for name in buildspec.unread:
        log.line(f"The buildspec's block {name} has no effect here.")
    log.line("Processing environment variables")
    log.line(f"Moving to directory {source_folder}")
    log.line(f"Phases found in YAML: {len(buildspec.phases)}")
    for phase, block in buildspec.phases.items():
        log.line(f" {phase.upper()}: {len(block.commands)} commands")
