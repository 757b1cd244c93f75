"""A deployment as HTML: read by everyone, with JavaScript or without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from cicdlab.views.marks import breakable, facts, look, mark
from cicdlab.views.replay import Item, Moment, between, frames
from cicdlab.views.rollout import OVERVIEW, Event, Rollout, Target
from cicdlab.views.text import duration, moment, took, utc
from cicdlab.widget import folded


@dataclass(frozen=True)
class Parts:
    """What changes on its own while a deployment runs; all but `title` and `news` are HTML.

    Attributes
    ----------
    title
        Which deployment.
    news
        How it stands, in one sentence, for those who listen.
    details
        What an event of a target says, by the place of its cell: row and column.
    """

    title: str
    news: str
    head: str
    grid: str
    details: dict[str, str]


def draw(run: Rollout) -> Parts:
    """Draw a deployment; every text from outside is escaped here."""
    details = {
        f"{row}.{column}": _detail(event)
        for row, target in enumerate(run.targets)
        for column, event in enumerate(target.events)
        if event and _says(event)
    }
    return Parts(_title(run), _news(run), _head(run), _grid(run), details)


def fallback(parts: Parts, run: Rollout) -> str:
    """The whole view without JavaScript."""
    said = [
        f"<p><strong>{escape(run.columns[column])} on {escape(target.id)}</strong></p>\n{parts.details[key]}"
        for row, target in enumerate(run.targets)
        for column in range(len(run.columns))
        if (key := f"{row}.{column}") in parts.details
    ]
    details = folded("What the events say", "\n".join(said)) if said else ""
    return f'<div class="cicd cicd-view cicd-deployment">\n{parts.head}\n{parts.grid}\n{details}\n</div>'


def replay(run: Rollout) -> dict[str, Any]:
    """The deployment's replay; empty while it runs."""
    if not run.ended:
        return {}
    items = [between("Created", run.began, run.completed, "InProgress", run.status)]
    for target in run.targets:
        items += [_course(run, target), *_events(run, target)]
    return frames(items, lambda each: _say(run, each), lambda each: {"overview": _count(_standings(run, each))})


def _title(run: Rollout) -> str:
    return f"Deployment {run.id}" if run.id else "Deployment"


def _news(run: Rollout) -> str:
    words = look(run.status).words.lower()
    title = _title(run)
    if not run.ended:
        done = sum(target.status in ("Succeeded", "Failed", "Skipped") for target in run.targets)
        of = f": {done} of {_instances(len(run.targets))} done" if run.targets else ""
        return f"{title} is {words}{of}."
    took = f" after {duration(run.seconds)}" if run.seconds is not None else ""
    failed = [target for target in run.targets if target.status == "Failed"]
    on = f" {len(failed)} of {_instances(len(run.targets))} failed." if failed else ""
    return f"{title}: {words}{took}.{on}"


def _instances(count: int) -> str:
    return f"{count} target{'' if count == 1 else 's'}"


def _head(run: Rollout) -> str:
    title = f'<p class="cicd-title"><strong>{escape(_title(run))}</strong> {mark(look(run.status), 0)}</p>'
    where = " › ".join(filter(None, (run.application, run.group)))
    lines = [
        facts(where, run.configuration, run.style),
        _fact("Revision", run.revision),
        facts(
            f"Started {moment(run.began)}" if run.began else "",
            f"Took {duration(run.seconds)}" if run.seconds is not None else "",
            f"Created by {run.creator}" if run.creator else "",
        ),
        facts(run.description),
    ]
    overview = (
        f'<p class="cicd-overview" data-text="overview">{escape(_count(run.overview))}</p>' if run.targets else ""
    )
    error = f'<p class="cicd-error" data-final>{escape(run.error)}</p>' if run.error else ""
    notes = "\n".join(f'<p class="cicd-facts" data-final>{escape(note)}</p>' for note in run.notes)
    return "\n".join(filter(None, (title, *lines, error, notes, overview)))


def _fact(name: str, value: str) -> str:
    return f'<p class="cicd-facts">{name} <code>{escape(value)}</code></p>' if value else ""


def _count(numbers: Mapping[str, int]) -> str:
    said = [f"{numbers[name]} {look(name).words.lower()}" for name in OVERVIEW if numbers.get(name)]
    return " · ".join(said) or "No targets yet"


