"""Identifiers that come out the same on every run, whatever runs beside them."""

import uuid
from collections import Counter
from threading import Lock

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "cicdlab")


class Ids:
    """Derives identifiers from a kind, a name and a counter of their own.

    A shared random sequence would hand parallel builds other ids in every run.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def number(self, kind: str, name: str) -> int:
        """Return 1 at the first call for this kind and name, then 2, 3, …"""
        with self._lock:
            self._counts[kind, name] += 1
            return self._counts[kind, name]

    def uuid(self, kind: str, name: str) -> str:
        """Return the next UUID for this kind and name."""
        return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}/{self.number(f'uuid {kind}', name)}"))

    def reset(self) -> None:
        """Start every counter again."""
        with self._lock:
            self._counts.clear()
