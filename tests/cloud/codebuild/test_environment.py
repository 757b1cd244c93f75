import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from ...goods import MACHINE, zipped
from .conftest import Bench, spec


def variables(bench: Bench, build: dict[str, Any]) -> dict[str, str]:
    """Return what ``env -0 | base64`` wrote in a build."""
    import base64

    text = base64.b64decode("".join(bench.output(build))).decode()
    return dict(line.split("=", 1) for line in text.split("\0") if line)


SHOW = spec(build=["env -0 | base64 -w 0"])


def test_start_build_wins_over_the_project_and_the_project_over_the_buildspec(bench: Bench) -> None:
    text = {
        "version": "0.2",
        "env": {"variables": {"A": "buildspec", "B": "buildspec", "C": "buildspec"}},
        "phases": {"build": {"commands": ["echo $A $B $C"]}},
    }
    given = [{"name": name, "value": "project"} for name in "AB"]
    bench.project("demo", json.dumps(text) + "\n", environment={**MACHINE, "environmentVariables": given})
    build = bench.build("demo", environmentVariablesOverride=[{"name": "A", "value": "start"}])
    assert bench.output(build) == ["start project buildspec"]
    assert [(each["name"], each["value"]) for each in build["environment"]["environmentVariables"]] == [
        ("A", "start"),
        ("B", "project"),
    ]


def test_values_are_taken_literally(bench: Bench) -> None:
    given = [{"name": "A", "value": "$HOME `id` $(id)\n  'x' \"y\""}]
    bench.project("demo", SHOW, environment={**MACHINE, "environmentVariables": given})
    assert variables(bench, bench.build("demo"))["A"] == given[0]["value"]


def test_codebuilds_own_variables_have_the_right_values(bench: Bench) -> None:
    bench.bucket()
    bench.client("s3").put_bucket_versioning(Bucket="goods", VersioningConfiguration={"Status": "Enabled"})
    version = bench.put("goods", "app.zip", zipped({"buildspec.yml": SHOW}))["VersionId"]
    bench.codebuild.create_project(
        **{**bench.settings("demo"), "source": {"type": "S3", "location": "goods/app.zip"}, "sourceVersion": version}
    )
    build = bench.build("demo")
    found = variables(bench, build)
    folder = found["CODEBUILD_SRC_DIR"]
    assert folder == found["PWD"]
    assert folder.endswith("/src")
    assert "/codebuild/output/src" in folder
    assert {name: found[name] for name in found if name.startswith(("CODEBUILD_", "AWS_"))} == {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": found["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": bench.cloud.endpoint,
        "AWS_REGION": "us-east-1",
        "CODEBUILD_BUILD_ARN": build["arn"],
        "CODEBUILD_BUILD_ID": build["id"],
        "CODEBUILD_BUILD_IMAGE": MACHINE["image"],
        "CODEBUILD_BUILD_NUMBER": "1",
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": build["initiator"],
        "CODEBUILD_KMS_KEY_ID": "arn:aws:kms:us-east-1:123456789012:alias/aws/s3",
        "CODEBUILD_LOG_PATH": build["logs"]["streamName"],
        "CODEBUILD_SOURCE_REPO_URL": "s3://goods/app.zip",
        "CODEBUILD_SOURCE_VERSION": version,
        "CODEBUILD_SRC_DIR": folder,
        "CODEBUILD_START_TIME": str(int(build["startTime"].timestamp() * 1000)),
    }


def test_codebuild_build_succeeding_tells_post_build_of_a_failure(bench: Bench) -> None:
    show = ["echo $CODEBUILD_BUILD_SUCCEEDING"]
    assert bench.output(bench.run(spec(pre_build=show, build=[*show, "true"], post_build=show))) == ["1", "1", "1"]
    assert bench.output(bench.run(spec(pre_build=show, build=[*show, "exit 1"], post_build=show))) == ["1", "1", "0"]


def test_codebuilds_own_variables_can_not_be_declared_away(bench: Bench) -> None:
    given = [{"name": "CODEBUILD_BUILD_NUMBER", "value": "99"}]
    bench.project("demo", SHOW, environment={**MACHINE, "environmentVariables": given})
    assert variables(bench, bench.build("demo"))["CODEBUILD_BUILD_NUMBER"] == "1"


def test_the_region_may_be_declared(bench: Bench) -> None:
    given = [{"name": "AWS_DEFAULT_REGION", "value": "eu-west-1"}]
    bench.project("demo", SHOW, environment={**MACHINE, "environmentVariables": given})
    found = variables(bench, bench.build("demo"))
    assert (found["AWS_DEFAULT_REGION"], found["AWS_REGION"]) == ("eu-west-1", "us-east-1")


def test_a_build_sees_no_variable_of_the_learner(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNERS_OWN", "secret")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIALEARNERSOWNKEY00")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    found = variables(bench, bench.run(SHOW))
    assert not {"LEARNERS_OWN", "AWS_ACCESS_KEY_ID", "PYTHONPATH"} & set(found)
    assert "secret" not in str(found)


def test_a_build_acts_as_its_service_role(bench: Bench) -> None:
    build = bench.run(spec(build=["aws sts get-caller-identity --query Arn --output text"]))
    uuid = build["id"].partition(":")[2]
    assert bench.output(build) == [f"arn:aws:sts::123456789012:assumed-role/builder/AWSCodeBuild-{uuid}"]


def test_credentials_are_gone_when_the_build_is_over(bench: Bench) -> None:
    build = bench.run(spec(build=["echo $AWS_CONTAINER_CREDENTIALS_FULL_URI"]))
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(bench.output(build)[0])
    assert caught.value.code == 404


def test_a_build_can_use_the_cloud(bench: Bench) -> None:
    bench.bucket()
    build = bench.run(spec(build=["echo hello > f", "aws s3 cp --no-progress f s3://goods/from-build"]))
    assert build["buildStatus"] == "SUCCEEDED"
    assert bench.body("goods", "from-build") == b"hello\n"
