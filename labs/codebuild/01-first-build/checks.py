"""What this lab asks for; every check reads what boto3 returns and changes nothing."""

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path

from botocore.exceptions import ClientError

from cicdlab.lab.checks import NotYet, check

BUCKET, ROLE, PROJECT = "timetable-builds", "timetable-build", "timetable"
SOURCE_KEY, OUTPUT = "source/timetable.zip", "artifacts/timetable"
GROUP = f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/codebuild/{PROJECT}"
NEEDED = [
    ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/{SOURCE_KEY}"),
    ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/{OUTPUT}/timetable.pyz"),
    ("logs:CreateLogStream", f"{GROUP}:log-stream:1"),
    ("logs:PutLogEvents", f"{GROUP}:log-stream:1"),
]
TOO_MUCH = [
    ("s3:GetObject", "arn:aws:s3:::payroll/salaries.csv"),
    ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/{SOURCE_KEY}"),
    ("s3:DeleteObject", f"arn:aws:s3:::{BUCKET}/{OUTPUT}/timetable.pyz"),
    ("logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/codebuild/payroll:log-stream:1"),
    ("iam:CreateUser", "arn:aws:iam::123456789012:user/anybody"),
]
TESTS = "6 of 6 tests passed"
MINUTES = 10


@check(
    "source",
    f"{BUCKET}/{SOURCE_KEY} holds the application, with buildspec.yml at its top level",
    hints=[
        "Make the zip with shutil.make_archive, the bucket with create_bucket, the object with upload_file.",
        "CodeBuild looks for buildspec.yml at the top of the source: zip what is in the folder, not the folder.",
        "make_archive takes a root_dir: the folder whose contents become the top level of the zip.",
    ],
)
def source(aws):
    names = zipfile.ZipFile(io.BytesIO(stored(aws, SOURCE_KEY))).namelist()
    if "buildspec.yml" in names:
        return
    if any(name.endswith("/buildspec.yml") for name in names):
        raise NotYet("buildspec.yml lies in a folder of the zip; zip the contents of source, not the folder itself")
    raise NotYet("the zip holds no buildspec.yml; make it from the whole folder source")


