"""Clones and pushes go through the endpoint, with the permissions of who asks."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from ...goods import make_role, trust_in
from .conftest import Learner


def test_a_push_arrives_and_can_be_cloned(learner: Learner) -> None:
    url, commit = learner.repository(), learner.commit("hello\n")
    learner.git("push", url, "main")

    learner.git("clone", "--quiet", url, "copy")
    assert (learner.folder / "copy" / "page.txt").read_text() == "hello\n"
    assert learner.codecommit.get_branch(repositoryName="demo", branchName="main")["branch"]["commitId"] == commit
    assert learner.codecommit.get_repository(repositoryName="demo")["repositoryMetadata"]["defaultBranch"] == "main"


def test_a_push_is_told_to_eventbridge(learner: Learner) -> None:
    sqs, events = learner.cloud.client("sqs"), learner.cloud.client("events")
    queue = sqs.create_queue(QueueName="pushes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="pushes", EventPattern=json.dumps({"source": ["aws.codecommit"]}))
    events.put_targets(Rule="pushes", Targets=[{"Id": "1", "Arn": arn}])
    url = learner.repository()

    ids = []
    for text in ("one\n", "two\n"):
        ids.append(learner.commit(text))
        learner.git("push", "--quiet", url, "main")
    learner.git("push", "--quiet", url, "HEAD:refs/tags/v1")
    learner.cloud.core.events.settle()

    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    told = [json.loads(each["Body"])["detail"] for each in got]
    assert sorted((each["event"], each["referenceFullName"], each["commitId"]) for each in told) == sorted(
        [
            ("referenceCreated", "refs/heads/main", ids[0]),
            ("referenceUpdated", "refs/heads/main", ids[1]),
            ("referenceCreated", "refs/tags/v1", ids[1]),
        ]
    )


def test_without_credentials_nothing_is_read(learner: Learner) -> None:
    url = learner.repository()
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{url}/info/refs?service=git-upload-pack")
    assert (refused.value.code, refused.value.headers["WWW-Authenticate"][:5]) == (401, "Basic")
    assert learner.git("clone", url, "copy", check=False, GIT_CONFIG_COUNT="0").returncode != 0


def test_a_role_may_pull_and_not_push(learner: Learner) -> None:
    url = learner.repository()
    learner.commit()
    learner.git("push", url, "main")
    may = {"Effect": "Allow", "Action": "codecommit:GitPull", "Resource": "*"}
    arn = make_role(
        learner.cloud.client("iam"),
        "reader",
        trust_in({"AWS": "123456789012"}),
        {"Version": "2012-10-17", "Statement": [may]},
    )
    given = learner.cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="reading")["Credentials"]
    role = {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }

    learner.git("clone", "--quiet", url, "copy", **role)
    learner.commit("two\n")
    pushed = learner.git("push", url, "main", check=False, **role)
    assert (pushed.returncode != 0, "403" in pushed.stderr) == (True, True)


@pytest.mark.parametrize(
    "rest", ["config", "HEAD", "objects/info/packs", "info/refs", "../demo.git/config", "%2e%2e/x"]
)
def test_nothing_but_clones_and_pushes_is_answered(learner: Learner, rest: str) -> None:
    url = learner.repository()
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{url}/{rest}", headers={"Authorization": "Basic dGVzdDp0ZXN0"}))
    assert refused.value.code == 404


def test_a_web_page_reaches_no_repository(learner: Learner) -> None:
    url = f"{learner.repository()}/info/refs?service=git-upload-pack"
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(url, headers={"Authorization": "Basic dGVzdDp0ZXN0", "Origin": "https://example.com"}))
    assert refused.value.code == 403


def test_a_reset_leaves_no_repository(learner: Learner) -> None:
    learner.repository()
    learner.cloud.core.reset()
    assert not (learner.cloud.core.root / "git").exists()
    learner.repository()
