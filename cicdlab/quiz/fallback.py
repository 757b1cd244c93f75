"""A sheet for readers without JavaScript: the questions, with answers and reasons folded away."""

from __future__ import annotations

from html import escape

from cicdlab.quiz.bank import Choice, Match, Order, Question
from cicdlab.quiz.markdown import inline, stem
from cicdlab.quiz.sheet import Sheet, shown
from cicdlab.quiz.sheet import partners as partners_of
from cicdlab.widget.static import folded


def fallback(sheet: Sheet) -> str:
    """The whole sheet as HTML."""
    questions = "\n".join(_question(number, question) for number, question in enumerate(sheet.questions, 1))
    return f'<div class="cicd cicd-quiz">\n<p class="cicd-title">{escape(sheet.title)}</p>\n{questions}\n</div>'


def _question(number: int, question: Question) -> str:
    first, rest = stem(question.stem)
    options = "\n".join(f"<li>{inline(option.text)}</li>" for option in shown(question))
    partners = ""
    if isinstance(question, Match):
        partners = f"<p>To choose from: {escape('; '.join(partners_of(question)))}.</p>\n"
    return (
        f'<div class="cicd-question">\n<p><strong>{number}.</strong> {first}</p>\n{rest}\n<ul>\n{options}\n</ul>\n'
        f"{partners}{folded('Answer and reasons', _answer(question))}\n</div>"
    )


def _answer(question: Question) -> str:
    if isinstance(question, Order):
        lines = [f"{inline(option.text)}: {inline(option.why)}" for option in question.options]
        return f"<ol>\n{_items(lines)}\n</ol>"
    if isinstance(question, Match):
        lines = [f"{inline(option.text)} → {inline(option.match)}: {inline(option.why)}" for option in question.options]
        return f"<ul>\n{_items(lines)}\n</ul>"
    choices = [option for option in shown(question) if isinstance(option, Choice)]
    lines = [
        f"<strong>{'Right' if option.right else 'Wrong'}:</strong> {inline(option.text)}: {inline(option.why)}"
        for option in choices
    ]
    return f"<ul>\n{_items(lines)}\n</ul>"


def _items(lines: list[str]) -> str:
    return "\n".join(f"<li>{line}</li>" for line in lines)
