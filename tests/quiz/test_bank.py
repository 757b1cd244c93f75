"""What a questions.yml may say, and what an answer depends on."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from cicdlab.quiz.bank import Bank, content_hash, load, plain

SAMPLE = Path(__file__).with_name("sample.yml")


@pytest.fixture
def raw():
    return yaml.safe_load(SAMPLE.read_text())


def test_key_of_each_kind():
    bank = load(SAMPLE)
    assert bank.question("sample-buildspec-name").key == "buildspec.yml in the root of the source"
    assert bank.question("sample-source-types").key == {"S3", "NO_SOURCE"}
    assert bank.question("sample-phase-order").key == ["INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"]
    assert bank.question("sample-who-does-what").key == {
        "Buildspec": "the commands",
        "Environment": "the machine and its variables",
        "Source": "the files to work on",
    }


def test_a_section_has_its_questions_in_the_order_of_the_file():
    assert [question.id for question in load(SAMPLE).section("phases")] == [
        "sample-phase-order",
        "sample-who-does-what",
    ]


def test_an_unknown_question_is_named():
    with pytest.raises(KeyError, match="no question has the id 'nothing'"):
        load(SAMPLE).question("nothing")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda q: [option.pop("right", None) for option in q[0]["options"]], "exactly one option .* has 0"),
        (lambda q: [option.update(right=True) for option in q[0]["options"]], "exactly one option .* has 3"),
        (lambda q: [option.pop("right", None) for option in q[1]["options"]], "at least one option"),
        (lambda q: [option.update(match="same") for option in q[3]["options"]], "two different values of `match`"),
        (lambda q: q[0]["options"][1].update(text=q[0]["options"][0]["text"]), "two options say the same"),
        (lambda q: q[0]["options"][0].pop("why"), "why"),
        (lambda q: q[0]["options"][0].update(why="  "), "at least 1 character"),
        (lambda q: q[0].update(sources=["http://docs.aws.amazon.com/"]), "https"),
        (lambda q: q[0].update(sources=[]), "sources"),
        (lambda q: q[0].update(skills=["3.4.5"]), "skills"),
        (lambda q: q[0].update(checked="yesterday"), "checked"),
        (lambda q: q[0].update(id="Not a slug"), "id"),
        (lambda q: q[0].update(kind="essay"), "kind"),
        (lambda q: q[0].update(stemm="x"), "stemm"),
        (lambda q: q[0].update(section="elsewhere"), "section 'elsewhere' is not one of .*basics, phases"),
        (lambda q: q[1].update(id=q[0]["id"]), "used twice"),
        (lambda q: q[0].update(proof="tests/quiz/test_bank.py"), "proof"),
    ],
)
def test_what_is_wrong_is_refused(raw, change, sentence):
    Bank.model_validate(raw)
    change(raw["questions"])
    with pytest.raises(ValidationError, match=sentence):
        Bank.model_validate(raw)


@pytest.mark.parametrize("index", range(4))
def test_the_hash_depends_on_what_is_asked_and_on_nothing_else(raw, index):
    def hash_after(change):
        changed = yaml.safe_load(yaml.safe_dump(raw))
        change(changed["questions"][index])
        return content_hash(Bank.model_validate(changed).questions[index])

    before = hash_after(lambda question: None)
    assert len(before) == 12
    for kept in (
        lambda question: question["options"][0].update(why="Another reason."),
        lambda question: question.update(checked="2027-01-01", skills=["C02-1.1.1"], sources=["https://example.org/"]),
    ):
        assert hash_after(kept) == before
    for changed in (
        lambda question: question.update(stem="Something else?"),
        lambda question: question["options"][0].update(text="Something else"),
        lambda question: question["options"].reverse(),
    ):
        assert hash_after(changed) != before


def test_the_hash_depends_on_the_key(raw):
    before = content_hash(Bank.model_validate(raw).questions[1])
    raw["questions"][1]["options"][2]["right"] = True
    assert content_hash(Bank.model_validate(raw).questions[1]) != before


def test_plain_text_has_no_marks():
    assert plain("`S3` *or* **nothing**") == "S3 or nothing"
