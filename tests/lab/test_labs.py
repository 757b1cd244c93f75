"""Every lab proves itself: five ways, on a real cloud, with a real kernel."""

import subprocess
from contextlib import contextmanager

import boto3
import pytest

from cicdlab.lab import checks, notebook, progress, runner
from cicdlab.lab.checks import Status
from cicdlab.lab.errors import LabError
from cicdlab.lab.execution import Execution
from cicdlab.lab.manifest import load
from cicdlab.lab.places import ROOT, Workspace
from cicdlab.lab.proof import load_near_misses

EACH_LAB = pytest.mark.parametrize("entry", load().here(), ids=lambda entry: entry.id)


@contextmanager
def finished_until_clean_up(entry, environ):
    """Run a finished lab; clean up at the end."""
    story = notebook.read(entry.notebook)
    with Execution(story, environ, entry.folder) as execution:
        execution.run(before=notebook.find_cell(story, notebook.CLEAN_UP))
        yield
        execution.run()


def everything_in_the_cloud():
    """List what is in the cloud, in every account of the manifest, whether a lab has made it or not."""
    named = {resource.account for entry in load().here() for resource in entry.makes} - {None}
    others = {number: boto3.Session(number, boto3.Session().get_credentials().secret_key) for number in sorted(named)}
    return {name: everything_in(session) for name, session in {"own": boto3.Session(), **others}.items()}


def everything_in(session):
    codebuild, logs, kms, iam = (session.client(name) for name in ("codebuild", "logs", "kms", "iam"))
    instances = session.resource("ec2").instances.all()
    return {
        "instances": [each.id for each in instances if each.state["Name"] != "terminated"],
        "applications": session.client("codedeploy").list_applications()["applications"],
        "pipelines": [each["name"] for each in session.client("codepipeline").list_pipelines()["pipelines"]],
        "repositories": session.client("codecommit").list_repositories()["repositories"],
        "rules": [each["Name"] for each in session.client("events").list_rules()["Rules"]],
        "profiles": [each["InstanceProfileName"] for each in iam.list_instance_profiles()["InstanceProfiles"]],
        "buckets": [bucket["Name"] for bucket in session.client("s3").list_buckets()["Buckets"]],
        "projects": codebuild.list_projects()["projects"],
        "builds": codebuild.list_builds()["ids"],
        "roles": [role["RoleName"] for role in iam.list_roles()["Roles"]],
        "policies": [one["Arn"] for one in iam.list_policies(Scope="Local")["Policies"]],
        "log groups": [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]],
        "keys": own_keys(kms),
    }


def own_keys(kms):
    """List the keys that somebody made and that are not on their way out, by id and by alias."""
    aliases = {alias["AliasName"]: alias.get("TargetKeyId") for alias in kms.list_aliases()["Aliases"]}
    awss = {key for alias, key in aliases.items() if alias.startswith("alias/aws/")}
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    there = {key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion"}
    return sorted(there - awss) + sorted(alias for alias in aliases if not alias.startswith("alias/aws/"))


def statuses(results):
    return {result.id: result.status for result in results}


def repository():
    command = ["git", "status", "--porcelain", "--ignored", "labs"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@EACH_LAB
@pytest.mark.timeout(900)
def test_a_lab_proves_itself_five_ways(entry, environ):
    every_check = checks.load_checks(entry)
    session = checks.reading_session()
    before, repository_before = everything_in_the_cloud(), repository()

    # The learner's copy, run as it is, passes nothing.
    copy = notebook.learners_copy(notebook.read(entry.notebook))
    start = runner.perform(entry, environ, copy, go_on=True)
    assert statuses(start.results) == {check.id: Status.NOT_YET for check in every_check}
    assert start.left == []

    with finished_until_clean_up(entry, environ):
        # The solution passes everything.
        assert all(checks.answer(check, session).status is Status.PASSED for check in every_check)

        # Each near miss fails its own check, with the sentence that fits.
        for near_miss in load_near_misses(entry):
            with near_miss.made(boto3.Session()) as sentence:
                results = [checks.answer(check, session) for check in every_check]
            failed = [(one.id, one.status, one.message) for one in results if one.status is not Status.PASSED]
            assert failed == [(near_miss.check_id, Status.NOT_YET, sentence)]

    # Clean-up leaves nothing.
    assert everything_in_the_cloud() == before

    # It all works a second time.
    again = runner.perform(entry, environ, notebook.read(entry.notebook))
    assert again.passed, [result.line for result in again.results]
    assert everything_in_the_cloud() == before
    assert repository() == repository_before


@EACH_LAB
def test_a_lab_is_not_run_over_what_is_there_already(entry, environ):
    bucket = next(each.name for each in entry.makes if each.kind == "bucket")
    boto3.client("s3").create_bucket(Bucket=bucket)
    with pytest.raises(LabError, match=f"The cloud already holds bucket {bucket}"):
        runner.run_lab(entry, "embedded")


@pytest.mark.timeout(600)
def test_resuming_rebuilds_what_the_learner_had_reached(environ):
    entry = load().here()[0]
    workspace = Workspace.of(environ)
    with pytest.raises(LabError, match="No check of codebuild/01-first-build has passed yet"):
        runner.resume(entry)
    for check_id in ("source", "role", "project", "artifact"):
        progress.record_passed(workspace, entry.id, check_id)
    mine = workspace.lab(entry.id) / "work/source/buildspec.yml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")

    results = runner.resume(entry)

    assert statuses(results) == dict.fromkeys(("source", "role", "project", "artifact"), Status.PASSED)
    assert len(everything_in_the_cloud()["own"]["builds"]) == 1
    assert mine.read_text() == "mine"
    assert runner.left_over(entry, environ) == entry.makes
