"""What a build leaves: its artifacts, where the project or the pipeline wants them, and its exported variables.

https://docs.aws.amazon.com/codebuild/latest/userguide/sample-multi-in-out.html
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from . import artifacts
from .buildspec import Buildspec, Output
from .errors import PhaseError
from .logs import BuildLog
from .machine import Machine
from .model import Artifacts, Build, BuildArtifacts, ExportedVariable, Order, PipelineArtifact

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)


@dataclass(frozen=True)
class Wanted:
    """One artifact: what the buildspec says it holds, where it goes, and whether it is a secondary one."""

    output: Output
    settings: Artifacts
    secondary: bool = False


def wanted(order: Order, buildspec: Buildspec) -> list[Wanted]:
    """Return the artifacts that a build has to leave.

    Raises
    ------
    PhaseError
        The buildspec and what is wanted don't fit together.
    """
    if order.work:
        return list(_of_pipeline(order.work.outputs, buildspec))
    return list(_of_project(order, buildspec))


def _of_project(order: Order, buildspec: Buildspec) -> Iterator[Wanted]:
    settings, secondary = order.project.artifacts, order.project.secondary_artifacts
    if settings.type == "S3" and buildspec.artifacts:
        yield Wanted(buildspec.artifacts, settings)
    if settings.type == "NO_ARTIFACTS" and not secondary:
        return  # rule: no-artifacts-uploads-nothing
    known = [each.artifact_identifier or "" for each in secondary]
    for name in buildspec.secondary_artifacts:
        if name not in known:
            # rule: secondary-artifacts-match
            raise PhaseError(
                "CLIENT_ERROR", f"The project has no secondary artifact {name}, which the buildspec's artifacts name."
            )
    for each in secondary:
        yield Wanted(_secondary(buildspec, each.artifact_identifier or "", "project"), each, secondary=True)


def _of_pipeline(outputs: tuple[PipelineArtifact, ...], buildspec: Buildspec) -> Iterator[Wanted]:
    # rule: pipeline-one-output, pipeline-outputs-match
    for each in outputs:
        here = {"type": "S3", "location": each.bucket, "name": each.key, "packaging": "ZIP"}
        if len(outputs) > 1:
            output = _secondary(buildspec, each.name, "pipeline")
            yield Wanted(output, Artifacts.model_validate({**here, "artifactIdentifier": each.name}), secondary=True)
        elif buildspec.artifacts:
            yield Wanted(buildspec.artifacts, Artifacts.model_validate(here))


def _secondary(buildspec: Buildspec, name: str, whose: str) -> Output:
    # rule: pipeline-outputs-missing
    output = buildspec.secondary_artifacts.get(name)
    if output is None:
        raise PhaseError(
            "CLIENT_ERROR",
            f"The buildspec has no block artifacts.secondary-artifacts.{name} for the {whose}'s artifact {name}.",
        )
    return output


def planned(order: Order, build_uuid: str) -> tuple[BuildArtifacts, tuple[BuildArtifacts, ...]]:
    """Return what a build says of its primary and secondary artifacts before they are there."""
    if not order.work:
        project = order.project
        return (
            artifacts.planned(project.artifacts, build_uuid),
            tuple(artifacts.planned(each, build_uuid) for each in project.secondary_artifacts),
        )
    shown = [BuildArtifacts(location=each.arn, artifact_identifier=each.name) for each in order.work.outputs]
    if len(shown) == 1:
        return shown[0].model_copy(update={"artifact_identifier": None}), ()
    return BuildArtifacts(location=""), tuple(shown)


class Outputs:
    """Takes what one build leaves.

    Parameters
    ----------
    build
        The build.
    order
        What it was asked to do.
    buildspec
        What its buildspec says.
    machine
        Where its files and its shell are.
    log
        The build's log.
    """

    def __init__(self, build: Build, order: Order, buildspec: Buildspec, machine: Machine, log: BuildLog) -> None:
        self._build = build
        self._order = order
        self._buildspec = buildspec
        self._machine = machine
        self._log = log

    def exported(self) -> tuple[ExportedVariable, ...]:
        """Return the variables that the buildspec exports, as they are now.

        Raises
        ------
        PhaseError
            With status STOPPED or TIMED_OUT.
        """
        # rule: exported-variables, exported-built-ins, exported-aws-names
        names = [name for name in self._buildspec.exported if not name.startswith("AWS_")]
        for name in self._buildspec.exported:
            if name not in names:
                self._log.line(f"The variable {name} is not exported: no name that begins with AWS_ is.")
        values = self._machine.values(names) if names else {}
        return tuple(ExportedVariable(name=name, value=value) for name, value in values.items())

    def upload(self, client: Callable[[str], Any]) -> dict[str, Any]:
        """Put the artifacts where they are wanted and return what of the build changes with them.

        Parameters
        ----------
        client
            Makes a client for a service with the service role's permissions.

        Raises
        ------
        PhaseError
            There is nothing to put, or S3 refuses.
        """
        found = [self._settled(each) for each in wanted(self._order, self._buildspec)]
        if not found:
            if self._order.project.artifacts.type != "NO_ARTIFACTS":
                self._log.line("No artifact files specified")
            return {}
        self._machine.check()
        self._machine.end_processes()  # nothing may change the files any more
        s3 = client("s3")
        left = [(self._put(s3, each), each.secondary) for each in found]
        primary = [each for each, secondary in left if not secondary]
        changes = {"secondary_artifacts": tuple(each for each, secondary in left if secondary)}
        return {**changes, "artifacts": primary[0]} if primary else changes

    def _settled(self, wish: Wanted) -> Wanted:
        """Return an artifact with the variables in it replaced, while there is still a shell that knows them."""
        settings, output = wish.settings, wish.output
        if settings.override_artifact_name and output.name:
            # rule: artifact-name-override
            settings = settings.model_copy(update={"name": self._computed(output.name)})
        output = replace(output, base_directory=self._expanded(output.base_directory))
        return replace(wish, output=output, settings=settings)

    def _expanded(self, text: str) -> str:
        """Return a text with the values of the shell's variables in it."""
        # rule: artifacts-base-directory-variables
        names = [first or second for first, second in _VARIABLE.findall(text)]
        if not names:
            return text
        values = self._machine.values(name for name in names if not name[0].isdigit())
        return _VARIABLE.sub(lambda match: values.get(match[1] or match[2], ""), text)

    def _computed(self, name: str) -> str:
        """Return an artifact's name as the build's shell expands it."""
        written: list[bytes] = []
        status = self._machine.run(f"{{ cat <<CICDLAB_NAME\n{name}\nCICDLAB_NAME\n}} 2>/dev/null", written.append)
        text = b"".join(written).decode(errors="replace").strip()
        if status or not text or "\n" in text:
            raise PhaseError("CLIENT_ERROR", f"The artifact name {name} could not be computed.")
        return text

    def _put(self, s3: Any, wish: Wanted) -> BuildArtifacts:
        machine, build = self._machine, self._build
        site = artifacts.Site(machine.root, machine.source, machine.path, self._log.line)
        name = wish.settings.name or build.project_name
        destination = artifacts.Destination(wish.settings, name, build.uuid, build.arn, build.encryption_key)
        return artifacts.upload(s3, destination, artifacts.collect(wish.output, site))
