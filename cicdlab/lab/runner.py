"""Does a finished lab without a learner, and rebuilds what a learner had reached."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from . import checks, notebook
from . import progress as remembered
from .clean_up import in_own_process
from .environment import write_aws_files
from .errors import LabError
from .execution import Execution, Progress, silent
from .health import ask_health
from .manifest import Entry, Resource
from .places import Workspace
from .private_cloud import private_cloud, recording


@dataclass(frozen=True)
class Outcome:
    """What a run of a lab has shown.

    Parameters
    ----------
    results
        The checks' answers, before the lab cleaned up.
    left
        What of the lab was in the cloud after it had cleaned up.
    """

    results: list[checks.Result]
    left: list[Resource]

    @property
    def passed(self) -> bool:
        """Whether every check passed and nothing was left."""
        return not self.left and all(result.status is checks.Status.PASSED for result in self.results)


def run_lab(entry: Entry, target: str = "", on_progress: Progress = silent) -> Outcome:
    """Do the finished lab, check it, clean up, and return what was seen.

    Parameters
    ----------
    entry
        The lab.
    target
        A target that is up (``embedded``, ``localstack``); by default a fresh cloud of its own.
    on_progress
        Called with the number of cells done and of all.

    Raises
    ------
    LabError
        When a cell fails, the target is not up, or it already holds something of this lab.
    """
    with surroundings(target) as environ:
        refuse_leftovers(entry, environ)
        return perform(entry, environ, notebook.read(entry.notebook), on_progress)


def perform(
    entry: Entry, environ: Mapping[str, str], story: NotebookNode, on_progress: Progress = silent, go_on: bool = False
) -> Outcome:
    """Run a lab's notebook to the end, asking all checks before its clean-up.

    Parameters
    ----------
    entry, story
        The lab, and its notebook: finished, or a learner's.
    environ
        The environment that leads to the cloud.
    on_progress
        Called with the number of cells done and of all.
    go_on
        Go on after a cell that fails.
    """
    with Execution(story, environ, entry.folder, on_progress, go_on) as execution:
        execution.run(before=notebook.find_cell(story, notebook.CLEAN_UP))
        results = checks.run(entry, environ=dict(environ))
        execution.run()
    return Outcome(results, left_over(entry, environ))


def resume(entry: Entry, on_progress: Progress = silent) -> list[checks.Result]:
    """Rebuild in the cloud what the learner had reached, and return the answers of the checks she had passed.

    What is left of the lab in the cloud is removed first, then the finished lab is run up to the last task whose check
    had passed. The learner's own notebook and folder are not touched.

    Raises
    ------
    LabError
        When no check had passed yet, or the cloud is not up.
    """
    done = remembered.passed(Workspace.of(), entry.id)
    order = [check.id for check in checks.load_checks(entry)]
    reached = [check_id for check_id in order if check_id in done]
    if not reached:
        raise LabError(
            f"No check of {entry.id} has passed yet, so nothing is to be rebuilt; begin with its first task."
        )
    story = notebook.read(entry.notebook)
    with surroundings(os.environ.get("CICDLAB_TARGET") or "embedded") as environ:
        in_own_process(entry, environ)
        with Execution(story, environ, entry.folder, on_progress) as execution:
            execution.run(before=max(notebook.check_cell(story, check_id) for check_id in reached) + 1)
        return checks.run(entry, reached, environ)


@contextmanager
def surroundings(target: str) -> Iterator[dict[str, str]]:
    """Give the environment for a run on a target that is up, or on a fresh cloud when none is named."""
    if not target:
        with private_cloud() as environ:
            yield environ
        return
    with tempfile.TemporaryDirectory(prefix="cicdlab-run-") as folder:
        workspace = Workspace(Path(folder).resolve() / "workspace")
        write_aws_files(workspace)
        environ = recording(os.environ, workspace, target)
        ask_health(environ)
        yield environ


def refuse_leftovers(entry: Entry, environ: Mapping[str, str]) -> None:
    """Refuse to run a lab where a learner's work, or a broken run's, would be in the way.

    Raises
    ------
    LabError
        When something of the lab is in the cloud already.
    """
    if left := left_over(entry, environ):
        names = ", ".join(f"{resource.kind} {resource.name}" for resource in left)
        raise LabError(f"The cloud already holds {names}: clean up in the lab's notebook, or run it on its own cloud.")


def left_over(entry: Entry, environ: Mapping[str, str]) -> list[Resource]:
    """Return what of a lab is in the cloud that an environment leads to."""
    return in_own_process(entry, environ, look=True)
