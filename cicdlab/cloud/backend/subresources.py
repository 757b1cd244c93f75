"""What moto does with the parts of a bucket or an object that a query string names.

moto looks at one after the other, and takes what it does not know for the bucket or the object itself: a request to
delete a bucket's metrics would delete the bucket.
"""

import re
from functools import cache
from urllib.parse import parse_qsl

from ..errors import ServiceError
from ..protocol import service_model

_BOTH = frozenset({"cors", "encryption", "lifecycle", "ownershipControls", "policy", "publicAccessBlock"})
_ALL = _BOTH | {"replication", "tagging", "website"}
# Method, and whether an object is meant → what moto knows of it.
_KNOWN = {
    ("GET", False): _ALL
    | {"accelerate", "acl", "inventory", "list-type", "location", "logging", "notification", "object-lock"}
    | {"policyStatus", "uploads", "versioning", "versions"},
    ("PUT", False): _ALL | {"accelerate", "acl", "inventory", "logging", "notification", "object-lock", "versioning"},
    ("DELETE", False): _ALL,
    ("POST", False): frozenset({"delete"}),
    ("GET", True): frozenset({"acl", "attributes", "legal-hold", "tagging", "uploadId"}),
    ("PUT", True): frozenset({"acl", "legal-hold", "retention", "tagging", "uploadId"}),
    ("DELETE", True): frozenset({"tagging", "uploadId"}),
    ("POST", True): frozenset({"restore", "select", "uploadId", "uploads"}),
}


def check(method: str, is_object: bool, query: str) -> None:
    """Refuse a request for what moto would mistake.

    Raises
    ------
    ServiceError
        Two parts are named, or one that is not simulated.
    """
    named = {name for name, _ in parse_qsl(query, keep_blank_values=True)} & _subresources()
    if len(named) > 1:
        raise ServiceError("InvalidRequest", f"Conflicting query string parameters: {', '.join(sorted(named))}")
    if method == "POST" and not named:
        raise ServiceError("NotImplemented", "s3:PostObject is not simulated on this machine's cloud.", 501)
    if unknown := named - _KNOWN.get((method, is_object), frozenset()):
        message = f"s3: {method} with ?{min(unknown)} is not simulated on this machine's cloud."
        raise ServiceError("NotImplemented", message, 501)


@cache
def _subresources() -> frozenset[str]:
    """Return every name in the query strings of S3's operations that chooses the operation."""
    model = service_model("s3")
    queries = (model.operation_model(name).http["requestUri"].partition("?")[2] for name in model.operation_names)
    names = (re.split(r"[&=]", query)[0] for query in queries if query)
    return (frozenset(names) | {"list-type", "uploadId"}) - {"x-id"}
