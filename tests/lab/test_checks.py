import boto3
import pytest

from cicdlab.lab import checks, progress
from cicdlab.lab.checks import Check, NotYet, Status, answer
from cicdlab.lab.errors import LabError
from cicdlab.lab.manifest import load
from cicdlab.lab.places import Workspace
from cicdlab.lab.wait import wait


def asked(function):
    return answer(Check("one", "It holds", ("hint",), function), None)


def test_a_check_that_returns_says_what_holds():
    assert asked(lambda aws: None).line == "passed · one: It holds"


def test_a_check_that_finds_something_says_what():
    def check(aws):
        raise NotYet("the bucket is empty; put something in")

    assert asked(check).line == "not yet · one: the bucket is empty; put something in"


def test_an_exception_in_a_check_is_an_error_and_not_a_verdict():
    result = asked(lambda aws: {}["project"])
    assert result.status is Status.ERROR
    assert "KeyError: 'project'" in result.message


def test_a_check_can_read_but_not_write(near_environ):
    boto3.client("s3").create_bucket(Bucket="there")
    seen = []

    def check(aws):
        seen.extend(bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"])
        aws.client("s3").create_bucket(Bucket="made-by-a-check")

    result = answer(Check("one", "It holds", ("hint",), check), checks.reading_session())
    assert seen == ["there"]
    assert result.status is Status.ERROR
    assert "a check only reads, and CreateBucket does not" in result.message
    assert [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]] == ["there"]


def test_an_unknown_check_is_named_together_with_the_known_ones(near_environ):
    with pytest.raises(LabError, match=r"There is no check 'nothing' in this lab; there are source, role,"):
        checks.run(load().here()[0], ["nothing"], near_environ)


def test_checks_are_refused_where_they_could_leave_this_machine(near_environ):
    with pytest.raises(LabError, match="Not started, because AWS_PROFILE is set"):
        checks.run(load().here()[0], [], near_environ | {"AWS_PROFILE": "work"})


def test_checks_say_so_when_the_cloud_is_gone(near_environ, cloud):
    cloud.server.close()
    with pytest.raises(LabError, match=f"Nothing answers at {cloud.endpoint}: start the cloud"):
        checks.run(load().here()[0], ["source"], near_environ)


def test_what_has_passed_is_remembered_once_and_in_order(tmp_path):
    workspace = Workspace(tmp_path)
    assert progress.passed(workspace, "a/01-b") == []
    for check_id in ("source", "role", "source"):
        progress.record_passed(workspace, "a/01-b", check_id)
    assert progress.passed(workspace, "a/01-b") == ["source", "role"]
    assert progress.passed(workspace, "a/02-c") == []


def test_waiting_returns_the_first_true_answer():
    answers = iter([None, "", "done"])
    assert wait(lambda: next(answers), "it") == "done"


def test_waiting_ends_with_a_sentence():
    with pytest.raises(LabError, match=r"Waited 0\.2 seconds for the build to end"):
        wait(lambda: False, "the build to end", timeout=0.2)


@pytest.mark.parametrize("text", ["{", "[]", '{"passed": {"a/01-b": 3}}'])
def test_a_damaged_progress_file_is_named_and_kept(tmp_path, text):
    workspace = Workspace(tmp_path)
    progress.record_passed(workspace, "a/01-b", "source")
    workspace.progress.write_text(text)
    with pytest.raises(LabError, match=r"progress\.json is damaged"):
        progress.record_passed(workspace, "a/01-b", "role")
    assert workspace.progress.read_text() == text
