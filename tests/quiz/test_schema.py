"""The committed JSON Schema of questions.yml."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from cicdlab.quiz.check import ROOT
from cicdlab.quiz.schema import PATH, schema

BANKS = [Path(__file__).with_name("sample.yml"), *sorted(ROOT.glob("chapters/*/questions.yml"))]


def test_the_committed_schema_is_current():
    assert PATH.read_text() == schema(), "run: python -m cicdlab.quiz.schema"


@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.parent.name)
def test_banks_fit_the_schema(path):
    bank = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))
    jsonschema.validate(bank, json.loads(PATH.read_text()), format_checker=jsonschema.FormatChecker())
    bank["questions"][0]["options"][0].pop("why")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bank, json.loads(PATH.read_text()))
