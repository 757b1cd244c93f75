"""Changes the engine's code in one place at a time and asks the tests: ``python -m tools.mutants``.

A change that no test notices is a behaviour that nothing holds. ``mutants.yml`` lists the changes and, for each, the
tests that should notice it. Status 1 means that fewer than nine in ten were noticed, or that one no longer applies.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_name("mutants.yml")
NEEDED = 0.9
PATIENCE = 600.0  # seconds for the tests of one change
_FOLDERS = ("cicdlab", "labs", "tests", "tools")


class Mutant(BaseModel):
    """One change.

    Parameters
    ----------
    file
        The module, below the service's folder.
    old, new
        The text, which stands in the module once, and what replaces it.
    tests
        Files below ``tests/cloud/<service>``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    service: str = ""

    @property
    def path(self) -> str:
        """The module, below the repository's root."""
        return f"cicdlab/cloud/{self.service}/{self.file}"

    def applied(self, source: str) -> str:
        """Return the module's source with the change.

        Raises
        ------
        ValueError
            The text does not stand there exactly once.
        """
        if source.count(self.old) != 1:
            raise ValueError(f"{self.path} has {self.old!r} {source.count(self.old)} times, not once.")
        return source.replace(self.old, self.new)


def load(path: Path = LIST) -> list[Mutant]:
    """Return all changes of a list."""
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [Mutant(service=service, **each) for service, mutants in listed.items() for each in mutants]


def survives(mutant: Mutant) -> bool:
    """Tell whether the tests pass with a change, made in a copy of the repository."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        for name in _FOLDERS:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        target = copy / mutant.path
        target.write_text(mutant.applied(target.read_text(encoding="utf-8")), encoding="utf-8")
        tests = [f"tests/cloud/{mutant.service}/{name}" for name in mutant.tests]
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
        variables = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(command, cwd=copy, env=variables, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return False
    if done.returncode not in (0, 1):
        raise RuntimeError(f"The tests of {mutant.path} did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def main() -> int:
    """Try every change, two at a time, and say which ones nobody noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", help="only the changes of one service")
    options = parser.parse_args()
    mutants = [each for each in load() if options.service in (None, each.service)]
    for mutant in mutants:
        mutant.applied((ROOT / mutant.path).read_text(encoding="utf-8"))
    alive: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for mutant, survived in zip(mutants, pool.map(survives, mutants), strict=True):
            alive[mutant.service] += survived
            print(
                f"{'SURVIVED' if survived else 'noticed '}  {mutant.path}: {mutant.old!r} -> {mutant.new!r}", flush=True
            )
    for service in dict.fromkeys(each.service for each in mutants):
        total = sum(each.service == service for each in mutants)
        print(f"{service}: {total - alive[service]} of {total} noticed")
    noticed = 1 - alive.total() / len(mutants)
    print(f"all: {len(mutants) - alive.total()} of {len(mutants)} noticed, {noticed:.0%}; {NEEDED:.0%} are needed")
    return 0 if noticed >= NEEDED else 1


if __name__ == "__main__":
    sys.exit(main())
