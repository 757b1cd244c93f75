"""Answer keys of the CodeBuild chapter, computed: from AWS's own API model, or from what a build does."""

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, ParamValidationError

from cicdlab.quiz.bank import load, plain

from ..goods import MACHINE
from .builder import Builder

QUESTIONS = load(Path(__file__).parents[2] / "chapters/codebuild/questions.yml")
MODEL = botocore.session.get_session().get_service_model("codebuild")
PHASES = MODEL.shape_for("BuildPhaseType").enum


def key(question: str) -> Any:
    """The answer that questions.yml gives."""
    return QUESTIONS.question(question).key


def options(question: str) -> list[str]:
    """All options of a question, as plain text."""
    return [plain(option.text) for option in QUESTIONS.question(question).options]


def commands(**phases: Any) -> dict[str, Any]:
    """A buildspec with these phases; a list is short for its commands."""
    blocks = {name: block if isinstance(block, dict) else {"commands": block} for name, block in phases.items()}
    return {"version": 0.2, "phases": blocks}


@pytest.fixture
def builder(cloud: Any) -> Builder:
    return Builder(cloud)


# ------------------------------------------------------------------------------------------ from AWS's model


def test_flow_of_a_build() -> None:
    phase = {
        "The request waits until there is capacity for it": "QUEUED",
        "A fresh build environment is set up": "PROVISIONING",
        "The source arrives in the environment": "DOWNLOAD_SOURCE",
        "The commands of the buildspec run": "BUILD",
        "The listed files go to the artifact bucket": "UPLOAD_ARTIFACTS",
    }
    assert key("codebuild-flow") == sorted(phase, key=lambda text: PHASES.index(phase[text]))


def test_phase_order() -> None:
    answer = key("codebuild-phase-order")
    assert answer == [phase for phase in PHASES if phase in answer]


def test_source_types() -> None:
    types = set(MODEL.shape_for("SourceType").enum)
    assert key("codebuild-source-types") == types & set(options("codebuild-source-types"))


def test_create_project_needs() -> None:
    required = set(MODEL.shape_for("CreateProjectInput").required_members)
    assert key("codebuild-create-project-needs") == required & set(options("codebuild-create-project-needs"))


def test_start_build_needs() -> None:
    assert key("codebuild-start-build-needs") == " and ".join(MODEL.shape_for("StartBuildInput").required_members)


def test_longest_build() -> None:
    minutes = MODEL.operation_model("CreateProject").input_shape.members["timeoutInMinutes"].metadata["max"]
    assert key("codebuild-longest-build") == f"{minutes} minutes ({minutes // 60} hours)"


def test_project_or_buildspec() -> None:
    """What the API of projects has no member for can only stand in the buildspec."""
    setting = {
        "The Docker image that builds run in": "environment.image",
        "The command that runs the unit tests": "phases.build.commands",
        "The list of files that make up the artifact": "artifacts.files",
        "The bucket that receives the artifact": "artifacts.location",
        "The time after which a build is ended": "timeoutInMinutes",
    }
    expected = {text: "the project" if _in_project(path) else "the buildspec" for text, path in setting.items()}
    assert key("codebuild-project-or-buildspec") == expected


def _in_project(path: str) -> bool:
    shape = MODEL.shape_for("CreateProjectInput")
    for name in path.split("."):
        if name not in getattr(shape, "members", {}):
            return False
        shape = shape.members[name]
    return True


# ------------------------------------------------------------------------------------------ from what a build does


def test_where_to_look(builder: Builder) -> None:
    files = {"buildspec.yml": json.dumps(commands(build=["echo tests-ran"]) | {"artifacts": {"files": ["app.py"]}})}
    source = builder.upload("sources", "app.zip", files | {"app.py": "print('app')\n"})
    builder.s3.create_bucket(Bucket="releases")
    artifacts = {"type": "S3", "location": "releases", "packaging": "ZIP", "name": "app.zip"}
    builder.project("app", source={"type": "S3", "location": source}, artifacts=artifacts)
    build = builder.run("app")

    found: dict[str, str] = {}
    if "app.zip" in [item["Key"] for item in builder.s3.list_objects_v2(Bucket="releases").get("Contents", [])]:
        found["The zip that the build produced"] = "Amazon S3"
    if build.printed("tests-ran"):
        found["The output of the unit tests"] = "CloudWatch Logs"
    if "durationInSeconds" in build.phases["PRE_BUILD"]:
        found["How long PRE_BUILD took"] = "BatchGetBuilds"
    if build.record["initiator"]:
        found["Who started the build"] = "BatchGetBuilds"
    assert key("codebuild-where-to-look") == found


def test_default_logs(builder: Builder) -> None:
    builder.project("quiet", commands(build=["echo hello"]))
    build = builder.run("quiet")
    cloudwatch = build.printed("hello")
    s3 = "s3LogsArn" in build.record["logs"] or bool(builder.s3.list_buckets()["Buckets"])
    answer = {
        (True, False): "To a stream in CloudWatch Logs, and nowhere else",
        (True, True): "To CloudWatch Logs and, after the build, to S3 as well",
        (False, True): "To the artifact bucket, next to the artifact",
        (False, False): "Nowhere, until you add a logsConfig to the project",
    }[cloudwatch, s3]
    assert key("codebuild-default-logs") == answer


