"""Who may ask: the endpoint runs commands, so no web page and nobody else on the network may reach it.

A page in a browser can post to loopback (cross-site request) or bring its own name for it (DNS rebinding). The first
shows in ``Origin`` and ``Sec-Fetch-Site``, the second in ``Host``.
"""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_NETLOC = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\],]+)(:\d{1,5})?")
_LOOPBACK_NAMES = ("localhost", "localhost.localstack.cloud")


def is_loopback(host: str) -> bool:
    """Tell whether a host name (without port) means this machine."""
    name = host.rstrip(".").lower()
    if any(name == own or name.endswith(f".{own}") for own in _LOOPBACK_NAMES):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def refusal(headers: dict[str, str], allowed_hosts: frozenset[str] = frozenset()) -> str | None:
    """Return why a request is refused, or None when it may pass.

    Parameters
    ----------
    headers
        The request's headers, keys in lower case.
    allowed_hosts
        Further host names that may be used for the endpoint, as given by ``--allow-host``.
    """

    def known(netloc: str) -> bool:
        parts = _NETLOC.fullmatch(netloc)
        host = parts[1] if parts else ""
        return is_loopback(host) or host.lower() in allowed_hosts

    host = headers.get("host", "")
    if not known(host):
        return f"The name {host!r} is not this machine's; start the cloud with --allow-host if it should be."
    origin = headers.get("origin")
    if origin is not None and not (origin.startswith(("http://", "https://")) and known(_netloc(origin))):
        return f"Requests from the web page {origin!r} are refused."
    if headers.get("sec-fetch-site") == "cross-site":
        return "Requests that another web site makes are refused."
    return None


def _netloc(url: str) -> str:
    """Return the ``host:port`` part of a URL, or an empty string for what is no URL."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
