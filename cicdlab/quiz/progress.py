"""The learner's answers, in one file of her workspace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

WORKSPACE = Path(__file__).resolve().parents[2] / "workspace"


class Record(BaseModel):
    """An answer to a question, as it stood when its content had this hash."""

    hash: str
    answer: list[int]
    right: bool


class Progress(BaseModel):
    """The whole file."""

    version: Literal[1] = 1
    answers: dict[str, Record] = Field(default_factory=dict)


class ProgressError(Exception):
    """The file could not be used; the message says what became of it."""


class ProgressFile:
    """`progress.json` in a workspace folder.

    Parameters
    ----------
    folder
        The workspace; made when the first answer is written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "progress.json"

    def read(self) -> Progress:
        """What the file says; nothing if there is none.

        Raises
        ------
        ProgressError
            The file is damaged. It has been set aside under another name, so that the next read starts afresh.
        """
        try:
            return Progress.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return Progress()
        except ValidationError:
            aside = self._set_aside()
            raise ProgressError(
                f"Your answers in {self.path.name} could not be read. The file is kept as {aside.name} "
                f"in {aside.parent}; a new one begins now."
            ) from None

    def update(self, answers: dict[str, Record], questions: set[str]) -> None:
        """Replace the answers to these questions, and leave all others as they are.

        Parameters
        ----------
        answers
            What is answered now, by question id.
        questions
            The ids this is about: one that has no answer loses the one it had.
        """
        progress = self.read()
        kept = {id: record for id, record in progress.answers.items() if id not in questions}
        new = {id: record for id, record in answers.items() if id in questions}
        self._write(Progress(answers=dict(sorted((kept | new).items()))))

    def _write(self, progress: Progress) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and moved into place: whoever reads sees the old file or the new one, never half of one.
        beside = self.path.with_name(f".progress-{os.getpid()}.json")
        try:
            beside.write_text(progress.model_dump_json(indent=1) + "\n", encoding="utf-8")
            beside.replace(self.path)
        finally:
            beside.unlink(missing_ok=True)

    def _set_aside(self) -> Path:
        number = 1
        while (aside := self.path.with_name(f"progress.damaged-{number}.json")).exists():
            number += 1
        return self.path.rename(aside)


def workspace_file() -> ProgressFile | None:
    """The progress file of this kernel; none while a notebook is being recorded: its outputs must not depend on one."""
    if os.environ.get("CICDLAB_RECORD") == "1":
        return None
    return ProgressFile(Path(os.environ.get("CICDLAB_WORKSPACE") or WORKSPACE))
