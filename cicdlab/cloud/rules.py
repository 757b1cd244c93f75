"""The rules that a service follows: what AWS's documentation says it does, and the test that shows it here.

A service keeps them in its ``rules.yml``; code that carries one out names it in a comment, ``# rule: ID``.
"""

import re
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

_NAMED = re.compile(r"#.*?\brule: ([a-z0-9-]+(?:, [a-z0-9-]+)*)")
_SOURCE = r"^(https://docs\.aws\.amazon\.com/\S+|https://github\.com/aws[\w-]*/[\w-]+/issues/\d+|botocore \S+/\w+)$"


class Rule(BaseModel):
    """One statement of AWS's documentation.

    Parameters
    ----------
    id
        Unique within the service.
    rule
        The statement, one sentence in our own words.
    source
        Address of the page, or the shape of botocore's model, that says so; where the documentation is silent, a
        thread in a repository of AWS's that shows it.
    checked
        When the source was read.
    test
        The test that shows it: ``tests/path/test_file.py::test_name``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9.]+)*$")
    rule: str = Field(pattern=r"^[A-Z`].*\.$", min_length=20)
    source: str = Field(pattern=_SOURCE)
    checked: date
    test: str = Field(pattern=r"^tests/\S+\.py::test_\w+$")


def load(path: Path) -> list[Rule]:
    """Return the rules of a ``rules.yml``.

    Raises
    ------
    ValueError
        A rule is malformed, or an id stands for two rules.
    """
    rules = [Rule.model_validate(each) for each in yaml.safe_load(path.read_text())]
    ids = [rule.id for rule in rules]
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if twice:
        raise ValueError(f"{path} has more than one rule {', '.join(twice)}.")
    return rules


def named_in_code(folder: Path) -> dict[str, list[str]]:
    """Return the ids that a service's modules name, each with ``module:line`` of where."""
    places: dict[str, list[str]] = {}
    for module in sorted(folder.rglob("*.py")):
        for number, line in enumerate(module.read_text().splitlines(), 1):
            for match in _NAMED.finditer(line):
                for name in match[1].split(", "):
                    places.setdefault(name, []).append(f"{module.name}:{number}")
    return places
