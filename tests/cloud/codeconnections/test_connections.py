"""Connections: their operations under both names, the handshake, and the repositories behind them."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cicdlab.cloud.clients import Keys
from cicdlab.cloud.server import Server, Settings

from ...conftest import RunningCloud
from ...goods import make_role, trust_in
from ..codecommit.conftest import Learner

BOTH = ("codeconnections", "codestar-connections")


def create(learner: Learner, name: str = "hub", service: str = "codeconnections", **members: Any) -> str:
    client = learner.cloud.client(service)
    return str(client.create_connection(ConnectionName=name, ProviderType="GitHub", **members)["ConnectionArn"])


def shown(learner: Learner, arn: str) -> dict[str, Any]:
    return dict(learner.cloud.client("codeconnections").get_connection(ConnectionArn=arn)["Connection"])


def error(code: str, operation: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as refused:
        operation(**members)
    assert refused.value.response["Error"]["Code"] == code
    return str(refused.value.response["Error"]["Message"])


def connect(learner: Learner, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the learner's command, in the environment of a lab."""
    given = {"CICDLAB_ENDPOINT": learner.cloud.endpoint, "PATH": os.environ["PATH"], "HOME": str(learner.folder)}
    return subprocess.run(
        [sys.executable, "-c", "from cicdlab.cli import main; main()", "connect", *arguments],
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
    )


def order(learner: Learner, body: object) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"{learner.cloud.endpoint}/_cicdlab/connections", json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def handshake(learner: Learner, name: str = "hub", *repositories: str) -> dict[str, Any]:
    status, answer = order(learner, {"region": "us-east-1", "connect": name, "repositories": list(repositories)})
    assert status == 200
    return answer


def test_a_new_connection_is_pending(learner: Learner) -> None:
    arn = create(learner)
    assert shown(learner, arn) == {
        "ConnectionName": "hub",
        "ConnectionArn": arn,
        "ProviderType": "GitHub",
        "OwnerAccountId": "123456789012",
        "ConnectionStatus": "PENDING",
    }


@pytest.mark.parametrize("service", BOTH)
def test_an_arn_begins_with_the_name_of_the_service_that_was_asked(learner: Learner, service: str) -> None:
    assert create(learner, service=service).startswith(f"arn:aws:{service}:us-east-1:123456789012:connection/")


def test_both_names_show_the_same_connections(learner: Learner) -> None:
    arns = [create(learner, f"hub-{service}", service) for service in BOTH]
    for service in BOTH:
        client = learner.cloud.client(service)
        assert [each["ConnectionArn"] for each in client.list_connections()["Connections"]] == arns
        assert client.get_connection(ConnectionArn=arns[0])["Connection"]["ConnectionName"] == "hub-codeconnections"


def test_a_name_is_taken_once(learner: Learner) -> None:
    create(learner)
    client = learner.cloud.client("codeconnections")
    error("ResourceUnavailableException", client.create_connection, ConnectionName="hub", ProviderType="GitLab")


def test_connections_are_listed_by_provider_and_in_pages(learner: Learner) -> None:
    client = learner.cloud.client("codeconnections")
    for number in range(3):
        create(learner, f"hub{number}")
    client.create_connection(ConnectionName="lab", ProviderType="GitLab")
    names = lambda answer: [each["ConnectionName"] for each in answer["Connections"]]  # noqa: E731
    assert names(client.list_connections(ProviderTypeFilter="GitLab")) == ["lab"]
    first = client.list_connections(MaxResults=3)
    assert names(first) == ["hub0", "hub1", "hub2"]
    assert names(client.list_connections(NextToken=first["NextToken"])) == ["lab"]
    error("InvalidInputException", client.list_connections, NextToken="nonsense")


def test_what_is_not_there_is_not_found(learner: Learner) -> None:
    client, arn = learner.cloud.client("codeconnections"), create(learner)
    client.delete_connection(ConnectionArn=arn)
    for operation in (client.get_connection, client.delete_connection):
        assert arn in error("ResourceNotFoundException", operation, ConnectionArn=arn)
    error("ResourceNotFoundException", client.list_tags_for_resource, ResourceArn=arn)
    assert client.list_connections()["Connections"] == []


def test_tags_are_given_changed_and_taken(learner: Learner) -> None:
    client = learner.cloud.client("codeconnections")
    arn = create(learner, Tags=[{"Key": "team", "Value": "a"}])
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "b"}, {"Key": "cost", "Value": "1"}])
    listed = lambda: client.list_tags_for_resource(ResourceArn=arn)["Tags"]  # noqa: E731
    assert listed() == [{"Key": "cost", "Value": "1"}, {"Key": "team", "Value": "b"}]
    client.untag_resource(ResourceArn=arn, TagKeys=["cost"])
    assert listed() == [{"Key": "team", "Value": "b"}]


@pytest.mark.parametrize(
    "members",
    [{"HostArn": "arn:aws:codeconnections:us-east-1:123456789012:host/a"}, {"ProviderType": "GitHubEnterpriseServer"}],
)
def test_hosts_are_refused_by_name(learner: Learner, members: dict[str, str]) -> None:
    client = learner.cloud.client("codeconnections")
    said = error("NotImplemented", client.create_connection, ConnectionName="hub", **members)
    assert next(iter(members)) in said
    assert "is not simulated" in error("NotImplemented", client.list_hosts)


