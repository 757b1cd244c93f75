"""What pages load: the widgets' modules and styles, small icons instead of the theme's 1.5 MB of them."""

from __future__ import annotations

import hashlib
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from cicdlab.quiz.widget import Quiz
from cicdlab.views import BuildView, DecisionView, DeploymentView, PipelineView
from cicdlab.widget import Widget, stylesheet
from cicdlab.widget.assets import PAGE_MODULE

HERE = Path(__file__).parent
WIDGETS: tuple[type[Widget], ...] = (Quiz, BuildView, DecisionView, DeploymentView, PipelineView)
# Not under _static: Jupyter Book puts every script it finds there on every page.
FOLDER = "_widgets"
# The template in templates/static leaves out the theme's icon script, and icons.css draws the icons in use. Then nobody
# asks for these files, nor needs the style sheet's 1,900 rules for the icon font.
UNUSED = ("scripts/fontawesome.js", "vendor/fontawesome")
ICON_RULES = re.compile(r'@font-face\{[^}]*fontawesome[^}]*\}|(?:\.fa-[\w-]+:before,?)+\{content:"[^"]*"\}')


def lighten(app: Sphinx, config: Config) -> None:
    """Put our templates before the theme's, and leave out its second search button."""
    config.templates_path.append(str(HERE / "templates"))
    config["html_theme_options"]["navbar_persistent"] = []


def add_to_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Link our styles from every page, and the widgets from pages that have one."""

    def address(name: str) -> str:
        return f"{context['pathto'](f'{FOLDER}/{name}', 1)}?v={digest()}"

    tags = f'\n<link rel="icon" type="image/svg+xml" href="{address("icon.svg")}">'
    tags += f'\n<link rel="stylesheet" href="{address("book.css")}">'
    if 'class="cicd-widget"' in context.get("body", ""):
        tags += f'\n<link rel="stylesheet" href="{address("widgets.css")}">'
        tags += f'\n<script type="module" src="{address("page.js")}"></script>'
    context["metatags"] = context.get("metatags", "") + tags


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write our files into the finished site, and take out what no page uses."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    for name, text in site_files().items():
        (folder / name).write_text(text, encoding="utf-8")
    _drop_unused(Path(app.outdir) / "_static")


def _drop_unused(static: Path) -> None:
    for unused in UNUSED:
        path = static / unused
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for source_map in static.rglob("*.map"):
        source_map.unlink()
    theme = static / "styles" / "pydata-sphinx-theme.css"
    theme.write_text(ICON_RULES.sub("", theme.read_text(encoding="utf-8")), encoding="utf-8")


@cache
def site_files() -> dict[str, str]:
    """What `write` puts into the site: text by name."""
    files = {f"{widget.name}.js": str(widget._esm) for widget in WIDGETS}
    files["page.js"] = PAGE_MODULE.read_text(encoding="utf-8")
    files["widgets.css"] = stylesheet(*dict.fromkeys(path for widget in WIDGETS for path in widget.styles))
    files["icon.svg"] = (HERE / "icon.svg").read_text(encoding="utf-8")
    files["book.css"] = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("icons.css", "book.css"))
    return files


@cache
def digest() -> str:
    """A name for the present state of our files: a page that asks for them by it never gets older ones."""
    text = "\n".join(site_files()[name] for name in sorted(site_files()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
