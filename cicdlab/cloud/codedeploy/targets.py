"""Runs a deployment on one instance, lifecycle event after lifecycle event.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

import logging
from threading import Event, Lock
from typing import TYPE_CHECKING

from ..clock import Timeline
from ..instances import Instance, NotRunningError
from .agent import Agent
from .assignment import Assignment
from .errors import LifecycleError, failed
from .model import FAILED, LIFECYCLE_EVENTS, SUCCEEDED, Deployment, Diagnostics, Store
from .record import Record

if TYPE_CHECKING:
    from ..core import Cloud

SILENCE = 300.0  # seconds in which an agent must take up a lifecycle event
STEP = 1.0  # what a lifecycle event lasts in instant mode, in seconds, besides its scripts
NO_AGENT = (
    "CodeDeploy agent was not able to receive the lifecycle event. Check the CodeDeploy agent logs on your host and "
    "make sure the agent is running and can connect to the CodeDeploy server."
)
# Events whose failure `ignoreApplicationStopFailures` forgives; without a load balancer there is one.
FORGIVEN = frozenset({"ApplicationStop"})
_log = logging.getLogger(__name__)


class TargetRun:
    """The run of a deployment on one instance.

    Parameters
    ----------
    cloud
        The cloud in which the instance is.
    store
        Where the deployment is.
    record
        Writes down how it goes.
    instance
        The instance.
    timeline
        The time of this run.
    """

    def __init__(self, cloud: "Cloud", store: Store, record: Record, instance: Instance, timeline: Timeline) -> None:
        self._cloud = cloud
        self._store = store
        self._record = record
        self._instance = instance
        self.timeline = timeline
        self._agent: Agent | None = None
        self._stopped = Event()
        self._lock = Lock()

    def stop(self) -> None:
        """End whatever runs on the instance, from another thread."""
        with self._lock:
            self._stopped.set()
            agent = self._agent
        self._cloud.clock.wake()
        if agent:
            agent.stop()

    def __call__(self) -> bool:
        """Run every lifecycle event and return whether all of them succeeded."""
        instance_id = self._instance.id
        self._record.begin_target(instance_id, self.timeline.now())
        succeeded = all(self._carried_out(name) for name in LIFECYCLE_EVENTS)
        self._record.end_target(instance_id, self.timeline.now(), SUCCEEDED if succeeded else FAILED)
        return succeeded

    def _carried_out(self, name: str) -> bool:
        """Run a lifecycle event and return whether the next one follows."""
        if self._stopped.is_set():
            return False
        instance_id, timeline = self._instance.id, self.timeline
        self._record.begin_event(instance_id, name, timeline.now())
        try:
            self._run(name)
        except LifecycleError as error:
            found = Diagnostics(
                error_code=error.code, script_name=error.script_name, message=error.message, log_tail=error.log_tail
            )
        except Exception as error:
            _log.exception("%s failed on %s inside the engine", name, instance_id)
            found = Diagnostics(error_code="UnknownError", message=f"The deployment engine failed: {error!r}")
        else:
            timeline.work(STEP)
            self._record.end_event(instance_id, name, timeline.now(), SUCCEEDED)
            return True
        timeline.work(STEP)
        self._record.end_event(instance_id, name, timeline.now(), FAILED, found)
        # rule: ignore-application-stop-failures
        forgiven = self._record.deployment.ignore_application_stop_failures and name in FORGIVEN
        return forgiven and self._agent is not None and not self._stopped.is_set()

    def _run(self, name: str) -> None:
        try:
            agent = self._agent or self._reach()
            agent.run(name)
            if name == LIFECYCLE_EVENTS[-1]:
                agent.succeeded()
        except NotRunningError:
            # rule: silent-agent
            self.timeline.wait(SILENCE, self._stopped)
            raise failed(NO_AGENT) from None

    def _reach(self) -> Agent:
        """Return the instance's agent.

        Raises
        ------
        NotRunningError
            There is none: the instance does not run, or may not ask CodeDeploy for anything.
        """
        machine = self._cloud.instances.machine(self._instance)
        if not machine.instance.profile:
            raise NotRunningError("An agent without credentials asks for nothing.")
        agent = Agent(self._cloud, machine, _assignment(self._store, self._record.deployment), self.timeline)
        with self._lock:
            self._agent = agent
            stopped = self._stopped.is_set()
        if stopped:
            agent.stop()
        return agent


def _assignment(store: Store, deployment: Deployment) -> Assignment:
    """Return what an instance's agent is told of a deployment."""
    place = deployment.revision.s3_location
    return Assignment(
        account=store.account,
        region=store.region,
        application=deployment.application_name,
        group=deployment.deployment_group_name,
        group_id=deployment.group_id,
        deployment_id=deployment.deployment_id,
        bucket=place.bucket,
        key=place.key,
        bundle_type=place.bundle_type,
        version=place.version or "",
        etag=place.e_tag or "",
        file_exists_behavior=deployment.file_exists_behavior,
    )
