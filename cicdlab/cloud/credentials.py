"""The address at which a build fetches its role's credentials, as a container on AWS does.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from threading import Lock

PATH = "/_cicdlab/credentials/"


@dataclass(frozen=True)
class SessionCredentials:
    """Credentials of an assumed role."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime

    def document(self) -> dict[str, str]:
        """Return what a container's credential endpoint answers."""
        return {
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key,
            "Token": self.session_token,
            "Expiration": self.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


class CredentialDesk:
    """Hands credentials to whoever knows the token of a running build, or of an instance."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._issued: dict[str, Callable[[], SessionCredentials | None]] = {}

    def issue(self, credentials: SessionCredentials) -> str:
        """Return a new token for these credentials."""
        return self.issue_from(lambda: credentials)

    def issue_from(self, source: Callable[[], SessionCredentials | None]) -> str:
        """Return a new token for the credentials that a source has at the moment; it may have none."""
        token = token_urlsafe(24)
        with self._lock:
            self._issued[token] = source
        return token

    def lookup(self, token: str) -> SessionCredentials | None:
        """Return the credentials of a token, or None when it was never issued, is over, or there are none."""
        source = self._issued.get(token)
        return source() if source else None

    def revoke(self, token: str) -> None:
        """Forget a token; its holder's run is over."""
        with self._lock:
            self._issued.pop(token, None)

    def reset(self) -> None:
        """Forget every token."""
        with self._lock:
            self._issued.clear()
