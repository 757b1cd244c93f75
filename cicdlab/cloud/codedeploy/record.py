"""Writes down how a deployment goes, so that every reader sees a whole one at every moment, and tells its events."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from ..events import Happening
from . import events
from .model import (
    FAILED,
    IN_PROGRESS,
    PENDING,
    QUEUED,
    SKIPPED,
    SUCCEEDED,
    Deployment,
    Diagnostics,
    ErrorInformation,
    InstanceHealth,
    LastDeployment,
    LifecycleEvent,
    Store,
    Target,
)

SUCCESS = Diagnostics(error_code="Success", message="Succeeded")


class Record:
    """The record of one deployment.

    Parameters
    ----------
    store
        Where the deployment is.
    deployment_id
        Which one.
    tell
        Takes the deployment's events.
    """

    def __init__(self, store: Store, deployment_id: str, tell: Callable[[Happening], None]) -> None:
        self._store = store
        self._id = deployment_id
        self._tell = tell

    @property
    def deployment(self) -> Deployment:
        """The deployment as it is now."""
        return self._store.deployments[self._id]

    # --- the deployment

    def queue(self) -> None:
        """Write down that the deployment waits for its turn."""
        self._store.update_deployment(self._id, lambda _: {"status": QUEUED})

    def begin(self, now: datetime) -> None:
        """Write down that the deployment begins."""
        begun = {"status": IN_PROGRESS, "start_time": now}
        deployment = self._store.update_deployment(self._id, lambda _: begun)
        self._note_in_group(deployment)
        self._tell(events.of_deployment(self._store, deployment, now))

    def complete(self, status: str, error: ErrorInformation | None, now: datetime) -> Deployment:
        """Write down how the deployment ended; `tell_end` tells it, when all that follows is written down too."""
        with self._store.lock:
            members = {"status": status, "error_information": error, "complete_time": now}
            deployment = self._store.update_deployment(self._id, lambda _: members)
            self._note_in_group(deployment)
            return deployment

    def tell_end(self, now: datetime) -> None:
        """Tell that the deployment has ended."""
        self._tell(events.of_deployment(self._store, self.deployment, now))

    def _note_in_group(self, deployment: Deployment) -> None:
        """Let the group show its last deployments, and what it should run by now."""
        # rule: last-deployments-of-a-group, target-revision
        last = LastDeployment(
            deployment_id=deployment.deployment_id,
            status=deployment.status,
            create_time=deployment.create_time,
            end_time=deployment.complete_time,
        )
        members: dict[str, Any] = {"last_attempted_deployment": last}
        if deployment.status == SUCCEEDED:
            members |= {"last_successful_deployment": last, "target_revision": deployment.revision}
        self._store.update_group(deployment.group_id, lambda _: members)

    # --- its targets

    def expect(self, instances: Iterable[str], now: datetime) -> None:
        """Write down on which instances the deployment will run."""
        region, account = self._store.region, self._store.account
        targets = [
            Target(
                deployment_id=self._id,
                target_id=each,
                target_arn=f"arn:aws:ec2:{region}:{account}:instance/{each}",
                last_updated_at=now,
            )
            for each in instances
        ]
        self._store.add_targets(self._id, targets)

    def begin_target(self, target_id: str, now: datetime) -> None:
        """Write down that the deployment begins on an instance."""
        members = {"status": IN_PROGRESS, "last_updated_at": now}
        self._tell_target(self._store.update_target(self._id, target_id, lambda _: members), now)

    def begin_event(self, target_id: str, name: str, now: datetime) -> None:
        """Write down that a lifecycle event begins."""
        self._change_event(target_id, name, now, status=IN_PROGRESS, start_time=now)

    def end_event(self, target_id: str, name: str, now: datetime, status: str, found: Diagnostics = SUCCESS) -> None:
        """Write down how a lifecycle event ended."""
        self._change_event(target_id, name, now, status=status, end_time=now, diagnostics=found)

    def end_target(self, target_id: str, now: datetime, status: str) -> None:
        """Write down how the deployment ended on an instance; lifecycle events that were not reached are skipped."""
        # rule: events-after-a-failure-are-skipped, instance-health

        def ended(target: Target) -> dict[str, Any]:
            left = {"status": SKIPPED}
            reached = [
                each.model_copy(update=left) if each.status == PENDING else each for each in target.lifecycle_events
            ]
            return {"status": status, "last_updated_at": now, "lifecycle_events": tuple(reached)}

        with self._store.lock:
            target = self._store.update_target(self._id, target_id, ended)
            if status in (SUCCEEDED, FAILED):
                known = InstanceHealth(status == SUCCEEDED, self.deployment.revision if status == SUCCEEDED else None)
                self._store.health.setdefault(self.deployment.group_id, {})[target_id] = known
        if status != SKIPPED:
            self._tell_target(target, now)

    def skip_the_rest(self, now: datetime) -> None:
        """Write down that the deployment reaches no more instances."""
        # rule: unreached-instances-are-skipped
        with self._store.lock:
            left = [each.target_id for each in self._store.targets.get(self._id, {}).values() if each.status == PENDING]
        for target_id in left:
            self.end_target(target_id, now, SKIPPED)

    def _change_event(self, target_id: str, name: str, now: datetime, **members: Any) -> None:
        def changed(each: LifecycleEvent) -> LifecycleEvent:
            return each.model_copy(update=members) if each.lifecycle_event_name == name else each

        self._store.update_target(
            self._id,
            target_id,
            lambda target: {"last_updated_at": now, "lifecycle_events": tuple(map(changed, target.lifecycle_events))},
        )

    def _tell_target(self, target: Target, now: datetime) -> None:
        self._tell(events.of_instance(self._store, self.deployment, target, now))
