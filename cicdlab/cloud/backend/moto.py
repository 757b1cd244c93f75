"""moto, the library that answers for every AWS service that is not ours; this is the only module that imports it."""

import os
from collections.abc import Callable
from typing import Any

# moto reads this when it is imported; without it every web page may read its answers.
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"

from moto import backends  # noqa: E402
from moto.moto_api._internal.models import moto_api_backend  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402

from . import wire  # noqa: E402, F401

# moto lists its own folder, two hundred entries, twice for every request; what is in it does not change.
_modules = tuple(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: _modules


def application() -> Callable[..., Any]:
    """Return the WSGI application that answers for moto's services."""
    dispatch = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        # moto's own name for it; without it a key of S3 ends at its first question mark
        environ["RAW_URI"] = environ.get("REQUEST_URI", "")
        return dispatch(environ, start_response)

    return answer


def reset() -> None:
    """Forget every resource of every account."""
    moto_api_backend.reset()
