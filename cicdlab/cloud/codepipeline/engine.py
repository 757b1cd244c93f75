"""Carries actions out on threads of their own, with the permissions of their roles.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference.html
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from threading import Event
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ..clock import Timeline
from ..errors import aws_reason
from ..identity.roles import ServiceRoles
from ..runs import Runs
from . import jobs, role
from .actions import providers
from .actions.approval import Manual
from .actions.provider import ActionError, Job, Outcome
from .machine import Machine
from .model import ABANDONED, IN_PROGRESS, ActionExecution, Pipeline, Store

if TYPE_CHECKING:
    from ..core import Cloud

_REPORTED = {"summary": "summary", "external_id": "external_execution_id", "external_url": "external_execution_url"}
_log = logging.getLogger(__name__)


class ActionRun:
    """One run of an action.

    Parameters
    ----------
    engine
        The engine that runs it.
    store, pipeline, run_id
        Which one.
    timeline
        The action's time.
    """

    def __init__(self, engine: "Engine", store: Store, pipeline: Pipeline, run_id: str, timeline: Timeline) -> None:
        self._engine = engine
        self._store = store
        self._pipeline = pipeline
        self._id = run_id
        self._timeline = timeline
        self._stopped = Event()

    def stop(self) -> None:
        """Wait no longer for what the action has begun, from another thread."""
        self._stopped.set()
        self._engine.cloud.events.wake()
        self._engine.cloud.clock.wake()

    def give_up(self) -> None:
        """End an action that never began."""
        self._end(ActionError("JobFailed", "The action was stopped before it began."))

    def __call__(self) -> None:
        """Carry the action out; it never stays in progress, whatever happens, unless somebody has to approve it."""
        try:
            end: Outcome | ActionError | None = self._run()
        except ActionError as error:
            end = error
        except (ClientError, BotoCoreError) as error:
            end = ActionError("JobFailed", aws_reason(error))
        except Exception as fault:
            _log.exception("The action %s failed inside the engine", self._id)
            end = ActionError("InternalError", f"The action failed inside this cloud: {fault!r}")
        if end is not None:
            self._end(end)

    def _run(self) -> Outcome | None:
        """Return the action's outcome; None when somebody else will tell it."""
        run = self._pipeline.runs[self._id]
        key = run.declaration.action_type_id.key
        provider = self._engine.providers.get(key)
        if provider is None:
            raise ActionError("JobFailed", f"Actions of {key[2]} (category {key[0]}) do not run on this cloud.")
        if isinstance(provider, Manual):
            if run.resolved_configuration.get("NotificationArn") and run.token and run.expires:
                provider.notify(self._job(run), run.token, run.expires)
            return None
        return provider.run(self._job(run))

    def _job(self, run: ActionExecution) -> Job:
        cloud, pipeline = self._engine.cloud, self._pipeline
        # rule: source-revisions-of-a-start
        definition, execution = pipeline.version(run.pipeline_version), pipeline.executions[run.pipeline_execution_id]
        given = role.credentials(
            cloud, self._engine.roles, self._store, definition, run.declaration, run.pipeline_execution_id
        )

        wanted = {each.action_name: each.revision_value for each in execution.source_revisions}

        @cache
        def client(service: str) -> Any:
            return cloud.client(service, self._store.region, given)

        return Job(
            account=self._store.account,
            region=self._store.region,
            pipeline=pipeline.name,
            execution_id=run.pipeline_execution_id,
            stage=run.stage_name,
            action=run.name,
            action_execution_id=run.id,
            configuration=run.resolved_configuration,
            inputs=jobs.artifacts(pipeline, run, run.inputs),
            outputs=jobs.artifacts(pipeline, run, run.outputs),
            client=client,
            credentials=given,
            events=cloud.events,
            stopped=self._stopped,
            report=self._report,
            timeline=self._timeline,
            revision=wanted.get(run.name, ""),
        )

    def _report(self, **members: str) -> None:
        known = {_REPORTED[name]: value for name, value in members.items() if value}
        self._engine.machine.report(self._store, self._pipeline, self._id, **known)

    def _end(self, end: Outcome | ActionError) -> None:
        self._engine.machine.ended(self._store, self._pipeline, self._id, end)


class Engine:
    """Runs the actions of a cloud's pipelines.

    Parameters
    ----------
    cloud
        The cloud in which they run.
    """

    def __init__(self, cloud: "Cloud") -> None:
        self.cloud = cloud
        self.roles = ServiceRoles(cloud.access, cloud.client, role.SERVICE)
        self.providers = providers(cloud)
        self.machine = Machine(cloud.clock, cloud.ids, cloud.events.tell, self)
        self._runs: Runs[ActionRun] = Runs(cloud.waiters)  # by the run's id

    def launch(self, store: Store, pipeline: Pipeline, run_id: str, timeline: Timeline) -> None:
        """Begin an action's run on a thread of its own."""
        self._runs.start(run_id, ActionRun(self, store, pipeline, run_id, timeline))

    def abandon(self, run_id: str) -> None:
        """Wait no longer for what an action has begun; that goes on."""
        run = self._runs.find(run_id)
        if run:
            run.stop()

    def halt(self, store: Store, pipeline: Pipeline) -> None:
        """End the actions of a pipeline that was deleted, and what they have begun."""
        left = [each.id for each in list(pipeline.runs.values()) if each.status in (IN_PROGRESS, ABANDONED)]
        for run_id in left:
            self.abandon(run_id)
        for run_id in left:
            self._runs.stop(run_id)
            self._stop_external(store, pipeline.runs[run_id])

    def reset(self) -> None:
        """End every action."""
        self._runs.reset()

    def _stop_external(self, store: Store, run: ActionExecution) -> None:
        """End the build or the deployment that an action has begun."""
        stop = _STOPS.get(run.declaration.action_type_id.provider)
        if stop and run.external_execution_id:
            service, ask = stop
            with suppress(ClientError, BotoCoreError):  # it has ended meanwhile, or was deleted
                ask(self.cloud.client(service, store.region, account=store.account), run.external_execution_id)


_STOPS: dict[str, tuple[str, Callable[[Any, str], Any]]] = {
    "CodeBuild": ("codebuild", lambda client, name: client.stop_build(id=name)),
    "CodeDeploy": ("codedeploy", lambda client, name: client.stop_deployment(deploymentId=name)),
}
