"""Self-checks: one bank of questions, shown as a widget in notebooks and in the book."""

from cicdlab.quiz.widget import Quiz

__all__ = ["Quiz"]
