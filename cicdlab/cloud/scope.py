"""For whom, where and for which service a request was signed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import parse_qs

from botocore.loaders import create_loader

from .errors import ServiceError

REGION = "us-east-1"
_CREDENTIAL = r"([^/\s,=]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request"
_HEADER = re.compile(
    rf"AWS4-HMAC-SHA256\s+Credential={_CREDENTIAL}\s*,\s*SignedHeaders=[^,\s]+\s*,\s*Signature=[^,\s]+", re.ASCII
)
_QUERY = re.compile(_CREDENTIAL, re.ASCII)
_VERSION_2 = re.compile(r"AWS ([^:\s]+):\S+")


@dataclass(frozen=True)
class Scope:
    """What a signature, in the header or (presigned) in the query, says of itself.

    Parameters
    ----------
    access_key
        Empty when the request is not signed.
    region, service
        Where it goes, and the service's signing name; empty when the request is not signed.
    token
        The session token that came with it.
    """

    access_key: str = ""
    region: str = REGION
    service: str = ""
    token: str = ""

    @classmethod
    def of(cls, headers: dict[str, str], query: str) -> "Scope":
        """Return the scope of a request, given its headers (names in lower case) and its query string.

        Raises
        ------
        ServiceError
            The signature says two things, or nothing that can be read, or is over.
        """
        authorization, given = headers.get("authorization", ""), parse_qs(query, keep_blank_values=True)
        if authorization:
            found, old = _HEADER.fullmatch(authorization), _VERSION_2.fullmatch(authorization)
            token = headers.get("x-amz-security-token", "")
            if found:
                return cls(found[1], _known(found[2]), found[3], token)
            if old:
                return cls(old[1], REGION, "s3", token)
            raise _unreadable()
        if "X-Amz-Credential" in given or "X-Amz-Algorithm" in given:
            found = _QUERY.fullmatch(_only(given, "X-Amz-Credential"))
            if not found:
                raise _unreadable()
            _check_age(_date(_only(given, "X-Amz-Date")) + _seconds(_only(given, "X-Amz-Expires")))
            return cls(found[1], _known(found[2]), found[3], _only(given, "X-Amz-Security-Token", required=False))
        if "AWSAccessKeyId" in given:  # how boto3 presigns for an endpoint of one's own
            _check_age(datetime.fromtimestamp(0, UTC) + _seconds(_only(given, "Expires")))
            token = _only(given, "x-amz-security-token", required=False)
            return cls(_only(given, "AWSAccessKeyId"), REGION, "s3", token)
        return cls()


def _known(region: str) -> str:
    """Return a region that there is: the backend would take another one for a part of a service's name."""
    if region not in _regions():
        raise ServiceError("SignatureDoesNotMatch", "Credential should be scoped to a valid region.", 403)
    return region


@cache
def _regions() -> frozenset[str]:
    partitions = create_loader().load_data("endpoints")["partitions"]
    return frozenset(region for partition in partitions for region in partition["regions"])


def _only(given: dict[str, list[str]], name: str, required: bool = True) -> str:
    values = given.get(name, [] if required else [""])
    if len(values) != 1:
        raise _unreadable()
    return values[0]


def _date(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _unreadable() from None


def _seconds(text: str) -> timedelta:
    if not re.fullmatch(r"\d{1,11}", text, re.ASCII):
        raise _unreadable()
    return timedelta(seconds=int(text))


def _check_age(until: datetime) -> None:
    if datetime.now(UTC) > until:
        raise ServiceError("AccessDenied", "Request has expired", 403)


def _unreadable() -> ServiceError:
    return ServiceError("IncompleteSignature", "The request's signature is not of the form AWS signs with.", 403)
