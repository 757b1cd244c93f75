"""How many instances a deployment takes at once, who is next, and when it has failed.

https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .model import InstanceHealth, MinimumHealthyHosts, Revision


def required(minimum: MinimumHealthyHosts, total: int) -> int:
    """Return how many of so many instances must stay healthy."""
    # rule: percentages-round-up, one-at-a-time
    match minimum.type:
        case "FLEET_PERCENT":
            return math.ceil(total * minimum.value / 100)
        case "MOST_CONCURRENCY":
            return max(total - minimum.value, 0)
        case _:
            return minimum.value


@dataclass(frozen=True)
class Tally:
    """How a deployment stands.

    Parameters
    ----------
    total
        Its instances.
    minimum
        How many must stay healthy.
    succeeded, failed
        On how many instances it has ended.
    """

    total: int
    minimum: int
    succeeded: int = 0
    failed: int = 0

    @property
    def possible(self) -> bool:
        """Whether it can begin: a deployment takes at least one instance out of service."""
        # rule: minimum-below-total
        return self.minimum < self.total

    @property
    def batch(self) -> int:
        """How many instances may be deployed to now without falling below the minimum."""
        # rule: batch-is-total-less-minimum
        left = self.total - self.succeeded - self.failed
        return max(min(left, self.total - self.minimum - self.failed), 0)

    @property
    def success(self) -> bool:
        """Whether a deployment that goes no further has succeeded."""
        # rule: one-instance-must-succeed, last-failure-tolerated
        ended = self.succeeded + self.failed == self.total
        return ended and self.succeeded >= max(self.minimum, 1)

    def after(self, succeeded: int, failed: int) -> "Tally":
        """Return how it stands when so many more instances have ended."""
        return Tally(self.total, self.minimum, self.succeeded + succeeded, self.failed + failed)


def in_order(ids: Iterable[str], health: Mapping[str, InstanceHealth], target: Revision | None) -> list[str]:
    """Return instances in the order in which they are deployed to.

    Parameters
    ----------
    ids
        The instances.
    health
        What is known of them.
    target
        The group's target revision.
    """

    # rule: order-of-instances
    def rank(instance_id: str) -> tuple[int, str]:
        known = health.get(instance_id, InstanceHealth())
        if not known.healthy:
            return 0, instance_id
        if known.revision is None:
            return 1, instance_id
        return (3 if known.revision == target else 2), instance_id

    return sorted(ids, key=rank)
