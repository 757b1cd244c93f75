"""What CodeConnections keeps: connections, in AWS's shapes, and the repositories that stand for a code host's."""

from dataclasses import dataclass, field
from threading import RLock

from pydantic import ConfigDict
from pydantic.alias_generators import to_pascal

from ..git.repository import Repository
from ..structure import Structure

PENDING, AVAILABLE = "PENDING", "AVAILABLE"
SERVICES = ("codeconnections", "codestar-connections")


class Connection(Structure):
    """A connection as the API shows it."""

    model_config = ConfigDict(alias_generator=to_pascal)

    connection_name: str
    connection_arn: str
    provider_type: str
    owner_account_id: str
    connection_status: str = PENDING

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.connection_arn.rpartition("/")[2]


@dataclass
class Store:
    """The connections of one account in one region."""

    account: str
    region: str
    connections: dict[str, Connection] = field(default_factory=dict)  # by id, oldest first
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)  # by connection's id, OWNER/NAME
    tags: dict[str, dict[str, str]] = field(default_factory=dict)  # by connection's id
    lock: RLock = field(default_factory=RLock)

    def arn(self, service: str, uuid: str) -> str:
        """Return the ARN of a connection, which has the prefix of the service that made it."""
        return f"arn:aws:{service}:{self.region}:{self.account}:connection/{uuid}"

    def find(self, arn: str) -> Connection | None:
        """Return the connection with this ARN."""
        found = self.connections.get(arn.rpartition("/")[2])
        return found if found and found.connection_arn == arn else None

    def named(self, name: str) -> Connection | None:
        """Return the connection with this name."""
        return next((each for each in self.connections.values() if each.connection_name == name), None)

    def remove(self, connection: Connection) -> list[Repository]:
        """Forget a connection; return the repositories that it reached."""
        with self.lock:
            self.connections.pop(connection.id, None)
            self.tags.pop(connection.id, None)
            gone = [key for key in self.repositories if key[0] == connection.id]
            return [self.repositories.pop(key) for key in gone]
