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
from moto.iam.access_control import PermissionResult  # noqa: E402
from moto.iam.models import AWSManagedPolicy, aws_managed_policies_data, iam_backends  # noqa: E402
from moto.iam.responses import IamResponse  # noqa: E402
from moto.kms import models as kms  # noqa: E402
from moto.moto_api._internal.models import moto_api_backend  # noqa: E402
from moto.s3.models import FakeBucket  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402

from ..ids import Ids  # noqa: E402
from .directory import PARTITION, MotoDirectory  # noqa: E402

# moto lists its own folder, two hundred entries, twice for every request; what is in it does not change.
_modules = tuple(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: _modules

# A key's id stands in messages, and those in the labs' stored outputs: it has to be the same on every run.
_ids = Ids()
kms.generate_key_id = lambda multi_region=False: ("mrk-" if multi_region else "") + _ids.uuid("kms key", "")

# moto believes a region in the address or in the name of the client before the one that was signed for.
BaseResponse.get_region_from_url = lambda _, request, full_url: request.environ.get(  # type: ignore
    "HTTP_X_CICDLAB_REGION", "us-east-1"
)

# moto knows no conditions: a bucket policy is evaluated before a request reaches it.
FakeBucket.get_permission = lambda *_: PermissionResult.PERMITTED  # type: ignore[method-assign]

_create_user = IamResponse.create_user


def _create_user_with_boundary(self: IamResponse) -> Any:
    """Create a user with the permissions boundary that the request names, which moto leaves out."""
    answer = _create_user(self)
    boundary, name = self._get_param("PermissionsBoundary"), self._get_param("UserName")
    if boundary:
        MotoDirectory().set_user_boundary(self.current_account, name, boundary)
    return answer


IamResponse.create_user = _create_user_with_boundary  # type: ignore[method-assign]

_NAMES_AWSS = re.compile(rb"arn(?::|%3A)aws(?::|%3A)iam(?::|%3A){2}aws(?::|%3A)policy|Action=ListPolicies|Scope=AWS")
_WITH_POLICIES = re.compile(r"/(?:iam|sts|cloudformation)/aws4_request")


def application() -> Callable[..., Any]:
    """Return the WSGI application that answers for moto's services."""
    dispatch = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        return dispatch(environ, start_response)

    return answer


def prepare(environ: dict[str, Any], account: str) -> None:
    """Load AWS's managed policies for an account as soon as a request names one: 1,300 of them take a while."""
    if not _WITH_POLICIES.search(environ.get("HTTP_AUTHORIZATION", "")):
        return
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"].seek(0)
    iam = iam_backends[account][PARTITION]
    if not iam.aws_managed_policies and _NAMES_AWSS.search(body):
        data: dict[str, Any] = json.loads(aws_managed_policies_data)
        iam.aws_managed_policies = [
            AWSManagedPolicy.from_data(name, account, iam.region_name, each) for name, each in data.items()
        ]
        iam.managed_policies.update({each.arn: each for each in iam.aws_managed_policies})


def reset() -> None:
    """Forget every resource of every account."""
    moto_api_backend.reset()
    _ids.reset()
