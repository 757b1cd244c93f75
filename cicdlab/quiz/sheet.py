"""A sheet: one section's questions, ready to be shown."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cicdlab.quiz.bank import Match, Option, Order, Question, content_hash, load, plain
from cicdlab.quiz.markdown import inline, stem

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"


class SheetError(Exception):
    """A name that leads to no questions; the message says what to do."""


@dataclass(frozen=True)
class Sheet:
    """The questions of one section under its title."""

    title: str
    questions: list[Question]

    def state(self) -> dict[str, Any]:
        """What the widget's module is given, as JSON."""
        return {"title": self.title, "questions": [_question(question) for question in self.questions]}


def find(name: str, chapters: Path = CHAPTERS) -> Sheet:
    """The sheet called `chapter/section`.

    Parameters
    ----------
    name
        For example `codebuild/one-picture`: that section of `chapters/codebuild/questions.yml`.
    chapters
        The folder with the book's chapters.

    Raises
    ------
    SheetError
        There is no such chapter or section.
    """
    chapter, _, section = name.partition("/")
    path = chapters / chapter / "questions.yml"
    if not chapter or not section or not path.is_file():
        chapters_here = ", ".join(sorted(each.parent.name for each in chapters.glob("*/questions.yml"))) or "none"
        raise SheetError(f"There is no quiz {name!r}: write chapter/section, with a chapter of: {chapters_here}.")
    bank = load(path)
    if section not in bank.sections:
        sections = ", ".join(f"{chapter}/{each}" for each in bank.sections)
        raise SheetError(f"There is no quiz {name!r}: that chapter has {sections}.")
    return Sheet(bank.sections[section], bank.section(section))


def shown(question: Question) -> Sequence[Option]:
    """The options in the order in which every learner sees them: shuffled, the same way each time."""
    options = sorted(question.options, key=lambda option: _digest(question.id, option.text))
    if isinstance(question, Order) and options == question.options:
        options = options[1:] + options[:1]
    return options


def partners(question: Match) -> list[str]:
    """The partners to choose from, each once, as plain text."""
    return sorted({plain(option.match) for option in question.options}, key=str.casefold)


def key(question: Question) -> list[int]:
    """The right answer, in the form in which the widget gives an answer.

    Returns
    -------
    list of int
        Places in `shown`: of the right options, or, for an order, of all options from first to last. For a match, the
        place in `partners` of each shown option's partner.
    """
    options = shown(question)
    match question.kind:
        case "order":
            return [options.index(option) for option in question.options]
        case "match":
            choices = partners(question)
            return [choices.index(plain(option.match)) for option in options]  # type: ignore[attr-defined]
        case _:
            return [place for place, option in enumerate(options) if option.right]  # type: ignore[attr-defined]


def _question(question: Question) -> dict[str, Any]:
    first, rest = stem(question.stem)
    return {
        "id": question.id,
        "kind": question.kind,
        "hash": content_hash(question),
        "stem": first,
        "detail": rest,
        "options": [
            {"html": inline(option.text), "name": plain(option.text), "why": inline(option.why)}
            for option in shown(question)
        ],
        "partners": partners(question) if isinstance(question, Match) else [],
        "key": key(question),
        "sources": [{"url": str(url), "name": source_name(str(url))} for url in question.sources],
        "checked": question.checked.isoformat(),
    }


def source_name(url: str) -> str:
    """A short name for a link: the host and the last part of the path."""
    parts = urlsplit(url)
    last = parts.path.rstrip("/").rpartition("/")[2]
    return f"{parts.hostname}: {last}" if last else str(parts.hostname)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