def test_no_source_needs_an_inline_buildspec(builder: Builder) -> None:
    def works(name: str, buildspec: dict[str, Any] | None) -> bool:
        try:
            builder.project(name, buildspec)
            return builder.run(name).status == "SUCCEEDED"
        except ClientError:
            return False

    assert not works("without", None)
    assert works("with", commands(build=["echo hello"]))
    assert key("codebuild-no-source") == "In a buildspec written into the project"


def test_artifacts_are_a_folder_by_default(builder: Builder) -> None:
    spec = commands(build=["echo app > app.py", "echo 1 > VERSION"])
    spec["artifacts"] = {"files": ["app.py", "VERSION"]}
    builder.s3.create_bucket(Bucket="releases")
    builder.project("app", spec, artifacts={"type": "S3", "location": "releases", "name": "app"})
    builder.run("app")
    keys = {item["Key"] for item in builder.s3.list_objects_v2(Bucket="releases")["Contents"]}
    answer = {
        frozenset({"app.zip"}): "One object, app.zip",
        frozenset({"app"}): "One object, app, which is a zip file",
        frozenset({"app/app.py", "app/VERSION"}): "Two objects, app/app.py and app/VERSION",
        frozenset({"app.py", "VERSION"}): "Two objects, app.py and VERSION",
    }[frozenset(keys)]
    assert key("codebuild-artifact-packaging") == answer


def test_phases_of_yours(builder: Builder) -> None:
    yours = set()
    for name in options("codebuild-phases-of-yours"):
        project = name.replace("_", "-")
        builder.project(project, commands(**{"build": ["true"], name: ["echo ran-mine"]}))
        if builder.run(project).printed("ran-mine"):
            yours.add(name)
    assert key("codebuild-phases-of-yours") == yours


def test_after_a_failed_build_phase(builder: Builder) -> None:
    builder.project("broken", commands(build=["exit 2"], post_build=["echo pushed"]))
    build = builder.run("broken")
    answer = {
        (False, "FAILED"): "The build stops at once, so nothing is pushed",
        (True, "FAILED"): "post_build runs and may push, and the build ends as FAILED",
        (True, "SUCCEEDED"): "post_build runs, and the build ends as SUCCEEDED if the push works",
    }[build.printed("pushed"), build.status]
    assert key("codebuild-after-a-failed-build-phase") == answer


def test_finally_does_not_rescue(builder: Builder) -> None:
    block = {"commands": ["exit 1", "echo tests are fine"], "finally": ["echo tidying up"]}
    builder.project("tidy", commands(pre_build=block))
    build = builder.run("tidy")
    assert not build.printed("tests are fine")
    answer = {
        ("FAILED", True): "FAILED, although finally ran",
        ("FAILED", False): "FAILED, and finally never ran",
        ("SUCCEEDED", True): "SUCCEEDED, because finally handles the error",
    }[build.phases["PRE_BUILD"]["phaseStatus"], build.printed("tidying up")]
    assert key("codebuild-finally") == answer


def test_green_by_accident(builder: Builder) -> None:
    builder.project("honest", commands(build=["python -c 'exit(1)'"]))
    builder.project("green", commands(build=["python -c 'exit(1)'; echo done"]))
    assert builder.run("honest").status == "FAILED"
    assert builder.run("green").status == "SUCCEEDED"
    assert key("codebuild-green-by-accident") == "The command as a whole ended with exit code 0"


def test_variable_precedence(builder: Builder) -> None:
    """Each place is taken away once it has won."""
    names = {"call": "The call of StartBuild", "project": "The project", "buildspec": "The buildspec"}

    def stage(place: str) -> list[dict[str, str]]:
        return [{"name": "STAGE", "value": place}]

    spec = commands(build=["echo stage-$STAGE"]) | {"env": {"variables": {"STAGE": "buildspec"}}}
    builder.project("stages", spec, environment=MACHINE | {"environmentVariables": stage("project")})
    builder.project("unset", spec)
    builds = [
        builder.run("stages", environmentVariablesOverride=stage("call")),
        builder.run("stages"),
        builder.run("unset"),
    ]
    order = [next(text for place, text in names.items() if build.printed(f"stage-{place}")) for build in builds]
    assert key("codebuild-variable-precedence") == order


def test_override_holds_for_one_build(builder: Builder) -> None:
    builder.project("app", commands(build=["echo from-project"]))
    override = json.dumps(commands(build=["echo from-override"]))
    assert builder.run("app", buildspecOverride=override).printed("from-override")
    later = builder.run("app")
    answer = {
        (False, True): "The one that the project names",
        (True, False): "Yours, until somebody calls UpdateProject",
        (True, True): "Both, with your commands first",
    }[later.printed("from-override"), later.printed("from-project")]
    assert key("codebuild-override-once") == answer


def test_fresh_environment(builder: Builder) -> None:
    look, write = 'test -e "$HOME/note" && echo found || echo nothing', 'touch "$HOME/note"'
    builder.project("notes", commands(build=[look, write]))
    assert builder.run("notes").status == "SUCCEEDED"
    second = builder.run("notes")
    answer = {
        (True, False): "The file, because both builds belong to the same project",
        (False, True): "No file, because every build gets an environment of its own",
    }[second.printed("found"), second.printed("nothing")]
    assert key("codebuild-fresh-environment") == answer


def test_a_longer_build_than_the_longest_is_refused(builder: Builder) -> None:
    longest = int(key("codebuild-longest-build").split()[0])
    builder.project("longest", commands(build=["true"]), timeoutInMinutes=longest)
    with pytest.raises((ClientError, ParamValidationError)):
        builder.project("longer", commands(build=["true"]), timeoutInMinutes=longest + 1)
