"""What happens in the console on AWS: somebody signs in to the code host and lets the connection in.

Nobody signs in here. The repositories that the connection then reaches are hosted by this cloud, and empty at first;
git clones them and pushes to them as it would at the code host.
"""

import re
from pathlib import Path

from ..git.repository import Repository
from .errors import invalid, not_found
from .model import AVAILABLE, Connection, Store

_REPOSITORY = re.compile(r"(?P<owner>\w[\w.-]{0,99})/(?P<name>(?!.*\.git$)\w[\w.-]{0,99})", re.ASCII)


def shake(store: Store, name: str, repositories: list[str], root: Path) -> Connection:
    """Make a connection available, and the repositories that it is to reach.

    Parameters
    ----------
    store
        Where the connection is.
    name
        Its name.
    repositories
        ``OWNER/NAME`` of each repository; those that are there stay as they are.
    root
        The folder that holds repositories.

    Raises
    ------
    ServiceError
        There is no such connection, or a repository's name is none.
    """
    # rule: connections-need-a-handshake
    for full in repositories:
        if not _REPOSITORY.fullmatch(full):
            raise invalid(f"{full} is no repository: write OWNER/NAME, for example anna/shop.")
    with store.lock:
        connection = store.named(name)
        if not connection:
            known = ", ".join(sorted(each.connection_name for each in store.connections.values()))
            raise not_found(f"Connection {name} in {store.region} (there is {known or 'none'})")
        for full in repositories:
            if (connection.id, full) not in store.repositories:
                repository = Repository(root / store.account / store.region / connection.id / f"{full}.git")
                repository.create()
                store.repositories[connection.id, full] = repository
        connection = connection.model_copy(update={"connection_status": AVAILABLE})
        store.connections[connection.id] = connection
    return connection
