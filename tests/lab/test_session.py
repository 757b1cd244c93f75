import json

import boto3
import nbformat
import pytest

from cicdlab.lab import Lab, LabError, progress
from cicdlab.lab.execution import Execution
from cicdlab.lab.manifest import load
from cicdlab.lab.places import Workspace

from ..goods import TRUST

LAB = "codebuild/01-first-build"


@pytest.fixture
def lab(near_environ, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lab = Lab(LAB)
    assert capsys.readouterr().out == "Ready: A build that really builds. Whatever you do here stays on this machine.\n"
    return lab


def test_a_lab_moves_into_its_own_copy_of_the_application(lab, near_environ, tmp_path):
    assert lab.workdir == Workspace.of(near_environ).lab(LAB) / "work"
    assert (tmp_path / "labs" / LAB / "work/source/buildspec.yml").exists()
    assert lab.workdir.samefile(".")


def test_a_check_prints_one_line_and_remembers_only_what_passed(lab, near_environ, capsys):
    lab.check("source")
    assert capsys.readouterr().out == (
        "not yet · source: there is no bucket timetable-builds; make it with create_bucket\n"
    )
    assert progress.passed(Workspace.of(near_environ), LAB) == []

    boto3.client("s3").create_bucket(Bucket="timetable-builds")
    lab.check("source")
    assert capsys.readouterr().out == (
        "not yet · source: the bucket timetable-builds holds no source/timetable.zip yet\n"
    )


def test_hints_come_one_by_one_and_the_last_stays(lab, capsys):
    for _ in range(4):
        lab.hint("source")
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"]
    assert len(set(lines)) == 3


def test_clean_up_removes_what_was_made_and_the_work(lab, capsys):
    entry = load().find(LAB)
    s3, iam = boto3.client("s3"), boto3.client("iam")
    s3.create_bucket(Bucket="timetable-builds")
    s3.put_bucket_versioning(Bucket="timetable-builds", VersioningConfiguration={"Status": "Enabled"})
    for text in (b"one", b"two"):
        s3.put_object(Bucket="timetable-builds", Key="source/timetable.zip", Body=text)
    s3.create_bucket(Bucket="somebody-elses")
    iam.create_role(RoleName="timetable-build", AssumeRolePolicyDocument=json.dumps(TRUST))
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="timetable-build", PolicyName="build", PolicyDocument=policy)
    managed = iam.create_policy(PolicyName="mine", PolicyDocument=policy)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="timetable-build", PolicyArn=managed)
    boto3.client("logs").create_log_group(logGroupName="/aws/codebuild/timetable")
    assert len(entry.makes) == 4

    lab.clean_up()

    assert capsys.readouterr().out == "Nothing of this lab is left.\n"
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["somebody-elses"]
    assert iam.list_roles()["Roles"] == []
    assert boto3.client("logs").describe_log_groups()["logGroups"] == []
    assert list(lab.workdir.iterdir()) == []


def test_a_lab_says_so_when_the_cloud_does_not_answer(near_environ, cloud):
    cloud.server.close()
    with pytest.raises(LabError, match=f"Nothing answers at {cloud.endpoint}: start the cloud with `make start`"):
        Lab(LAB)


def test_a_notebook_shows_the_sentence_and_no_traceback(near_environ, tmp_path):
    story = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("from cicdlab.lab import Lab\nLab('nowhere')")])
    with Execution(story, near_environ, tmp_path, go_on=True) as execution:
        execution.run()
    [output] = story.cells[0].outputs
    assert output.traceback == ["There is no lab 'nowhere'; `cicdlab lab list` shows which there are."]
