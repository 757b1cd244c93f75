import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cicdlab.lab.environment import CREDENTIAL_HELPER, environment, merged
from cicdlab.lab.execution import Execution
from cicdlab.lab.places import Workspace
from cicdlab.lab.private_cloud import private_cloud

HOSTILE = {
    "AWS_PROFILE": "work",
    "AWS_DEFAULT_PROFILE": "work",
    "AWS_SESSION_TOKEN": "token",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_ENDPOINT_URL_S3": "http://192.0.2.1:9",
    "AWS_ENDPOINT_URL_CODEBUILD": "http://192.0.2.1:9",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_DEFAULT_OUTPUT": "yaml",
    "HTTP_PROXY": "http://192.0.2.1:9",
    "http_proxy": "http://192.0.2.1:9",
    "NO_PROXY": "intranet.example",
    "PATH": "/usr/bin:/bin",
    "HOME": os.environ["HOME"],
}


def test_every_aws_variable_that_the_course_does_not_set_is_unset(tmp_path):
    clean = merged(environment(workspace=Workspace(tmp_path), environ=HOSTILE), HOSTILE)
    ours = {name: value for name, value in clean.items() if name.startswith("AWS_")}
    assert ours == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_DEFAULT_OUTPUT": "json",
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "aws/config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "aws/credentials"),
    }


def test_the_virtual_environment_comes_first_and_loopback_needs_no_proxy():
    clean = environment(environ=HOSTILE)
    assert clean["PATH"] == f"{Path(sys.executable).parent}:/usr/bin:/bin"
    assert clean["NO_PROXY"] == clean["no_proxy"] == "127.0.0.1,localhost,::1,intranet.example"


def test_what_redirects_boto3_is_unset_even_where_it_is_not_set():
    assert environment(environ={})["AWS_PROFILE"] is None


def test_git_signs_in_with_awss_helper_and_keeps_what_else_it_was_told():
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "color.ui", "GIT_CONFIG_VALUE_0": "never"}
    clean = environment(environ=given | {"CICDLAB_ENDPOINT": "http://127.0.0.1:5001"})
    numbers = range(int(clean["GIT_CONFIG_COUNT"]))
    assert [(clean[f"GIT_CONFIG_KEY_{n}"], clean[f"GIT_CONFIG_VALUE_{n}"]) for n in numbers] == [
        ("color.ui", "never"),
        ("credential.http://127.0.0.1:5001.helper", ""),
        ("credential.http://127.0.0.1:5001.helper", CREDENTIAL_HELPER),
        ("credential.http://127.0.0.1:5001.useHttpPath", "true"),
    ]
    assert clean["GIT_TERMINAL_PROMPT"] == "0"


def test_git_never_takes_the_repository_around_the_workspace_for_the_learners(tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    workspace = Workspace(tmp_path / "workspace")
    work = workspace.lab("codepipeline/01-first-pipeline") / "work"
    work.mkdir(parents=True)
    command = ["git", "-C", work, "rev-parse", "--show-toplevel"]
    assert subprocess.run(command, check=False).returncode == 0
    clean = merged(environment(workspace=workspace), os.environ)
    assert subprocess.run(command, env=clean, check=False).returncode != 0
    subprocess.run(["git", "init", "--quiet", work], env=clean, check=True)
    assert subprocess.run(command, env=clean, check=False).returncode == 0


def test_applying_it_twice_changes_nothing_more():
    once = merged(environment(environ=HOSTILE), HOSTILE)
    assert merged(environment(environ=once), once) == once


def test_localstack_answers_for_everything_but_our_services():
    variables = environment("localstack", environ={"CICDLAB_ENGINE": "http://127.0.0.1:5000"})
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert variables["AWS_ACCESS_KEY_ID"] == "123456789012"
    engines = {name for name, value in variables.items() if value == "http://127.0.0.1:5000" and "AWS" in name}
    assert engines == {
        f"AWS_ENDPOINT_URL_{service}"
        for service in (
            "CODEBUILD",
            "CODEDEPLOY",
            "CODEPIPELINE",
            "CODECONNECTIONS",
            "CODESTAR_CONNECTIONS",
            "CODECOMMIT",
        )
    }


def test_an_unknown_target_is_named():
    with pytest.raises(ValueError, match="no target 'moon'"):
        environment("moon", environ={})


def test_a_notebook_reaches_the_cloud_whatever_the_shell_has_exported(tmp_path):
    source = """
import os, boto3
boto3.client("s3").create_bucket(Bucket="reached")
boto3.client("codebuild").list_projects()
print([bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]])
print(sorted(name for name in os.environ if name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3")))
!command -v aws
"""
    story = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    with private_cloud() as environ:
        kept = {name: environ[name] for name in ("CICDLAB_ENDPOINT", "CICDLAB_WORKSPACE")}
        with Execution(story, {**HOSTILE, **kept}, tmp_path) as execution:
            execution.run()
    printed = "".join(output.text for output in story.cells[0].outputs).split()
    assert printed == ["['reached']", "[]", str(Path(sys.executable).parent / "aws")]


def test_a_place_that_was_chosen_is_kept_for_the_next_command(tmp_path):
    chosen = {"CICDLAB_ENDPOINT": "http://127.0.0.1:4999", "CICDLAB_ENGINE": "http://127.0.0.1:4998"}
    first = environment("embedded", Workspace(tmp_path), chosen)
    assert {name: first[name] for name in chosen} == chosen
    again = environment("embedded", Workspace(tmp_path), {k: v for k, v in first.items() if v})
    assert again["AWS_ENDPOINT_URL"] == chosen["CICDLAB_ENDPOINT"]
