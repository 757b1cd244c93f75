"""What CodeBuild tells EventBridge: the details of its events.

https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html
"""

from datetime import datetime
from typing import Any

from .model import Build, BuildPhase

SOURCE = "aws.codebuild"
STATE, PHASE = "CodeBuild Build State Change", "CodeBuild Build Phase Change"
_VERSION = "1"

Detail = dict[str, Any]


def state_change(build: Build, phases: list[Detail]) -> Detail:
    """Return the detail of an event about a build's status, given its phases as `phase` returns them."""
    # rule: event-build-state
    return {
        "build-status": build.build_status,
        "project-name": build.project_name,
        "build-id": build.arn,
        "additional-information": _information(build, phases),
        "current-phase": build.current_phase,
        "current-phase-context": "[]",
        "version": _VERSION,
    }


def phase_change(build: Build, ended: BuildPhase, phases: list[Detail]) -> Detail:
    """Return the detail of an event about a phase that has ended."""
    # rule: event-build-phase
    return {
        "completed-phase": ended.phase_type,
        "completed-phase-status": ended.phase_status,
        "completed-phase-context": f"[{', '.join(_contexts(ended))}]",
        "completed-phase-start": moment(ended.start_time),
        "completed-phase-end": moment(ended.end_time or ended.start_time),
        "completed-phase-duration-seconds": ended.duration_in_seconds or 0,
        "project-name": build.project_name,
        "build-id": build.arn,
        "additional-information": _information(build, phases),
        "version": _VERSION,
    }


def phase(known: BuildPhase) -> Detail:
    """Return a phase as events show it."""
    shown: Detail = {"phase-type": known.phase_type, "start-time": moment(known.start_time)}
    if known.end_time:
        shown |= {
            "phase-context": _contexts(known),
            "phase-status": known.phase_status,
            "end-time": moment(known.end_time),
            "duration-in-seconds": known.duration_in_seconds,
        }
    return shown


def moment(time: datetime) -> str:
    """Return a time as events show it: ``Nov 2, 2026 9:00:00 AM``."""
    # rule: event-times
    return f"{time:%b} {time.day}, {time.year} {time.hour % 12 or 12}:{time:%M:%S} {'AM' if time.hour < 12 else 'PM'}"


def _information(build: Build, phases: list[Detail]) -> Detail:
    return {
        "artifact": {
            "location": build.artifacts.location or "",
            **_given(md5sum=build.artifacts.md5sum, sha256sum=build.artifacts.sha256sum),
        },
        "build-number": build.build_number,
        "cache": {"type": build.cache["type"]},
        "environment": _environment(build),
        "timeout-in-minutes": build.timeout_in_minutes,
        "queued-timeout-in-minutes": build.queued_timeout_in_minutes,
        "build-complete": build.build_complete,
        "initiator": build.initiator,
        "build-start-time": moment(build.start_time),
        "source": _given(type=build.source.type, location=build.source.location),
        "logs": {
            name.replace("_", "-"): value
            for name in ("group_name", "stream_name", "deep_link")
            if (value := getattr(build.logs, name))
        },
        "phases": phases,
        **({"source-version": build.source_version} if build.source_version else {}),
    }


def _environment(build: Build) -> Detail:
    machine = build.environment
    return {
        "type": machine.type,
        "image": machine.image,
        "compute-type": machine.compute_type,
        "privileged-mode": machine.privileged_mode,
        "image-pull-credentials-type": machine.image_pull_credentials_type,
        "environment-variables": [
            {"name": each.name, "type": each.type, "value": each.value} for each in machine.environment_variables
        ],
    }


def _contexts(known: BuildPhase) -> list[str]:
    return [f"{each.status_code}: {each.message}" for each in known.contexts or () if each.status_code]


def _given(**members: str | None) -> Detail:
    return {name: value for name, value in members.items() if value}
