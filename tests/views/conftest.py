"""A page with views on it, as the book serves it, and a browser to look at it."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from cicdlab.views import BuildView, DeploymentView, PipelineView
from cicdlab.widget import Widget
from cicdlab.widget.assets import PAGE_MODULE

WIDGETS: tuple[type[Widget], ...] = (BuildView, DeploymentView, PipelineView)
PAGE = """<!doctype html>
<html lang="en" data-theme="{theme}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Builds</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="build.css">
<style>
body {{ color: var(--pst-color-text-base); font-family: sans-serif;
  margin: 0 auto; max-width: 50rem; padding: 0 1rem; }}
html {{ --pst-color-background: #fff; --pst-color-text-base: #222832; --pst-color-text-muted: #48566b;
  --pst-color-surface: #f3f4f5; --pst-color-border: #d1d5da; background: var(--pst-color-background); }}
html[data-theme="dark"] {{ --pst-color-background: #14181e; --pst-color-text-base: #ced6dd;
  --pst-color-text-muted: #9ca4af; --pst-color-surface: #29313d; --pst-color-border: #48566b; }}
</style>
<script type="module" src="page.js"></script>
</head>
<body><main><h1>Builds</h1>{body}</main></body>
</html>
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def put_on_page(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Put views on a page and return its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def put(*views: Widget, theme: str = "light") -> str:
        body = "\n".join(view._repr_mimebundle_()[0]["text/html"] for view in views)
        (tmp_path / "index.html").write_text(PAGE.format(theme=theme, body=body), encoding="utf-8")
        (tmp_path / "page.js").write_text(PAGE_MODULE.read_text(encoding="utf-8"), encoding="utf-8")
        for view in WIDGETS:
            (tmp_path / f"{view.name}.js").write_text(str(view._esm), encoding="utf-8")
        (tmp_path / "build.css").write_text("\n".join(str(view._css) for view in WIDGETS), encoding="utf-8")
        return f"http://127.0.0.1:{server.server_port}/index.html"

    yield put
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a page that must not complain in the console."""
    page = browser.new_page(viewport={"width": 1000, "height": 1200})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert complaints == []
