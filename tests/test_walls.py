"""The walls between the parts hold, and nothing in the repository leads out of it.

Imports are read from the syntax, so those inside functions count as well.
"""

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 500
CODE = {".py", ".js", ".css", ".html", ".sh"}
SHIPPED = {".js", ".css", ".html", ".svg"}

# Which other parts a part may import. What is not listed, the command line, may import all of them.
MAY_IMPORT = {
    "cloud": set(),
    "widget": set(),
    "quiz": {"widget"},
    "views": {"widget"},
    "lab": {"widget", "quiz", "views"},
    "book": {"widget", "quiz", "views", "lab"},
}


@dataclass(frozen=True)
class Module:
    """A module of the package: its dotted name, whether it is a package, and its source."""

    name: str
    is_package: bool
    source: str

    def imports(self, known: Iterable[str], at_load: bool = False) -> set[str]:
        """Return the modules it imports, ours as precisely as `known` tells; optionally only when it is loaded."""
        collector = _Collector(self.name if self.is_package else self.name.rpartition(".")[0])
        collector.visit(ast.parse(self.source))
        names = collector.at_load if at_load else collector.at_load | collector.later
        return {name if name in known or not base else base for name, base in names}


class _Collector(ast.NodeVisitor):
    """Collects pairs of what is imported and, for ``from base import name``, the base."""

    def __init__(self, package: str) -> None:
        self._package = package.split(".")
        self._depth = 0
        self.at_load: set[tuple[str, str]] = set()
        self.later: set[tuple[str, str]] = set()

    def visit_Import(self, node: ast.Import) -> None:
        self._add((alias.name, "") for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        above = self._package[: len(self._package) - node.level + 1] if node.level else []
        base = ".".join([*above, *filter(None, [node.module])])
        self._add((f"{base}.{alias.name}", base) for alias in node.names)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node)

    def visit_If(self, node: ast.If) -> None:
        self._inside(node) if "TYPE_CHECKING" in ast.dump(node.test) else self.generic_visit(node)

    def _inside(self, node: ast.AST) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    def _add(self, names: Iterable[tuple[str, str]]) -> None:
        (self.later if self._depth else self.at_load).update(names)


def package() -> Iterator[Module]:
    for path in sorted((ROOT / "cicdlab").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        yield Module(name, is_package, path.read_text(encoding="utf-8"))


def part_of(name: str) -> str:
    """Return the part of the package a module belongs to; empty for what is not ours."""
    pieces = name.split(".")
    return pieces[1] if pieces[0] == "cicdlab" and len(pieces) > 1 else ""


def crossings(modules: Iterable[Module]) -> list[str]:
    """Return every import that crosses a wall."""
    modules = list(modules)
    known = {module.name for module in modules}
    found = []
    for module in modules:
        part = part_of(module.name)
        for used in sorted(module.imports(known)):
            other = part_of(used)
            foreign = part in MAY_IMPORT and other not in MAY_IMPORT[part] | {part, ""}
            private = used.split(".")[0] == "moto" and not module.name.startswith("cicdlab.cloud.backend")
            aside = used.split(".")[0] in ("tools", "bench", "tests")
            if foreign or private or aside:
                found.append(f"{module.name} imports {used}")
    return found


def turned_round(modules: Iterable[Module]) -> list[str]:
    """Return every import inside a service that leads back: api → engine → model is the way."""
    modules = list(modules)
    known = {module.name for module in modules}
    uses = {module.name: module.imports(known) & known for module in modules}
    services = [name.removesuffix(".api") for name in known if re.fullmatch(r"cicdlab\.cloud\.\w+\.api", name)]
    found = []
    for service in services:
        inside = {name for name in known if name.startswith(f"{service}.")}
        found += [f"{name} imports its api" for name in sorted(inside) if f"{service}.api" in uses[name]]
        model = f"{service}.model"
        found += [f"{model} imports {used}" for used in sorted(uses.get(model, set()) & inside)]
    return found


def circle(modules: Iterable[Module]) -> list[str]:
    """Return modules that import each other in a circle when they are loaded; a package and its own parts may."""
    modules = list(modules)
    known = {module.name for module in modules}
    graph = {
        module.name: {
            used
            for used in module.imports(known, at_load=True) & known
            if not module.name.startswith(f"{used}.") and used != module.name
        }
        for module in modules
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def tracked() -> list[Path]:
    """Return the files of the repository that are text."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()]


def test_no_import_crosses_a_wall():
    assert crossings(package()) == []


def test_inside_a_service_imports_run_from_api_to_engine_to_model():
    assert turned_round(package()) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circle(package()) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("cicdlab.cloud.gateway", "from cicdlab.lab import environment"),
        ("cicdlab.cloud.gateway", "from ..quiz.bank import load"),
        ("cicdlab.cloud.codebuild.build", "def run():\n    from ...views import build"),
        ("cicdlab.cloud.gateway", "import moto.server"),
        ("cicdlab.lab.runner", "from cicdlab.cloud.server import Server"),
        ("cicdlab.lab.runner", "import cicdlab.cloud"),
        ("cicdlab.views.build", "from ..commands.console import out"),
        ("cicdlab.quiz.bank", "from cicdlab import cli"),
        ("cicdlab.widget.base", "from cicdlab.quiz import Quiz"),
        ("cicdlab.commands.start", "from tools import localstack"),
    ],
)
def test_an_import_through_a_wall_is_seen(name, source):
    assert len(crossings([Module(name, False, source), Module("cicdlab.cli", False, "")])) == 1


def test_a_way_back_inside_a_service_is_seen():
    service = [
        Module("cicdlab.cloud.codex.api", False, "from . import build"),
        Module("cicdlab.cloud.codex.build", False, "def f():\n    from .api import answer"),
        Module("cicdlab.cloud.codex.model", False, "from .build import run"),
    ]

    assert turned_round(service) == [
        "cicdlab.cloud.codex.build imports its api",
        "cicdlab.cloud.codex.model imports cicdlab.cloud.codex.build",
    ]


def test_a_circle_is_seen():
    pair = [Module("cicdlab.lab.a", False, "from . import b"), Module("cicdlab.lab.b", False, "from .a import x")]

    assert set(circle(pair)) == {"cicdlab.lab.a", "cicdlab.lab.b"}


def test_no_file_of_code_is_longer_than_anyone_reads():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix in CODE and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}


def test_no_file_names_a_place_outside_the_repository():
    outside = re.compile(
        "|".join([re.escape(f"{ROOT}/"), r"\.\./" + "shared", r"(?<![\w.])/work" + "/", "/Users" + r"/\w"])
    )
    found = [str(path.relative_to(ROOT)) for path in tracked() if outside.search(path.read_text(encoding="utf-8"))]

    assert found == []


def test_nothing_that_is_shipped_to_a_browser_asks_another_host():
    address = re.compile(r"""https?://(?!www\.w3\.org/)|(?:src|href)=["']//|url\(["']?//|@import""")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if path.suffix in SHIPPED and path.is_relative_to(ROOT / "cicdlab")
        for match in address.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
