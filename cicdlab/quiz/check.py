"""Checks every questions.yml of the book, and says in sentences what is wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cicdlab.quiz.bank import Bank, Question

ROOT = Path(__file__).resolve().parents[2]

_ADVICE = {
    "missing": "is missing; add it",
    "extra_forbidden": "is not known; remove it or correct its spelling",
    "union_tag_invalid": "must have a kind of: single, multiple, order, match",
    "union_tag_not_found": "must have a kind of: single, multiple, order, match",
}


@dataclass(frozen=True)
class Problem:
    """One thing to put right."""

    file: Path
    question: str | None
    message: str

    def __str__(self) -> str:
        where = f", question {self.question}" if self.question else ""
        return f"{self.file}{where}: {self.message}"


def check(root: Path = ROOT) -> list[Problem]:
    """Read all of `chapters/*/questions.yml` under a project folder.

    Parameters
    ----------
    root
        The project: `chapters/` is looked through, and `proof` entries are test ids below it.

    Returns
    -------
    list of Problem
        Empty if all is well.
    """
    problems: list[Problem] = []
    owners: dict[str, Path] = {}
    for path in sorted(root.glob("chapters/*/questions.yml")):
        name = path.relative_to(root)
        bank, found = _read(path, name)
        problems += found
        if bank is None:
            continue
        problems += _empty_sections(bank, name)
        for question in bank.questions:
            if question.id in owners:
                message = f"this id is also used in {owners[question.id]}; choose another"
                problems.append(Problem(name, question.id, message))
            owners.setdefault(question.id, name)
            problems += _proof(question, name, root)
    return problems


def _read(path: Path, name: Path) -> tuple[Bank | None, list[Problem]]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Bank.model_validate(raw), []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return None, [Problem(name, None, f"this is not YAML; correct it: {' '.join(str(error).split())}")]
    except ValidationError as error:
        return None, [_explain(each, raw, name) for each in error.errors()]


def _explain(error: ErrorDetails, raw: Any, name: Path) -> Problem:
    place = list(error["loc"])
    question = None
    if len(place) > 1 and place[0] == "questions" and isinstance(place[1], int):
        entry = raw["questions"][place[1]]
        question = entry.get("id") if isinstance(entry, dict) else None
        question = str(question) if question else f"number {place[1] + 1}"
        place = place[3:]  # without "questions", its number and its kind
    advice = _ADVICE.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return Problem(name, question, " ".join(filter(None, [_words(place), advice])))


def _words(place: list[int | str]) -> str:
    """A path such as ['options', 1, 'why'] as "`why` of options 2"."""
    words = ""
    for step in place:
        if isinstance(step, int):
            words += f" {step + 1}"
        else:
            words = f"`{step}`" + (f" of {words.replace('`', '')}" if words else "")
    return words


def _empty_sections(bank: Bank, name: Path) -> Iterator[Problem]:
    for section in bank.sections:
        if not bank.section(section):
            yield Problem(name, None, f"section {section} has no questions; add one or remove the section")


def _proof(question: Question, name: Path, root: Path) -> Iterator[Problem]:
    if question.proof is None:
        return
    file, *names = question.proof.split("::")
    path = root / file
    if not path.is_file():
        yield Problem(name, question.id, f"its proof is in {file}, which does not exist")
        return
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for part in names:
        found = [each for each in body if isinstance(each, ast.FunctionDef | ast.ClassDef) and each.name == part]
        if not found:
            yield Problem(name, question.id, f"its proof {question.proof} does not exist: {file} has no {part}")
            return
        body = found[0].body
