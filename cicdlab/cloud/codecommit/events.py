"""What CodeCommit tells when a branch or a tag changes.

https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
"""

from datetime import datetime

from ..events import Happening
from ..git.repository import HEADS, TAGS, Change
from .model import Metadata


def happening(metadata: Metadata, region: str, change: Change, caller_arn: str, now: datetime) -> Happening:
    """Return the event of a reference that was made, moved or removed."""
    kind = "branch" if change.name.startswith(HEADS) else "tag"
    what = "referenceDeleted" if not change.new else "referenceUpdated" if change.old else "referenceCreated"
    detail = {
        "event": what,
        "referenceType": kind,
        "referenceName": change.name.removeprefix(HEADS).removeprefix(TAGS),
        "referenceFullName": change.name,
        "repositoryName": metadata.repository_name,
        "repositoryId": metadata.repository_id,
        "callerUserArn": caller_arn,
        **({"commitId": change.new} if change.new else {}),
        **({"oldCommitId": change.old} if change.old else {}),
    }
    name = "CodeCommit Repository State Change"
    return Happening(metadata.account_id, region, "aws.codecommit", name, detail, (metadata.arn,), now)
