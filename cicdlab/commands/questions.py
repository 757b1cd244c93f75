"""`cicdlab questions`: looks after the question banks."""

import typer

from .console import err, plain

app = typer.Typer(no_args_is_help=True, help="Check the questions of the book.")


@app.callback()
def group() -> None:
    """Check the questions of the book."""


@app.command()
def check() -> None:
    """Read every questions.yml and say what is wrong."""
    from cicdlab.quiz.check import ROOT, check

    problems = check()
    for problem in problems:
        err.print(str(problem), markup=False)
    if problems:
        raise typer.Exit(1)
    files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("chapters/*/questions.yml"))
    plain(f"All is well in {', '.join(files)}.")
