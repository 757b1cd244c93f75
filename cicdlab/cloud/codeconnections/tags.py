"""Tags of connections."""

from collections.abc import Iterable

from .errors import not_found
from .model import Connection, Store


def find(store: Store, arn: str) -> Connection:
    """Return the connection that has, or gets, tags.

    Raises
    ------
    ServiceError
        There is none.
    """
    connection = store.find(arn)
    if not connection:
        raise not_found(f"Resource {arn}")
    return connection


def add(store: Store, connection: Connection, tags: Iterable[dict[str, str]]) -> None:
    """Give a connection tags; one that it has already gets the new value."""
    given = {tag["Key"]: tag["Value"] for tag in tags}
    with store.lock:
        store.tags[connection.id] = {**store.tags.get(connection.id, {}), **given}


def remove(store: Store, connection: Connection, keys: Iterable[str]) -> None:
    """Take tags from a connection."""
    gone = set(keys)
    with store.lock:
        left = {key: value for key, value in store.tags.get(connection.id, {}).items() if key not in gone}
        store.tags[connection.id] = left


def listed(store: Store, connection: Connection) -> list[dict[str, str]]:
    """Return the tags of a connection, by key."""
    return [{"Key": key, "Value": value} for key, value in sorted(store.tags.get(connection.id, {}).items())]
