"""``make notebooks``: runs every notebook of the course and writes its outputs, the same for everyone.

``python -m cicdlab.lab.notebooks [NOTEBOOK …]``; each one runs on a fresh cloud of its own.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from . import notebook
from .errors import LabError
from .execution import Execution
from .files import write_atomically
from .places import ROOT
from .private_cloud import private_cloud

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def all_notebooks(root: Path = ROOT) -> list[Path]:
    """Return every notebook of the book and of the labs."""
    found = [path for part in ("chapters", "labs") for path in (root / part).rglob("*.ipynb")]
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def record(path: Path) -> bool:
    """Run a notebook on a fresh cloud, write it normalised, and tell whether that changed it.

    Raises
    ------
    LabError
        When a cell fails, or an output shows something of this machine; the file is then left as it was.
    """
    story = notebook.read(path)
    with private_cloud() as environ:
        with Execution(story, environ, path.parent) as execution:
            execution.run()
        private = (environ["CICDLAB_WORKSPACE"], environ["AWS_ENDPOINT_URL"], str(ROOT), sys.prefix, str(Path.home()))
    normalise(story)
    for text in output_texts(story):
        if shown := [one for one in private if len(one) > 1 and one in text]:
            raise LabError(f"{path.name} prints {shown[0]}, which is different on every machine; print less there.")
    before = path.read_text(encoding="utf-8")
    write_atomically(path, nbformat.writes(story) + "\n")
    return before != path.read_text(encoding="utf-8")


def normalise(story: NotebookNode) -> None:
    """Strip what differs from run to run: execution counts, ids, metadata, widget views, pieces of a stream."""
    story.metadata = nbformat.from_dict(METADATA)
    story.nbformat, story.nbformat_minor = 4, 5
    count = 0
    for number, cell in enumerate(story.cells, start=1):
        cell.id = f"cell-{number:02}"
        kept = sorted(notebook.tags(cell))
        cell.metadata = nbformat.from_dict({"tags": kept} if kept else {})
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = list(_joined(cell.outputs))
            for output in cell.outputs:
                _normalise_output(output, count)


def output_texts(story: NotebookNode) -> Iterator[str]:
    """Give every text that a notebook's outputs show."""
    for cell in story.cells:
        for output in cell.get("outputs", []):
            yield output.get("text", "")
            yield from (value for value in output.get("data", {}).values() if isinstance(value, str))


def _normalise_output(output: NotebookNode, count: int) -> None:
    if "execution_count" in output:
        output.execution_count = count
    if "metadata" in output:
        output.metadata = nbformat.from_dict({})
    if "data" in output:
        output.data.pop(WIDGET_VIEW, None)  # its model lives in the kernel that made it, and its id is random


def _joined(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Give the outputs with neighbouring pieces of one stream joined."""
    last = None
    for output in outputs:
        if last and last.output_type == output.output_type == "stream" and last.name == output.name:
            last.text += output.text
            continue
        if last:
            yield last
        last = output
    if last:
        yield last


def main() -> int:
    """Record notebooks, say what happened to each, and return 1 when one could not be recorded."""
    parser = argparse.ArgumentParser(prog="cicdlab.lab.notebooks", description="Run notebooks and write their outputs.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="by default every notebook of the course")
    given = parser.parse_args()
    status = 0
    for path in [path.resolve() for path in given.notebooks] or all_notebooks():
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        print(f"{name} …", end=" ", flush=True)
        try:
            print("written" if record(path) else "the same as before", flush=True)
        except LabError as error:
            print(f"failed\n  {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
