"""A build's timeline and log as HTML: read by everyone, with JavaScript or without."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from cicdlab.views.log import Gap, Line
from cicdlab.views.marks import Look, facts, mark, unknown
from cicdlab.views.text import duration, moment
from cicdlab.views.timeline import ENDED, GROUPS, NOT_RUN, PHASES, REACHED, RUNNING, WAITING, Artifact, Row, Timeline
from cicdlab.widget import folded

LOOKS = {
    "SUCCEEDED": Look("✓", "Succeeded", "good"),
    "FAILED": Look("✗", "Failed", "bad"),
    "FAULT": Look("✗", "Fault", "bad"),
    "TIMED_OUT": Look("✗", "Timed out", "bad"),
    "STOPPED": Look("■", "Stopped", "bad"),
    RUNNING: Look("▸", "Running", "active"),
    WAITING: Look("○", "Waiting", "quiet"),
    NOT_RUN: Look("–", "Not run", "quiet"),
    REACHED: Look("•", "Reached", "quiet"),
    ENDED: Look("•", "Ended", "quiet"),
}


@dataclass(frozen=True)
class Parts:
    """What changes on its own while a build runs; all but `title` and `news` are HTML.

    Attributes
    ----------
    title
        The build's name.
    news
        How it stands, in one sentence, for those who listen.
    """

    title: str
    news: str
    head: str
    phases: str
    log: str


def draw(build: Timeline, log: list[Line | Gap]) -> Parts:
    """Draw a build; every text from outside is escaped here."""
    title = _title(build)
    return Parts(title, _news(title, build), _head(title, build), _phases(title, build), _log(log, build))


def fallback(parts: Parts) -> str:
    """The whole view without JavaScript."""
    log = folded("Log", f'<pre tabindex="0">{parts.log}</pre>')
    return f'<div class="cicd cicd-view cicd-build">\n{parts.head}\n{parts.phases}\n{log}\n</div>'


def look(status: str) -> Look:
    """How a status of CodeBuild appears."""
    return LOOKS.get(status) or unknown(status)


def _title(build: Timeline) -> str:
    number = f"Build {build.number}" if build.number is not None else "Build"
    return f"{number} of {build.project}" if build.project else number


def _news(title: str, build: Timeline) -> str:
    if build.running:
        return f"{title} is running{f': {build.current}' if build.current else ''}."
    took = f" after {duration(build.seconds)}" if build.seconds is not None else ""
    return f"{title}: {look(build.status).words.lower()}{took}."


def _head(title: str, build: Timeline) -> str:
    known = facts(
        f"Started {moment(build.started)}" if build.started else "",
        f"Took {duration(build.seconds)}" if build.seconds is not None else "",
        f"Started by {build.initiator}" if build.initiator else "",
    )
    return f'<p class="cicd-title"><strong>{escape(title)}</strong> {mark(look(build.status))}</p>\n{known}'


def _phases(title: str, build: Timeline) -> str:
    bodies = "\n".join(_group(name, rows) for name, rows in _grouped(build.rows) if rows)
    artifacts = "".join(f"\n{_artifact(artifact)}" for artifact in build.artifacts)
    return (
        f'<table class="cicd-phases">\n<caption class="cicd-unseen">{escape(title)}: phases</caption>\n'
        '<thead><tr><th scope="col">Phase</th><th scope="col">Status</th><th scope="col">Time</th></tr></thead>\n'
        f"{bodies}\n</table>{artifacts}"
    )


def _grouped(rows: tuple[Row, ...]) -> list[tuple[str, list[Row]]]:
    known = [(group, [row for row in rows if row.name in names]) for group, names in GROUPS.items()]
    return [*known, ("Other phases", [row for row in rows if row.name not in PHASES])]


def _group(name: str, rows: list[Row]) -> str:
    own = ' class="cicd-own"' if name == "Your buildspec" else ""
    lines = "\n".join(_row(row) for row in rows)
    return f'<tbody{own}>\n<tr class="cicd-group"><th colspan="3" scope="rowgroup">{name}</th></tr>\n{lines}\n</tbody>'


def _row(row: Row) -> str:
    took = duration(row.seconds) if row.seconds is not None else ""
    cells = (
        f'<th scope="row">{escape(row.name)}</th><td>{mark(look(row.status))}</td>'
        f'<td><span class="cicd-time">{_bar(row)}<span class="cicd-took">{took}</span></span></td>'
    )
    messages = "".join(
        f'\n<tr class="cicd-message"><td colspan="3">{escape(message)}</td></tr>' for message in row.messages
    )
    return f"<tr>{cells}</tr>{messages}"


def _bar(row: Row) -> str:
    if row.start is None:
        return '<span class="cicd-track" aria-hidden="true"></span>'
    # A phase of no length is a tick 3 pixels wide, and the last one stays inside.
    place = f"left:min({row.start:.1%},100% - 3px);width:{row.width:.1%}"
    bar = f'<span class="cicd-bar cicd-{look(row.status).colour}" style="{place}"></span>'
    return f'<span class="cicd-track" aria-hidden="true">{bar}</span>'


def _artifact(artifact: Artifact) -> str:
    name = f" {escape(artifact.name)}" if artifact.name else ""
    sha = f"<br>SHA-256: <code>{escape(artifact.sha256)}</code>" if artifact.sha256 else ""
    return f'<p class="cicd-artifact">Artifact{name}: <code>{escape(artifact.location)}</code>{sha}</p>'


def _log(log: list[Line | Gap], build: Timeline) -> str:
    if not log:
        return "Nothing has been logged yet." if build.running else "This build has no log in CloudWatch Logs."
    return "\n".join(_gap(part) if isinstance(part, Gap) else _line(part) for part in log)


def _line(line: Line) -> str:
    text = escape(line.text)
    return f'<mark class="cicd-failing" tabindex="-1">{text}</mark>' if line.failing else text


def _gap(gap: Gap) -> str:
    what = "line is" if gap.lines == 1 else "lines are"
    return f'<span class="cicd-gap">… {gap.lines:,} {what} left out here; CloudWatch Logs has the whole log …</span>'
