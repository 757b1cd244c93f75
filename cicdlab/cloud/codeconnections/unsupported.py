"""What CodeConnections has and this cloud does not simulate: refused by name.

Operations about hosts, repository links and sync configurations are refused by themselves: they have no method.
"""

from collections.abc import Mapping
from typing import Any

from .errors import not_simulated

_HOSTED = frozenset({"GitHubEnterpriseServer", "GitLabSelfManaged"})


def check(request: Mapping[str, Any]) -> None:
    """Refuse a connection to a code host of one's own, which needs a host resource.

    Raises
    ------
    ServiceError
        With status 501 and the member's name.
    """
    if request.get("HostArn"):
        raise not_simulated("HostArn")
    if request.get("ProviderType") in _HOSTED:
        raise not_simulated(f"the ProviderType {request['ProviderType']}, which needs a host,")
