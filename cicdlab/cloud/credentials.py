"""The address at which a build fetches its role's credentials, as a container on AWS does.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

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
    """Hands credentials to whoever knows the token of a running build."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._issued: dict[str, SessionCredentials] = {}

    def issue(self, credentials: SessionCredentials) -> str:
        """Return a new token for these credentials."""
        token = token_urlsafe(24)
        with self._lock:
            self._issued[token] = credentials
        return token

    def lookup(self, token: str) -> SessionCredentials | None:
        """Return the credentials of a token, or None when it was never issued or is over."""
        return self._issued.get(token)

    def revoke(self, token: str) -> None:
        """Forget a token; its holder's run is over."""
        with self._lock:
            self._issued.pop(token, None)

    def reset(self) -> None:
        """Forget every token."""
        with self._lock:
            self._issued.clear()
