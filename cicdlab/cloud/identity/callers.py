"""Finds out who makes a request, from its access key.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
"""

import hmac
import re

from . import messages
from .directory import Directory
from .enforcement import Caller
from .model import ANYBODY, Principal
from .sessions import Sessions, looks_like_awss

_ACCOUNT = re.compile(r"\d{12}")


def is_account(access_key: str) -> bool:
    """Tell whether an access key is an account's number, which makes its holder that account's administrator."""
    return _ACCOUNT.fullmatch(access_key) is not None


class Callers:
    """Knows the principals of access keys.

    Parameters
    ----------
    directory
        Knows the users' keys.
    sessions
        Knows the sessions' keys.
    account
        The account of the learner, whose administrator a key is that belongs to nobody else.
    administrator_key
        Her access key, which may look like one of AWS's.
    """

    def __init__(self, directory: Directory, sessions: Sessions, account: str, administrator_key: str) -> None:
        self._directory = directory
        self._sessions = sessions
        self._account = account
        self._administrator_key = administrator_key

    def identify(self, access_key: str, token: str) -> Caller:
        """Return who holds an access key.

        Parameters
        ----------
        access_key
            The key by which a request is signed; empty when it is not.
        token
            The session token that came with it.

        Raises
        ------
        ServiceError
            The key is no longer, or was never, issued.
        """
        if not access_key:
            return Caller(Principal(ANYBODY))
        if is_account(access_key):
            return Caller(administrator(access_key))
        if access_key == self._administrator_key or not looks_like_awss(access_key):
            return Caller(administrator(self._account))
        session = self._sessions.find(access_key)
        if session:
            # rule: session-token
            if not hmac.compare_digest(token.encode(), session.token.encode()):
                raise messages.unknown_key()
            if self._sessions.is_over(session):
                raise messages.expired()
            return Caller(session.principal, session)
        user = self._directory.user_key(access_key)
        if user is None or not user.active or token:
            raise messages.unknown_key()
        return Caller(user.principal)

    def secret_of(self, access_key: str) -> str | None:
        """Return the secret of a user's or a session's access key, or None when it was never issued or is gone."""
        session = self._sessions.find(access_key)
        if session:
            return session.secret
        user = self._directory.user_key(access_key)
        return user.secret if user else None


def administrator(account: str) -> Principal:
    """Return the administrator of an account."""
    return Principal(f"arn:aws:iam::{account}:root", id=account)
