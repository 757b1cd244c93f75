"""Time to ready, and the memory of a server that is ready and idle."""

import subprocess
import sys
import tempfile
import time
from statistics import median

from .result import Result
from .servers import Kind, Running, environment

ROUNDS = 7
TARGET = 3.0
_IMPORTS = "import moto.server, boto3"
NOTE = f'Bare imports: python -c "{_IMPORTS}".'


def measure(ours: Kind, peers: list[Kind]) -> list[Result]:
    """Return time to ready against the bare imports and the peers, and memory against the peers."""
    kinds = [ours, *peers]
    imports: list[float] = []
    ready: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    memory: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    for _ in range(ROUNDS):
        imports.append(_seconds_to_import())
        for kind in kinds:
            with Running(kind) as server:
                ready[kind.name].append(server.seconds_to_ready)
                memory[kind.name].append(server.memory())
    ready_in = {name: median(seconds) * 1000 for name, seconds in ready.items()}
    weight = {name: median(sizes) / 1e6 for name, sizes in memory.items()}
    mine = ready_in[ours.name]
    return [
        Result("Time to ready", mine, "bare imports", median(imports) * 1000, "ms", TARGET),
        *(Result("Time to ready", mine, peer.name, ready_in[peer.name], "ms") for peer in peers),
        *(Result("Memory when ready", weight[ours.name], peer.name, weight[peer.name], "MB") for peer in peers),
    ]


def _seconds_to_import() -> float:
    with tempfile.TemporaryDirectory(prefix="cicdlab-bench-") as home:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", _IMPORTS], env=environment(home), check=True)
        return time.perf_counter() - started
