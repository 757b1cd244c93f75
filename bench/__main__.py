"""Measures everything side by side and prints one table: ``python -m bench``."""

import os
import sys
from contextlib import ExitStack

from rich.console import Console

from tools.venvs import VenvError

from . import build, calls, delivery, permissions, start
from .result import Result, table
from .servers import Running, ServerError, ministack, moto, ours


def main() -> int:
    """Run every measurement and return the exit status, which tells whether all of them ran."""
    _forget_the_learners_aws()
    progress = Console(stderr=True)
    try:
        with progress.status("Making the environments of moto's server and MiniStack…"):
            mine, peers = ours(), [moto(), ministack()]
        with progress.status("Starting every server again and again…"):
            results = start.measure(mine, peers)
        with ExitStack() as stack, progress.status("Calling CodeBuild…") as status:
            cloud, *others = [stack.enter_context(Running(kind)) for kind in (mine, *peers)]
            results += calls.measure(cloud, others)
            results += [_memory_after_calls(cloud, other) for other in others]
            status.update("Building…")
        with Running(mine) as cloud, progress.status("Calling as a role…"):
            results += permissions.measure(cloud)
        with Running(mine) as cloud, progress.status("Building…"):
            built, note = build.measure(cloud)
        with Running(mine) as cloud, progress.status("Deploying…"):
            results += delivery.measure(cloud)
    except (VenvError, ServerError) as error:
        print(error, file=sys.stderr)
        return 1
    out = Console(highlight=False)
    out.print(table([built, *results]))
    out.print("", note, start.NOTE, _machine(), sep="\n")
    return 0


def _memory_after_calls(mine: Running, other: Running) -> Result:
    return Result("Memory after calls", mine.memory() / 1e6, other.kind.name, other.memory() / 1e6, "MB")


def _forget_the_learners_aws() -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, NO_PROXY="127.0.0.1")


def _machine() -> str:
    return f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end."


if __name__ == "__main__":
    sys.exit(main())
