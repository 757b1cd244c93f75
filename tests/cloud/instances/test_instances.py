"""What EC2 shows of instances: the same ids on every run, a profile each, an address and a port that answer."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .conftest import OTHER, Yard


def port(instance: dict[str, Any]) -> int:
    return int(next(tag["Value"] for tag in instance["Tags"] if tag["Key"] == "cicdlab:port"))


def test_ids_are_awss_and_the_same_on_every_run(yard: Yard) -> None:
    first = yard.launch(2) + yard.launch()
    assert all(re.fullmatch(r"i-[0-9a-f]{17}", each) for each in first)
    assert len(set(first)) == 3
    yard.cloud.core.reset()
    assert yard.launch(3) == first


def test_every_instance_of_a_request_has_the_profile(yard: Yard) -> None:
    arn = yard.profile()
    yard.launch(3, IamInstanceProfile={"Name": "machine"})
    yard.launch(2, IamInstanceProfile={"Arn": arn})
    yard.launch()
    found = [each.get("IamInstanceProfile", {}).get("Arn") for each in yard.describe()]
    assert found == [arn] * 5 + [None]
    associations = yard.ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
    assert len({each["InstanceId"] for each in associations}) == 5


def test_instances_answer_on_this_machine_each_on_a_port_of_its_own(yard: Yard) -> None:
    yard.launch(2)
    yard.launch(ec2=yard.cloud.client("ec2", region_name="eu-west-1"))
    yard.launch(ec2=yard.cloud.client("ec2", aws_access_key_id=OTHER))
    here = yard.describe()
    elsewhere = yard.describe(yard.cloud.client("ec2", region_name="eu-west-1"))
    others = yard.describe(yard.cloud.client("ec2", aws_access_key_id=OTHER))
    everything = here + elsewhere + others
    assert {(each["PublicIpAddress"], each["PublicDnsName"]) for each in everything} == {("127.0.0.1", "127.0.0.1")}
    ports = [port(each) for each in everything]
    assert len(set(ports)) == 4
    assert all(8081 <= each <= 9999 for each in ports)


def test_a_port_is_given_again_when_its_instance_is_gone(yard: Yard) -> None:
    first, second = yard.launch(2)
    ports = {each["InstanceId"]: port(each) for each in yard.describe()}
    yard.ec2.terminate_instances(InstanceIds=[first])
    yard.ec2.stop_instances(InstanceIds=[second])
    [third] = yard.launch()
    now = {each["InstanceId"]: port(each) for each in yard.describe()}
    assert (now[third], now[second]) == (ports[first], ports[second])


def test_instances_that_are_started_at_once_have_ports_of_their_own(yard: Yard) -> None:
    clients = [yard.cloud.client("ec2") for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda each: yard.launch(2, ec2=each), clients))
    assert len({port(each) for each in yard.describe()}) == 16


def test_only_an_instance_that_runs_has_an_address(yard: Yard) -> None:
    [instance] = yard.launch()
    yard.ec2.stop_instances(InstanceIds=[instance])
    assert "PublicIpAddress" not in yard.describe()[0]
    yard.ec2.start_instances(InstanceIds=[instance])
    assert yard.describe()[0]["PublicIpAddress"] == "127.0.0.1"


FILTERS: list[tuple[dict[str, str], list[int]]] = [
    ({"Key": "Name", "Value": "web", "Type": "KEY_AND_VALUE"}, [0]),
    ({"Key": "Name", "Value": "web"}, [0]),
    ({"Key": "Name", "Value": "we", "Type": "KEY_AND_VALUE"}, []),
    ({"Key": "Name", "Type": "KEY_ONLY"}, [0, 1]),
    ({"Value": "web", "Type": "VALUE_ONLY"}, [0, 2]),
    ({"Key": "name", "Type": "KEY_ONLY"}, []),
]


@pytest.mark.parametrize(("wanted", "expected"), FILTERS, ids=lambda value: str(value))
def test_tag_filters_choose_instances(yard: Yard, wanted: dict[str, str], expected: list[int]) -> None:
    tags = ({"Name": "web"}, {"Name": "api"}, {"role": "web"}, {})
    made = []
    for each in tags:
        given = [{"Key": key, "Value": value} for key, value in each.items()]
        options = {"TagSpecifications": [{"ResourceType": "instance", "Tags": given}]} if given else {}
        made += yard.launch(**options)
    found = yard.cloud.core.instances.matching(yard.ec2, [wanted])
    assert [each.id for each in found] == sorted(made[place] for place in expected)


def test_instances_that_are_gone_match_no_filter(yard: Yard) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}]
    stopped, gone = yard.launch(2, TagSpecifications=tags)
    yard.ec2.stop_instances(InstanceIds=[stopped])
    yard.ec2.terminate_instances(InstanceIds=[gone])
    [found] = yard.cloud.core.instances.matching(yard.ec2, [{"Key": "Name", "Value": "web"}])
    assert (found.id, found.state, found.is_running) == (stopped, "stopped", False)
    assert (found.account, found.region) == ("123456789012", "us-east-1")
