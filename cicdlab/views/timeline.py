"""A build as rows of a timeline: what happened in each phase, when, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cicdlab.views.text import clean, utc

GROUPS = {
    "CodeBuild gets ready": ("SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE"),
    "Your buildspec": ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"),
    "CodeBuild finishes": ("UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"),
}
PHASES = tuple(name for names in GROUPS.values() for name in names)

# Beside the statuses that the service gives, a phase can be in one of these.
WAITING, NOT_RUN, REACHED, ENDED = "WAITING", "NOT_RUN", "REACHED", "ENDED"
RUNNING = "IN_PROGRESS"
_RUNNING_SHARE = 0.15


@dataclass(frozen=True)
class Row:
    """One phase.

    Attributes
    ----------
    seconds
        How long it took; None while that is unknown.
    messages
        What went wrong, as the service says it.
    start, width
        Where its bar lies, as shares of the whole; None without a bar.
    """

    name: str
    status: str
    seconds: float | None
    messages: tuple[str, ...]
    start: float | None
    width: float


@dataclass(frozen=True)
class Artifact:
    """Something that the build stored."""

    name: str
    location: str
    sha256: str


@dataclass(frozen=True)
class Timeline:
    """A build, ready to be drawn; texts are clean but not escaped."""

    project: str
    number: int | None
    status: str
    running: bool
    current: str
    started: datetime | None
    seconds: float | None
    initiator: str
    rows: tuple[Row, ...]
    artifacts: tuple[Artifact, ...]


_Phase = tuple[str, Mapping[str, Any] | None]


@dataclass(frozen=True)
class _Span:
    start: float
    end: float


def has_ended(build: Mapping[str, Any]) -> bool:
    """Whether nothing more will happen in a build."""
    return bool(build.get("buildComplete", build.get("buildStatus", RUNNING) != RUNNING))


def timeline(build: Mapping[str, Any]) -> Timeline:
    """Read a build.

    Parameters
    ----------
    build
        A build as `batch_get_builds` returns it; every member is optional.
    """
    phases = _in_order(build)
    ended = has_ended(build)
    started = build.get("startTime") or next((p["startTime"] for _, p in phases if p and p.get("startTime")), None)
    spans = _spans(phases, started)
    rows = _rows(phases, spans, ended)
    seconds = max((span.end for span in spans if span), default=None)
    if started and build.get("endTime"):
        seconds = _after(build["endTime"], started)
    return Timeline(
        project=clean(build.get("projectName", "")),
        number=build.get("buildNumber"),
        status=clean(build.get("buildStatus", ENDED if ended else RUNNING)),
        running=not ended,
        current=clean(build.get("currentPhase", "")),
        started=started,
        seconds=seconds if ended else None,
        initiator=clean(build.get("initiator", "")),
        rows=tuple(rows),
        artifacts=_artifacts(build),
    )


def _rows(phases: list[_Phase], spans: list[_Span | None], ended: bool) -> list[Row]:
    running = None if ended else max((n for n, (_, phase) in enumerate(phases) if _is_running(phase)), default=None)
    scale = _scale(max((span.end for span in spans if span), default=0.0), running is not None)
    known = {name for name, phase in phases if phase is not None}
    rows = []
    for number, ((name, phase), span) in enumerate(zip(phases, spans, strict=True)):
        status = _status(name, phase, running=number == running, past=ended or _is_passed(name, known))
        start, width = _bar(span, scale, status)
        rows.append(Row(name, status, _seconds(phase, span), _messages(phase), start, width))
    return rows


def _in_order(build: Mapping[str, Any]) -> list[_Phase]:
    """Every phase with what is known of it; a phase that ran twice has two entries, one that never ran has None."""
    given = [(clean(phase.get("phaseType", "")), phase) for phase in build.get("phases") or []]
    ordered: list[_Phase] = []
    for name in PHASES:
        ordered += [(name, phase) for other, phase in given if other == name] or [(name, None)]
    return ordered + [(name, phase) for name, phase in given if name not in PHASES]


def _is_running(phase: Mapping[str, Any] | None) -> bool:
    return phase is not None and phase.get("phaseStatus", RUNNING) == RUNNING and "endTime" not in phase


def _is_passed(name: str, known: set[str]) -> bool:
    """Whether the build has gone on to a later phase."""
    return name in PHASES and any(other in PHASES[PHASES.index(name) + 1 :] for other in known)


def _status(name: str, phase: Mapping[str, Any] | None, *, running: bool, past: bool) -> str:
    if phase is None:
        return NOT_RUN if past else WAITING
    if name == "COMPLETED" and "phaseStatus" not in phase:  # it is a moment, and the service gives it no status
        return REACHED
    if running:
        return RUNNING
    status = clean(phase.get("phaseStatus", ENDED))
    return ENDED if status == RUNNING else status


def _spans(phases: list[_Phase], started: datetime | None) -> list[_Span | None]:
    """When each phase began and ended, in seconds after the build; what is not given follows from what came before."""
    spans: list[_Span | None] = []
    at = 0.0
    for _, phase in phases:
        if phase is None:
            spans.append(None)
            continue
        begin, end = phase.get("startTime"), phase.get("endTime")
        start = _after(begin, started) if begin and started else at
        if end and started:
            at = max(start, _after(end, started))
        else:
            at = start + max(0, phase.get("durationInSeconds") or 0)
        spans.append(_Span(start, at))
    return spans


def _after(time: datetime, started: datetime) -> float:
    return max(0.0, (utc(time) - utc(started)).total_seconds())


def _seconds(phase: Mapping[str, Any] | None, span: _Span | None) -> float | None:
    if phase is None or span is None:
        return None
    given = phase.get("durationInSeconds")
    if given is not None:
        return max(0.0, float(given))
    return span.end - span.start if "endTime" in phase else None


def _scale(total: float, running: bool) -> float:
    """Shares per second: a running phase has no end yet, and gets what is left at the right."""
    room = 1 - _RUNNING_SHARE if running else 1.0
    return room / total if total else 0.0


def _bar(span: _Span | None, scale: float, status: str) -> tuple[float | None, float]:
    if span is None:
        return None, 0.0
    start = min(1.0, span.start * scale)
    if status == RUNNING:
        return start, 1.0 - start
    return start, min(1.0 - start, (span.end - span.start) * scale)


def _messages(phase: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a phase's contexts say; a phase that went well has an empty one."""
    contexts = (phase or {}).get("contexts") or []
    pairs = [(clean(context.get("statusCode") or ""), clean(context.get("message") or "")) for context in contexts]
    return tuple(": ".join(filter(None, pair)) for pair in pairs if any(pair))


def _artifacts(build: Mapping[str, Any]) -> tuple[Artifact, ...]:
    """Where artifacts were stored; a build names the place even when nothing got there."""
    uploads = [p for p in build.get("phases") or [] if p.get("phaseType") == "UPLOAD_ARTIFACTS"]
    if not any(phase.get("phaseStatus") == "SUCCEEDED" for phase in uploads):
        return ()
    given = [build.get("artifacts") or {}, *(build.get("secondaryArtifacts") or [])]
    return tuple(
        Artifact(*(clean(artifact.get(key) or "") for key in ("artifactIdentifier", "location", "sha256sum")))
        for artifact in given
        if artifact.get("location")
    )
