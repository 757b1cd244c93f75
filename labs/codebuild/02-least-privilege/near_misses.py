"""For each check the right thing with one setting wrong: made from the finished lab, looked at, and put right again.

Each function changes one thing, yields the sentence that its check must then answer with, and restores what it changed.
"""

import json
from contextlib import contextmanager

from cicdlab.lab.proof import near_miss
from cicdlab.lab.wait import wait

ROLE, PROJECT = "board-build", "board"
BUCKET, PAYROLL = "arn:aws:s3:::board-builds", "arn:aws:s3:::payroll-wakefield"
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/codebuild"
PROJECTS = "arn:aws:codebuild:us-east-1:123456789012:project"


@near_miss("barrier")
def bucket_without_its_objects(aws):
    with rewritten(aws, "barrier", f'"{PAYROLL}/*"', f'"{PAYROLL}"'):
        yield f"no policy of the role denies s3:GetObject on {PAYROLL}/salaries.csv; add that to the statement"


@near_miss("log")
def every_projects_log(aws):
    with rewritten(aws, "build", f"{GROUP}/board:*", f"{GROUP}/*"):
        yield (f"the role may logs:PutLogEvents on {GROUP}/payroll:log-stream:1, more than the build needs; narrow it")


@near_miss("source")
def reads_the_whole_bucket(aws):
    with rewritten(aws, "build", f"{BUCKET}/source/*", f"{BUCKET}/*"):
        yield f"the role may s3:GetObject on {BUCKET}/artifacts/board/board.txt, more than the build needs; narrow it"


@near_miss("output")
def writes_the_whole_bucket(aws):
    with rewritten(aws, "build", f"{BUCKET}/artifacts/*", f"{BUCKET}/*"):
        yield f"the role may s3:PutObject on {BUCKET}/source/board.zip, more than the build needs; narrow it"


@near_miss("region")
def a_second_region(aws):
    with rewritten(aws, "build", '"us-east-1"', '["us-east-1", "eu-west-1"]'):
        yield "the role may ec2:DescribeInstances on * in eu-west-1, more than the build needs; narrow it"


@near_miss("trust")
def every_project(aws):
    role = aws.resource("iam").Role(ROLE)
    good = role.assume_role_policy_document
    wide = json.dumps(good).replace(f"{PROJECTS}/board", f"{PROJECTS}/*")
    role.AssumeRolePolicy().update(PolicyDocument=wide)
    yield "the condition on aws:SourceArn has to name the project board alone, with its whole ARN"
    role.AssumeRolePolicy().update(PolicyDocument=json.dumps(good))


@near_miss("tidied")
def mended_and_not_built(aws):
    with rewritten(aws, "build", f"{BUCKET}/source/*", BUCKET):
        build(aws)
    yield "the newest build ended in DOWNLOAD_SOURCE; mend what its message names, and build again"
    build(aws)


@contextmanager
def rewritten(aws, name, old, new):
    """Replace something in a policy of the role for a while."""
    policy = aws.resource("iam").RolePolicy(ROLE, name)
    good = json.dumps(policy.policy_document)
    assert old in good
    policy.put(PolicyDocument=good.replace(old, new))
    yield
    policy.put(PolicyDocument=good)


def build(aws):
    codebuild = aws.client("codebuild")
    started = codebuild.start_build(projectName=PROJECT)["build"]["id"]
    wait(lambda: codebuild.batch_get_builds(ids=[started])["builds"][0]["buildComplete"], "the build")
