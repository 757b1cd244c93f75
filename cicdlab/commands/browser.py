"""Which browser this machine has: an installed Chromium or Chrome, else the one that Playwright has downloaded."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
CHOICE = "CICDLAB_BROWSER"


def find() -> str | None:
    """Return the path of a browser, or None; the variable ``CICDLAB_BROWSER`` comes first."""
    if chosen := os.environ.get(CHOICE):
        return chosen
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return next((path for path in (*APPLICATIONS, _playwrights_own()) if Path(path).is_file()), None)


def _playwrights_own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def try_it(path: str) -> str:
    """Start a browser, have it draw a page, and return its version."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content("<p>Drawn</p>")
        drawn = page.inner_text("p")
        version = browser.version
        browser.close()
    if drawn != "Drawn":
        raise RuntimeError("it drew nothing")
    return version
