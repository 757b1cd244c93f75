"""A pipeline as HTML: stages as on AWS's console page, and a table for readers without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from cicdlab.views.marks import facts, look, mark
from cicdlab.views.replay import Change, Item, Moment, frames
from cicdlab.views.stages import APPROVAL, NOT_RUN, RUNNING, Action, Line, Stage, short
from cicdlab.views.text import duration, moment, took, utc
from cicdlab.widget import folded

NOTEBOOK = "Approving or rejecting needs the notebook: run this cell in JupyterLab, or use put-approval-result."


@dataclass(frozen=True)
class Parts:
    """What changes on its own while a pipeline runs; `head` and `stages` are HTML.

    Attributes
    ----------
    title
        Which pipeline.
    news
        How its execution stands, in one sentence, for those who listen.
    """

    title: str
    news: str
    head: str
    stages: str


def draw(run: Line) -> Parts:
    """Draw a pipeline; every text from outside is escaped here."""
    return Parts(f"Pipeline {run.name}", _news(run), _head(run), _stages(run))


def fallback(parts: Parts, run: Line) -> str:
    """The whole view without JavaScript."""
    waits = f'<p class="cicd-facts">{NOTEBOOK}</p>' if run.waiting else ""
    table = folded("Stages and actions", _table(run))
    return f'<div class="cicd cicd-view cicd-pipeline">\n{parts.head}\n{waits}\n{table}\n</div>'


def replay(run: Line) -> dict[str, Any]:
    """The replay of the execution: of the whole, or until it waits for an approval; empty while it runs."""
    if not run.ended and not run.waiting:
        return {}
    names, items = ["the execution"], [_execution(run)]
    for stage in run.stages:
        names += [stage.name, *(action.name for action in stage.actions)]
        items += [_stage_item(run, stage), *(_action_item(action) for action in stage.actions)]
    return frames(items, lambda each: _say(names, each))


def _news(run: Line) -> str:
    if not run.execution:
        return f"Pipeline {run.name} has not been started yet."
    title = f"Execution {short(run.execution)} of pipeline {run.name}"
    if run.waiting:
        stage, action = run.waiting[0]
        return f"{title} waits for an approval: {action} in stage {stage}."
    if not run.ended:
        going = [stage.name for stage in run.stages if stage.execution == run.execution and stage.status == RUNNING]
        return f"{title} is {look(run.status).words.lower()}{f': {going[-1]}' if going else ''}."
    failed = [stage.name for stage in run.stages if stage.execution == run.execution and stage.status == "Failed"]
    where = f" in stage {failed[0]}" if failed and run.status == "Failed" else ""
    return f"{title}: {look(run.status).words.lower()}{where}."


def _head(run: Line) -> str:
    state = mark(look(run.status), 0) if run.execution else mark(look(NOT_RUN))
    lines = [
        f'<p class="cicd-title"><strong>Pipeline {escape(run.name)}</strong> {state}</p>',
        facts(
            f"Execution {short(run.execution)}" if run.execution else "It has not been started yet",
            f"Started {moment(run.started)}" if run.started else "",
            f"by {run.trigger}" if run.trigger else "",
        ),
        facts(f"Revision {' · '.join(run.revisions)}" if run.revisions else ""),
        f'<p class="cicd-facts" data-final>{escape(run.summary)}</p>' if run.summary else "",
    ]
    return "\n".join(filter(None, lines))


def _stages(run: Line) -> str:
    drawn, item = [], 1
    for number, stage in enumerate(run.stages):
        drawn.append(_stage(run, stage, item, first=number == 0))
        item += 1 + len(stage.actions)
    return f'<ol class="cicd-stages" aria-label="Stages of {escape(run.name)}">\n' + "\n".join(drawn) + "\n</ol>"


def _stage(run: Line, stage: Stage, item: int, *, first: bool) -> str:
    numbers = iter(range(item + 1, item + 1 + len(stage.actions)))
    groups = "\n".join(
        f'<div class="cicd-actions">{"".join(_action(run, stage, action, next(numbers)) for action in group)}</div>'
        for _, group in groupby(stage.actions, key=lambda action: action.order)
    )
    into = "" if first else _transition(stage)
    name = escape(stage.name)
    return (
        f'<li>{into}<div class="cicd-stage" role="group" aria-label="Stage {name}">'
        f'<p class="cicd-stage-head"><strong>{name}</strong> {mark(look(stage.status), item)}'
        f"{_whose(run, stage)}</p>\n{groups}</div></li>"
    )


def _whose(run: Line, stage: Stage) -> str:
    """The execution that the stage shows, when it is not the one that the head names."""
    if stage.execution in ("", run.execution):
        return ""
    return f' <span class="cicd-facts">of execution {escape(short(stage.execution))}</span>'


def _transition(stage: Stage) -> str:
    waiting = "".join(
        f'<span class="cicd-inbound">Execution {escape(short(each))} waits here</span>' for each in stage.inbound
    )
    if stage.enabled:
        return f'<p class="cicd-transition"><span class="cicd-arrow" aria-hidden="true">↓</span>{waiting}</p>'
    reason = f": {escape(stage.reason)}" if stage.reason else ""
    return (
        '<p class="cicd-transition cicd-disabled"><span class="cicd-arrow" aria-hidden="true">⊘</span>'
        f"<span>Transition disabled{reason}</span>{waiting}</p>"
    )


def _action(run: Line, stage: Stage, action: Action, item: int) -> str:
    said = "\n".join(f"<p>{each}</p>" for each in _details(action))
    details = f'\n<div class="cicd-result" data-after="{item}">{said}</div>' if said else ""
    name = escape(action.name)
    note = f'\n<p class="cicd-facts">{escape(action.note)}</p>' if action.note else ""
    place = f"{stage.name}\n{action.name}"
    ask = (
        f'\n<div class="cicd-approval" data-approval="{escape(place)}" data-final></div>'
        if (stage.name, action.name) in run.waiting
        else ""
    )
    return (
        f'<div class="cicd-action" role="group" aria-label="Action {name}">'
        f'<p class="cicd-action-head"><strong>{name}</strong>'
        f' <span class="cicd-facts">{escape(action.provider)}</span></p>'
        f"<p>{mark(look(action.status), item)}</p>{note}{details}{ask}</div>"
    )


def _details(action: Action) -> Iterator[str]:
    """What an action's run left behind; HTML, each a line."""
    if action.revision:
        yield f"<code>{escape(action.revision)}</code>"
    if action.error:
        yield f'<span class="cicd-bad">{escape(action.error)}</span>'
    elif action.summary and action.summary != action.revision:
        yield escape(action.summary)
    if action.external:
        yield f"Id <code>{escape(action.external)}</code>"
    if when := _when(action):
        yield when


