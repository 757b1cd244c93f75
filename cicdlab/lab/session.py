"""`Lab`: what a lab's notebook talks to."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from . import checks, progress, work
from .errors import LabError
from .guard import refuse_unless_local
from .health import ask_health
from .manifest import load
from .places import Workspace
from .wait import wait

Answer = TypeVar("Answer")


class Lab:
    """A lab in progress: its folder, checks, hints, and clean-up.

    Making one refuses to go on when calls could leave this machine, asks whether the cloud is up, and moves into
    `workdir`.

    Parameters
    ----------
    lab_id
        The lab, for example ``codebuild/01-first-build``.

    Raises
    ------
    LabError
        In one sentence, when the lab cannot start.
    """

    def __init__(self, lab_id: str) -> None:
        refuse_unless_local()
        self._entry = load().find(lab_id)
        self._workspace = Workspace.of()
        ask_health()
        self._hints_given: Counter[str] = Counter()
        self.workdir: Path = work.work_folder(self._entry, self._workspace)
        os.environ["GIT_EDITOR"] = "true"  # a notebook has no place for an editor
        os.chdir(self.workdir)
        print(f"Ready: {self._entry.title}. Whatever you do here stays on this machine.")

    def check(self, check_id: str) -> None:
        """Look at what you have made and print what holds, or what is wrong and what to try."""
        [result] = checks.run(self._entry, [check_id])
        if result.status is checks.Status.PASSED:
            progress.record_passed(self._workspace, self._entry.id, check_id)
        print(result.line)

    def hint(self, check_id: str) -> None:
        """Print a hint; each call gives the next one."""
        [asked] = checks.choose(checks.load_checks(self._entry), [check_id])
        number = min(self._hints_given[check_id] + 1, len(asked.hints))
        self._hints_given[check_id] = number
        print(f"Hint {number} of {len(asked.hints)}: {asked.hints[number - 1]}")

    def wait(self, until: Callable[[], Answer], reason: str, timeout: float = 120.0) -> Answer:
        """Call a function until it answers something true; see `cicdlab.lab.wait.wait`."""
        return wait(until, reason, timeout)

    def clean_up(self) -> None:
        """Remove everything this lab made, in the cloud and in `workdir`, and prove that nothing is left."""
        from .clean_up import clean_up

        left = clean_up(self._entry)
        work.remove_work(self._entry, self._workspace)
        if left:
            names = ", ".join(f"{resource.kind} {resource.name}" for resource in left)
            raise LabError(f"Still there: {names}; look at what holds it, then clean up again.")
        print("Nothing of this lab is left.")
