"""Reading a build and its log with boto3."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError


class ViewError(Exception):
    """Something cannot be shown; the message is one sentence for the learner."""

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone: IPython calls this instead of printing a traceback."""
        return [str(self)]


def read_build(codebuild: Any, build_id: str) -> dict[str, Any]:
    """The build's record.

    Raises
    ------
    ViewError
        There is no such build.
    """
    builds = codebuild.batch_get_builds(ids=[build_id])["builds"]
    if not builds:
        raise ViewError(f"There is no build {build_id!r}: look at what list_builds() returns.")
    return dict(builds[0])


class LogReader:
    """The log of one build, read on from where the last reading stopped.

    Parameters
    ----------
    logs
        A boto3 client for CloudWatch Logs.
    """

    def __init__(self, logs: Any) -> None:
        self._logs = logs
        self._token: str | None = None
        self.events: list[dict[str, Any]] = []

    def read(self, build: dict[str, Any]) -> list[dict[str, Any]]:
        """All events until now; none while the build has no log stream.

        Parameters
        ----------
        build
            The build's record, which names group and stream.
        """
        place = build.get("logs") or {}
        group, stream = place.get("groupName"), place.get("streamName")
        if not group or not stream:
            return self.events
        while True:
            since = {"nextToken": self._token} if self._token else {}
            try:
                page = self._logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **since)
            except ClientError as error:
                if error.response["Error"]["Code"] == "ResourceNotFoundException":  # nothing has been written yet
                    return self.events
                raise
            self.events += page["events"]
            # The end is reached when the service hands back the token it was given.
            before, self._token = self._token, page.get("nextForwardToken")
            if self._token in (None, before):
                return self.events
