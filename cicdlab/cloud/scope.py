"""For whom, where and for which service a request was signed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

REGION = "us-east-1"
_SCOPE = re.compile(r"(?:Credential=)?([^/\s=]+)/\d+/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


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
        """Return the scope of a request, given its headers (names in lower case) and its query string."""
        if found := _SCOPE.search(headers.get("authorization", "")):
            return cls(found[1], found[2], found[3], headers.get("x-amz-security-token", ""))
        if "X-Amz-Credential" not in query:
            return cls()
        given = parse_qs(query)
        found = _SCOPE.fullmatch(given.get("X-Amz-Credential", [""])[0])
        token = given.get("X-Amz-Security-Token", [""])[0]
        return cls(found[1], found[2], found[3], token) if found else cls()
