"""The progress file."""

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cicdlab.quiz.progress import ProgressError, ProgressFile, Record, workspace_file


def record(right=True):
    return Record(hash="0123456789ab", answer=[1], right=right)


def test_no_file_is_no_answers_and_makes_none(tmp_path):
    assert ProgressFile(tmp_path / "workspace").read().answers == {}
    assert list(tmp_path.iterdir()) == []


def test_answers_come_back_and_others_stay(tmp_path):
    file = ProgressFile(tmp_path / "workspace")
    file.update({"one": record(), "two": record(False)}, {"one", "two"})
    file.update({"three": record()}, {"three", "four"})
    assert set(file.read().answers) == {"one", "two", "three"}
    file.update({"one": record()}, {"one", "two"})
    assert set(file.read().answers) == {"one", "three"}
    text = json.loads(file.path.read_text())
    assert text["version"] == 1
    assert text["answers"]["one"] == {"hash": "0123456789ab", "answer": [1], "right": True}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2, "answers": {}}', '{"answers": {"x": 1}}', "\xff"])
def test_a_damaged_file_is_set_aside_with_a_sentence(tmp_path, text):
    file = ProgressFile(tmp_path)
    for number in (1, 2):
        file.path.write_text(text, encoding="latin-1")
        with pytest.raises(ProgressError, match=f"kept as progress.damaged-{number}.json in .*; a new one begins now"):
            file.read()
        assert (tmp_path / f"progress.damaged-{number}.json").read_text(encoding="latin-1") == text
        assert file.read().answers == {}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_no_bytes_are_ever_lost(tmp_path, content):
    file = ProgressFile(tmp_path)
    file.path.write_bytes(content)
    try:
        file.read()
        kept = file.path
    except ProgressError:
        kept = max(tmp_path.glob("progress.damaged-*.json"), key=lambda path: int(path.stem.rpartition("-")[2]))
    assert kept.read_bytes() == content


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    file = ProgressFile(tmp_path)
    file.update({"one": record()}, {"one"})
    before = file.path.read_bytes()
    # The process is killed at the moment when the new file would take the old one's place.
    script = (
        "import os, pathlib, sys\n"
        "from cicdlab.quiz.progress import ProgressFile, Record\n"
        "sys.addaudithook(lambda event, args: os._exit(9) if event == 'os.rename' else None)\n"
        f"file = ProgressFile(pathlib.Path({str(tmp_path)!r}))\n"
        "file.update({'two': Record(hash='x', answer=[0], right=True)}, {'two'})\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    assert file.path.read_bytes() == before


def test_the_folder_comes_from_the_environment_and_recording_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("CICDLAB_WORKSPACE", str(tmp_path))
    monkeypatch.delenv("CICDLAB_RECORD", raising=False)
    assert workspace_file().path == tmp_path / "progress.json"
    monkeypatch.setenv("CICDLAB_RECORD", "1")
    assert workspace_file() is None


def test_the_file_ends_up_with_the_permissions_of_any_new_file(tmp_path):
    file = ProgressFile(tmp_path)
    file.update({"one": record()}, {"one"})
    plain = tmp_path / "plain"
    plain.touch()
    assert file.path.stat().st_mode == plain.stat().st_mode
