"""What CodeCommit keeps: repositories, in AWS's shapes; what is in them is git's."""

from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock

from pydantic import Field

from ..git.repository import Repository
from ..structure import Structure


class Metadata(Structure):
    """A repository as the API shows it."""

    account_id: str
    repository_id: str
    repository_name: str
    creation_date: datetime
    last_modified_date: datetime
    clone_url_http: str
    arn: str = Field(alias="Arn")
    repository_description: str | None = None
    default_branch: str | None = None


@dataclass(frozen=True)
class Kept:
    """A repository and what AWS says of it."""

    metadata: Metadata
    repository: Repository


@dataclass
class Store:
    """The repositories of one account in one region."""

    account: str
    region: str
    repositories: dict[str, Kept] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def arn(self, name: str) -> str:
        """Return the ARN of a repository."""
        return f"arn:aws:codecommit:{self.region}:{self.account}:{name}"
