"""`cicdlab connect`: lets a connection into a code host, which on AWS somebody does in the console."""

import os

from .addresses import ask_cloud
from .console import plain
from .env import engine_endpoint, variables


def run(name: str, repositories: list[str]) -> None:
    """Complete a connection's handshake and print where its repositories are.

    Raises
    ------
    CommandError
        When no cloud answers, or it has no such connection.
    """
    region = os.environ.get("AWS_REGION") or variables().get("AWS_REGION") or "us-east-1"
    order = {"region": region, "connect": name, "repositories": repositories}
    answer = ask_cloud(engine_endpoint(), "/_cicdlab/connections", order)
    connection = answer["connection"]
    plain(f"{connection['ConnectionName']} is {connection['ConnectionStatus']}.")
    plain(f"On AWS you would sign in to {connection['ProviderType']} in the console here; nobody signed in anywhere.")
    if answer["repositories"]:
        plain("The repositories that it reaches are on this machine:")
    for full_name, address in answer["repositories"].items():
        plain(f"  {full_name}  {address}")
