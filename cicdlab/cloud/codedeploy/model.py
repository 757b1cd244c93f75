"""What CodeDeploy keeps: applications, deployment groups, revisions, deployments and their targets, in AWS's shapes.

Everything here is frozen: a change replaces the object in the store, so a reader never sees one half written.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any

from pydantic import Field

from ..structure import Structure

# The lifecycle events of an in-place deployment without a load balancer, in their order.
LIFECYCLE_EVENTS = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
CREATED, QUEUED, PENDING, IN_PROGRESS = "Created", "Queued", "Pending", "InProgress"
SUCCEEDED, FAILED, STOPPED, SKIPPED = "Succeeded", "Failed", "Stopped", "Skipped"
ENDED = frozenset({SUCCEEDED, FAILED, STOPPED})
USER, ROLLBACK = "user", "codeDeployRollback"
DEFAULT_CONFIGURATION = "CodeDeployDefault.OneAtATime"


class Application(Structure):
    """A name under which deployment groups and revisions are kept."""

    application_id: str
    application_name: str
    create_time: datetime
    compute_platform: str = "Server"
    linked_to_git_hub: bool = False


class S3Location(Structure):
    """A bundle in S3."""

    bucket: str
    key: str
    bundle_type: str
    version: str | None = None
    e_tag: str | None = None


class Revision(Structure):
    """Where a revision is; two are the same when they say the same."""

    revision_type: str
    s3_location: S3Location


class RevisionUse(Structure):
    """What is known of a revision that was registered."""

    register_time: datetime
    description: str | None = None
    first_used_time: datetime | None = None
    last_used_time: datetime | None = None


class MinimumHealthyHosts(Structure):
    """How many instances must stay healthy: a number, a share, or all but those that are deployed to."""

    type: str
    value: int


class Configuration(Structure):
    """A deployment configuration."""

    deployment_config_id: str
    deployment_config_name: str
    create_time: datetime
    compute_platform: str = "Server"
    minimum_healthy_hosts: MinimumHealthyHosts | None = None
    traffic_routing_config: dict[str, Any] | None = None


class TagFilter(Structure):
    """A tag by which a group finds its instances."""

    key: str | None = Field(None, alias="Key")
    value: str | None = Field(None, alias="Value")
    type: str = Field("KEY_AND_VALUE", alias="Type")


class AutoRollback(Structure):
    """When a deployment is rolled back."""

    enabled: bool = False
    events: tuple[str, ...] = ()


class Style(Structure):
    """The type of a deployment."""

    deployment_type: str = "IN_PLACE"
    deployment_option: str = "WITHOUT_TRAFFIC_CONTROL"


class LastDeployment(Structure):
    """What a group shows of one of its deployments."""

    deployment_id: str
    status: str
    create_time: datetime
    end_time: datetime | None = None


class Group(Structure):
    """A deployment group."""

    application_name: str
    deployment_group_id: str
    deployment_group_name: str
    service_role_arn: str
    deployment_config_name: str = DEFAULT_CONFIGURATION
    ec2_tag_filters: tuple[TagFilter, ...] = ()
    on_premises_instance_tag_filters: tuple[dict[str, Any], ...] = ()
    auto_scaling_groups: tuple[dict[str, Any], ...] = ()
    trigger_configurations: tuple[dict[str, Any], ...] = ()
    auto_rollback_configuration: AutoRollback = AutoRollback()
    deployment_style: Style = Style()
    outdated_instances_strategy: str = "UPDATE"
    compute_platform: str = "Server"
    termination_hook_enabled: bool = False
    target_revision: Revision | None = None  # that of the last successful deployment
    last_successful_deployment: LastDeployment | None = None
    last_attempted_deployment: LastDeployment | None = None


class ErrorInformation(Structure):
    """Why a deployment did not succeed."""

    code: str
    message: str


class RollbackInfo(Structure):
    """Which deployment rolled back which."""

    rollback_deployment_id: str | None = None
    rollback_triggering_deployment_id: str | None = None
    rollback_message: str | None = None


class Deployment(Structure):
    """One deployment as the API shows it."""

    application_name: str
    deployment_group_name: str
    deployment_config_name: str
    deployment_id: str
    group_id: str = Field(exclude=True)
    revision: Revision
    create_time: datetime
    creator: str = USER
    status: str = CREATED
    previous_revision: Revision | None = None
    error_information: ErrorInformation | None = None
    start_time: datetime | None = None
    complete_time: datetime | None = None
    deployment_overview: dict[str, int] | None = None
    description: str | None = None
    ignore_application_stop_failures: bool = False
    auto_rollback_configuration: AutoRollback = AutoRollback()
    update_outdated_instances_only: bool = False
    rollback_info: RollbackInfo | None = None
    deployment_style: Style = Style()
    instance_termination_wait_time_started: bool = False
    file_exists_behavior: str = "DISALLOW"
    compute_platform: str = "Server"


class Diagnostics(Structure):
    """How a lifecycle event ended."""

    error_code: str
    script_name: str = ""
    message: str = ""
    log_tail: str = ""


class LifecycleEvent(Structure):
    """One lifecycle event on one instance."""

    lifecycle_event_name: str
    status: str = PENDING
    diagnostics: Diagnostics | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None


class Target(Structure):
    """One instance of a deployment."""

    deployment_id: str
    target_id: str
    target_arn: str
    last_updated_at: datetime
    status: str = PENDING
    lifecycle_events: tuple[LifecycleEvent, ...] = tuple(
        LifecycleEvent(lifecycle_event_name=name) for name in LIFECYCLE_EVENTS
    )


@dataclass(frozen=True)
class InstanceHealth:
    """What CodeDeploy knows of an instance of a group.

    Parameters
    ----------
    healthy
        Whether the last deployment to it succeeded.
    revision
        What is installed on it; None when that is not known.
    """

    healthy: bool = False
    revision: Revision | None = None


@dataclass
class Store:
    """What CodeDeploy keeps of one account in one region."""

    account: str
    region: str
    applications: dict[str, Application] = field(default_factory=dict)
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)  # by application and name
    revisions: dict[str, dict[Revision, RevisionUse]] = field(default_factory=dict)  # by application
    configurations: dict[str, Configuration] = field(default_factory=dict)  # the account's own
    deployments: dict[str, Deployment] = field(default_factory=dict)  # oldest first
    targets: dict[str, dict[str, Target]] = field(default_factory=dict)  # by deployment and instance
    health: dict[str, dict[str, InstanceHealth]] = field(default_factory=dict)  # by group's and instance's id
    tags: dict[str, dict[str, str]] = field(default_factory=dict)  # by ARN
    lock: RLock = field(default_factory=RLock)

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN of an application, a deploymentgroup (APPLICATION/GROUP) or a deploymentconfig."""
        return f"arn:aws:codedeploy:{self.region}:{self.account}:{kind}:{name}"

    def groups_of(self, application: str) -> list[Group]:
        """Return the groups of an application, by name."""
        with self.lock:
            return [self.groups[key] for key in sorted(self.groups) if key[0] == application]

    def group_by_id(self, group_id: str) -> Group | None:
        """Return a group under whatever name it has by now; None when it was deleted."""
        with self.lock:
            return next((each for each in self.groups.values() if each.deployment_group_id == group_id), None)

    def active(self, group_id: str) -> Deployment | None:
        """Return the deployment to a group that has not ended."""
        with self.lock:
            return next(
                (each for each in self.deployments.values() if each.group_id == group_id and each.status not in ENDED),
                None,
            )

    def update_group(self, group_id: str, change: Callable[[Group], dict[str, Any]]) -> None:
        """Replace a group by one with the changed members; one that was deleted stays deleted."""
        with self.lock:
            for key, group in self.groups.items():
                if group.deployment_group_id == group_id:
                    self.groups[key] = group.model_copy(update=change(group))
                    return

    def remove_group(self, group: Group) -> None:
        """Forget a group and what belongs to it; its deployments stay."""
        with self.lock:
            name = f"{group.application_name}/{group.deployment_group_name}"
            self.groups.pop((group.application_name, group.deployment_group_name), None)
            self.health.pop(group.deployment_group_id, None)
            self.tags.pop(self.arn("deploymentgroup", name), None)

    def update_deployment(self, deployment_id: str, change: Callable[[Deployment], dict[str, Any]]) -> Deployment:
        """Replace a deployment by one with the changed members and return it."""
        with self.lock:
            deployment = self.deployments[deployment_id]
            deployment = self.deployments[deployment_id] = deployment.model_copy(update=change(deployment))
            return deployment

    def add_targets(self, deployment_id: str, targets: Iterable[Target]) -> None:
        """Put down the instances of a deployment."""
        with self.lock:
            self.targets[deployment_id] = {target.target_id: target for target in targets}
            self._count(deployment_id)

    def update_target(self, deployment_id: str, target_id: str, change: Callable[[Target], dict[str, Any]]) -> Target:
        """Replace a target by one with the changed members, count anew, and return it."""
        with self.lock:
            target = self.targets[deployment_id][target_id]
            target = self.targets[deployment_id][target_id] = target.model_copy(update=change(target))
            self._count(deployment_id)
            return target

    def _count(self, deployment_id: str) -> None:
        statuses = [target.status for target in self.targets[deployment_id].values()]
        shown = (PENDING, IN_PROGRESS, SUCCEEDED, FAILED, SKIPPED, "Ready")
        overview = {status: statuses.count(status) for status in shown}
        self.update_deployment(deployment_id, lambda _: {"deployment_overview": overview})
