"""What CodeCommit keeps: repositories, in AWS's shapes; what is in them is git's."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
from typing import Any

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
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Store:
    """The repositories of one account in one region."""

    account: str
    region: str
    repositories: dict[str, Kept] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def update(self, kept: Kept, **changes: Any) -> Kept:
        """Keep a repository with changed metadata, under its name, and return it."""
        metadata = kept.metadata.model_copy(update=changes)
        self.repositories[metadata.repository_name] = changed = replace(kept, metadata=metadata)
        return changed

    def arn(self, name: str) -> str:
        """Return the ARN of a repository."""
        return f"arn:aws:codecommit:{self.region}:{self.account}:{name}"
