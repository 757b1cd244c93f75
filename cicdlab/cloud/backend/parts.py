"""moto's services, each loaded when it is first needed, and put right where it would do something else than AWS."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from moto.backends import get_backend

from ..ids import Ids
from . import ec2, events

PARTITION = "aws"
# The ids of keys and instances stand in the labs' stored outputs: they have to be the same on every run.
key_ids = Ids()


@cache
def backends(service: str) -> Any:
    """Return moto's stores of a service, by account and then by region or partition."""
    found = get_backend(service)  # type: ignore[call-overload]
    mend(service)
    return found


@cache
def mend(service: str) -> None:
    """Put a service right, once."""
    if service == "cloudformation":  # it makes the resources of the others
        for each in _MENDED:
            mend(each)
    elif service in _MENDED:
        _MENDED[service]()


def _iam() -> None:
    """Let CreateUser set the permissions boundary that the request names, which moto leaves out."""
    from moto.iam.responses import IamResponse

    create_user = IamResponse.create_user

    def with_boundary(self: IamResponse) -> Any:
        answer = create_user(self)
        boundary, name = self._get_param("PermissionsBoundary"), self._get_param("UserName")
        if boundary:
            set_boundary(backends("iam")[self.current_account][PARTITION].users[name], boundary)
        return answer

    IamResponse.create_user = with_boundary  # type: ignore[method-assign]


def set_boundary(user: Any, boundary: str) -> None:
    """Set, or with an empty ARN remove, the permissions boundary of one of moto's users."""
    user.permissions_boundary_arn = boundary or None
    shown = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    user.permissions_boundary = shown if boundary else None


def _kms() -> None:
    """Derive the ids of keys."""
    from moto.kms import models

    models.generate_key_id = lambda multi_region=False: ("mrk-" if multi_region else "") + key_ids.uuid("kms key", "")


def _s3() -> None:
    """Leave bucket policies alone: moto knows no conditions, and they are evaluated before a request reaches it."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    FakeBucket.get_permission = lambda *_: PermissionResult.PERMITTED  # type: ignore[method-assign]


_MENDED: Mapping[str, Callable[[], None]] = {
    "ec2": lambda: ec2.mend(key_ids),
    "events": events.mend,
    "iam": _iam,
    "kms": _kms,
    "s3": _s3,
}
