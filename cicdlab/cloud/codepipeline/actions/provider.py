"""What carries out one kind of action: what it gets, what it gives back, and how it says that it failed.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any, Protocol

from ...clock import Timeline
from ...credentials import SessionCredentials
from ...events import Events


@dataclass(frozen=True)
class Artifact:
    """A zip in the pipeline's artifact store.

    Parameters
    ----------
    name
        As the pipeline's actions call it.
    bucket, key
        Where it is, or where it has to go.
    encryption_key
        The KMS key of the artifact store, an id or an ARN; empty for AWS's own.
    revision
        The id of the revision that a source action brought into it; empty when no source action wrote it.
    """

    name: str
    bucket: str
    key: str
    encryption_key: str = ""
    revision: str = ""


@dataclass(frozen=True)
class Revision:
    """What a source action brought: a commit, or a version of an object."""

    id: str
    summary: str = ""
    url: str = ""
    created: datetime | None = None


@dataclass(frozen=True)
class Outcome:
    """What an action that succeeded leaves behind, besides its artifacts.

    Parameters
    ----------
    variables
        Its output variables, for ``#{namespace.NAME}``.
    revision
        What it brought; only of source actions.
    """

    summary: str = ""
    external_id: str = ""
    external_url: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    revision: Revision | None = None


class ActionError(Exception):
    """An action that failed.

    Parameters
    ----------
    code
        AWS's code of the action's ``errorDetails``, for example ``JobFailed``, ``ConfigurationError`` or
        ``PermissionError``.
    message
        One sentence for the developer.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Job:
    """One run of one action.

    Parameters
    ----------
    account, region, pipeline, execution_id, stage, action, action_execution_id
        Which one.
    configuration
        The action's configuration, variables resolved.
    inputs, outputs
        Artifacts to read, and to write.
    client
        Makes a boto3 client for a service, with the permissions of the action's role.
    credentials
        Of the action's role, the same that ``client`` has.
    events
        To wait for what others do.
    stopped
        Set when the action has to end; whoever sets it wakes ``events``. What its provider has begun goes on.
    report
        Writes down ``summary``, ``external_id`` or ``external_url`` while the action runs.
    timeline
        The action's time.
    revision
        Which revision a source action has to bring, a commit's or a version's id; empty for the newest.
    """

    account: str
    region: str
    pipeline: str
    execution_id: str
    stage: str
    action: str
    action_execution_id: str
    configuration: Mapping[str, str]
    inputs: tuple[Artifact, ...]
    outputs: tuple[Artifact, ...]
    client: Callable[[str], Any]
    credentials: SessionCredentials
    events: Events
    stopped: Event
    report: Callable[..., None]
    timeline: Timeline
    revision: str = ""

    def check(self) -> None:
        """End the action here when it has to end.

        Raises
        ------
        ActionError
            It was stopped.
        """
        if self.stopped.is_set():
            raise ActionError("JobFailed", "The action was stopped.")


class Provider(Protocol):
    """Carries out the actions of one type.

    Attributes
    ----------
    category, owner, name, version
        The action type's id.
    inputs, outputs
        The least and the most artifacts.
    required, optional
        Keys of the configuration.
    """

    category: str
    owner: str
    name: str
    version: str
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    required: frozenset[str]
    optional: frozenset[str]

    def run(self, job: Job) -> Outcome:
        """Carry an action out, on a thread that may wait.

        Raises
        ------
        ActionError
            It failed.
        """


class SourceProvider(Provider, Protocol):
    """Brings what a pipeline begins with, and can tell whether there is something new."""

    def latest(self, client: Callable[[str], Any], configuration: Mapping[str, str]) -> str:
        """Return the id of the newest revision, or an empty string where there is none.

        Parameters
        ----------
        client
            Makes a boto3 client with the permissions of the action's role.
        configuration
            The action's configuration.
        """