def _when(action: Action) -> str:
    last = action.runs[-1] if action.runs else None
    seconds = took(last.start, last.end) if last else None
    if last and last.end and seconds is not None and last.end == action.time:
        again = f" · run {len(action.runs)} times" if len(action.runs) > 1 else ""
        return f"{utc(last.end):%H:%M:%S} UTC · took {duration(seconds)}{again}"
    since = "Since " if action.waits else ""
    return f"{since}{moment(action.time)}" if action.time else ""


def _table(run: Line) -> str:
    rows = [
        f'<tr><td>{escape(stage.name)}</td><th scope="row">{escape(action.name)}'
        f'<span class="cicd-facts">{escape(action.provider)}</span></th>'
        f"<td>{'<br>'.join([mark(look(action.status)), *_details(action)])}</td></tr>"
        for stage in run.stages
        for action in stage.actions
    ]
    closed = "".join(
        f"<p>The transition into {escape(f'{stage.name} is disabled: {stage.reason}'.removesuffix(': '))}.</p>"
        for stage in run.stages
        if not stage.enabled
    )
    heads = "".join(f'<th scope="col">{each}</th>' for each in ("Stage", "Action", "How it went"))
    name = f"Pipeline {escape(run.name)}: stages and actions"
    return (
        f'<div class="cicd-scroll" tabindex="0" role="group" aria-label="{name}">\n<table>\n'
        f'<caption class="cicd-unseen">{name}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n'
        + "\n".join(rows)
        + f"\n</tbody>\n</table>\n</div>{closed}"
    )


def _execution(run: Line) -> Item:
    changes: list[Change] = [(run.started, RUNNING)] if run.started else []
    if run.ended and run.updated:
        changes.append((run.updated, run.status))
    return Item(NOT_RUN, tuple(changes))


def _action_item(action: Action) -> Item:
    """An action that the execution did not reach stays as it is drawn."""
    changes: list[Change] = []
    during = APPROVAL if action.category == "Approval" else RUNNING
    for each in action.runs:
        if each.start:
            changes.append((each.start, during))
        if each.end:
            changes.append((each.end, each.status))
    return Item(NOT_RUN if changes else action.status, tuple(changes))


def _stage_item(run: Line, stage: Stage) -> Item:
    """A stage goes on from its first action to its last."""
    starts = [utc(each.start) for action in stage.actions for each in action.runs if each.start]
    if not starts:
        return Item(stage.status)
    changes: list[Change] = [(min(starts), RUNNING)]
    ends = [utc(each.end) for action in stage.actions for each in action.runs if each.end]
    going = any(each.end is None for action in stage.actions for each in action.runs)
    if ends and not going:
        own = stage.execution == run.execution
        failed = any(action.runs and action.runs[-1].status != "Succeeded" for action in stage.actions)
        changes.append((max(ends), stage.status if own else "Failed" if failed else "Succeeded"))
    return Item(NOT_RUN, tuple(changes))


def _say(names: list[str], at: Moment) -> str:
    """What happened at a moment; of a stage and its actions that change together, the actions."""
    said = []
    for number, status in sorted(at.changed.items(), key=lambda each: (each[1] in (RUNNING, APPROVAL), each[0])):
        words = _VERBS.get(status, f"is {look(status).words.lower()}")
        said.append(f"{names[number]} {words}")
    sentence = "; ".join(dict.fromkeys(said))
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


_VERBS = {RUNNING: "begins", APPROVAL: "waits for an approval", "Succeeded": "succeeds", "Failed": "fails"}
