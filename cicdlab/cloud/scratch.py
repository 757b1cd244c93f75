"""The folder in which one cloud keeps what its builds write; a killed cloud's folder goes when the next one starts."""

import os
import re
import shutil
import tempfile
from pathlib import Path

_NAME = re.compile(r"cicdlab-cloud-(\d+)-\w+")


def make() -> Path:
    """Return a new folder, and remove those of this user's clouds that have died without removing theirs."""
    for folder in Path(tempfile.gettempdir()).glob("cicdlab-cloud-*"):
        owner = _NAME.fullmatch(folder.name)
        if owner and not _is_alive(int(owner[1])) and folder.lstat().st_uid == os.getuid():
            remove(folder)
    return Path(tempfile.mkdtemp(prefix=f"cicdlab-cloud-{os.getpid()}-")).resolve()


def remove(folder: Path) -> None:
    """Remove a folder, also what a build left without permissions in it."""
    for parent, names, _ in os.walk(folder):  # top down: each folder is opened before the walk goes into it
        for path in (Path(parent, name) for name in names):
            if not path.is_symlink() and not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
