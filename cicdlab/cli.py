"""The `cicdlab` command."""

import os
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .commands import clock, lab, questions
from .commands.console import CommandError, err, plain

app = typer.Typer(
    help="CI/CD in AWS, hands on: the cloud, the labs and the book of this course, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(clock.app, name="clock")
app.add_typer(lab.app, name="lab")
app.add_typer(questions.app, name="questions")


class Speed(StrEnum):
    """How the cloud's time passes."""

    INSTANT = "instant"
    SIXTYFOLD = "60x"
    REAL = "real"


def _port(meaning: str, lowest: int = 1) -> Any:
    return typer.Option(metavar="PORT", min=lowest, max=65535, help=meaning)


Target = Annotated[str, typer.Option(help="embedded (as without it), or localstack.")]
Secure = Annotated[bool, typer.Option("--secure", help="Check signatures; the key is this workspace's own.")]
Clock = Annotated[Speed, typer.Option("--clock", help="How time passes; instant skips machine waits.")]


@app.command()
def start(
    target: Target = "",
    clock_mode: Clock = Speed.INSTANT,
    secure: Secure = False,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the book in a browser.")] = False,
    cloud_port: Annotated[int, _port("Where the cloud listens.")] = 4566,
    lab_port: Annotated[int, _port("Where JupyterLab listens.")] = 8890,
    book_port: Annotated[int, _port("Where the book is.")] = 8891,
    engine_port: Annotated[int, _port("Beside LocalStack: where our services listen.")] = 4567,
) -> None:
    """Start the cloud, JupyterLab and the book; Ctrl-C stops them."""
    from .commands.start import Ports
    from .commands.start import start as run

    run(
        target or os.environ.get("CICDLAB_TARGET", ""),
        Ports(cloud_port, lab_port, book_port, engine_port),
        clock_mode,
        secure,
        open_browser,
    )


@app.command()
def cloud(
    port: Annotated[int, _port("Where it listens, on loopback; 0 takes a free port.", lowest=0)] = 4566,
    clock_mode: Clock = Speed.INSTANT,
    secure: Secure = False,
    allow_host: Annotated[list[str], typer.Option(help="A further host name it may be called by.")] = [],  # noqa: B006
) -> None:
    """Run the cloud alone, in the foreground."""
    from .commands.cloud import run

    run(port, clock_mode.value, tuple(allow_host), secure)


@app.command()
def env(target: Target = "") -> None:
    """Print the shell commands that point `aws` and boto3 to the cloud: eval "$(cicdlab env)"."""
    from .commands.env import exports

    plain(exports(target))


@app.command()
def why(last: Annotated[int, typer.Option(metavar="N", min=1, help="How many of them.")] = 3) -> None:
    """Explain the last requests that were denied: which statements said what."""
    from .commands.why import run

    run(last)


@app.command()
def connect(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The connection's name.")],
    repository: Annotated[list[str], typer.Option(metavar="OWNER/NAME", help="A repository that it reaches.")] = [],  # noqa: B006
) -> None:
    """Complete a connection's handshake, as you would in AWS's console; its repositories are on this machine."""
    from .commands.connect import run

    run(name, repository)


@app.command()
def doctor() -> None:
    """Try everything the course needs, and say what to do about what fails."""
    from .commands.doctor import examine

    raise typer.Exit(examine())


def main() -> None:
    """Run the command line; whatever goes wrong ends in one sentence."""
    try:
        status = app(standalone_mode=False, prog_name="cicdlab") or 0
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at exit
        status = 141
    except Exception as error:  # noqa: BLE001  (the last place where it can become a sentence)
        if sentence := _sentence(error):
            err.print(sentence, markup=False)
        status = 2 if hasattr(error, "format_message") else 1
    sys.exit(status)


def _sentence(error: Exception) -> str:
    if hasattr(error, "format_message"):  # a mistake in the command line, as Typer reports it
        message = error.format_message()
        if not message:  # no command was named, and the help is printed already
            return ""
        return f"{message}{'' if message.endswith(('.', '?')) else '.'} `cicdlab --help` shows what there is."
    if isinstance(error, CommandError | _lab_error()):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return f"The package {error.name} is missing: run `make setup`, then try again."
    return _unexpected(error)


def _lab_error() -> type[Exception]:
    """Return the labs' error without loading their package, which may be what is broken."""
    loaded: type[Exception] = getattr(sys.modules.get("cicdlab.lab.errors"), "LabError", CommandError)
    return loaded


def _unexpected(error: Exception) -> str:
    workspace = os.environ.get("CICDLAB_WORKSPACE") or Path(__file__).resolve().parents[1] / "workspace"
    log = Path(workspace) / "logs" / "error.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError as unwritable:
        log = Path(unwritable.filename or log)
        return f"{log} cannot be written ({unwritable.strerror}): make it yours, then try again."
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"This should not happen ({reason}): please report it with the details, which are in {log}."
