"""`cicdlab why`: the last requests that were denied, and what each policy said to them."""

from collections.abc import Iterator, Mapping
from typing import Any

from .addresses import ask_cloud
from .console import plain
from .env import engine_endpoint


def run(last: int) -> None:
    """Print the last denied requests, the latest at the end.

    Raises
    ------
    CommandError
        When no cloud answers.
    """
    denials = ask_cloud(engine_endpoint(), "/_cicdlab/denials")["denials"][:last]
    if not denials:
        plain("No request was denied since the cloud was started or reset.")
    for number, denial in enumerate(reversed(denials)):
        plain("\n".join(([""] if number else []) + list(told(denial))))


def told(denial: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that tell of one denied request."""
    explicit = denial["decision"] == "explicitDeny"
    yield f"{denial['action']} on {denial['resource']}"
    yield f"  asked by   {denial['principal']}"
    if denial["unreadable"]:
        yield f"  denied     because a policy cannot be read: {denial['unreadable']}"
    elif explicit:
        article = "an" if denial["decidedBy"].startswith("identity") else "a"
        yield f"  denied     by a statement of {article} {denial['decidedBy']}"
    else:
        yield f"  denied     because no {denial['decidedBy']} allows it"
    for each in denial["statements"]:
        said = f"{each['policy']}, {each['statement']} ({each['effect']})"
        reason = f": {each['reason']}" if each["reason"] else ""
        yield f"  {'applies' if each['applies'] else 'no match':<10} {said}{reason}"
    if not denial["statements"]:
        yield "  no policy  has anything to say about this request"
