"""What our evaluator says to generated cases, and to those on which another evaluator once disagreed."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from .cases import allowed, case
from .generated import cases, decided

HERE = Path(__file__).parent
DISAGREEMENTS = yaml.safe_load((HERE / "disagreements.yml").read_text())
STORED = [line.split() for line in (HERE / "decisions.txt").read_text().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("disagreement", DISAGREEMENTS, ids=lambda each: each["name"])
def test_what_was_once_disagreed_on_is_decided_as_aws_documents(disagreement: dict[str, Any]) -> None:
    assert disagreement["source"].startswith("https://docs.aws.amazon.com/IAM/")
    for each in disagreement["cases"]:
        members = {name: value for name, value in each.items() if name != "allowed"}
        assert allowed(case(**members)) is each["allowed"], each


@pytest.mark.parametrize(("seed", "decisions"), STORED)
def test_generated_cases_are_decided_as_before(seed: str, decisions: str) -> None:
    assert decided(int(seed), len(decisions) * 4) == decisions


def test_cases_depend_on_their_seed_only() -> None:
    assert list(cases(3, 20)) == list(cases(3, 20))[:20] == list(cases(3, 40))[:20]
    assert list(cases(3, 20)) != list(cases(4, 20))
