"""Ports on which instances serve: on this machine they share one network, so each has its own."""

import socket
from collections.abc import Container

FIRST, LAST = 8081, 9999
TAG = "cicdlab:port"
_held: dict[int, socket.socket] = {}


def free(taken: Container[int]) -> int:
    """Return the first port that no instance has, here or in another cloud, and on which nothing listens.

    Parameters
    ----------
    taken
        The ports of this cloud's instances; others that it had before are given back.

    Raises
    ------
    OSError
        There is none left.
    """
    for port in [each for each in _held if each not in taken]:
        _held.pop(port).close()
    for port in range(FIRST, LAST + 1):
        if port not in taken and _is_free(port) and _hold(port):
            return port
    raise OSError(f"No port from {FIRST} to {LAST} is free.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _binds(probe, port)


def _hold(port: int) -> bool:
    """Take the port's UDP side, which nothing serves on: until a server listens, other clouds see no more of it."""
    sign = socket.socket(type=socket.SOCK_DGRAM)
    if _binds(sign, port):
        _held[port] = sign
        return True
    sign.close()
    return False


def _binds(each: socket.socket, port: int) -> bool:
    try:
        each.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
