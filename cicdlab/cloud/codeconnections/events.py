"""What a code host tells AWS's services of a push; no rule of EventBridge hears of it."""

from datetime import datetime

from ..events import Happening
from ..git.repository import HEADS, Change
from .model import Connection

SOURCE, PUSH = "cicdlab.codehost", "Push"


def pushed(connection: Connection, full_name: str, change: Change, now: datetime) -> Happening:
    """Return that a branch of a repository behind a connection was made or moved."""
    _, _, _, region, account, _ = connection.connection_arn.split(":")
    detail = {
        "repository": full_name,
        "branch": change.name.removeprefix(HEADS),
        "commitId": change.new,
    }
    return Happening(account, region, SOURCE, PUSH, detail, (connection.connection_arn,), now)
