"""Which kind of sandbox works on this machine: tried, not guessed."""

import functools
import os
import tempfile
from pathlib import Path

from . import bubblewrap, plain
from .errors import SandboxError
from .sandbox import Sandbox

PROBE_SECONDS = 20.0
KINDS = (bubblewrap.NAME, plain.NAME)


def available() -> str:
    """Return the kind of sandbox used here: "bubblewrap" or "plain".

    CICDLAB_SANDBOX forces one.

    Raises
    ------
    ValueError
        If CICDLAB_SANDBOX names neither.
    """
    forced = os.environ.get("CICDLAB_SANDBOX")
    if forced:
        if forced not in KINDS:
            raise ValueError(f"CICDLAB_SANDBOX is {forced!r}; it must be one of {', '.join(KINDS)}.")
        return forced
    return plain.NAME if why_not_bubblewrap() else bubblewrap.NAME


@functools.cache
def why_not_bubblewrap() -> str | None:
    """Return why bubblewrap cannot be used here, None where a trial build root worked."""
    said = bytearray()
    try:
        with tempfile.TemporaryDirectory() as folder, Sandbox.create(Path(folder), [], {}, kind=bubblewrap.NAME) as box:
            shell = box.open_shell("/", {})
            result = shell.run("python -c 'import ssl, ctypes'", timeout=PROBE_SECONDS, on_output=said.extend)
    except (OSError, SandboxError) as error:
        return str(error)
    if result.status != 0:
        return f"Python does not start in a build root: {said.decode(errors='replace').strip()}"
    return None
