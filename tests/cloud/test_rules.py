"""The gate of every service's rules: sourced, shown by a test that exists, and carried out somewhere."""

import ast
from pathlib import Path

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from cicdlab.cloud import rules

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent for path in (ROOT / "cicdlab" / "cloud").glob("*/rules.yml"))

GOOD = """
- id: a-rule
  rule: A project without a buildspec reads one from the source.
  source: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
  checked: 2026-11-23
  test: tests/cloud/test_rules.py::test_a_good_rule_is_read
"""


def service(folder: Path) -> str:
    return folder.name


def test_the_services_with_rules_are_found() -> None:
    assert {"codebuild", "identity"} <= {folder.name for folder in SERVICES}


@pytest.mark.parametrize("folder", SERVICES, ids=service)
def test_every_rule_is_named_in_code_and_every_name_is_a_rule(folder: Path) -> None:
    known = {rule.id for rule in rules.load(folder / "rules.yml")}
    assert set(rules.named_in_code(folder)) == known


@pytest.mark.parametrize("folder", SERVICES, ids=service)
def test_every_rule_has_a_test_that_is_collected(folder: Path) -> None:
    for rule in rules.load(folder / "rules.yml"):
        file, _, name = rule.test.partition("::")
        assert (ROOT / file).is_file(), rule.id
        tree = ast.parse((ROOT / file).read_text())
        defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
        assert defined == [name], f"{rule.id}: {rule.test} is not there exactly once"


@pytest.mark.parametrize("folder", SERVICES, ids=service)
def test_shapes_that_rules_name_exist(folder: Path) -> None:
    for rule in rules.load(folder / "rules.yml"):
        if rule.source.startswith("botocore "):
            name, shape = rule.source.removeprefix("botocore ").split("/")
            model = ServiceModel(Loader().load_service_model(name, "service-2"), name)
            assert shape in model.shape_names, rule.id


def test_a_good_rule_is_read(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(GOOD)
    assert [rule.id for rule in rules.load(tmp_path / "rules.yml")] == ["a-rule"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://docs.aws.amazon.com/codebuild", "https://example.com/codebuild"),
        ("a-rule", "A Rule"),
        ("A project", "a project"),
        ("2026-11-23", "yesterday"),
        ("test_rules.py::test_a", "test_rules.py::a"),
        ("checked:", "seen:"),
        (GOOD, GOOD * 2),
    ],
)
def test_a_bad_rule_is_refused(tmp_path: Path, old: str, new: str) -> None:
    assert old in GOOD
    (tmp_path / "rules.yml").write_text(GOOD.replace(old, new))
    with pytest.raises(ValueError, match="rule|valid"):
        rules.load(tmp_path / "rules.yml")


def test_ids_in_comments_are_found_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "engine.py").write_text("x = 1\ny = 2  # rule: one-thing, other-thing\n")
    assert rules.named_in_code(tmp_path) == {"one-thing": ["engine.py:2"], "other-thing": ["engine.py:2"]}
