"""The small Markdown of questions: code, emphasis, fenced code blocks; all else is text."""

from __future__ import annotations

from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("zero").enable(["backticks", "emphasis", "escape", "fence", "newline"])


def inline(text: str) -> str:
    """One paragraph's worth of Markdown as HTML without a paragraph around it."""
    return _MARKDOWN.renderInline(text.strip()).strip()


def stem(text: str) -> tuple[str, str]:
    """A question's stem as HTML.

    Returns
    -------
    tuple of str
        The first paragraph, which may stand in a legend, and the blocks after it, which may not.
    """
    first, _, rest = text.strip().partition("\n\n")
    return inline(first), _MARKDOWN.render(rest).strip()
