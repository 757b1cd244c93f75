"""The JSON Schema of questions.yml, for editors: written by `python -m cicdlab.quiz.schema`."""

from __future__ import annotations

import json
from pathlib import Path

from cicdlab.quiz.bank import Bank

PATH = Path(__file__).with_name("questions.schema.json")


def schema() -> str:
    """The schema as the committed file has it."""
    return json.dumps(Bank.model_json_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema(), encoding="utf-8")
