"""Asks the clouds of this environment whether they are up."""

import http.client
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from .errors import LabError


def ask_health(environ: Mapping[str, str] = os.environ) -> None:
    """Return when every endpoint of the environment answers.

    Raises
    ------
    LabError
        Otherwise, with the address and what to do.
    """
    for url in sorted({url for name, url in environ.items() if name.startswith("AWS_ENDPOINT_URL")}):
        if not answers(url):
            raise LabError(f"Nothing answers at {url}: start the cloud with `make start`, then try again.")


def answers(url: str, timeout: float = 3.0) -> bool:
    """Tell whether an HTTP server answers at an address, whatever it says; no proxy is used.

    Parameters
    ----------
    url
        The address.
    timeout
        How long to wait, in seconds.
    """
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=timeout)
    try:
        connection.request("GET", "/_cicdlab/health")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
