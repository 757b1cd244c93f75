"""moto, the library that answers for every AWS service that is not ours; this is the only module that imports it."""

import os
from collections.abc import Callable
from typing import Any

# moto reads this when it is imported; without it every web page may read its answers.
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"

from moto import backends  # noqa: E402
from moto.iam.models import iam_backends  # noqa: E402
from moto.moto_api._internal.models import moto_api_backend  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402

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


def secret_of(access_key: str) -> str | None:
    """Return the secret of a user's or session's access key, or None when it was never issued or is gone."""
    for account in list(iam_backends.values()):
        for partition in list(account.values()):
            if access_key in partition.access_keys:
                return partition.access_keys[access_key].secret_access_key
    return None
