"""A JupyterLab of a test's own, and how a reader runs a notebook in it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page

NEVER = "jupyterlab.NeverCheckForUpdate"


class JupyterLab:
    """A server on a folder of its own, with settings, kernel and workspace of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}/"

    def add(self, name: str, cell: str) -> None:
        """Write a notebook with one cell."""
        kernel = {"name": "course", "display_name": "Course", "language": "python"}
        cells = [nbformat.v4.new_code_cell(cell)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), self.folder / name)

    def open(self, page: Page, name: str) -> Locator:
        """Open a notebook, and nothing else that was open before; return its cell."""
        page.goto(f"{self.address}lab/tree/{name}?reset")
        return page.locator(".jp-Notebook .jp-CodeCell").first

    def wait(self) -> None:
        for _ in range(300):
            try:
                with urllib.request.urlopen(self.address + "api", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError(f"JupyterLab does not answer: {(self.folder / 'jupyterlab.log').read_text()[-2000:]}")


def run(page: Page, until: str = "\\d+") -> None:
    """Run the notebook's only cell in a new kernel's or the present one's next turn.

    Parameters
    ----------
    until
        What must stand between the brackets beside the cell, as a regular expression: a number when it has ended.
    """
    page.get_by_text("| Idle").wait_for()  # before, a key press may go nowhere
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    cell.locator(".cm-content").click()
    before = cell.locator(".jp-InputArea-prompt").first.inner_text()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        """([before, until]) => {
            const prompt = document.querySelector('.jp-CodeCell .jp-InputArea-prompt').innerText;
            return prompt !== before && new RegExp(`\\\\[${until}\\\\]`).test(prompt);
        }""",
        arg=[before, until],
    )


@contextmanager
def jupyterlab(folder: Path) -> Iterator[JupyterLab]:
    """Start JupyterLab on a folder."""
    kernel = folder / "jupyter/kernels/course/kernel.json"
    kernel.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": command, "display_name": "Course", "language": "python"}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {
        "JUPYTER_PATH": folder / "jupyter",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
        "CICDLAB_WORKSPACE": folder / "workspace",
    }
    environment = {name: value for name, value in os.environ.items() if name != "CICDLAB_RECORD"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None", f"--LabApp.check_for_updates_class={NEVER}"]
    with (folder / "jupyterlab.log").open("w") as log:
        server = subprocess.Popen(
            command, env=environment | {k: str(v) for k, v in own.items()}, stdout=log, stderr=log
        )
        try:
            lab = JupyterLab(folder, port)
            lab.wait()
            yield lab
        finally:
            server.terminate()
            server.wait(20)
