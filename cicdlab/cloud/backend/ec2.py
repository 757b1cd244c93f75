"""moto's instances: the same ids on every run, an address at which they really answer, and a port of their own."""

from threading import Lock
from typing import Any

from ..ids import Ids
from ..instances import ports

ADDRESS = "127.0.0.1"
_PROFILE = ("iam_instance_profile_arn", "iam_instance_profile_name")


def mend(ids: Ids) -> None:
    """Give instances what they need to be reached on this machine."""
    from moto.ec2.models import ec2_backends, instances

    run, lock = instances.InstanceBackend.run_instances, Lock()

    def run_instances(self: Any, *arguments: Any, **options: Any) -> Any:
        with lock:  # a port is taken when its instance shows it
            reservation = run(self, *arguments, **options)
            for each in reservation.instances:
                each.add_tags({ports.TAG: str(ports.free(_taken(ec2_backends)))})
        profile = {name: options[name] for name in _PROFILE if options.get(name)}
        if profile:  # moto gives it to the first one only, after this
            for each in reservation.instances[1:]:
                self.associate_iam_instance_profile(each.id, **profile)
        return reservation

    def address(self: Any) -> str | None:
        return ADDRESS if self.state == "running" else None

    instances.random_instance_id = lambda: f"i-{ids.uuid('ec2 instance', '').replace('-', '')[:17]}"
    instances.InstanceBackend.run_instances = run_instances  # type: ignore[method-assign]
    for name in ("public_ip", "public_ip_address", "public_dns_name"):
        setattr(instances.Instance, name, property(address))


def _taken(stores: Any) -> set[int]:
    """Return the ports of all instances that are not terminated."""
    return {
        int(tag["value"])
        for regions in list(stores.values())
        for region in list(regions.values())
        for instance in region.all_instances()
        if instance.state != "terminated"
        for tag in instance.get_tags()
        if tag["key"] == ports.TAG
    }