def test_the_command_completes_the_handshake_and_says_what_it_stands_for(learner: Learner) -> None:
    arn = create(learner)
    done = connect(learner, "hub", "--repository", "anna/shop")
    address = f"{learner.cloud.endpoint}/git/connections/123456789012/us-east-1/hub/anna/shop"
    assert done.stdout == (
        "hub is AVAILABLE.\n"
        "On AWS you would sign in to GitHub in the console here; nobody signed in anywhere.\n"
        "The repositories that it reaches are on this machine:\n"
        f"  anna/shop  {address}\n"
    )
    assert shown(learner, arn)["ConnectionStatus"] == "AVAILABLE"


def test_a_wrong_name_ends_in_one_sentence(learner: Learner) -> None:
    create(learner)
    done = connect(learner, "hob")
    assert (done.returncode, done.stderr) == (1, "Connection hob in us-east-1 (there is hub) not found\n")


@pytest.mark.parametrize("name", ["shop", "a/b/c", "../x", "a/..", "/etc/x", "a/b.git", "a/-b\n", "-a/b", "a/\0"])
def test_a_repository_has_an_owner_and_a_name(learner: Learner, name: str) -> None:
    arn = create(learner)
    status, answer = order(learner, {"region": "us-east-1", "connect": "hub", "repositories": [name]})
    assert (status, "write OWNER/NAME" in answer["message"]) == (400, True)
    assert shown(learner, arn)["ConnectionStatus"] == "PENDING"


@pytest.mark.parametrize("body", [{}, [], {"connect": "hub"}, {"region": 1, "connect": "hub", "repositories": []}])
def test_an_order_that_is_none_is_refused(learner: Learner, body: object) -> None:
    assert order(learner, body)[0] == 400


def test_git_pushes_to_and_clones_from_a_repository_behind_a_connection(learner: Learner) -> None:
    create(learner)
    address = handshake(learner, "hub", "anna/shop")["repositories"]["anna/shop"]
    commit = learner.commit()
    learner.git("push", "--quiet", address, "main")
    again = handshake(learner, "hub", "anna/shop", "anna/other")["repositories"]
    assert sorted(again) == ["anna/other", "anna/shop"]
    learner.git("clone", "--quiet", address, "copy")
    assert learner.git("-C", "copy", "rev-parse", "HEAD").stdout.strip() == commit


def test_a_repository_is_reached_by_the_administrator_and_through_its_connection_only(learner: Learner) -> None:
    arn = create(learner)
    address = handshake(learner, "hub", "anna/shop")["repositories"]["anna/shop"]
    assert "not found" in learner.git("ls-remote", address.replace("shop", "other"), check=False).stderr
    iam = learner.cloud.client("iam")
    make_role(iam, "guest", trust_in({"AWS": "123456789012"}))
    given = learner.cloud.client("sts").assume_role(
        RoleArn="arn:aws:iam::123456789012:role/guest", RoleSessionName="guest"
    )["Credentials"]
    keys = {"AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"]}
    asked = learner.git("ls-remote", address, check=False, **keys, AWS_SESSION_TOKEN=given["SessionToken"])
    assert "403" in asked.stderr
    assert learner.git("ls-remote", address).returncode == 0
    learner.cloud.client("codeconnections").delete_connection(ConnectionArn=arn)
    assert learner.git("ls-remote", address, check=False).returncode


@pytest.mark.parametrize("name", ["our hub", "a/b", "50%", "..", "Straße"])
def test_any_name_of_a_connection_leads_to_its_repositories(learner: Learner, name: str) -> None:
    create(learner, name)
    address = handshake(learner, name, "anna/shop")["repositories"]["anna/shop"]
    assert learner.git("ls-remote", address.replace("://", "://test:unsigned@")).returncode == 0


def test_git_without_credentials_is_asked_for_them(learner: Learner) -> None:
    create(learner)
    address = handshake(learner, "hub", "anna/shop")["repositories"]["anna/shop"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}/info/refs?service=git-upload-pack")
    assert (refused.value.code, refused.value.headers["WWW-Authenticate"]) == (401, 'Basic realm="CodeCommit"')


def test_a_secured_cloud_wants_the_keys_signature_from_git(tmp_path: Path) -> None:
    keys = Keys("AKIAOFTHEWORKSPACE00", "the-secret")
    with Server(Settings(port=0, administrator=keys)) as server:
        learner = Learner(RunningCloud(server), tmp_path)
        own = {"aws_access_key_id": keys.access_key, "aws_secret_access_key": keys.secret}
        client = learner.cloud.client("codeconnections", **own)
        client.create_connection(ConnectionName="hub", ProviderType="GitHub")
        service: Any = learner.cloud.core.services["codeconnections"]
        address = service.connect("123456789012", "us-east-1", "hub", ["anna/shop"])["repositories"]["anna/shop"]
        assert order(learner, {"region": "us-east-1", "connect": "hub", "repositories": []})[0] == 403
        signed = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret}
        assert learner.git("ls-remote", address, **signed).returncode == 0
        guessed = learner.git("ls-remote", address, check=False, **{**signed, "AWS_SECRET_ACCESS_KEY": "guessed"})
        assert "403" in guessed.stderr
