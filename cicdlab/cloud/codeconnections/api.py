"""CodeConnections' operations, and what git asks of the repositories behind connections."""

import re
from typing import TYPE_CHECKING, Any

from .. import scratch
from ..git.repository import HEADS, Change, Repository
from ..stores import Stores, page
from . import events, handshake, tags, unsupported
from .errors import invalid, not_found, unavailable
from .model import AVAILABLE, Connection, Store

if TYPE_CHECKING:
    from ..core import Call, Cloud


_PLAIN = re.compile(r"[\w-][\w.-]*", re.ASCII)


class CodeConnectionsApi:
    """The operations of CodeConnections, under its own name and under the one that it had before.

    Parameters
    ----------
    cloud
        The cloud whose folder holds the repositories.
    """

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._stores = Stores(Store)
        self._root = cloud.root / "git" / "connections"

    def reset(self) -> None:
        """Forget every connection and every repository behind one."""
        self._stores.clear()
        scratch.remove(self._root)

    # --- connections

    def create_connection(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Make a connection, which is pending until somebody completes the handshake."""
        # rule: connections-begin-pending, arn-has-the-services-prefix
        unsupported.check(request)
        store, name = self._stores.of(call), request["ConnectionName"]
        if "ProviderType" not in request:
            raise invalid("A connection needs a ProviderType or a HostArn.")
        with store.lock:
            if store.named(name):
                # rule: connection-names-are-unique
                raise unavailable(f"A connection named {name} exists already.")
            uuid = self._cloud.ids.uuid("codeconnections connection", f"{store.account}/{store.region}/{name}")
            connection = Connection(
                connection_name=name,
                connection_arn=store.arn(call.service, uuid),
                provider_type=request["ProviderType"],
                owner_account_id=store.account,
            )
            store.connections[connection.id] = connection
            tags.add(store, connection, request.get("Tags", ()))
        return {"ConnectionArn": connection.connection_arn, "Tags": tags.listed(store, connection)}

    def get_connection(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a connection."""
        return {"Connection": self._connection(call, request["ConnectionArn"]).wire()}

    def list_connections(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the connections, the oldest first."""
        # rule: list-connections-of-both-names
        wanted = request.get("ProviderTypeFilter")
        known = {
            each.connection_arn: each
            for each in self._stores.of(call).connections.values()
            if wanted in (None, each.provider_type) and not request.get("HostArnFilter")
        }
        try:
            shown, token = page(known, request.get("NextToken"), request.get("MaxResults") or 100)
        except ValueError:
            raise invalid("The NextToken is not valid.") from None
        return {"Connections": [known[arn].wire() for arn in shown], "NextToken": token}

    def delete_connection(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete a connection."""
        store = self._stores.of(call)
        for repository in store.remove(self._connection(call, request["ConnectionArn"])):
            scratch.remove(repository.folder)
        return {}

    # --- tags

    def tag_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Give a connection tags."""
        store = self._stores.of(call)
        tags.add(store, tags.find(store, request["ResourceArn"]), request["Tags"])
        return {}

    def untag_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Take tags from a connection."""
        store = self._stores.of(call)
        tags.remove(store, tags.find(store, request["ResourceArn"]), request["TagKeys"])
        return {}

    def list_tags_for_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the tags of a connection."""
        store = self._stores.of(call)
        return {"Tags": tags.listed(store, tags.find(store, request["ResourceArn"]))}

    # --- the code host

    def connect(self, account: str, region: str, name: str, repositories: list[str]) -> dict[str, Any]:
        """Complete a connection's handshake, as somebody does in AWS's console; return where its repositories are.

        Raises
        ------
        ServiceError
            There is no such connection, or a repository's name is none.
        """
        store = self._stores.at(account, region)
        made = handshake.shake(store, name, repositories, self._root)
        with store.lock:
            known = sorted(full for owner, full in store.repositories if owner == made.id)
        return {"connection": made.wire(), "repositories": {full: self._address(store, made, full) for full in known}}

    def find(self, arn: str) -> Connection | None:
        """Return a connection, whoever owns it."""
        parts = arn.split(":")
        return self._stores.at(parts[4], parts[3]).find(arn) if len(parts) == 6 else None

    def repository(self, connection: Connection, full_name: str) -> Repository | None:
        """Return the repository ``OWNER/NAME`` behind a connection that is available."""
        if connection.connection_status != AVAILABLE:
            return None
        _, _, _, region, account, _ = connection.connection_arn.split(":")
        return self._stores.at(account, region).repositories.get((connection.id, full_name))

    def named(self, account: str, region: str, name: str) -> Connection | None:
        """Return the connection with this name, or this id."""
        store = self._stores.at(account, region)
        return store.named(name) or store.connections.get(name)

    def pushed(self, connection: Connection, full_name: str, changes: list[Change]) -> None:
        """Let services of this cloud know of a push, as a code host's webhook does."""
        for change in changes:
            if change.name.startswith(HEADS) and change.new:
                self._cloud.events.notice(events.pushed(connection, full_name, change, self._cloud.clock.now()))

    def _address(self, store: Store, connection: Connection, full_name: str) -> str:
        name = connection.connection_name
        label = name if _PLAIN.fullmatch(name) else connection.id  # any character may be in a name
        return f"{self._cloud.endpoint}/git/connections/{store.account}/{store.region}/{label}/{full_name}"

    def _connection(self, call: "Call", arn: str) -> Connection:
        # rule: connection-not-found
        connection = self._stores.of(call).find(arn)
        if not connection:
            raise not_found(f"Connection {arn}")
        return connection
