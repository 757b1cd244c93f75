"""The built book: is it there, is it older than what it is made from, and how it is built."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCES = (
    "_config.yml",
    "_toc.yml",
    "chapters",
    "labs",
    *(f"cicdlab/{part}" for part in ("book", "quiz", "views", "widget")),
)


def folder(root: Path) -> Path:
    """Return the folder of the website."""
    return root / "_build" / "html"


def is_current(root: Path) -> bool:
    """Tell whether the website is there and nothing it is made from is newer."""
    index = folder(root) / "index.html"
    return index.exists() and all(path.stat().st_mtime <= index.stat().st_mtime for path in _sources(root))


def date(root: Path, seconds: float) -> None:
    """Date the website to when its building began: Sphinx does not write pages anew that have not changed."""
    os.utime(folder(root) / "index.html", (seconds, seconds))


def command(root: Path) -> list[str]:
    """Return the program that builds the website, and its arguments."""
    return [str(Path(sys.executable).parent / "jupyter-book"), "build", "-q", str(root)]


def _sources(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        top = root / name
        yield from (
            path for path in ([top] if top.is_file() else top.rglob("*")) if path.is_file() and _is_source(path)
        )


def _is_source(path: Path) -> bool:
    return not {"__pycache__", ".ipynb_checkpoints"}.intersection(path.parts)
