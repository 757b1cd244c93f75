"""`cicdlab doctor`: tries everything the course needs, and says what to do about what fails."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rich.table import Table

from . import browser
from .addresses import answers, is_free
from .console import err, out, plain

NEEDED_BYTES = 500_000_000
TIMEOUT = 60.0


class Verdict(StrEnum):
    """How a trial ended."""

    WORKS = "works"
    LESS = "less"
    FAILS = "fails"


class Trouble(Exception):  # noqa: N818  (a finding, not an error of this program)
    """What a trial found, and what to do about it."""

    def __init__(self, found: str, remedy: str, verdict: Verdict = Verdict.FAILS) -> None:
        super().__init__(found)
        self.remedy = remedy
        self.verdict = verdict


@dataclass(frozen=True)
class Finding:
    """The outcome of one trial.

    Parameters
    ----------
    name
        What was tried.
    verdict
        Whether it works, works with less, or fails.
    seen
        What was seen.
    remedy
        What to do; empty when it works.
    """

    name: str
    verdict: Verdict
    seen: str
    remedy: str = ""


def examine() -> int:
    """Try everything, print a table, and return the exit status: 1 when something fails."""
    findings = []
    with err.status("") as status:
        for name, trial in TRIALS.items():
            status.update(f"Trying: {name} …")
            findings.append(_try(name, trial))
    _print(findings)
    failed = [finding.name for finding in findings if finding.verdict is Verdict.FAILS]
    plain(f"To put right: {', '.join(failed)}." if failed else "Everything the course needs works.")
    return 1 if failed else 0


def _try(name: str, trial: Callable[[], str]) -> Finding:
    try:
        return Finding(name, Verdict.WORKS, trial())
    except Trouble as trouble:
        return Finding(name, trouble.verdict, str(trouble), trouble.remedy)
    except Exception as error:  # noqa: BLE001  (whatever a trial meets is what it has found)
        return Finding(
            name, Verdict.FAILS, " ".join(str(error).split()) or type(error).__name__, "Run `make setup` again."
        )


def _print(findings: list[Finding]) -> None:
    looks = {Verdict.WORKS: "green", Verdict.LESS: "yellow", Verdict.FAILS: "red"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("What", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("Seen, and what to do", overflow="fold")
    for finding in findings:
        text = f"{finding.seen}. {finding.remedy}" if finding.remedy else finding.seen
        table.add_row(finding.name, f"[{looks[finding.verdict]}]{finding.verdict}[/]", text.replace("[", r"\["))
    out.print(table, soft_wrap=False)


def _python() -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise Trouble(version, "Install Python 3.11, 3.12 or 3.13, remove .venv and run `make setup`.")
    return version


def _git() -> str:
    return _run(["git", "--version"], "Install git: repositories of CodeCommit need it.").removeprefix("git version ")


def _bash() -> str:
    return _run(["bash", "--posix", "-c", 'echo "$BASH_VERSION"'], "Install bash: builds run their commands in it.")


def _sandbox() -> str:
    from cicdlab.cloud import sandbox

    kind = sandbox.available()
    with tempfile.TemporaryDirectory() as folder, sandbox.Sandbox.create(Path(folder), [], {}) as box:
        said: list[bytes] = []
        shell = box.open_shell("/", {})
        result = shell.run("echo from inside", timeout=10, on_output=said.append)
    if result.status or b"".join(said).strip() != b"from inside":
        raise Trouble(f"{kind}: a command in it ended with {result.status}", "Try CICDLAB_SANDBOX=plain.")
    if kind == "plain":
        remedy = "With bubblewrap (Debian, Ubuntu: apt-get install bubblewrap) they get a root of their own."
        raise Trouble("builds run as plain processes", remedy, Verdict.LESS)
    return f"{kind}: a command ran in a root of its own"


def _cloud() -> str:
    from cicdlab.lab.private_cloud import private_cloud

    with private_cloud() as environ:
        if not answers(f"{environ['AWS_ENDPOINT_URL']}/_cicdlab/health"):
            raise Trouble("it started and does not answer", "Run `cicdlab cloud` and see what it prints.")
    return "started, answered and stopped"


def _ports() -> str:
    pages = {4566: "/_cicdlab/health", 8890: "/api", 8891: "/"}
    taken = [port for port in pages if not is_free(port)]
    if taken and all(answers(f"http://127.0.0.1:{port}{page}") for port, page in pages.items()):
        return "in use, by what `cicdlab start` runs"
    if taken:
        names, option = ", ".join(map(str, taken)), "".join(f" -i :{port}" for port in taken)
        raise Trouble(f"taken: {names}", f"See by whom with `lsof{option}`, and stop it.")
    return f"{', '.join(map(str, pages))} are free"


def _aws() -> str:
    program = str(Path(sys.executable).parent / "aws")
    return _run([program, "--version"], "Run `make setup` again.").split()[0]


def _kernel() -> str:
    from jupyter_client.manager import start_new_kernel

    spec = json.loads((Path(sys.prefix) / "share/jupyter/kernels/python3/kernel.json").read_text(encoding="utf-8"))
    if "cicdlab.lab.kernel" not in spec["argv"]:
        raise Trouble("notebooks would not see the cloud of the course", "Run `make setup` again.")
    manager, client = start_new_kernel(startup_timeout=TIMEOUT, kernel_name="python3", stderr=subprocess.DEVNULL)
    try:
        reply = client.execute_interactive(
            "import os",
            timeout=TIMEOUT,
            user_expressions={"endpoint": "os.environ['AWS_ENDPOINT_URL']"},
            output_hook=lambda message: None,
        )
        endpoint = str(reply["content"]["user_expressions"]["endpoint"]["data"]["text/plain"]).strip("'")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return f"a notebook's kernel started; it talks to {endpoint}"


def _jupyterlab() -> str:
    return _run([sys.executable, "-m", "jupyterlab", "--version"], "Run `make setup` again.")


def _browser() -> str:
    remedy = "Only `make test` needs it: install Chromium (Debian: apt-get install chromium)."
    path = browser.find()
    if path is None:
        raise Trouble("no Chromium and no Chrome found", remedy, Verdict.LESS)
    try:
        return f"{path} {browser.try_it(path)} drew a page"
    except Exception as error:  # noqa: BLE001  (Playwright's errors have many lines; the first one says what it is)
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise Trouble(f"{path} does not start ({first})", remedy, Verdict.LESS) from error


def _disk() -> str:
    from cicdlab.lab.places import Workspace

    root = Workspace.of().root
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=root):
        free = shutil.disk_usage(root).free
    if free < NEEDED_BYTES:
        raise Trouble(f"{free // 1_000_000} MB free", f"Make room: the labs want {NEEDED_BYTES // 1_000_000} MB.")
    return f"writable, {free / 1e9:.1f} GB free"


def _run(command: list[str], remedy: str) -> str:
    """Run a program and return what it prints."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    except FileNotFoundError:
        raise Trouble("not found", remedy) from None
    except subprocess.SubprocessError as error:
        raise Trouble(" ".join(str(error).split()), remedy) from error
    return (done.stdout or done.stderr).strip()


TRIALS: dict[str, Callable[[], str]] = {
    "Python": _python,
    "git": _git,
    "bash": _bash,
    "aws": _aws,
    "Sandbox": _sandbox,
    "Cloud": _cloud,
    "Ports": _ports,
    "JupyterLab": _jupyterlab,
    "Kernel": _kernel,
    "Workspace": _disk,
    "Browser": _browser,
}
