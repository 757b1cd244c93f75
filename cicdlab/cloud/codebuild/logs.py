"""Sends a build's log to CloudWatch Logs while the build runs.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from ..errors import aws_reason
from .model import CloudWatchLogs, LogsLocation

EVENT_OVERHEAD = 26  # bytes that CloudWatch Logs counts for each event
MAX_EVENT = 262_144 - EVENT_OVERHEAD  # bytes of a message
MAX_BATCH = 1_048_576  # bytes
MAX_EVENTS = 10_000
MAX_LOG = 32 << 20  # bytes kept of one build; the backend keeps logs in memory
FLUSH_AFTER = 0.3  # seconds

Event = dict[str, Any]


class BuildLog:
    """The log of one build.

    Parameters
    ----------
    now
        Returns the build's time, which the agent's own lines show.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self._client: Any = None
        self._where: dict[str, str] = {}
        self._waiting: list[Event] = []
        self._partial = b""
        self._size = 0
        self._stamp = 0
        self._sent_at = time.monotonic()
        self.problem = ""

    def open(self, client: Any, group: str, stream: str) -> None:
        """Create the group, if need be, and the stream.

        Raises
        ------
        ClientError
            CloudWatch Logs refused.
        """
        try:
            client.create_log_stream(logGroupName=group, logStreamName=stream)
        except client.exceptions.ResourceNotFoundException:
            with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):  # another build was faster
                client.create_log_group(logGroupName=group)
            client.create_log_stream(logGroupName=group, logStreamName=stream)
        self._client, self._where = client, {"logGroupName": group, "logStreamName": stream}

    def line(self, text: str) -> None:
        """Add a line of the build agent's own, with the build's time."""
        with self._lock:
            self._end_partial()
            self._add(f"[Container] {self._now():%Y/%m/%d %H:%M:%S.%f} {text}\n")

    def output(self, chunk: bytes) -> None:
        """Add what a command wrote."""
        with self._lock:
            *lines, self._partial = (self._partial + chunk).split(b"\n")
            for line in lines:
                self._add(line.decode(errors="replace") + "\n")
            if len(self._partial) >= MAX_EVENT:
                self._end_partial()
        self.flush_if_due()

    def flush_if_due(self) -> None:
        """Send what waits, unless something was sent a moment ago."""
        if time.monotonic() - self._sent_at >= FLUSH_AFTER or len(self._waiting) >= MAX_EVENTS:
            self.flush()

    def flush(self) -> None:
        """Send what waits; a problem is kept in ``problem``."""
        with self._lock:
            events, self._waiting = self._waiting, []
            self._sent_at = time.monotonic()
            if self._client:
                for batch in batches(events):
                    self._send(batch)

    def close(self) -> None:
        """Send everything, the last unfinished line too."""
        with self._lock:
            self._end_partial()
        self.flush()

    def _send(self, batch: list[Event]) -> None:
        try:
            answer = self._client.put_log_events(**self._where, logEvents=batch)
            if answer.get("rejectedLogEventsInfo"):
                self.problem = "CloudWatch Logs rejected a part of the log as too old or too new."
        except (ClientError, BotoCoreError) as error:
            self.problem = f"A part of the log could not be written to CloudWatch Logs: {aws_reason(error)}"

    def _end_partial(self) -> None:
        if self._partial:
            self._add(self._partial.decode(errors="replace") + "\n")
            self._partial = b""

    def _add(self, text: str) -> None:
        if not self._client or self._size >= MAX_LOG:
            return
        self._size += len(text)
        if self._size >= MAX_LOG:
            self.problem = f"The log is longer than {MAX_LOG >> 20} MB; the rest of it was not kept."
            text = f"{self.problem}\n"
        self._stamp = max(self._stamp, time.time_ns() // 1_000_000)  # a batch must be in order; clocks may step back
        self._waiting += ({"timestamp": self._stamp, "message": piece} for piece in pieces(text))


def pieces(text: str, limit: int = MAX_EVENT) -> Iterator[str]:
    """Yield a line in pieces of at most ``limit`` bytes, never cutting a character."""
    if len(text) * 4 <= limit:
        yield text
        return
    data = text.encode()
    while data:
        cut = min(limit, len(data))
        while cut < len(data) and data[cut] & 0xC0 == 0x80:  # a continuation byte of UTF-8
            cut -= 1
        yield data[:cut].decode()
        data = data[cut:]


def batches(events: list[Event]) -> Iterator[list[Event]]:
    """Yield events in batches that one PutLogEvents call may carry."""
    # rule: logs-batch-limits
    batch: list[Event] = []
    size = 0
    for event in events:
        cost = len(event["message"].encode()) + EVENT_OVERHEAD
        if batch and (size + cost > MAX_BATCH or len(batch) == MAX_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += cost
    if batch:
        yield batch


def names(config: CloudWatchLogs, project: str, build_uuid: str) -> tuple[str, str]:
    """Return the log group and the log stream of a build."""
    # rule: logs-default-names, logs-configured-names
    stream = f"{config.stream_name}/{build_uuid}" if config.stream_name else build_uuid
    return config.group_name or f"/aws/codebuild/{project}", stream


def location(start: LogsLocation, region: str, account: str, group: str, stream: str) -> LogsLocation:
    """Return where to find a log, once its stream exists."""
    console = f"https://console.aws.amazon.com/cloudwatch/home?region={region}#logsV2:log-groups/log-group/"
    return start.model_copy(
        update={
            "group_name": group,
            "stream_name": stream,
            "deep_link": f"{console}{_console(group)}/log-events/{_console(stream)}",
            "cloud_watch_logs_arn": f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}",
        }
    )


def _console(name: str) -> str:
    return quote(quote(name, safe=""), safe="").replace("%", "$")
