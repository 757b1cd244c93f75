"""For each check the right thing with one setting wrong: made from the finished lab, looked at, and put right again.

Each function changes one thing, yields the sentence that its check must then answer with, and restores what it changed.
"""

import io
import json
import zipfile

from cicdlab.lab.proof import near_miss
from cicdlab.lab.wait import wait

BUCKET, ROLE, PROJECT, ZIP = "timetable-builds", "timetable-build", "timetable", "source/timetable.zip"
PROGRAM = "artifacts/timetable/timetable.pyz"


@near_miss("source")
def folder_in_zip(aws):
    good = get(aws, ZIP)
    put(aws, ZIP, {f"source/{name}": text for name, text in unpacked(good).items()})
    yield "buildspec.yml lies in a folder of the zip; zip the contents of source, not the folder itself"
    aws.client("s3").put_object(Bucket=BUCKET, Key=ZIP, Body=good)


@near_miss("role")
def any_bucket(aws):
    role = aws.resource("iam").Role(ROLE)
    [policy] = role.policies.all()
    good = policy.policy_document
    wide = json.dumps(good).replace(f"arn:aws:s3:::{BUCKET}/source/", "arn:aws:s3:::*/")
    policy.put(PolicyDocument=wide)
    yield "the role may s3:GetObject on arn:aws:s3:::payroll/salaries.csv, more than the build needs; narrow it"
    policy.put(PolicyDocument=json.dumps(good))


@near_miss("project")
def packed_output(aws):
    codebuild = aws.client("codebuild")
    good = codebuild.batch_get_projects(names=[PROJECT])["projects"][0]["artifacts"]
    codebuild.update_project(name=PROJECT, artifacts=good | {"packaging": "ZIP"})
    yield "the output is packed into an archive; with packaging NONE the files can be used as they are"
    codebuild.update_project(name=PROJECT, artifacts=good | {"packaging": "NONE"})


@near_miss("artifact")
def another_station(aws):
    good = get(aws, PROGRAM)
    put(aws, PROGRAM, unpacked(good) | {"timetable/station.txt": b"Leeds\n"})
    yield "the application in the bucket is for another station; STATION belongs in the buildspec's variables"
    aws.client("s3").put_object(Bucket=BUCKET, Key=PROGRAM, Body=good)


@near_miss("broken")
def failed_elsewhere(aws):
    codebuild = aws.client("codebuild")
    ids = codebuild.list_builds_for_project(projectName=PROJECT)["ids"]
    stopped = [
        build["id"]
        for build in codebuild.batch_get_builds(ids=ids)["builds"]
        if any((phase["phaseType"], phase.get("phaseStatus")) == ("PRE_BUILD", "FAILED") for phase in build["phases"])
    ]
    codebuild.batch_delete_builds(ids=stopped)
    yield "a build failed, but in UPLOAD_ARTIFACTS; a failing test ends a build in PRE_BUILD"
    good = get(aws, ZIP)
    files = unpacked(good)
    unsorted = files["timetable/board.py"].replace(b"sorted(trains)", b"trains")
    put(aws, ZIP, files | {"timetable/board.py": unsorted})
    build(aws)
    aws.client("s3").put_object(Bucket=BUCKET, Key=ZIP, Body=good)
    build(aws)


@near_miss("fixed")
def test_taken_out(aws):
    good = get(aws, ZIP)
    files = unpacked(good)
    fewer = files["tests/test_board.py"].replace(b"def test_order", b"def no_test_order")
    put(aws, ZIP, files | {"tests/test_board.py": fewer})
    build(aws)
    aws.client("s3").put_object(Bucket=BUCKET, Key=ZIP, Body=good)
    yield "the newest build is green, but says '5 of 5 tests passed'; all six tests have to be there and pass"
    build(aws)


@near_miss("release")
def back_to_the_first_buildspec(aws):
    codebuild = aws.client("codebuild")
    good = codebuild.batch_get_projects(names=[PROJECT])["projects"][0]["source"]
    codebuild.update_project(name=PROJECT, source=good | {"buildspec": "buildspec.yml"})
    yield "the project builds from buildspec.yml; Task 7 has it build from buildspec-release.yml, which you mend"
    codebuild.update_project(name=PROJECT, source=good)


@near_miss("terminal")
def an_hour(aws):
    codebuild = aws.client("codebuild")
    codebuild.update_project(name=PROJECT, timeoutInMinutes=60)
    yield "a build of the project may last 60 minutes; make it 10"
    codebuild.update_project(name=PROJECT, timeoutInMinutes=10)


def build(aws):
    codebuild = aws.client("codebuild")
    started = codebuild.start_build(projectName=PROJECT)["build"]["id"]
    wait(lambda: codebuild.batch_get_builds(ids=[started])["builds"][0]["buildComplete"], "the build")


def get(aws, key):
    return aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()


def put(aws, key, files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=packed.getvalue())


def unpacked(data):
    # A zipapp begins with a line for the shell; zipfile reads past it.
    archive = zipfile.ZipFile(io.BytesIO(data))
    return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
