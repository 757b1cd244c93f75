"""Runs one deployment: finds its instances and deploys to them, batch after batch.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-server.html
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ..clock import Timeline
from ..errors import aws_reason
from ..identity.roles import ServiceRoles
from ..instances import Instance
from . import configurations, groups, health, role, rollback
from .errors import DeploymentError
from .model import FAILED, STOPPED, SUCCEEDED, Deployment, ErrorInformation, Group, Store
from .record import Record
from .targets import TargetRun

if TYPE_CHECKING:
    from ..core import Cloud

# What a deployment's own steps last in instant mode, in seconds.
QUEUE, PREPARE = 1.0, 1.0
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_log = logging.getLogger(__name__)


class DeploymentRun:
    """One run of a deployment.

    Parameters
    ----------
    cloud
        The cloud in which it runs.
    store
        Where the deployment is recorded.
    deployment
        The deployment, created.
    timeline
        The deployment's time, which began when it was created.
    roles
        Assumes the service role.
    start
        Starts the run of a rollback.
    """

    def __init__(
        self,
        cloud: "Cloud",
        store: Store,
        deployment: Deployment,
        timeline: Timeline,
        roles: ServiceRoles,
        start: Callable[[Store, Deployment, Timeline], None],
    ) -> None:
        self._cloud = cloud
        self._store = store
        self._deployment = deployment
        self._timeline = timeline
        self._roles = roles
        self._start = start
        self._record = Record(store, deployment.deployment_id, cloud.events.tell)
        self._lock = Lock()
        self._running: list[TargetRun] = []
        self._stopped = False
        self._rollback: bool | None = False  # unless somebody asks for the stop, as in a reset

    def ask_rollback(self, wanted: bool | None) -> None:
        """Take down what StopDeployment says of a rollback, before it stops the run."""
        self._rollback = wanted

    def stop(self) -> None:
        """End the deployment and every script of it, from another thread."""
        # rule: stop-deployment
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for each in running:
            each.stop()

    def give_up(self) -> None:
        """End a deployment that never began."""
        self._end(STOPPED, _STOPPED_BY_USER)

    def __call__(self) -> None:
        """Run the deployment to its end; it never stays in progress, whatever happens."""
        status, error = FAILED, None
        try:
            self._deploy()
            status = SUCCEEDED
        except DeploymentError as end:
            error = ErrorInformation(code=end.code, message=end.message)
        except Exception as fault:
            _log.exception("Deployment %s failed inside the engine", self._deployment.deployment_id)
            error = ErrorInformation(code="INTERNAL_ERROR", message=f"The deployment engine failed: {fault!r}")
        finally:
            if self._stopped and status != SUCCEEDED:
                status, error = STOPPED, _STOPPED_BY_USER
            self._end(status, error)

    def _deploy(self) -> None:
        self._record.queue()
        self._timeline.work(QUEUE)
        self._record.begin(self._timeline.now())
        group = self._group()
        instances = self._find_instances(group)
        self._timeline.work(PREPARE)
        known = self._store.health.get(group.deployment_group_id, {})
        # rule: order-of-instances
        order = health.in_order(instances, known, group.target_revision)
        self._record.expect(order, self._timeline.now())
        configuration = configurations.find(self._store, self._deployment.deployment_config_name)
        assert configuration.minimum_healthy_hosts is not None  # checked when the deployment was created
        minimum = health.required(configuration.minimum_healthy_hosts, len(order))
        self._run_batches([instances[each] for each in order], health.Tally(len(order), minimum))

    def _group(self) -> Group:
        """Return the group as it is now.

        Raises
        ------
        DeploymentError
            It was deleted meanwhile, or its application was.
        """
        # rule: deleted-before-it-starts
        group = self._store.group_by_id(self._deployment.group_id)
        if group:
            return group
        name = self._deployment.application_name
        if name not in self._store.applications:
            raise DeploymentError("APPLICATION_MISSING", f"The application {name} was deleted.")
        name = self._deployment.deployment_group_name
        raise DeploymentError("DEPLOYMENT_GROUP_MISSING", f"The deployment group {name} was deleted.")

    def _find_instances(self, group: Group) -> dict[str, Instance]:
        """Return the group's instances by id, found with the service role's permissions.

        Raises
        ------
        DeploymentError
            The role can't be assumed or may not look, or there are none.
        """
        store = self._store
        if not self._roles.trusts(group.service_role_arn, store.account, groups.arn(store, group)):
            raise role.missing(group)
        try:
            credentials = self._roles.assume(store.region, group.service_role_arn, self._deployment.deployment_id)
            client = self._cloud.client("ec2", store.region, credentials)
            filters = [each.wire() for each in group.ec2_tag_filters]
            found = self._cloud.instances.matching(client, filters) if filters else []
        except ClientError as error:
            if error.response["Error"].get("Code") in _DENIED:
                raise role.denied(group, "AmazonEC2") from error
            raise DeploymentError("INTERNAL_ERROR", aws_reason(error)) from error
        except BotoCoreError as error:
            raise DeploymentError("INTERNAL_ERROR", aws_reason(error)) from error
        if not found:
            # rule: no-instances
            raise DeploymentError(
                "NO_INSTANCES",
                "The deployment failed because no instances were found for your deployment group. Check your "
                "deployment group settings to make sure the tags for your Amazon EC2 instances or Auto Scaling groups "
                "correctly identify the instances you want to deploy to, and then try again.",
            )
        return {each.id: each for each in found}

    def _run_batches(self, waiting: list[Instance], tally: health.Tally) -> None:
        if not tally.possible:
            # rule: health-constraints-invalid
            raise DeploymentError(
                "HEALTH_CONSTRAINTS_INVALID",
                "The deployment can't start because the minimum number of healthy instances, as defined by your "
                "deployment configuration, are not available. You can reduce the required number of healthy instances "
                "by updating your deployment configuration or increase the number of instances in this deployment "
                "group.",
            )
        while tally.batch:
            batch, waiting = waiting[: tally.batch], waiting[tally.batch :]
            outcomes = self._run_batch(batch)
            tally = tally.after(outcomes.count(True), outcomes.count(False))
        if not tally.success:
            # rule: health-constraints
            raise DeploymentError(
                "HEALTH_CONSTRAINTS",
                "The overall deployment failed because too many individual instances failed deployment, too few "
                "healthy instances are available for deployment, or some instances in your deployment group are "
                "experiencing problems.",
            )

    def _run_batch(self, instances: Sequence[Instance]) -> list[bool]:
        """Deploy to some instances at once and return on which of them it succeeded.

        Raises
        ------
        DeploymentError
            The deployment was stopped.
        """
        with self._lock:
            if self._stopped:
                raise _stopped()
            self._running = [
                TargetRun(self._cloud, self._store, self._record, each, self._timeline.branch()) for each in instances
            ]
        # Threads of their own: on the engine's, deployments that wait for their instances would starve each other.
        with ThreadPoolExecutor(len(instances), thread_name_prefix="deployment") as threads:
            outcomes = list(threads.map(lambda run: run(), self._running))
        self._timeline.meet(run.timeline for run in self._running)
        with self._lock:
            self._running = []
            if self._stopped:
                raise _stopped()
        return outcomes

    def _end(self, status: str, error: ErrorInformation | None) -> None:
        """Write down the end, and what follows from it; whoever waits for it hears of it after that."""
        now = self._timeline.now()
        self._record.skip_the_rest(now)
        with self._store.lock:
            ended = self._record.complete(status, error, now)
            back = None
            if rollback.wanted(ended, self._rollback):
                back = rollback.prepare(self._store, self._cloud.ids, ended, now)
        self._record.tell_end(now)
        if back:
            self._start(self._store, back, self._timeline.branch())


_STOPPED_BY_USER = ErrorInformation(code="MANUAL_STOP", message="The deployment was stopped by a user.")


def _stopped() -> DeploymentError:
    return DeploymentError(_STOPPED_BY_USER.code, _STOPPED_BY_USER.message)
