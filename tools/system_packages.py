"""Sees to what pip cannot install: ``python -m tools.system_packages --sandbox --browser``.

What is installed is used. Else Debian and Ubuntu's packages when this runs as root; else, for the browser, Playwright's
own download; else one sentence says what to install.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys

from cicdlab.commands import browser

QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


class MissingError(Exception):
    """Something could not be installed; the message is one sentence that says what to do."""


def ensure_sandbox() -> None:
    """Make sure that bubblewrap is there.

    Raises
    ------
    MissingError
        When it is not, and cannot be installed from here.
    """
    if shutil.which("bwrap") or sys.platform != "linux":
        return
    if not (_may_install() and _apt("bubblewrap") and shutil.which("bwrap")):
        raise MissingError(
            "Builds will run as plain processes: install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap) "
            "to give them a root of their own."
        )


def ensure_browser() -> None:
    """Make sure that a browser for the tests is there.

    Raises
    ------
    MissingError
        When there is none, and none can be installed from here.
    """
    if browser.find():
        return
    if _distribution() == "debian" and _may_install():  # Ubuntu's package only stands for a snap
        _apt("chromium")
    if not browser.find():
        _run("Downloading Playwright's Chromium …", [sys.executable, "-m", "playwright", "install", "chromium"])
    if not browser.find():
        raise MissingError(
            "The browser tests need Chromium or Chrome: install one (Debian: apt-get install chromium), "
            f"or name one in {browser.CHOICE}."
        )


def main(arguments: list[str] | None = None) -> int:
    """Install what is asked for and missing; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.system_packages")
    parser.add_argument("--sandbox", action="store_true", help="bubblewrap")
    parser.add_argument("--browser", action="store_true", help="a browser for the tests")
    given = parser.parse_args(arguments)
    status = 0
    try:
        if given.sandbox:
            ensure_sandbox()
    except MissingError as missing:
        print(missing, file=sys.stderr)  # the cloud does without it
    try:
        if given.browser:
            ensure_browser()
    except MissingError as missing:
        print(missing, file=sys.stderr)
        status = 1
    return status


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _apt(package: str) -> bool:
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", package]
    return _run(f"Installing {package} …", install) or (
        _run("Reading the lists of packages …", ["apt-get", "update", "--quiet"])
        and _run(f"Installing {package} …", install)
    )


def _run(doing: str, command: list[str]) -> bool:
    print(doing, flush=True)
    return subprocess.run(command, env=os.environ | QUIET, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
