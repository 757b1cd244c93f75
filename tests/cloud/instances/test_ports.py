"""Instances of several clouds share one network."""

import socket
import subprocess
import sys

from cicdlab.cloud.instances import ports

ASK = "from cicdlab.cloud.instances import ports; print(ports.free(()))"


def free_elsewhere() -> int:
    """Return the port that another process would take, which then ends."""
    return int(subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True).stdout)


def test_a_port_is_given_to_one_cloud_only_and_free_again_afterwards() -> None:
    mine = ports.free(())
    assert free_elsewhere() != mine
    another = ports.free({mine})
    assert another != mine
    assert ports.free(()) == mine  # no instance has it any more, nor the other one
    assert free_elsewhere() == another


def test_a_port_on_which_something_listens_is_left_out() -> None:
    first = ports.free(())
    with socket.create_server(("127.0.0.1", first)):
        assert ports.free(()) != first


def test_a_server_may_listen_on_a_port_that_was_given_to_it() -> None:
    port = ports.free(())
    with socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port
