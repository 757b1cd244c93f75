"""Identity and access management of one cloud: who calls, whether they may, and the sessions that were issued."""

from collections.abc import Callable
from datetime import datetime

from .callers import Callers
from .directory import Directory
from .enforcement import Enforcement
from .sessions import Sessions


class Access:
    """What the gateway and the engines ask about permissions.

    Parameters
    ----------
    directory
        Reads the cloud's resources.
    account
        The learner's account.
    administrator_key
        The learner's access key.
    now
        Returns the time by which sessions end and which policies see.
    """

    def __init__(self, directory: Directory, account: str, administrator_key: str, now: Callable[[], datetime]) -> None:
        self.directory = directory
        self.sessions = Sessions(now)
        self.callers = Callers(directory, self.sessions, account, administrator_key)
        self.enforcement = Enforcement(directory, now)

    def reset(self) -> None:
        """Forget every session and every denial."""
        self.sessions.reset()
        self.enforcement.reset()
