"""One running cloud: what its services share."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from . import scratch
from .clients import DEFAULT_KEYS, Clients, Keys
from .clock import Clock
from .codebuild.api import CodeBuildApi
from .codecommit.api import CodeCommitApi
from .codeconnections.api import CodeConnectionsApi
from .codedeploy.api import CodeDeployApi
from .codepipeline.api import CodePipelineApi
from .credentials import CredentialDesk, SessionCredentials
from .events import Events
from .identity.access import Access
from .identity.actions import ApiCall
from .identity.callers import is_account
from .identity.directory import Directory
from .identity.enforcement import Caller
from .ids import Ids
from .instances import Fleet
from .scope import Scope
from .targets import Targets
from .workers import Workers

ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Call:
    """Who calls which operation, and where."""

    service: str
    operation: str
    region: str
    caller: Caller

    @property
    def account(self) -> str:
        """The caller's account, in which the operation happens."""
        return self.caller.principal.account


class ServiceApi(Protocol):
    """What a service of this cloud offers; its operations are methods named as boto3 names them."""

    def reset(self) -> None:
        """Stop whatever runs and forget every resource."""


class Wire(Protocol):
    """Reads and writes the wire formats of the backend's services."""

    def service_name(self, signing_name: str, environ: dict[str, Any]) -> str:
        """Return botocore's name of the service that a request was signed for."""

    def settle(self, service: str, scope: Scope, environ: dict[str, Any]) -> None:
        """Leave a request one meaning."""

    def read(self, service: str, environ: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """Return the operation that a request asks for, and its members; None when no model describes it."""

    def write(self, service: str, operation: str, result: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of an answer."""


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
    prepare
        Makes ready what a request to a service and an account will need.
    directory
        Makes what reads the backend's resources, given the engine's clients.
    heard
        Tells whether anybody hears of events in an account and a region.
    wire
        Reads the requests that ``app`` answers.
    """

    name: str
    app: Callable[..., Any] | None
    reset: Callable[[], None]
    prepare: Callable[[str, dict[str, Any], str], None]
    directory: Callable[[Callable[[str, str], Any]], Directory]
    heard: Callable[[str, str], bool]
    wire: Wire | None = None


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
        # Who waits for others' work must not take the threads on which that work would run.
        self.waiters = Workers(limit=256)
        self.events = Events(self.client, backend.heard)
        self.credentials = CredentialDesk()
        self.access = Access(backend.directory(self.client), ACCOUNT, administrator.access_key, self.clock.wall)
        self.root = scratch.make()
        self.instances = Fleet(self)
        self._clients: Clients | None = None
        connections = CodeConnectionsApi(self)
        self.services: dict[str, ServiceApi] = {
            "codepipeline": CodePipelineApi(self),  # the first to be reset: nothing may start a build after that
            "codebuild": CodeBuildApi(self),
            "codecommit": CodeCommitApi(self),
            "codeconnections": connections,
            "codestar-connections": connections,
            "codedeploy": CodeDeployApi(self),
        }
        self.targets = Targets(self)

    def connect(self, app: Callable[..., Any]) -> None:
        """Let the engines reach the backend: through the gateway when it is in this process, else over HTTP."""
        if self.backend.app is None:
            self._clients = Clients(self.backend.name, None, self._check_engine)
        else:
            self._clients = Clients(self.endpoint, app)

    def client(
        self, service: str, region: str, credentials: SessionCredentials | None = None, account: str = ACCOUNT
    ) -> Any:
        """Return a boto3 client for an engine, with a role's credentials or those of an account's administrator."""
        if self._clients is None:
            raise RuntimeError("The cloud is not connected to a gateway yet.")
        return self._clients.make(service, region, credentials or account)

    def secret_of(self, access_key: str) -> str | None:
        """Return the secret of an access key, or None when it was never issued.

        The administrator's secret opens every account.
        """
        if access_key == self.administrator.access_key or is_account(access_key):
            return self.administrator.secret
        return self.access.callers.secret_of(access_key)

    def _check_engine(self, call: ApiCall, access_key: str) -> None:
        """Decide on a request that an engine makes with a role's credentials and that no gateway of ours will see."""
        session = self.access.sessions.find(access_key)
        caller = Caller(session.principal, session) if session else Caller(call.principal)
        self.access.enforcement.check(replace(call, principal=caller.principal), caller)

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
        self.instances.reset()
        self.credentials.reset()
        self.backend.reset()
        self.access.reset()
        self.ids.reset()
        self.clock.reset()

    def close(self) -> None:
        """Stop whatever runs and remove what it wrote."""
        for service in self.services.values():
            service.reset()
        self.instances.reset()
        self.workers.close()
        self.waiters.close()
        self.events.close()
        scratch.remove(self.root)
