"""Virtual environments of their own for programs that must not share ours, under ``.cache/``."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache"
_STAMP = "installed-requirements"


class VenvError(Exception):
    """The environment could not be made; the message is one sentence that says why."""


class PythonMissingError(VenvError):
    """The Python version that a program needs is not installed."""


def venv(name: str, requirements: Path, python: str = "") -> Path:
    """Return the Python of an environment that holds just what is pinned, made on first use.

    Parameters
    ----------
    name
        Its folder's name below ``.cache/``.
    requirements
        The file that pins all of its packages.
    python
        Version that it needs, for example ``3.11``; by default the version that runs this.

    Raises
    ------
    PythonMissingError
        When that version is not on this machine.
    VenvError
        When the packages could not be installed.
    """
    folder = CACHE / name
    interpreter = folder / "bin" / "python"
    wanted = hashlib.sha256(requirements.read_bytes() + python.encode()).hexdigest()
    stamp = folder / _STAMP
    if interpreter.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return interpreter
    base = _interpreter(name, python) if python else sys.executable
    _run(name, "venv", "--clear", "--python", base, str(folder))
    _run(name, "pip", "install", "--python", str(interpreter), "--requirement", str(requirements))
    stamp.write_text(wanted, encoding="utf-8")
    return interpreter


def _interpreter(name: str, version: str) -> str:
    if sys.version.startswith(f"{version}."):
        return sys.executable
    for folder in os.get_exec_path():
        candidate = Path(folder) / f"python{version}"
        if candidate.exists() and _works(candidate):
            return str(candidate)
    raise PythonMissingError(f"{name} needs Python {version}, which is not on this machine; install it first.")


def _works(python: Path) -> bool:
    # a version manager's placeholder exists for versions that are not switched on
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def _run(name: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "uv", "--no-progress", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())[-400:]
        raise VenvError(f"The environment of {name} could not be made with `uv {' '.join(arguments)}`: {said}")
