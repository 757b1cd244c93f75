"""The instances of one cloud, and the machines behind them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from . import ports
from .instance import GONE, TERMINATED, Instance, described, has_tag
from .machine import Machine

if TYPE_CHECKING:
    from ..core import Cloud
    from ..identity.actions import ApiCall

# Operations of EC2, and of CloudFormation, that may change what an instance is.
_CHANGES = frozenset(
    {
        "AssociateIamInstanceProfile",
        "DeleteStack",
        "DisassociateIamInstanceProfile",
        "RebootInstances",
        "ReplaceIamInstanceProfileAssociation",
        "StartInstances",
        "StopInstances",
        "TerminateInstances",
    }
)


class Fleet:
    """Knows which instances there are, and starts their machines when something has to run there.

    Parameters
    ----------
    cloud
        The cloud whose EC2 has the instances.
    """

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._lock = Lock()
        self._machines: dict[str, Machine] = {}

    def matching(self, client: Any, filters: Sequence[Mapping[str, str]]) -> list[Instance]:
        """Return the instances that have one of these tags and are not gone, running or not, by id.

        Parameters
        ----------
        client
            A boto3 client for EC2; its permissions count.
        filters
            Tag filters as CodeDeploy has them.

        Raises
        ------
        ClientError
            EC2 refused.
        """
        found = (each for each in described(client) if each.state not in GONE and has_tag(each, filters))
        return sorted(found, key=lambda each: each.id)

    def machine(self, instance: Instance) -> Machine:
        """Return the machine of an instance as it is now, started.

        Raises
        ------
        NotRunningError
            The instance does not run.
        """
        client = self._cloud.client("ec2", instance.region, account=instance.account)
        with self._lock:
            now = _as_it_is(instance, described(client, InstanceIds=[instance.id]))
            known = self._machines.get(now.id)
            if not known:
                known = self._machines[now.id] = Machine(self._cloud, now, self._port(now))
            known.instance = now
        known.start()
        return known

    def follow(self, call: "ApiCall", account: str) -> None:
        """Let machines do what an operation made of their instances: end their processes, or go with their files.

        Beside a backend that gets its requests elsewhere, machines last until the cloud ends.
        """
        if call.operation not in _CHANGES:
            return
        rebooted = call.members.get("InstanceIds", ()) if call.operation == "RebootInstances" else ()
        for machine in self._refreshed(account, call.region):
            if machine.instance.state in GONE:
                machine.remove()
            elif not machine.instance.is_running or machine.instance.id in rebooted:
                machine.stop()

    def reset(self) -> None:
        """End every machine and remove its files."""
        with self._lock:
            machines = list(self._machines.values())
            self._machines.clear()
        for machine in machines:
            machine.remove()

    def _refreshed(self, account: str, region: str) -> list[Machine]:
        """Return the machines of an account in a region, which know what their instances are now."""
        with self._lock:
            here = [
                each
                for each in self._machines.values()
                if (each.instance.account, each.instance.region) == (account, region)
            ]
            now = list(described(self._cloud.client("ec2", region, account=account))) if here else []
            for machine in here:
                machine.instance = _as_it_is(machine.instance, now)
                if machine.instance.state in GONE:
                    del self._machines[machine.instance.id]
        return here

    def _port(self, instance: Instance) -> int:
        """Return an instance's port; where EC2 did not give it one, choose one and write it down there."""
        if instance.port:
            return instance.port
        port = ports.free({machine.port for machine in self._machines.values()})
        client = self._cloud.client("ec2", instance.region, account=instance.account)
        client.create_tags(Resources=[instance.id], Tags=[{"Key": ports.TAG, "Value": str(port)}])
        return port


def _as_it_is(instance: Instance, now: Iterable[Instance]) -> Instance:
    """Return an instance as it is among those that there are now."""
    found = (each for each in now if each.id == instance.id)
    return next(found, replace(instance, state=TERMINATED))
