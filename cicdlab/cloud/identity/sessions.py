"""The sessions that STS has issued.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import choice, token_urlsafe
from string import ascii_uppercase, digits
from threading import Lock

from .directory import Session

_LIKE_AWSS = re.compile(r"A[KS]IA\w*")


def looks_like_awss(access_key: str) -> bool:
    """Tell whether a key looks like one that AWS issues, to a user or to a session."""
    return _LIKE_AWSS.fullmatch(access_key) is not None


class Sessions:
    """Issues sessions and finds them again.

    Parameters
    ----------
    now
        Returns the time by which sessions end.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self._issued: dict[str, Session] = {}

    def issue(self, wanted: Session, seconds: int) -> Session:
        """Return a session like ``wanted`` with new credentials, which end after so many seconds."""
        issued = replace(
            wanted,
            access_key="ASIA" + "".join(choice(ascii_uppercase + digits) for _ in range(16)),
            secret=token_urlsafe(30),
            token=token_urlsafe(96),
            issued=self._now(),
            expires=self._now() + timedelta(seconds=seconds),
        )
        with self._lock:
            self._issued[issued.access_key] = issued
        return issued

    def remember(self, session: Session) -> None:
        """Keep a session that another endpoint has issued; one of our own is kept as it is."""
        with self._lock:
            self._issued.setdefault(session.access_key, session)

    def find(self, access_key: str) -> Session | None:
        """Return the session that an access key belongs to."""
        return self._issued.get(access_key)

    def is_over(self, session: Session) -> bool:
        """Tell whether a session's time is over."""
        return self._now() >= session.expires

    def reset(self) -> None:
        """Forget every session."""
        with self._lock:
            self._issued.clear()
