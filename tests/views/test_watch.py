"""Watching a real build on a real cloud from a real kernel."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from cicdlab.views import BuildView, ViewError
from cicdlab.views.reading import LogReader

from ..quiz.builder import Builder
from . import answers

WATCH = """
import boto3
from cicdlab.views import BuildView
where = dict(endpoint_url={endpoint!r}, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
BuildView.watch(boto3.client("codebuild", **where), boto3.client("logs", **where), {id!r})
"""


class Gate:
    """A web server that lets a build wait until it is opened."""

    def __init__(self) -> None:
        opened = self._opened = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                opened.wait(60)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever).start()
        address = f"http://127.0.0.1:{self.server.server_port}/"
        self.command = f"python -c \"import urllib.request as u; u.urlopen('{address}')\""

    def open(self) -> None:
        self._opened.set()

    def close(self) -> None:
        self.open()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


@pytest.fixture
def builder(cloud: Any) -> Builder:
    return Builder(cloud)


@pytest.fixture
def watch_in_kernel(cloud: Any) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Watch a build in a kernel of its own and return what the kernel sent, in order."""
    managers: list[KernelManager] = []

    def watch(build_id: str, on_message: Callable[[dict[str, Any]], None] = lambda message: None, **env: str) -> Any:
        manager = KernelManager(kernel_name="python3")
        managers.append(manager)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CICDLAB_"))}
        manager.start_kernel(env=clean | env)
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        messages: list[dict[str, Any]] = []

        def keep(message: dict[str, Any]) -> None:
            messages.append(message)
            on_message(message)

        reply = client.execute_interactive(
            WATCH.format(endpoint=cloud.endpoint, id=build_id), timeout=90, output_hook=keep
        )
        client.stop_channels()
        assert reply["content"]["status"] == "ok", reply["content"].get("evalue")
        return messages

    yield watch
    for manager in managers:
        manager.shutdown_kernel(now=True)


def start(builder: Builder, *commands: str) -> str:
    builder.project("orders", {"version": 0.2, "phases": {"build": {"commands": list(commands)}}})
    return str(builder.codebuild.start_build(projectName="orders")["build"]["id"])


def of_type(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [message["content"] for message in messages if message["msg_type"] == kind]


def test_a_learner_sees_the_build_run_and_keeps_the_finished_view(
    builder: Builder, gate: Gate, watch_in_kernel: Callable[..., list[dict[str, Any]]]
) -> None:
    build_id = start(builder, gate.command, "echo made")

    def open_gate(message: dict[str, Any]) -> None:
        if message["msg_type"] == "display_data":
            gate.open()

    messages = watch_in_kernel(build_id, open_gate)
    [first] = of_type(messages, "display_data")
    [last] = of_type(messages, "update_display_data")
    view = "application/vnd.jupyter.widget-view+json"
    assert first["data"][view] == last["data"][view]
    assert "Running" in first["data"]["text/html"]
    assert "Build 1 of orders: succeeded" in last["data"]["text/html"]
    assert "\nmade\n" in last["data"]["text/html"]
    states = [content["data"].get("state", {}) for content in of_type(messages, "comm_msg")]
    news = [state["parts"]["news"] for state in states if "parts" in state]
    assert news[-1].startswith("Build 1 of orders: succeeded")


def test_a_recorded_notebook_shows_the_finished_view_only(
    builder: Builder, gate: Gate, watch_in_kernel: Callable[..., list[dict[str, Any]]]
) -> None:
    build_id = start(builder, gate.command, "echo made")

    def open_gate(message: dict[str, Any]) -> None:
        if message["msg_type"] == "comm_open":  # the view exists and watches
            gate.open()

    messages = watch_in_kernel(build_id, open_gate, CICDLAB_RECORD="1")
    [only] = of_type(messages, "display_data")
    assert "Build 1 of orders: succeeded" in only["data"]["text/html"]
    assert only["data"]["text/plain"] == BuildView.sentence
    assert not only["transient"]
    assert of_type(messages, "update_display_data") == of_type(messages, "clear_output") == []


def test_a_finished_build_is_read_with_its_whole_log(builder: Builder) -> None:
    commands = ["i=0; while [ $i -lt 12000 ]; do echo line-$i; i=$((i+1)); done", "false"]
    builder.project("orders", {"version": 0.2, "phases": {"build": {"commands": commands}}})
    build = builder.run("orders")
    view = BuildView.of(builder.codebuild, builder.logs, build.record["id"])
    assert view.parts["news"].startswith("Build 1 of orders: failed after")
    assert "line-11999\n" in view.parts["log"]
    assert '<mark class="cicd-failing" tabindex="-1">[Container]' in view.parts["log"]
    assert "COMMAND_EXECUTION_ERROR: " in view.parts["phases"]


def test_a_build_that_does_not_exist_is_named(builder: Builder) -> None:
    with pytest.raises(ViewError, match="There is no build 'orders:1'"):
        BuildView.of(builder.codebuild, builder.logs, "orders:1")


def test_watching_ends_when_the_time_is_over(builder: Builder, gate: Gate) -> None:
    build_id = start(builder, gate.command)
    began = time.monotonic()
    with pytest.raises(ViewError, match="has not ended after 1 s"):
        BuildView.watch(builder.codebuild, builder.logs, build_id, timeout=1)
    assert time.monotonic() - began < 20


def test_a_log_that_is_not_there_yet_is_empty(builder: Builder) -> None:
    assert LogReader(builder.logs).read(answers.build()) == []
    assert LogReader(builder.logs).read({}) == []