@check(
    "role",
    f"CodeBuild may take on {ROLE}, which may do what the build needs and nothing else",
    hints=[
        "A role has two sides: who may take it on (trust policy) and what it may do (its own policy).",
        "The build reads the source, writes below artifacts/ and writes its own log. Write one statement for each.",
        f"A log group's streams are {GROUP}:*; a bucket's objects are arn:aws:s3:::{BUCKET}/… with a prefix.",
    ],
)
def role(aws):
    iam = aws.client("iam")
    try:
        trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        raise NotYet(f"there is no role {ROLE}; make it with create_role") from None
    if not any(trusted_service(statement) == "codebuild.amazonaws.com" for statement in many(trust["Statement"])):
        raise NotYet("the role has to trust codebuild.amazonaws.com alone; look at the Principal of its trust policy")
    conditions = json.dumps([statement.get("Condition", {}) for statement in many(trust["Statement"])]).lower()
    if "aws:sourceaccount" not in conditions or "123456789012" not in conditions:
        raise NotYet(
            "CodeBuild may take on the role for anybody; add a condition on aws:SourceAccount to the trust policy"
        )
    names = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    policies = [iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"] for name in names]
    if iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
        raise NotYet("a managed policy is attached to the role; give it one policy of its own instead")
    for action, resource in NEEDED:
        if not allowed(policies, action, resource):
            raise NotYet(f"the role may not {action} on {resource}; add what is missing")
    for action, resource in TOO_MUCH:
        if allowed(policies, action, resource):
            raise NotYet(f"the role may {action} on {resource}, more than the build needs; narrow it")


@check(
    "project",
    f"The project {PROJECT} builds your zip with your role and puts what comes out below artifacts/ as it is",
    hints=[
        "create_project wants name, source, artifacts, environment and serviceRole.",
        f"An S3 source's location is BUCKET/KEY; the output's folder is put together from path and name ({OUTPUT}).",
        "packaging NONE stores the files one by one, ZIP stores one archive; namespaceType NONE adds no folder.",
    ],
)
def project(aws):
    found = the_project(aws)
    place = found["source"]
    if place["type"] != "S3" or place.get("location") != f"{BUCKET}/{SOURCE_KEY}":
        raise NotYet(f"the source is {place.get('location', place['type'])}, not {BUCKET}/{SOURCE_KEY} in S3")
    output = found["artifacts"]
    folder = "/".join(part.strip("/") for part in (output.get("path", ""), output.get("name", "")) if part.strip("/"))
    if output["type"] != "S3" or output.get("location") != BUCKET:
        raise NotYet(f"what comes out does not go to the bucket {BUCKET}; look at type and location of the artifacts")
    if output.get("packaging", "NONE") != "NONE":
        raise NotYet("the output is packed into an archive; with packaging NONE the files can be used as they are")
    if folder != OUTPUT or output.get("namespaceType", "NONE") != "NONE":
        raise NotYet(f"the output does not go to {OUTPUT}; look at path, name and namespaceType of the artifacts")
    if not found["serviceRole"].endswith(f":role/{ROLE}"):
        raise NotYet(f"the project does not use the role {ROLE}; give its ARN as serviceRole")


@check(
    "artifact",
    "What a build put into the bucket runs, and prints the departures from Wakefield",
    hints=[
        "start_build needs the project's name only; wait until buildComplete is true, then look at buildStatus.",
        "When it is not SUCCEEDED, the phases of batch_get_builds say where it ended, and the log says why.",
        f"The file to download is {OUTPUT}/timetable.pyz in {BUCKET}; run it with python3.",
    ],
)
def artifact(aws):
    if not any(build["buildStatus"] == "SUCCEEDED" for build in builds(aws)):
        raise NotYet(f"no build of {PROJECT} has succeeded yet; start one and see how it ends")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "timetable.pyz"
        program.write_bytes(stored(aws, f"{OUTPUT}/timetable.pyz"))
        done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=20, check=False)
    lines = done.stdout.splitlines()
    if done.returncode:
        raise NotYet("the application in the bucket does not run; build it again")
    if not lines or lines[0] != "Departures from Wakefield":
        raise NotYet(
            "the application in the bucket is for another station; STATION belongs in the buildspec's variables"
        )
    if len(lines) < 2:
        raise NotYet("the application in the bucket knows no trains; was departures.csv in the source?")


@check(
    "broken",
    "A failing test stopped a build in PRE_BUILD, before anything was packaged",
    hints=[
        "Make one test fail: change the code that it tests, zip the source again, upload it, start a build.",
        "timetable/board.py sorts the trains twice; a board that does not sort them fails the test of the order.",
        'In as_text, write "in trains" instead of "in sorted(trains)".',
    ],
)
def broken(aws):
    failed = [build for build in builds(aws) if build["buildStatus"] == "FAILED"]
    if not failed:
        raise NotYet("no build has failed yet; break the application as Task 5 says, upload it and build")
    ends = {phase["phaseType"] for build in failed for phase in build["phases"] if phase.get("phaseStatus") == "FAILED"}
    if "PRE_BUILD" not in ends:
        raise NotYet(f"a build failed, but in {', '.join(sorted(ends))}; a failing test ends a build in PRE_BUILD")


@check(
    "fixed",
    f"After a failure the newest build succeeded, and its log says: {TESTS}",
    hints=[
        "The log of the failed build names the test and says what it saw.",
        "Put right what the test looks at, not the test; then zip, upload and build again.",
    ],
)
def fixed(aws):
    history = builds(aws)
    if all(build["buildStatus"] != "FAILED" for build in history):
        raise NotYet("nothing has failed yet, so there is nothing to put right; do Task 5 first")
    if history[0]["buildStatus"] != "SUCCEEDED":
        raise NotYet(f"the newest build ended {history[0]['buildStatus']}; read its log, put it right, build again")
    log = messages(aws, history[0])
    if not any(TESTS in line for line in log):
        ran = next((line.strip() for line in log if "tests passed" in line), "no test at all")
        raise NotYet(f"the newest build is green, but says {ran!r}; all six tests have to be there and pass")


