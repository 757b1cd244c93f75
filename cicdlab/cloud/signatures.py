"""Checks that a request was signed with the secret of its access key (Signature Version 4).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .errors import ServiceError

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = timedelta(minutes=15)
_STAMP = "%Y%m%dT%H%M%SZ"
_SCOPE = re.compile(r"([^/\s]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


class _Given:
    """The parts of a signature that a request carries, in its header or (presigned) in its query."""

    def __init__(self, headers: dict[str, str], query: dict[str, str]) -> None:
        authorization = headers.get("authorization", "")
        self.presigned = not authorization and "X-Amz-Signature" in query
        if self.presigned:
            fields = {"Credential": query.get("X-Amz-Credential", ""), "Signature": query["X-Amz-Signature"]}
            fields["SignedHeaders"] = query.get("X-Amz-SignedHeaders", "")
            stamp, lifetime = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "0")
        elif authorization.startswith(ALGORITHM):
            fields = dict(re.findall(r"(\w+)=([^,\s]+)", authorization))
            stamp, lifetime = headers.get("x-amz-date", ""), ""
        elif "AWSAccessKeyId" in query or authorization.startswith("AWS "):
            message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
            raise ServiceError("InvalidRequest", message)
        else:
            raise ServiceError("MissingAuthenticationToken", "Missing Authentication Token", 403)
        scope = _SCOPE.fullmatch(fields.get("Credential", ""))
        if not scope:
            raise ServiceError(
                "IncompleteSignature", "The request's credential is not of the form AWS signs with.", 403
            )
        self.access_key, self.region, self.service = scope[1], scope[3], scope[4]
        self.signed_headers = fields.get("SignedHeaders", "").split(";")
        self.signature = fields.get("Signature", "")
        self.stamp = stamp
        self._check_age(int(lifetime) if lifetime.isdigit() else None)

    def _check_age(self, lifetime: int | None) -> None:
        try:
            signed_at = datetime.strptime(self.stamp, _STAMP).replace(tzinfo=UTC)
        except ValueError:
            raise ServiceError("IncompleteSignature", "The request has no valid X-Amz-Date.", 403) from None
        age = datetime.now(UTC) - signed_at
        if age < -MAX_SKEW or age > (MAX_SKEW if lifetime is None else timedelta(seconds=lifetime)):
            raise ServiceError("RequestExpired", "Request has expired.", 403)


def verify(
    environ: dict[str, Any], headers: dict[str, str], body: Callable[[], bytes], secret_of: Callable[[str], str | None]
) -> None:
    """Check a request's signature.

    Parameters
    ----------
    environ, headers
        The WSGI request and its headers, names in lower case.
    body
        Reads the whole body; called only when the request does not state the body's hash.
    secret_of
        Returns the secret of an access key, or None when the key was never issued.

    Raises
    ------
    ServiceError
        With AWS's code for what is missing or wrong, status 403.
    """
    uri = environ.get("REQUEST_URI") or environ["PATH_INFO"]
    query = dict(parse_qsl(urlsplit(uri).query, keep_blank_values=True))
    given = _Given(headers, query)
    secret = secret_of(given.access_key)
    if secret is None:
        message = "The security token included in the request is invalid."
        raise ServiceError("InvalidClientTokenId", message, 403)
    expected = _signature(environ["REQUEST_METHOD"], uri, headers, given, secret, body)
    if not hmac.compare_digest(expected, given.signature):
        message = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
        raise ServiceError("SignatureDoesNotMatch", message, 403)


def _signature(
    method: str, uri: str, headers: dict[str, str], given: _Given, secret: str, body: Callable[[], bytes]
) -> str:
    parts = urlsplit(uri)
    query = "&".join(pair for pair in parts.query.split("&") if not pair.startswith("X-Amz-Signature="))
    url = f"http://{headers.get('host', '')}{parts.path}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, {name: headers[name] for name in given.signed_headers if name in headers})
    if given.presigned and given.service == "s3":
        stated = "UNSIGNED-PAYLOAD"
    else:
        stated = headers.get("x-amz-content-sha256") or sha256(body()).hexdigest()
    request.context["timestamp"] = given.stamp
    signer_class = _S3Signer if given.service == "s3" else _Signer
    signer = signer_class(Credentials(given.access_key, secret), given.service, given.region)
    signer.stated_hash = stated
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)


class _Signer(SigV4Auth):
    """botocore's signer, over the headers that the caller signed and the body's hash as stated."""

    stated_hash = ""

    def payload(self, request: AWSRequest) -> str:
        """Return the body's hash."""
        return self.stated_hash

    def headers_to_sign(self, request: AWSRequest) -> Any:
        """Return every header: the request carries only the signed ones."""
        return request.headers


class _S3Signer(_Signer, S3SigV4Auth):
    """The same for S3, whose paths are signed as they are."""
