"""One running cloud: what its services share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from . import scratch
from .clients import DEFAULT_KEYS, Clients, Keys
from .clock import Clock
from .codebuild.api import CodeBuildApi
from .credentials import CredentialDesk, SessionCredentials
from .ids import Ids
from .workers import Workers

ACCOUNT = "123456789012"
REGION = "us-east-1"


@dataclass(frozen=True)
class Call:
    """Who calls which operation, and where."""

    service: str
    operation: str
    region: str
    access_key: str
    account: str = ACCOUNT


class ServiceApi(Protocol):
    """What a service of this cloud offers; its operations are methods named as boto3 names them."""

    def reset(self) -> None:
        """Stop whatever runs and forget every resource."""


@dataclass(frozen=True)
class Backend:
    """Who answers for the services that are not ours.

    Parameters
    ----------
    name
        ``moto``, or the address of an endpoint.
    app
        The WSGI application that answers in this process; None when ``name`` is an address.
    reset
        Forgets every resource of the backend.
    secret_of
        Returns the secret of an access key that the backend issued, or None.
    """

    name: str
    app: Callable[..., Any] | None
    reset: Callable[[], None]
    secret_of: Callable[[str], str | None]


class Cloud:
    """One cloud: its services, and what they share.

    Parameters
    ----------
    endpoint
        The address at which the cloud answers, for example ``http://127.0.0.1:4566``.
    backend
        Who answers for the services that are not ours.
    clock
        The cloud's time.
    minute
        Real seconds that a minute of a time-out lasts; tests shorten it.
    administrator
        The learner's own keys.
    """

    account = ACCOUNT

    def __init__(
        self,
        endpoint: str,
        backend: Backend,
        clock: Clock | None = None,
        minute: float = 60.0,
        administrator: Keys = DEFAULT_KEYS,
    ) -> None:
        self.endpoint = endpoint
        self.backend = backend
        self.clock = clock or Clock()
        self.minute = minute
        self.administrator = administrator
        self.ids = Ids()
        self.workers = Workers()
        self.credentials = CredentialDesk()
        self.iam_changes = 0
        self.root = scratch.make()
        self._clients: Clients | None = None
        self.services: dict[str, ServiceApi] = {"codebuild": CodeBuildApi(self)}

    def connect(self, app: Callable[..., Any]) -> None:
        """Let the engines reach the backend: through the gateway when it is in this process, else over HTTP."""
        if self.backend.app is None:
            # LocalStack takes a call's account from its access key; with another key it looks in account 000000000000.
            self._clients = Clients(self.backend.name, None, Keys(ACCOUNT, "test"))
        else:
            self._clients = Clients(self.endpoint, app, self.administrator)

    def client(self, service: str, region: str, credentials: SessionCredentials | None = None) -> Any:
        """Return a boto3 client for an engine, with a role's credentials or else the administrator's."""
        if self._clients is None:
            raise RuntimeError("The cloud is not connected to a gateway yet.")
        return self._clients.make(service, region, credentials)

    def secret_of(self, access_key: str) -> str | None:
        """Return the secret of an access key, or None when it was never issued."""
        if access_key == self.administrator.access_key:
            return self.administrator.secret
        return self.backend.secret_of(access_key)

    def iam_version(self) -> int | None:
        """Return a number that changes with whatever changes in IAM; None when that happens out of our sight."""
        return self.iam_changes if self.backend.app is not None else None

    def endpoint_environment(self) -> dict[str, str]:
        """Return the variables by which AWS's SDKs inside a build find this cloud."""
        if self.backend.app is not None:
            return {"AWS_ENDPOINT_URL": self.endpoint}
        ours = {f"AWS_ENDPOINT_URL_{name.upper().replace('-', '_')}": self.endpoint for name in self.services}
        return {"AWS_ENDPOINT_URL": self.backend.name, **ours}

    def reset(self) -> None:
        """Stop whatever runs and forget every resource, ours and the backend's."""
        for service in self.services.values():
            service.reset()
        self.credentials.reset()
        self.backend.reset()
        self.iam_changes += 1
        self.ids.reset()
        self.clock.reset()

    def close(self) -> None:
        """Stop whatever runs and remove what it wrote."""
        for service in self.services.values():
            service.reset()
        self.workers.close()
        scratch.remove(self.root)
