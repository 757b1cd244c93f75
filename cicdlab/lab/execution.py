"""Runs a notebook's cells, one after the other, in a kernel of its own."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from . import kernel
from .errors import LabError

CELL_TIMEOUT = 180
Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Show no progress."""


class Execution:
    """A notebook being run in place: its cells hold their outputs as it goes on.

    Parameters
    ----------
    notebook
        The notebook.
    environ
        The kernel's environment.
    folder
        The kernel's working folder.
    progress
        Called with the number of code cells done and of all.
    go_on
        Go on after a cell that fails.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        environ: Mapping[str, str],
        folder: Path,
        progress: Progress = silent,
        go_on: bool = False,
    ) -> None:
        kernel.install()
        self._code = [number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self._done = 0
        self._progress = progress
        # The kernel listens on ports that every program of this machine can reach.
        config = Config({"KernelManager": {"transport_encryption": "auto"}})
        place = {"metadata": {"path": str(folder)}}
        self._client = NotebookClient(
            notebook, timeout=CELL_TIMEOUT, allow_errors=go_on, resources=place, config=config
        )
        self._kernel: AbstractContextManager[None] = self._client.setup_kernel(env=dict(environ))

    def __enter__(self) -> Self:
        self._kernel.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._kernel.__exit__(None, None, None)

    def run(self, before: int | None = None) -> None:
        """Run the code cells that are left, or those that stand before a cell.

        Raises
        ------
        LabError
            When a cell fails, with its number and the error.
        """
        while self._done < len(self._code):
            number = self._code[self._done]
            if before is not None and number >= before:
                return
            self._progress(self._done, len(self._code))
            self._run(number)
            self._done += 1
        self._progress(self._done, len(self._code))

    def _run(self, number: int) -> None:
        try:
            self._client.execute_cell(self._client.nb.cells[number], number)
        except CellExecutionError as error:
            text = " ".join(f"{error.ename}: {error.evalue}".split())
            raise LabError(f"Cell {number + 1} of the notebook failed: {text}") from error
        except CellTimeoutError as error:
            raise LabError(f"Cell {number + 1} of the notebook ran longer than {CELL_TIMEOUT} seconds.") from error
        except DeadKernelError as error:
            raise LabError(f"The kernel died in cell {number + 1} of the notebook.") from error
