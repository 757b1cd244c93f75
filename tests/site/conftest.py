"""The book, built once and served on loopback, and a browser that reaches nothing else."""

import functools
import http.server
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page

from cicdlab.quiz import Quiz
from cicdlab.views import DeploymentView, PipelineView
from cicdlab.widget import Widget

from ..views import deployments, pipelines

ROOT = Path(__file__).resolve().parents[2]


class Site:
    """A built book behind an address."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address

    @property
    def pages(self) -> list[str]:
        """Every page that a reader can open, without the redirect in the root."""
        return sorted(
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*.html")
            if "_static" not in path.parts and path != self.folder / "index.html"
        )


class Reader:
    """A browser window: what it asked for, and what its console said."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.responses: dict = {}
        page.route("**/*", self._only_the_site)
        page.on("console", lambda message: message.type in ("error", "warning") and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("response", lambda response: self.responses.setdefault(response.url, response))

    def _only_the_site(self, route) -> None:
        if route.request.url.startswith((self.site.address, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def open(self, name: str, until: str = "load") -> Page:
        """Go to a page and wait until its widgets, if any, are there."""
        self.page.goto(self.site.address + name, wait_until=until)
        self.page.wait_for_function(
            "document.querySelectorAll('.cicd-widget').length === document.querySelectorAll('.cicd-mounted').length"
        )
        return self.page

    def transferred(self) -> dict[str, int]:
        """Bytes by address, uncompressed."""
        return {url: len(response.body()) for url, response in self.responses.items() if response.ok}


def build(source: Path, out: Path) -> Path:
    """Build a book as `make book` does; every warning is an error."""
    done = subprocess.run(
        [
            Path(sys.executable).with_name("jupyter-book"),
            "build",
            source,
            "-W",
            "-n",
            "--keep-going",
            "--path-output",
            out,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return out / "_build" / "html"


@contextmanager
def served(folder: Path):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Site(folder, f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
        thread.join()


def write_notebook(path: Path, *widgets: Widget) -> None:
    """Write a notebook that showed these widgets when it was run."""
    cells = [nbformat.v4.new_markdown_cell(f"# {path.stem.capitalize()}")]
    for widget in widgets:
        data, metadata = widget._repr_mimebundle_()
        output = nbformat.v4.new_output("execute_result", data=data, metadata=metadata, execution_count=1)
        cells.append(nbformat.v4.new_code_cell(type(widget).__name__, execution_count=1, outputs=[output]))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The real book."""
    with served(build(ROOT, tmp_path_factory.mktemp("book"))) as site:
        yield site


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """A small book: every kind of question by directive and by a notebook's stored output, and recorded runs."""
    source = tmp_path_factory.mktemp("sample")
    shutil.copy(ROOT / "_config.yml", source)
    shutil.copytree(Path(__file__).with_name("sample"), source, dirs_exist_ok=True)
    shutil.copy(ROOT / "tests/quiz/sample.yml", source / "chapters/sample/questions.yml")
    chapter = source / "chapters/sample"
    write_notebook(chapter / "sheet.ipynb", Quiz("sample/phases", source / "chapters"))
    views = [DeploymentView(*made()) for made in (deployments.failed, deployments.nine)]
    write_notebook(chapter / "runs.ipynb", *views, PipelineView(*pipelines.waiting()))
    with served(build(source, tmp_path_factory.mktemp("sample-out"))) as site:
        yield site


@pytest.fixture(scope="module")
def read(browser):
    """Open a window on a site: `read(site, **options of a Playwright context)`."""
    contexts = []

    def open_window(site: Site, **options) -> Reader:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Reader(context.new_page(), site)

    yield open_window
    for context in contexts:
        context.close()
