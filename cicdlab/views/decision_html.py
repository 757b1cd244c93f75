"""A decision of IAM as HTML: read by everyone, with JavaScript or without."""

from __future__ import annotations

from html import escape

from cicdlab.views import verdict as v
from cicdlab.views.marks import Look, mark, unknown
from cicdlab.views.verdict import Excerpt, Row, Verdict

_DECISIONS = {
    "allowed": Look("✓", "Allowed", "good"),
    "explicitDeny": Look("✗", "Denied", "bad"),
    "implicitDeny": Look("✗", "Denied", "bad"),
}
_REASONS = {
    v.STATEMENT_ALLOWS: "a statement allows",
    v.STATEMENT_DENIES: "a statement denies",
    v.NO_STATEMENT: "no statement allows",
    v.BOUNDARY: "the permissions boundary does not allow",
    v.ORGANIZATION: "the organization's policies do not allow",
    v.RESOURCE: "the resource's policy does not allow",
    v.UNKNOWN: "this is what IAM says to",
}
_SAYINGS = {
    v.DENIES: Look("✗", "Denies", "bad"),
    v.WITHHOLDS: Look("✗", "Does not allow", "bad"),
    v.ALLOWS: Look("✓", "Allows", "good"),
    v.NOTHING: Look("–", "Says nothing", "quiet"),
    v.OVERRULED: Look("–", "Does not count", "quiet"),
    v.UNTOLD: Look("?", "Not told", "quiet"),
}
_LONGEST = 16  # lines of an excerpt that does not scroll


def draw(found: Verdict) -> str:
    """Draw a decision; every text from outside is escaped here."""
    notes = [note for note in (_boundary(found), _missing(found), _way_out(found)) if note]
    parts = [_head(found), _policies(found), *(f'<p class="cicd-note">{note}</p>' for note in notes)]
    return '<div class="cicd cicd-view cicd-decision">\n' + "\n".join(parts) + "\n</div>"


def _head(found: Verdict) -> str:
    decided = _DECISIONS.get(found.decision) or unknown(found.decision)
    lines = [
        f'<p class="cicd-title">{mark(decided, after=":")} {_REASONS[found.reason]} {_code(found.action)} '
        f"on {_code(found.resource)}.</p>",
        f'<p class="cicd-facts">Who asks: {_code(found.principal)}</p>',
    ]
    if found.context:
        said = ", ".join(f"{_code(key)} is {_code(value)}" for key, value in found.context)
        lines.append(f'<p class="cicd-facts">The request said: {said}</p>')
    return "\n".join(lines)


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _policies(found: Verdict) -> str:
    if not found.rows:
        return f'<p class="cicd-note">No policy had a say: {escape(found.subject)} has none.</p>'
    rows = "\n".join(_row(row) for row in found.rows)
    caption = f"Policies for {escape(found.subject)} and what they say"
    return (
        f'<table class="cicd-policies">\n<caption class="cicd-unseen">{caption}</caption>\n'
        '<thead><tr><th scope="col">Policy</th><th scope="col">Type</th><th scope="col">It says</th></tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>"
    )


def _row(row: Row) -> str:
    look = _SAYINGS[row.says]
    cells = f'<th scope="row">{escape(row.name)}</th><td>{escape(row.kind)}</td><td>{mark(look)}</td>'
    excerpts = "".join(
        f'\n<tr class="cicd-excerpt"><td colspan="3">{_excerpt(excerpt, row.name, look)}</td></tr>'
        for excerpt in row.excerpts
    )
    return f"<tr>{cells}</tr>{excerpts}"


def _excerpt(excerpt: Excerpt, policy: str, look: Look) -> str:
    if not excerpt.json:
        return f"The statement begins at {escape(excerpt.place)}."
    lines = excerpt.json.split("\n")
    reach = f' tabindex="0" role="group" aria-label="Statement of {escape(policy)}"' if len(lines) > _LONGEST else ""
    return f'<pre class="cicd-{look.colour}"{reach}>' + "\n".join(_line(line) for line in lines) + "</pre>"


def _line(line: str) -> str:
    """A line of a statement; the effect stands out."""
    return f"<strong>{escape(line)}</strong>" if line.startswith('  "Effect":') else escape(line)


def _boundary(found: Verdict) -> str:
    if found.boundary is None and found.within is None:
        return ""
    boundary = "The permissions boundary" + (f" {_code(found.boundary)}" if found.boundary else "")
    if found.within is None:
        return f"{boundary} limits what {escape(found.subject)} may do."
    if found.within:
        return f"{boundary} allows it."
    return f"{boundary} does not allow it. What other policies allow does not count then."


def _missing(found: Verdict) -> str:
    if not found.missing:
        return ""
    keys = ", ".join(_code(key) for key in found.missing)
    return f"The request said nothing about: {keys}. A condition in a policy asks for that."


def _way_out(found: Verdict) -> str:
    """What would help, without the policy that does it."""
    subject = escape(found.subject)
    what = f"Action {_code(found.action)} and Resource {_code(found.resource)}"
    match found.reason:
        case v.STATEMENT_DENIES:
            return "A statement that denies wins over all that allow: to allow it, that statement must change."
        case v.NO_STATEMENT:
            held = " The statement's conditions must hold, too." if found.missing else ""
            return f"To allow it, a policy of {subject} needs a statement with {what}.{held}"
        case v.BOUNDARY:
            own = "" if found.allowed_by_own else f" A policy of {subject} must allow it, too."
            return f"To allow it, the permissions boundary needs a statement with {what}.{own}"
        case v.RESOURCE:
            who = f"Principal {_code(found.principal)}"
            return f"To allow it, the resource's policy needs a statement with {who}, {what}."
        case v.ORGANIZATION:
            return "Only those who manage the organization can allow it."
    return ""
