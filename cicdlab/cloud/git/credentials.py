"""Who pushes and clones: the name and password that AWS's credential helper makes for git.

https://docs.aws.amazon.com/codecommit/latest/userguide/setting-up-https-unixes.html
"""

import base64
import binascii
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

LIFE = timedelta(minutes=15)
_STAMP = "%Y%m%dT%H%M%S"


def given(authorization: str) -> tuple[str, str, str] | None:
    """Return access key, session token and password of an ``Authorization`` header; None when there are none."""
    kind, _, text = authorization.partition(" ")
    try:
        name, found, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if kind.lower() != "basic" or not found or not name:
        return None
    access_key, _, token = name.partition("%")
    return access_key, token, password


def is_signed(secret: str | None, key: tuple[str, str, str], region: str, environ: dict[str, Any]) -> bool:
    """Tell whether the password of a request was made with an access key's secret.

    Parameters
    ----------
    secret
        The key's; None when the key was never issued.
    key
        What `given` found.
    region
        Of the repository.
    environ
        The request.
    """
    host = environ.get("HTTP_HOST", "").partition(":")[0]
    path = environ["PATH_INFO"].rpartition("/info/refs")[0] or environ["PATH_INFO"].rpartition("/")[0]
    return secret is not None and signed(key[2], key[0], secret, region, host, path)


def signed(password: str, access_key: str, secret: str, region: str, host: str, path: str) -> bool:
    """Tell whether a password is a signature of a repository's path that still counts.

    Parameters
    ----------
    password
        A time and a signature, as the credential helper writes them.
    access_key, secret
        The key that must have signed.
    region
        Of the repository.
    host, path
        Of the address that git was given.
    """
    stamp, _, signature = password.partition("Z")
    try:
        age = datetime.now(UTC) - datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return False
    request = AWSRequest("GIT", f"http://{host}{path}")
    request.context["timestamp"] = stamp
    signer = SigV4Auth(Credentials(access_key, secret), "codecommit", region)
    canonical = f"GIT\n{path}\n\nhost:{host}\n\nhost\n"
    expected = signer.signature(signer.string_to_sign(request, canonical), request)
    return abs(age) <= LIFE and hmac.compare_digest(expected, signature)
