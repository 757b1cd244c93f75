"""What EventBridge's rules ask of our services.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

import logging
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from .errors import ServiceError
from .events import Delivery
from .identity.actions import ApiCall
from .identity.enforcement import Caller
from .identity.roles import ServiceRoles

if TYPE_CHECKING:
    from .core import Cloud

SERVICE = "events.amazonaws.com"
_log = logging.getLogger(__name__)


class Target(Protocol):
    """A service of ours that rules may have as a target."""

    target_operation: str
    """The operation for which the target's role needs permission."""

    def target_request(self, resource: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the request that a rule makes about a resource, the last part of its ARN."""

    def receive(self, caller: Caller, region: str, request: dict[str, Any], rule_arn: str) -> None:
        """Do what a rule asks."""


class Targets:
    """Hands events to our services, with the permissions of the role that a target names.

    Parameters
    ----------
    cloud
        The cloud whose services are targets.
    """

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._roles = ServiceRoles(cloud.access, cloud.client, SERVICE)

    def deliver(self, delivery: Delivery) -> None:
        """Hand over an event, later and on another thread; on AWS too, nobody is told when it can't be delivered."""
        self._cloud.waiters.submit(lambda: self._try(delivery))

    def _try(self, delivery: Delivery) -> None:
        try:
            self._hand_over(delivery)
        except ServiceError as error:
            _log.warning("The rule %s could not reach %s: %s", delivery.rule_arn, delivery.target_arn, error.message)
        except (ClientError, BotoCoreError) as error:
            _log.warning("The rule %s could not reach %s: %s", delivery.rule_arn, delivery.target_arn, error)
        except Exception:
            _log.exception("The rule %s failed", delivery.rule_arn)

    def _hand_over(self, delivery: Delivery) -> None:
        _, _, name, region, _, resource = delivery.target_arn.split(":", 5)
        service: Any = self._cloud.services[name]
        if not self._roles.trusts(delivery.role_arn, delivery.account, delivery.rule_arn):
            raise ServiceError("AccessDeniedException", f"{SERVICE} may not assume the role {delivery.role_arn}.")
        given = self._roles.assume(region, delivery.role_arn, delivery.rule_arn.rpartition("/")[2][:64])
        session = self._cloud.access.sessions.find(given.access_key_id)
        assert session is not None  # just issued
        caller = Caller(session.principal, session)
        request = service.target_request(resource.rpartition("/")[2], delivery.input)
        call = ApiCall(name, service.target_operation, request, region, session.principal)
        self._cloud.access.enforcement.check(call, caller)
        service.receive(caller, region, request, delivery.rule_arn)
