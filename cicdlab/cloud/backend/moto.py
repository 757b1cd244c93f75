"""moto, the library that answers for every AWS service that is not ours; this is the only module that imports it."""

import os
from collections.abc import Callable
from typing import Any

# moto reads this when it is imported; without it every web page may read its answers.
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"

from moto.moto_api._internal.models import moto_api_backend  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402


def application() -> Callable[..., Any]:
    """Return the WSGI application that answers for moto's services."""
    return DomainDispatcherApplication(create_backend_app)


def reset() -> None:
    """Forget every resource of every account."""
    moto_api_backend.reset()
