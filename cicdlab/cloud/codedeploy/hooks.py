"""Runs the scripts of a lifecycle event on an instance, one after the other.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html

Scripts run as root, which is the only account on an instance of this cloud: ``runas: root`` changes nothing, an account
that is not there fails as it does on AWS, and another account is refused by name.
"""

import stat
import time
from collections.abc import Mapping
from threading import Event, Lock

from ..clock import Timeline
from ..instances import Machine
from ..sandbox import Ending, SandboxError, Script
from .appspec import MAX_SECONDS, Hook
from .disk import Disk
from .errors import LifecycleError, failed, not_on_instances
from .scripts_log import ScriptsLog

PATIENCE = 10.0  # real seconds for a script's children to let go of its output where machine waits are not real
_PROGRAMS = (b"#!", b"\x7fELF")


class Hooks:
    """Runs scripts on an instance for a deployment.

    Parameters
    ----------
    machine
        The instance's machine.
    disk
        Its disk.
    timeline
        The deployment's time on it.
    real_time
        Whether machine waits last as long as they would on AWS.
    """

    def __init__(self, machine: Machine, disk: Disk, timeline: Timeline, real_time: bool) -> None:
        self._machine = machine
        self._disk = disk
        self._timeline = timeline
        self._real_time = real_time
        self._lock = Lock()
        self._stopped = Event()
        self._script: Script | None = None

    def stop(self) -> None:
        """End the script that runs, from another thread; no other one starts."""
        with self._lock:
            self._stopped.set()
            script = self._script
        if script:
            script.stop()

    def run(self, event: str, hooks: tuple[Hook, ...], archive: str, env: Mapping[str, str], log: str) -> None:
        """Run the scripts of a lifecycle event.

        Parameters
        ----------
        event
            The lifecycle event.
        hooks
            Its scripts.
        archive
            The folder of the revision that has them, on the instance.
        env
            What they are told of the deployment.
        log
            The file on the instance that gets their output.

        Raises
        ------
        LifecycleError
            One failed, or could not be run.
        """
        # rule: hooks-in-order
        deadline = time.monotonic() + MAX_SECONDS
        with self._disk.append(log) as file:
            scripts_log = ScriptsLog(file, self._timeline.now)
            scripts_log.say(f"LifecycleEvent - {event}")
            for hook in hooks:
                try:
                    self._run(hook, f"{archive}/{hook.location}", dict(env), deadline - time.monotonic(), scripts_log)
                except LifecycleError as error:
                    scripts_log.flush()
                    raise LifecycleError(error.code, error.message, hook.location, scripts_log.tail) from error

    def _run(self, hook: Hook, path: str, env: dict[str, str], left: float, log: ScriptsLog) -> None:
        argv = self._command(hook, path)
        # rule: hook-default-timeout
        seconds = min(hook.timeout or MAX_SECONDS, left)
        log.say(f"Script - {hook.location}")
        self._check_user(hook, log)
        with self._lock:
            if self._stopped.is_set():
                raise failed("The deployment was stopped.")
            script = self._script = self._machine.script(argv, "/", env)
        linger = seconds if self._real_time else min(seconds, PATIENCE)
        try:
            ending = script.run(timeout=seconds, linger=linger, on_output=log.output)
        except SandboxError as error:
            raise failed(f"{_named(hook)} ended with the instance: {error}") from error
        finally:
            with self._lock:
                self._script = None
        log.flush()
        if ending.holds_output:
            self._timeline.wait(seconds - linger, self._stopped)
        self._judge(hook, ending)

    def _judge(self, hook: Hook, ending: Ending) -> None:
        if ending.interrupted or self._stopped.is_set():
            raise failed(f"{_named(hook)} was ended, because the deployment or the instance was stopped.")
        if ending.timed_out:
            # rule: hook-timed-out
            seconds = hook.timeout or MAX_SECONDS
            message = f"Script at specified location: {hook.location} failed to complete in {seconds} seconds"
            raise LifecycleError("ScriptTimedOut", message)
        if ending.holds_output:
            # rule: hook-holds-its-output
            raise failed(f"Script at specified location: {hook.location} failed to close STDOUT")
        if ending.status != 0:
            # rule: hook-exit-code
            raise LifecycleError("ScriptFailed", f"{_named(hook)} failed with exit code {ending.status}")

    def _command(self, hook: Hook, path: str) -> list[str]:
        """Return the command line of a script; one that does not say what runs it is one for sh, as on AWS.

        Raises
        ------
        LifecycleError
            It is not there, or nothing can run it.
        """
        if not self._disk.exists(path):
            # rule: hook-missing
            message = f"Script does not exist at specified location: {path}"
            raise LifecycleError("ScriptMissing", message)
        host = self._disk.followed(path)
        if not host.is_file():
            message = f"{_named(hook)} failed with error Errno::EACCES with message Permission denied - {path}"
            raise LifecycleError("ScriptFailed", message)
        mode = stat.S_IMODE(host.stat().st_mode)
        if not mode & 0o100:
            try:
                self._disk.change_mode(path, mode | 0o111)
            except OSError as error:
                message = f"Unable to set script at specified location: {hook.location} as executable"
                raise LifecycleError("ScriptNotExecutable", message) from error
        start = self._disk.read(path, 256)
        if start.startswith(b"#!"):
            self._check_interpreter(hook, path, start.partition(b"\n")[0])
        return [path] if start.startswith(_PROGRAMS) else ["/bin/sh", self._machine.seen(path)]

    def _check_interpreter(self, hook: Hook, path: str, line: bytes) -> None:
        """Refuse a first line that ends as lines on Windows do: its interpreter is not there."""
        # rule: hook-line-endings
        if line.endswith(b"\r"):
            message = f"{_named(hook)} failed with error Errno::ENOENT with message No such file or directory - {path}"
            raise LifecycleError("ScriptFailed", message)

    def _check_user(self, hook: Hook, log: ScriptsLog) -> None:
        # rule: hook-runas
        if hook.runas in ("", "root"):
            return
        users = self._disk.read("/etc/passwd") if self._disk.exists("/etc/passwd") else b""
        if any(line.partition(b":")[0] == hook.runas.encode() for line in users.splitlines()):
            raise not_on_instances(f"runas {hook.runas}", "scripts run as root")
        log.output("stderr", f"su: user {hook.runas} does not exist\n".encode())
        raise LifecycleError("ScriptFailed", f"{_named(hook)} failed with exit code 1")


def _named(hook: Hook) -> str:
    return f"Script at specified location: {hook.location}" + (f" run as user {hook.runas}" if hook.runas else "")
