"""Where a service keeps its resources: one store for each account and region."""

from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from .core import Call

S = TypeVar("S")


class Stores(Generic[S]):
    """The stores of one service, each made when it is first needed.

    Parameters
    ----------
    make
        Makes an empty store for an account and a region.
    """

    def __init__(self, make: Callable[[str, str], S]) -> None:
        self._make = make
        self._lock = Lock()
        self._stores: dict[tuple[str, str], S] = {}

    def of(self, call: "Call") -> S:
        """Return the store in which a call works."""
        return self.at(call.account, call.region)

    def at(self, account: str, region: str) -> S:
        """Return the store of an account in a region."""
        with self._lock:
            if (account, region) not in self._stores:
                self._stores[account, region] = self._make(account, region)
            return self._stores[account, region]

    def all(self) -> list[S]:
        """Return every store that was needed so far."""
        with self._lock:
            return list(self._stores.values())

    def clear(self) -> None:
        """Forget every store."""
        with self._lock:
            self._stores.clear()


def page(names: Iterable[str], token: str | None, size: int = 100) -> tuple[list[str], str | None]:
    """Return one page of names and the token of the next; the token is the last name of this page.

    Raises
    ------
    ValueError
        The token names nothing in the list.
    """
    left = deque(names)
    if token is not None:
        if token not in left:
            raise ValueError(token)
        while left.popleft() != token:
            pass
    chosen = [left.popleft() for _ in range(min(size, len(left)))]
    return chosen, chosen[-1] if left else None
