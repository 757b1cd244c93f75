"""The list of changes by which the tests are tested fits the code as it is."""

from pathlib import Path

import pytest

from tools.mutants import ROOT, Mutant, load


@pytest.mark.parametrize("mutant", load(), ids=lambda mutant: f"{mutant.path}: {mutant.old[:40]}")
def test_a_change_applies_and_its_tests_are_there(mutant: Mutant) -> None:
    source = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert mutant.applied(source) != source
    assert all((ROOT / "tests" / "cloud" / mutant.service / name).is_file() for name in mutant.tests)


def test_a_text_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="2 times"):
        Mutant(file="x.py", old="a", new="b", tests=()).applied("a a")


def test_a_list_belongs_to_its_services(tmp_path: Path) -> None:
    (tmp_path / "list.yml").write_text("codebuild:\n  - {file: api.py, old: a, new: b, tests: [test_x.py]}\n")
    assert [mutant.path for mutant in load(tmp_path / "list.yml")] == ["cicdlab/cloud/codebuild/api.py"]
