"""Sphinx extension: the course's widgets in the static book, and pages that need no other host."""

from __future__ import annotations

from typing import Any

from ipython_pygments_lexers import IPython3Lexer
from sphinx.application import Sphinx

from cicdlab.book import assets, directive, repository


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("quiz", directive.QuizDirective)
    # Cells of a notebook are Python with `!commands`.
    app.add_lexer("python", IPython3Lexer)
    # Pages name our files by their digest: build them all anew when it changes.
    app.add_config_value("cicdlab_files", assets.digest(), "html", str)
    app.connect("config-inited", repository.link)
    app.connect("config-inited", assets.lighten)
    app.connect("html-page-context", assets.add_to_page)
    app.connect("build-finished", assets.write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
