"""The question bank: what a questions.yml may say, and how it is read."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, StringConstraints, UrlConstraints, model_validator

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Skill = Annotated[str, StringConstraints(pattern=r"^C0[23]-[1-4]\.[0-9]+\.[0-9]+$")]
Source = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["https"], host_required=True)]
TestId = Annotated[str, StringConstraints(pattern=r"^tests/[\w/]+\.py::\w+(::\w+)?$")]


class Strict(BaseModel):
    """A model in which a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(Strict):
    """One line of an answer: what it says, and why it is right, wrong or where it is."""

    text: Text
    why: Text


class Choice(Option):
    """An option to tick."""

    right: bool = False


class Pair(Option):
    """An option that belongs to a partner; several options may share one."""

    match: Text


class Base(Strict):
    """What every question has."""

    id: Slug
    section: Slug
    stem: Text
    skills: list[Skill] = Field(min_length=1)
    sources: list[Source] = Field(min_length=1)
    checked: date
    proof: TestId | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        texts = [plain(option.text) for option in getattr(self, "options", [])]
        for text in texts:
            if texts.count(text) > 1:
                raise ValueError(f"two options say the same: {text!r}")
        return self


class Single(Base):
    """One of the options is right."""

    kind: Literal["single"]
    options: list[Choice] = Field(min_length=2)

    @model_validator(mode="after")
    def _one_right(self) -> Single:
        right = sum(option.right for option in self.options)
        if right != 1:
            raise ValueError(f"a single question needs exactly one option with `right: true`, this one has {right}")
        return self

    @property
    def key(self) -> str:
        """The right option, as plain text."""
        return next(plain(option.text) for option in self.options if option.right)


class Multiple(Base):
    """Any number of the options is right."""

    kind: Literal["multiple"]
    options: list[Choice] = Field(min_length=2)

    @model_validator(mode="after")
    def _some_right(self) -> Multiple:
        if not any(option.right for option in self.options):
            raise ValueError("a multiple question needs at least one option with `right: true`")
        return self

    @property
    def key(self) -> set[str]:
        """The right options, as plain text."""
        return {plain(option.text) for option in self.options if option.right}


class Order(Base):
    """The options are to be put in order; the bank lists them in the right one."""

    kind: Literal["order"]
    options: list[Option] = Field(min_length=3)

    @property
    def key(self) -> list[str]:
        """The options in the right order, as plain text."""
        return [plain(option.text) for option in self.options]


class Match(Base):
    """Each option has a partner to be chosen from all partners."""

    kind: Literal["match"]
    options: list[Pair] = Field(min_length=2)

    @model_validator(mode="after")
    def _two_partners(self) -> Match:
        if len({option.match for option in self.options}) < 2:
            raise ValueError("a match question needs at least two different values of `match`")
        return self

    @property
    def key(self) -> dict[str, str]:
        """The partner of each option, as plain text."""
        return {plain(option.text): plain(option.match) for option in self.options}


Question = Annotated[Single | Multiple | Order | Match, Field(discriminator="kind")]


class Bank(Strict):
    """One questions.yml: the sections of a chapter and their questions."""

    sections: dict[Slug, Text]
    questions: list[Question]

    @model_validator(mode="after")
    def _consistent(self) -> Bank:
        seen: set[str] = set()
        for question in self.questions:
            if question.id in seen:
                raise ValueError(f"question {question.id}: this id is used twice; give one of them another id")
            seen.add(question.id)
            if question.section not in self.sections:
                known = ", ".join(self.sections)
                raise ValueError(
                    f"question {question.id}: section {question.section!r} is not one of this file's sections ({known})"
                )
        return self

    def section(self, name: str) -> list[Question]:
        """The questions of one section, in the order of the file."""
        return [question for question in self.questions if question.section == name]

    def question(self, id: str) -> Question:
        """The question with this id.

        Raises
        ------
        KeyError
            No question has it.
        """
        for question in self.questions:
            if question.id == id:
                return question
        raise KeyError(f"no question has the id {id!r}")


def load(path: Path) -> Bank:
    """Read a questions.yml.

    Raises
    ------
    pydantic.ValidationError
        The file says something the schema does not allow.
    """
    return Bank.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def plain(text: str) -> str:
    """Markdown's code spans and emphasis taken off, for comparing with what a program says."""
    return re.sub(r"[`*]", "", text)


def content_hash(question: Question) -> str:
    """What an answer depends on, in 12 hex digits: a change of stem, options or key makes stored answers void.

    Reasons, sources and dates are left out: improving them must not cost a learner her answers.
    """
    seen = question.model_dump(mode="json", include={"kind", "stem", "options"})
    for option in seen["options"]:
        del option["why"]
    canonical = json.dumps(seen, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
