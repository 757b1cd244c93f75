"""What an action's role may do where a service asks for a permission without a request of its API."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...credentials import SessionCredentials
from ...identity.actions import ApiCall
from ...identity.enforcement import Caller

if TYPE_CHECKING:
    from ...core import Cloud


def caller(cloud: "Cloud", credentials: SessionCredentials) -> Caller:
    """Return who an action is for the services that it asks."""
    session = cloud.access.sessions.find(credentials.access_key_id)
    assert session is not None  # issued when the action's role was assumed
    return Caller(session.principal, session)


def check(
    cloud: "Cloud",
    credentials: SessionCredentials,
    region: str,
    service: str,
    operation: str,
    members: Mapping[str, Any],
) -> Caller:
    """Return the caller, when the action's role may do something.

    Parameters
    ----------
    cloud
        Where the role is.
    credentials
        Of the action's role.
    region
        Where it is done.
    service, operation
        As botocore names them.
    members
        What it is done to, as an operation's request would say it.

    Raises
    ------
    ServiceError
        The role may not.
    """
    who = caller(cloud, credentials)
    cloud.access.enforcement.check(ApiCall(service, operation, members, region, who.principal), who)
    return who
