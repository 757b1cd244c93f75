"""moto, the library that answers for every AWS service that is not ours, in this process."""

import json
import os
import re
from collections.abc import Callable
from typing import Any

# moto reads this when it is imported; without it every web page may read its answers.
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"

from moto import backends  # noqa: E402
from moto.core.responses import BaseResponse  # noqa: E402
from moto.moto_api._internal.models import moto_api_backend  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402

from ..events import DELIVER  # noqa: E402
from . import events, parts  # noqa: E402

# moto lists its own folder, two hundred entries, twice for every request; what is in it does not change.
_modules = tuple(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: _modules

# moto believes a region in the address or in the name of the client before the one that was signed for.
BaseResponse.get_region_from_url = lambda _, request, full_url: request.environ.get(  # type: ignore
    "HTTP_X_CICDLAB_REGION", "us-east-1"
)

_NAMES_AWSS = re.compile(rb"arn(?::|%3A)aws(?::|%3A)iam(?::|%3A){2}aws(?::|%3A)policy|Action=ListPolicies|Scope=AWS")
_WITH_POLICIES = {"iam", "sts", "cloudformation"}


def application() -> Callable[..., Any]:
    """Return the WSGI application that answers for moto's services."""
    dispatch = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        with events.delivering(environ[DELIVER]):
            return dispatch(environ, start_response)

    return answer


def prepare(service: str, environ: dict[str, Any], account: str) -> None:
    """Make ready what a request to a service and an account will need.

    AWS's managed policies are loaded as soon as a request names one: 1,300 of them take a while.
    """
    parts.mend(service)
    if service not in _WITH_POLICIES:
        return
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"].seek(0)
    iam = parts.backends("iam")[account][parts.PARTITION]
    if not iam.aws_managed_policies and _NAMES_AWSS.search(body):
        from moto.iam.models import AWSManagedPolicy, aws_managed_policies_data

        data: dict[str, Any] = json.loads(aws_managed_policies_data)
        iam.aws_managed_policies = [
            AWSManagedPolicy.from_data(name, account, iam.region_name, each) for name, each in data.items()
        ]
        iam.managed_policies.update({each.arn: each for each in iam.aws_managed_policies})


def reset() -> None:
    """Forget every resource of every account."""
    moto_api_backend.reset()
    parts.key_ids.reset()
