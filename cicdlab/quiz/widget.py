"""The quiz widget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets
from pydantic import TypeAdapter

from cicdlab.quiz.fallback import fallback
from cicdlab.quiz.progress import ProgressError, Record, workspace_file
from cicdlab.quiz.sheet import CHAPTERS, find
from cicdlab.widget import Widget, esm, stylesheet

HERE = Path(__file__).parent
_RECORDS = TypeAdapter(dict[str, Record])


class Quiz(Widget):
    """The questions of one section, to be answered.

    Parameters
    ----------
    name
        `chapter/section`, for example `codebuild/one-picture`.
    chapters
        The folder with the book's chapters.

    Raises
    ------
    SheetError
        There is no such chapter or section.
    """

    name = "quiz"
    sentence = "A quiz: run this cell in JupyterLab, or read it in the book, to answer its questions."
    keep = ("answers",)
    _esm = esm(HERE / "quiz.js")
    styles = (HERE / "quiz.css",)
    _css = stylesheet(*styles)

    sheet = traitlets.Dict().tag(sync=True, page=True)
    answers = traitlets.Dict().tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)

    def __init__(self, name: str, chapters: Path = CHAPTERS) -> None:
        self._sheet = find(name, chapters)
        self._file = workspace_file()
        self._ids = {question.id for question in self._sheet.questions}
        super().__init__(sheet=self._sheet.state())
        self._load()
        self.observe(self._save, names="answers")

    def fallback(self) -> str:
        """The questions, with answers and reasons folded away."""
        return fallback(self._sheet)

    def _load(self) -> None:
        if self._file is None:
            return
        try:
            answers = self._file.read().answers
        except ProgressError as error:
            self.notice = str(error)
            return
        except OSError as error:
            self.notice = f"Your earlier answers cannot be read: {error}."
            return
        self.answers = {id: record.model_dump() for id, record in answers.items() if id in self._ids}

    def _save(self, change: Any) -> None:
        if self._file is None:
            return
        answers = _RECORDS.validate_python(change["new"])
        try:
            self._file.update(answers, self._ids)
        except ProgressError as error:
            self.notice = str(error)
            self._file.update(answers, self._ids)
        except OSError as error:
            self.notice = f"Your answers are not saved: {error}."