def _grid(run: Rollout) -> str:
    if not run.targets:
        return f'<p class="cicd-facts">{"It reached no target." if run.ended else "No target has begun yet."}</p>'
    names = "".join(f'<th scope="col">{breakable(name)}</th>' for name in run.columns)
    rows, item = [], 1
    for target in run.targets:
        rows.append(_row(target, item))
        item += 1 + len(target.events)
    name = f"{escape(_title(run))}: lifecycle events"
    return (
        f'<div class="cicd-scroll" tabindex="0" role="group" aria-label="{name}">\n'
        f'<table class="cicd-grid" style="--cicd-events:{len(run.columns)}">\n'
        f'<caption class="cicd-unseen">{name}</caption>\n'
        f'<thead><tr><th scope="col">Target</th>{names}</tr></thead>\n<tbody>\n'
        + "\n".join(rows)
        + "\n</tbody>\n</table>\n</div>"
    )


def _row(target: Target, item: int) -> str:
    label = f' <span class="cicd-label">{escape(target.label)}</span>' if target.label else ""
    cells = "".join(
        f"<td>{mark(look(event.status), item + column)}</td>" if event else "<td></td>"
        for column, event in enumerate(target.events, start=1)
    )
    state = mark(look(target.status), item)
    return f'<tr><th scope="row"><span>{escape(target.id)}</span>{label} {state}</th>{cells}</tr>'


def _says(event: Event) -> bool:
    return bool(event.start or event.script or event.message or event.log or event.code)


def _detail(event: Event) -> str:
    seconds = took(event.start, event.end)
    times = facts(
        f"Began at {utc(event.start):%H:%M:%S} UTC" if event.start else "",
        f"took {duration(seconds)}" if seconds is not None else "",
    )
    said = [
        f"<div><dt>{name}</dt><dd>{value}</dd></div>"
        for name, value in (
            ("Error code", escape("" if event.code == "Success" else event.code)),
            ("Script", f"<code>{escape(event.script)}</code>" if event.script else ""),
            ("Message", escape("" if event.message == event.status else event.message)),
        )
        if value
    ]
    about = f"<dl>{''.join(said)}</dl>" if said else ""
    log = f"<pre>{escape(event.log)}</pre>" if event.log else ""
    return times + about + log


def _course(run: Rollout, target: Target) -> Item:
    """A target's own status: it goes on from its first event to its last."""
    starts = [utc(event.start) for event in target.events if event and event.start]
    return between("Pending", min(starts, default=None), _end(run, target), "InProgress", target.status)


def _end(run: Rollout, target: Target) -> datetime | None:
    """When a target was done; one that was never begun was given up when the deployment ended."""
    return max((utc(event.end) for event in target.events if event and event.end), default=run.completed)


def _events(run: Rollout, target: Target) -> list[Item]:
    return [_item(event, _end(run, target)) for event in target.events]


def _item(event: Event | None, end: datetime | None) -> Item:
    if event is None:
        return Item("Pending")
    if event.start or event.end:
        return between("Pending", event.start, event.end, "InProgress", event.status)
    # What was never begun is known to be skipped when the target is done.
    return between("Pending", None, end, "InProgress", event.status)


def _standings(run: Rollout, at: Moment) -> dict[str, int]:
    width = 1 + len(run.columns)
    statuses = [at.now[1 + row * width] for row in range(len(run.targets))]
    return {name: statuses.count(name) for name in OVERVIEW}


def _say(run: Rollout, at: Moment) -> str:
    """What happened at a moment: each event with how many targets it began, succeeded or failed on."""
    width = 1 + len(run.columns)
    told: dict[tuple[str, str], list[str]] = {}
    for number, status in sorted(at.changed.items()):
        row, column = divmod(number - 1, width)
        if number > 0 and column > 0:
            told.setdefault((status, run.columns[column - 1]), []).append(run.targets[row].id)
    said = [
        f"{event} {_VERBS.get(status, look(status).words.lower())} on {_on(where)}"
        for (status, event), where in sorted(told.items(), key=lambda each: each[0][0] == "InProgress")
        if status != "Skipped"
    ]
    if 0 in at.changed:
        said.append(f"the deployment {_VERBS.get(at.changed[0], look(at.changed[0]).words.lower())}")
    sentence = "; ".join(said)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


_VERBS = {"InProgress": "begins", "Succeeded": "succeeds", "Failed": "fails", "Stopped": "is stopped"}


def _on(where: list[str]) -> str:
    return where[0] if len(where) == 1 else f"{len(where)} targets"
