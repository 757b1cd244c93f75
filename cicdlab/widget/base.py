"""The base of every widget of the course."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import anywidget

from cicdlab.widget.static import embed


class Widget(anywidget.AnyWidget):
    """An ipywidget that is also readable, and alive, in the static book.

    A subclass sets `name` (the module's name in the book), `sentence` (its fixed text/plain), `_esm`, `styles` and from
    them `_css`; tags the traits that the book needs with `page=True` beside `sync=True`; and says in `fallback` what a
    reader without JavaScript sees. `keep` names traits (dictionaries of records by id) that a reader's browser keeps.

    The book shows the state of the first display: show a widget when its run has ended.
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    styles: ClassVar[tuple[Path, ...]] = ()
    keep: ClassVar[tuple[str, ...]] = ()

    def fallback(self) -> str:
        """HTML that says the same without JavaScript."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        state = {name: getattr(self, name) for name in self.trait_names(page=True)}
        data["text/html"] = embed(self.name, state, self.fallback(), self.keep)
        # Fixed, because stored outputs are compared word for word.
        data["text/plain"] = self.sentence
        return data, metadata
