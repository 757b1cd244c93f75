"""An EC2 instance, as its API describes it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .ports import TAG

RUNNING, TERMINATED = "running", "terminated"
GONE = frozenset({"shutting-down", TERMINATED})


@dataclass(frozen=True)
class Instance:
    """What the engines know of an instance.

    Parameters
    ----------
    id, account, region
        Which one.
    state
        ``pending``, ``running``, ``stopping``, ``stopped``, ``shutting-down`` or ``terminated``.
    tags
        Its tags.
    profile
        The ARN of its instance profile; empty when it has none.
    """

    id: str
    account: str
    region: str
    state: str
    tags: Mapping[str, str]
    profile: str

    @property
    def is_running(self) -> bool:
        """Whether its processes run."""
        return self.state == RUNNING

    @property
    def port(self) -> int:
        """The port on which it serves; 0 when it was not given one yet."""
        return int(self.tags.get(TAG) or 0)


def described(client: Any, **filters: Any) -> Iterator[Instance]:
    """Yield the instances that a client may see.

    Parameters
    ----------
    client
        A boto3 client for EC2.
    filters
        Members of DescribeInstances.

    Raises
    ------
    ClientError
        EC2 refused.
    """
    region = client.meta.region_name
    for page in client.get_paginator("describe_instances").paginate(**filters):
        for reservation in page["Reservations"]:
            for each in reservation["Instances"]:
                tags = {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
                profile = each.get("IamInstanceProfile", {}).get("Arn", "")
                account = reservation["OwnerId"]
                yield Instance(each["InstanceId"], account, region, each["State"]["Name"], tags, profile)


def has_tag(instance: Instance, filters: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether an instance has one of the tags that CodeDeploy's filters name.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_EC2TagFilter.html
    """
    return any(_fits(instance.tags, each) for each in filters)


def _fits(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    key, value = wanted.get("Key", ""), wanted.get("Value", "")
    match wanted.get("Type", "KEY_AND_VALUE"):
        case "KEY_ONLY":
            return key in tags
        case "VALUE_ONLY":
            return value in tags.values()
    return tags.get(key) == value
