"""`cicdlab lab`: the labs, a learner's copy of one, its checks, and a run of the finished one."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table

from .console import CommandError, closest, err, out, plain
from .env import variables

if TYPE_CHECKING:  # slow to import, and not needed for `--help`
    from cicdlab.lab.checks import Result
    from cicdlab.lab.manifest import Entry

app = typer.Typer(no_args_is_help=True, help="List, open, check, run or resume a lab.")

Name = Annotated[str, typer.Argument(metavar="LAB", help="For example codebuild/01-first-build.")]
Target = Annotated[str, typer.Option(help="A target that is up: embedded or localstack.")]


@app.command("list")
def show_all() -> None:
    """List the labs, and how far you are."""
    from cicdlab.lab import checks, manifest, progress
    from cicdlab.lab.places import Workspace

    workspace = Workspace.of()
    for entry in manifest.load().labs:
        state = "planned"
        if entry.state is manifest.State.HERE:
            passed = progress.passed(workspace, entry.id)
            state = f"{len(passed)} of {len(checks.load_checks(entry))} checks passed"
        out.print(f"[bold]{entry.id:<44}[/]  {entry.minutes:>3} min  {state}")
        out.print(f"  {entry.title}", markup=False)


@app.command("open")
def open_copy(
    name: Name,
    again: Annotated[
        bool, typer.Option("--again", help="Begin with a new copy; the old one is kept beside it.")
    ] = False,
) -> None:
    """Make your own copy of a lab's notebook, unless you have one, and say where it is."""
    from cicdlab.lab import copies
    from cicdlab.lab.places import Workspace

    workspace = Workspace.of()
    path = copies.open_copy(_find(name), workspace, start_again=again)
    plain(f"Your notebook is {os.path.relpath(path)}; in JupyterLab it is {path.relative_to(workspace.root)}.")


@app.command()
def check(
    name: Name,
    checks_wanted: Annotated[list[str] | None, typer.Argument(metavar="[CHECK]...", help="All without.")] = None,
    target: Target = "",
) -> None:
    """Check what you have made; you may do this at any time."""
    from cicdlab.lab import checks, environment, progress
    from cicdlab.lab.health import ask_health
    from cicdlab.lab.places import Workspace

    entry, environ = _find(name), environment.merged(variables(target))
    environment.write_aws_files(Workspace.of())
    ask_health(environ)
    results = checks.run(entry, checks_wanted or (), environ)
    for result in results:
        if result.status is checks.Status.PASSED:
            progress.record_passed(Workspace.of(), entry.id, result.id)
    _report(results)


@app.command()
def run(name: Name, target: Target = "") -> None:
    """Do the finished lab by itself and print its checks; without --target on a fresh cloud of its own."""
    from cicdlab.lab import runner

    entry = _find(name)
    if target:
        variables(target)  # says so when there is no such target
    with _bar(entry.title) as step:
        outcome = runner.run_lab(entry, target, step)
    if outcome.left:
        names = ", ".join(f"{resource.kind} {resource.name}" for resource in outcome.left)
        err.print(f"The lab left {names} behind: remove it before you run the lab again.", markup=False)
    _report(outcome.results, failed=not outcome.passed)


@app.command()
def resume(name: Name) -> None:
    """After a restart: make again in the cloud what you had reached in a lab."""
    from cicdlab.lab import runner
    from cicdlab.lab.places import Workspace

    entry = _find(name)
    with _bar(f"Rebuilding {entry.id}") as step:
        results = runner.resume(entry, step)
    _report(results)
    plain(f"Go on in {os.path.relpath(Workspace.of().lab(entry.id) / 'lab.ipynb')}.")


def _find(name: str) -> "Entry":
    from cicdlab.lab import manifest

    labs = manifest.load()
    known = [entry.id for entry in labs.labs]
    if name.strip("/") not in known:
        raise CommandError(f"There is no lab {name!r}.{closest(name, known)} `cicdlab lab list` shows all.")
    entry = labs.find(name)
    if not entry.notebook.exists():
        raise CommandError(f"{entry.notebook} is missing: get it back with `git restore labs`, then try again.")
    return entry


def _report(results: "Sequence[Result]", failed: bool = False) -> None:
    """Print the table of checks; the exit status says whether all have passed."""
    from cicdlab.lab.checks import Status

    looks = {Status.PASSED: "green", Status.NOT_YET: "yellow", Status.ERROR: "red"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Check", "Result", "What holds, or what to try"):
        table.add_column(column, overflow="fold")
    for result in results:
        table.add_row(result.id, f"[{looks[result.status]}]{result.status}[/]", _escaped(result.message))
    out.print(table, soft_wrap=False)
    passed = sum(result.status is Status.PASSED for result in results)
    plain(f"{passed} of {len(results)} checks passed.")
    if failed or passed < len(results):
        raise typer.Exit(1)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many cells of a notebook are done, in a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("cells"))
    with Bar(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
