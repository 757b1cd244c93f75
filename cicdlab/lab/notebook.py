"""What a lab's notebook is made of: tagged cells, and the learner's copy of them."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .errors import LabError

TASK, SOLUTION, CHECK, HINT, CLEAN_UP = "task", "solution", "check", "hint", "clean-up"
BOOK = "book"  # a cell for the reader of the finished lab in the book


def read(path: Path) -> NotebookNode:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def tags(cell: NotebookNode) -> set[str]:
    """Return a cell's tags."""
    return set(cell.metadata.get("tags", []))


def learners_copy(finished: NotebookNode) -> NotebookNode:
    """Return the notebook with its solutions blanked, its outputs cleared, and without what is for the book only.

    A blanked cell keeps its first comment line, which says what to do there.
    """
    copy = nbformat.from_dict(finished)
    copy.cells = [cell for cell in copy.cells if BOOK not in tags(cell)]
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if SOLUTION in tags(cell):
                cell.source = blanked(cell.source)
    return copy


def blanked(source: str) -> str:
    """Return what is left of a solution for the learner: its leading comment, and room."""
    comment = []
    for line in source.splitlines():
        if not line.startswith("#"):
            break
        comment.append(line)
    return "\n".join([*comment, ""])


def find_cell(notebook: NotebookNode, tag: str, text: str = "") -> int:
    """Return the number of the first cell with a tag and a piece of text.

    Raises
    ------
    LabError
        When there is none.
    """
    for number, cell in enumerate(notebook.cells):
        if tag in tags(cell) and text in cell.source:
            return number
    raise LabError(f"The notebook has no cell tagged {tag!r}{f' with {text}' if text else ''}.")


def check_cell(notebook: NotebookNode, check_id: str) -> int:
    """Return the number of the cell in which a check is asked for."""
    return find_cell(notebook, CHECK, f'lab.check("{check_id}")')
