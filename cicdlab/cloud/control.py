"""The cloud's own pages beside AWS's: health, reset, clock, denied requests, and a build's credentials."""

import json
from hmac import compare_digest
from typing import Any

from . import __version__, sandbox
from .core import Cloud
from .credentials import PATH as CREDENTIALS_PATH
from .errors import ServiceError

Answer = tuple[int, dict[str, Any]]


class Control:
    """Answers what is asked under ``/_cicdlab/``.

    Parameters
    ----------
    cloud
        The cloud that is asked about.
    secure
        Whether an order must carry the administrator's secret, as ``Authorization: Bearer SECRET``.
    """

    def __init__(self, cloud: Cloud, secure: bool) -> None:
        self._cloud = cloud
        self._secure = secure

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Return the HTTP status and the JSON document for a request."""
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        private = method != "GET" or path.startswith("/_cicdlab/denials")
        if self._secure and private and not compare_digest(bearer, self._cloud.administrator.secret):
            return 403, {"message": "This cloud is secured: send the administrator's secret as a bearer token."}
        if path.startswith(CREDENTIALS_PATH):
            return self._credentials(path.removeprefix(CREDENTIALS_PATH))
        match method, path.rstrip("/"):
            case "GET", "/_cicdlab/health":
                return 200, self._health()
            case "GET", "/_cicdlab/denials":
                return 200, {"denials": self._cloud.access.enforcement.denials()}
            case "POST", "/_cicdlab/reset" | "/moto-api/reset":
                self._cloud.reset()
                return 200, {"status": "ok"}
            case "GET", "/_cicdlab/clock":
                return 200, self._clock()
            case "POST", "/_cicdlab/clock":
                return self._move_clock(body)
            case "POST", "/_cicdlab/connections":
                return self._connect(body)
        return 404, {"message": f"There is no {method} {path} here."}

    def _health(self) -> dict[str, Any]:
        return {
            "status": "running",
            "version": __version__,
            "backend": self._cloud.backend.name,
            "sandbox": sandbox.available(),
            "services": dict.fromkeys(self._cloud.services, "running"),
            "clock": self._clock(),
        }

    def _clock(self) -> dict[str, Any]:
        clock = self._cloud.clock
        return {"mode": clock.mode, "now": clock.now().isoformat(), "held": clock.held}

    def _move_clock(self, body: bytes) -> Answer:
        try:
            order = json.loads(body)
            match order:
                case {"advance": int() | float() as seconds} if not isinstance(seconds, bool):
                    self._cloud.clock.advance(seconds)
                case {"hold": True}:
                    self._cloud.clock.hold()
                case {"hold": False}:
                    self._cloud.clock.release()
                case _:
                    raise ValueError('Say {"advance": SECONDS}, {"hold": true} or {"hold": false}.')
        except (ValueError, OverflowError) as error:
            return 400, {"message": str(error)}
        return 200, self._clock()

    def _connect(self, body: bytes) -> Answer:
        """Complete the handshake of a connection of the administrator's."""
        service: Any = self._cloud.services["codeconnections"]
        try:
            match json.loads(body):
                case {"region": str() as region, "connect": str() as name, "repositories": [*names]}:
                    return 200, service.connect(self._cloud.account, region, name, list(map(str, names)))
        except ServiceError as error:
            return error.status, {"message": error.message}
        except ValueError:
            pass
        return 400, {"message": 'Say {"region": REGION, "connect": NAME, "repositories": [OWNER/NAME, ...]}.'}

    def _credentials(self, token: str) -> Answer:
        found = self._cloud.credentials.lookup(token)
        return (200, found.document()) if found else (404, {"message": "No running build has this token."})
