"""What sources in git repositories have in common: a commit as a zip, and what is told of it.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ...git.repository import Repository
from . import store
from .provider import ActionError, Job

ZIP = "CODE_ZIP"


def check_format(job: Job) -> None:
    """Refuse an output that is no zip of the commit's files.

    Raises
    ------
    ActionError
        A reference to a repository is asked for, with which CodeBuild would make a clone.
    """
    wanted = job.configuration.get("OutputArtifactFormat") or ZIP
    if wanted != ZIP:
        raise ActionError("ConfigurationError", f"The OutputArtifactFormat {wanted} is not simulated; use {ZIP}.")


def put(job: Job, repository: Repository, commit: str, root: Path) -> None:
    """Write a commit's files into the output artifact.

    Raises
    ------
    ActionError
        The role may not write it.
    """
    # rule: commits-become-zips
    with tempfile.TemporaryDirectory(dir=root) as folder:
        file = Path(folder, "source.zip")
        repository.pack(commit, file)
        store.put(job.client, job.outputs[0], file)


def moment(raw: str) -> datetime:
    """Return the time that git writes as seconds and an offset."""
    return datetime.fromtimestamp(int(raw.partition(" ")[0]), UTC)


def written(time: datetime) -> str:
    """Return a time as variables have it."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
