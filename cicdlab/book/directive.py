"""The quiz directive: a sheet of questions in a page."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from pydantic import ValidationError
from sphinx.util.docutils import SphinxDirective
from yaml import YAMLError

from cicdlab.quiz.fallback import fallback
from cicdlab.quiz.sheet import SheetError, find
from cicdlab.quiz.widget import Quiz
from cicdlab.widget import embed


class QuizDirective(SphinxDirective):
    """```` ```{quiz} chapter/section ````: the same widget that `Quiz("chapter/section")` is in a notebook."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The widget's HTML; the page depends on its questions.yml."""
        name = self.arguments[0]
        chapters = Path(self.env.srcdir) / "chapters"
        self.env.note_dependency(str(chapters / name.partition("/")[0] / "questions.yml"))
        try:
            sheet = find(name, chapters)
        except SheetError as error:
            raise self.error(str(error)) from error
        except (ValidationError, YAMLError) as error:
            raise self.error(f"The questions of {name!r} cannot be read: run `cicdlab questions check`.") from error
        html = embed(Quiz.name, {"sheet": sheet.state()}, fallback(sheet), Quiz.keep)
        return [nodes.raw("", html, format="html")]
