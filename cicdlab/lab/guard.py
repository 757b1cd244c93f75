"""Refuses to start a lab whose calls could leave this machine.

It only reads variables: no client, no name look-up, no connection.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from .environment import LOOPBACK
from .errors import RefusedError

REMEDY = (
    'choose the kernel "Python 3" of this project, '
    'or run `eval "$(.venv/bin/cicdlab env)"` in the shell and start it again.'
)


def refuse_unless_local(environ: Mapping[str, str] = os.environ) -> None:
    """Return when a lab's calls stay on this machine, or go to an endpoint named on purpose.

    Raises
    ------
    RefusedError
        Otherwise, with one sentence that names the variable and says what to do.
    """
    for danger in DANGERS:
        if reason := danger(environ):
            raise RefusedError(f"Not started, because {reason}: {REMEDY}")


def _no_endpoint(environ: Mapping[str, str]) -> str:
    return "" if environ.get("AWS_ENDPOINT_URL") else "AWS_ENDPOINT_URL is not set, so calls would go to AWS itself"


def _elsewhere(environ: Mapping[str, str]) -> str:
    on_purpose = {environ.get("CICDLAB_ENDPOINT"), environ.get("CICDLAB_ENGINE")}
    for name, url in sorted(environ.items()):
        if name.startswith("AWS_ENDPOINT_URL") and not _loopback(url) and (url not in on_purpose or _amazon(url)):
            return f"{name} points to {_host(url) or repr(url)}, which is not this machine"
    return ""


def _endpoints_ignored(environ: Mapping[str, str]) -> str:
    name = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
    ignored = environ.get(name, "").lower() == "true"
    return f"{name} is true, so calls would go to AWS itself" if ignored else ""


def _profile(environ: Mapping[str, str]) -> str:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        if environ.get(name):
            return f"{name} is set, so the keys of a profile of yours would be used"
    return ""


def _credentials(environ: Mapping[str, str]) -> str:
    key = environ.get("AWS_ACCESS_KEY_ID", "")
    if not key or not environ.get("AWS_SECRET_ACCESS_KEY"):
        return "no keys for the labs are set, so keys of yours would be looked for"
    if key.startswith(("AKIA", "ASIA")) or environ.get("AWS_SESSION_TOKEN"):
        return "the keys that are set look like real ones"
    return ""


def _own_files(environ: Mapping[str, str]) -> str:
    home = Path("~/.aws").expanduser()
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        path = environ.get(name, "")
        if not path or home in Path(path).expanduser().parents:
            return f"{name} does not name a file of the labs, so your own in ~/.aws would be read"
    return ""


def _proxy(environ: Mapping[str, str]) -> str:
    exceptions = {"no": environ.get("no_proxy", environ.get("NO_PROXY", ""))}
    hosts = {_host(url) for name, url in environ.items() if name.startswith("AWS_ENDPOINT_URL")}
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        if environ.get(name) and not all(proxy_bypass_environment(host, exceptions) for host in hosts):
            return f"{name} is set and NO_PROXY does not except the endpoint, so calls would go through the proxy"
    return ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _loopback(url: str) -> bool:
    return _host(url) in LOOPBACK


def _amazon(url: str) -> bool:
    return "amazonaws.com" in _host(url) or _host(url).endswith(".aws")


DANGERS: tuple[Callable[[Mapping[str, str]], str], ...] = (
    _no_endpoint,
    _elsewhere,
    _endpoints_ignored,
    _profile,
    _credentials,
    _own_files,
    _proxy,
)
