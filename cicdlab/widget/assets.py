"""What a browser gets: a widget's ES module and style sheet, each with the shared part in front."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
PAGE_MODULE = HERE / "page.js"
HELPERS = HERE / "helpers.js"
SHARED_CSS = HERE / "shared.css"


def esm(*paths: Path) -> str:
    """A widget's module with the shared helpers in front.

    JupyterLab loads a module from a blob: address, from which it cannot import a neighbour.

    Parameters
    ----------
    paths
        The files of the module, in order. Together they have one `export default { render }`, and may use what
        helpers.js defines.

    Returns
    -------
    str
        One self-contained module.
    """
    return _join(HELPERS, *paths)


def stylesheet(*paths: Path) -> str:
    """A widget's style sheet with the shared colours and controls in front."""
    return _join(SHARED_CSS, *paths)


def _join(*paths: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)
