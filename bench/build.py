"""A build of short commands against ``bash`` running the same commands."""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from .calls import client, project, service_role
from .result import Result
from .servers import Running, environment

ROUNDS = 11
TARGET = 1.25
POLL = 0.02  # seconds

# What small buildspecs do: write and check files, run Python tools, pack the result.
COMMANDS = (
    "mkdir -p app tests dist",
    "python -c \"open('app/__init__.py', 'w').close()\"",
    "python -c \"open('app/greet.py', 'w').write('def greet(name):\\n    return name.title()\\n')\"",
    "python -c \"open('app/sum.py', 'w').write('print(sum(range(100)))')\"",
    "python -c \"import json; json.dump({'name': 'ada'}, open('app/data.json', 'w'))\"",
    "python -m json.tool app/data.json",
    "python -c \"import ast; ast.parse(open('app/greet.py').read())\"",
    "python app/sum.py",
    "python -c \"from app.greet import greet; assert greet('ada') == 'Ada'\"",
    "python -m tabnanny app",
    "python -m py_compile app/greet.py",
    "python -c \"import hashlib; print(hashlib.sha256(open('app/greet.py', 'rb').read()).hexdigest())\"",
    "cp -r app dist/app",
    "python -c \"import zipfile; zipfile.ZipFile('dist/app.zip', 'w').write('app/greet.py')\"",
    "python -m zipfile -l dist/app.zip",
    "tar -czf dist/app.tar.gz app",
    "python -m tarfile -l dist/app.tar.gz",
    'python -c "import platform; print(platform.python_version())"',
    "sha256sum dist/app.zip",
    "python -c \"import os; print(sorted(os.listdir('dist')))\"",
)


def measure(ours: Running) -> tuple[Result, str]:
    """Return the result, and a note that says what the commands are."""
    codebuild = client("codebuild", ours.endpoint)
    phases = {"build": {"commands": list(COMMANDS)}}
    source = {"type": "NO_SOURCE", "buildspec": json.dumps({"version": 0.2, "phases": phases})}
    codebuild.create_project(**project("bench-build", service_role(ours.endpoint), source))
    built, scripted = [], []
    for _ in range(ROUNDS + 1):
        scripted.append(_run_script())
        built.append(_run_build(codebuild))
    # the first of each warms the caches
    mine, bash = median(built[1:]) * 1000, median(scripted[1:]) * 1000
    note = (
        f"The build has {len(COMMANDS)} commands: small Python programs and file tools, on average"
        f" {bash / len(COMMANDS):.0f} ms each; from StartBuild to SUCCEEDED it takes"
        f" {mine - bash:.0f} ms more than bash."
    )
    return Result(f"Build of {len(COMMANDS)} commands", mine, "bash", bash, "ms", TARGET), note


def _run_build(codebuild: Any) -> float:
    started = time.perf_counter()
    build = codebuild.start_build(projectName="bench-build")["build"]
    while not build["buildComplete"]:
        time.sleep(POLL)
        (build,) = codebuild.batch_get_builds(ids=[build["id"]])["builds"]
    took = time.perf_counter() - started
    if build["buildStatus"] != "SUCCEEDED":
        raise RuntimeError(f"The build did not succeed: {build['phases']}")
    return took


def _run_script() -> float:
    with tempfile.TemporaryDirectory(prefix="cicdlab-bench-") as folder:
        script = Path(folder) / "script.sh"
        script.write_text("set -e\n" + "\n".join(COMMANDS) + "\n", encoding="utf-8")
        started = time.perf_counter()
        subprocess.run(
            ["bash", "--posix", script], cwd=folder, env=environment(folder), check=True, stdout=subprocess.PIPE
        )
        return time.perf_counter() - started