@check(
    "release",
    "The project builds the release, and the board is in the bucket as a web page",
    hints=[
        "Look at the phases of the failed build: the commands went well. Which phase did not, and what is its message?",
        "The commands write into one folder; the artifacts are looked for in another.",
        "base-directory in buildspec-release.yml has to name the folder that the commands write into.",
    ],
)
def release(aws):
    spec = the_project(aws)["source"].get("buildspec") or "buildspec.yml"
    if spec != "buildspec-release.yml":
        raise NotYet(f"the project builds from {spec}; Task 7 has it build from buildspec-release.yml, which you mend")
    if "<h1>Departures from Wakefield</h1>" not in stored(aws, f"{OUTPUT}/board.html").decode():
        raise NotYet("board.html is in the bucket, but it is not the board of Wakefield")


@check(
    "terminal",
    f"A build that may last {MINUTES} minutes was started, and the project allows no more",
    hints=[
        "aws codebuild update-project changes just what you name; aws codebuild start-build starts a build.",
        "The option is --timeout-in-minutes, and it belongs to update-project.",
    ],
)
def terminal(aws):
    limit = the_project(aws)["timeoutInMinutes"]
    if limit != MINUTES:
        raise NotYet(f"a build of the project may last {limit} minutes; make it {MINUTES}")
    if not any(build["timeoutInMinutes"] == MINUTES for build in builds(aws)):
        raise NotYet("the project is right, but no build was started since; start one with aws codebuild start-build")


def the_project(aws):
    found = aws.client("codebuild").batch_get_projects(names=[PROJECT])["projects"]
    if not found:
        raise NotYet(f"there is no project {PROJECT}; make it with create_project")
    return found[0]


def builds(aws):
    """The builds of the project, the newest first."""
    codebuild = aws.client("codebuild")
    the_project(aws)
    ids = codebuild.list_builds_for_project(projectName=PROJECT, sortOrder="DESCENDING")["ids"]
    if not ids:
        raise NotYet(f"no build of {PROJECT} has been started yet; start one with start_build")
    found = codebuild.batch_get_builds(ids=ids[:100])["builds"]
    return sorted(found, key=lambda build: build["buildNumber"], reverse=True)


def messages(aws, build):
    place = build.get("logs", {})
    if "streamName" not in place:
        raise NotYet("the newest build has no log; leave CloudWatch Logs switched on in the project")
    events = aws.client("logs").get_log_events(
        logGroupName=place["groupName"], logStreamName=place["streamName"], startFromHead=True
    )
    return [event["message"] for event in events["events"]]


def stored(aws, key):
    try:
        return aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            raise NotYet(f"there is no bucket {BUCKET}; make it with create_bucket") from None
        if error.response["Error"]["Code"] == "NoSuchKey":
            raise NotYet(f"the bucket {BUCKET} holds no {key} yet") from None
        raise


def allowed(policies, action, resource):
    """Whether one statement allows an action on a resource; enough for policies without Deny or conditions."""
    return any(
        statement["Effect"] == "Allow"
        and any(fnmatchcase(action.lower(), pattern.lower()) for pattern in many(statement.get("Action", [])))
        and any(fnmatchcase(resource, pattern) for pattern in many(statement.get("Resource", [])))
        for policy in policies
        for statement in many(policy["Statement"])
    )


def trusted_service(statement):
    """The one service that a statement of a trust policy lets take on the role; None for anything else."""
    principal = statement.get("Principal")
    return principal["Service"] if isinstance(principal, dict) and list(principal) == ["Service"] else None


def many(value):
    return value if isinstance(value, list) else [value]
