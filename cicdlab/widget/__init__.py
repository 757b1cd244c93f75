"""One widget, two homes: a live ipywidget in a notebook, the same ES module in the static book."""

from cicdlab.widget.assets import esm, stylesheet
from cicdlab.widget.base import Widget
from cicdlab.widget.static import embed, folded

__all__ = ["Widget", "embed", "esm", "folded", "stylesheet"]
