"""CodeDeploy's operations."""

from typing import TYPE_CHECKING, Any

from ..clock import Timeline
from ..identity.actions import ApiCall
from ..identity.roles import ServiceRoles
from ..runs import Runs
from ..stores import Stores, page
from . import applications, configurations, deployments, groups, listing, revisions, role, tags, unsupported
from .deployment import DeploymentRun
from .errors import refused
from .model import ENDED, Deployment, Group, Store

if TYPE_CHECKING:
    from ..core import Call, Cloud


class CodeDeployApi:
    """The operations of CodeDeploy in one cloud.

    Parameters
    ----------
    cloud
        The cloud in which deployments run.
    """

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._roles = ServiceRoles(cloud.access, cloud.client, role.SERVICE)
        self._stores = Stores(Store)
        self._runs: Runs[DeploymentRun] = Runs(cloud.workers)  # by the deployment's id, and where it is
        cloud.access.enforcement.completes["codedeploy"] = self._groups_named

    def reset(self) -> None:
        """Stop every deployment and forget everything."""
        self._runs.reset()
        self._runs.reset()  # what failed at that moment may have begun its rollback
        self._stores.clear()

    # --- applications

    def create_application(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Create an application."""
        # rule: application-exists
        store, name = self._stores.of(call), request["applicationName"]
        application = applications.created(store, self._cloud.ids, request, self._cloud.clock.now())
        with store.lock:
            applications.check_free(store, name)
            store.applications[name] = application
            tags.add(store, store.arn("application", name), request.get("tags", ()))
        return {"applicationId": application.application_id}

    def get_application(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return an application."""
        return {"application": applications.find(self._stores.of(call), request["applicationName"]).wire()}

    def batch_get_applications(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the applications with these names."""
        store, names = self._stores.of(call), request["applicationNames"]
        listing.check_batch(names, 100)
        return {"applicationsInfo": [applications.find(store, name).wire() for name in names]}

    def list_applications(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the names of all applications."""
        return _page("applications", sorted(self._stores.of(call).applications), request)

    def update_application(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Rename an application."""
        applications.rename(
            self._stores.of(call), request.get("applicationName", ""), request.get("newApplicationName", "")
        )
        return {}

    def delete_application(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete an application with its groups and revisions; one that is not there is no error."""
        applications.delete(self._stores.of(call), request["applicationName"])
        return {}

    # --- deployment groups

    def create_deployment_group(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Create a deployment group."""
        store = self._stores.of(call)
        applications.find(store, request["applicationName"])
        group = groups.created(store, self._cloud.ids, request)
        self._check_role(store, group)
        with store.lock:
            applications.find(store, group.application_name)
            groups.put(store, group)
            tags.add(store, groups.arn(store, group), request.get("tags", ()))
        return {"deploymentGroupId": group.deployment_group_id}

    def get_deployment_group(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a deployment group."""
        group = groups.find(self._stores.of(call), request["applicationName"], request["deploymentGroupName"])
        return {"deploymentGroupInfo": group.wire()}

    def batch_get_deployment_groups(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return those of an application's groups with these names that are there."""
        store, names = self._stores.of(call), request["deploymentGroupNames"]
        listing.check_batch(names, 100)
        known = {each.deployment_group_name: each for each in self._groups(store, request["applicationName"])}
        missing = [name for name in names if name not in known]
        answer: dict[str, Any] = {"deploymentGroupsInfo": [known[name].wire() for name in names if name in known]}
        return {**answer, "errorMessage": f"Not found: {', '.join(missing)}"} if missing else answer

    def list_deployment_groups(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the names of an application's groups."""
        name = request["applicationName"]
        names = [each.deployment_group_name for each in self._groups(self._stores.of(call), name)]
        return {"applicationName": name, **_page("deploymentGroups", names, request)}

    def update_deployment_group(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Change the members of a group that are given."""
        store = self._stores.of(call)
        where = request["applicationName"], request["currentDeploymentGroupName"]
        wanted = groups.updated(store, groups.find(store, *where), request)
        if "serviceRoleArn" in request:
            self._check_role(store, wanted)
        with store.lock:  # again, because another call may have changed the group meanwhile
            group = groups.find(store, *where)
            groups.replace(store, group, groups.updated(store, group, request))
        return {"hooksNotCleanedUp": []}

    def delete_deployment_group(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete a group; one that is not there is no error."""
        groups.delete(self._stores.of(call), request["applicationName"], request["deploymentGroupName"])
        return {"hooksNotCleanedUp": []}

    # --- deployment configurations

    def create_deployment_config(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Create a deployment configuration."""
        store = self._stores.of(call)
        with store.lock:
            made = configurations.created(store, self._cloud.ids, request, self._cloud.clock.now())
            store.configurations[made.deployment_config_name] = made
        return {"deploymentConfigId": made.deployment_config_id}

    def get_deployment_config(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a deployment configuration."""
        return {
            "deploymentConfigInfo": configurations.find(self._stores.of(call), request["deploymentConfigName"]).wire()
        }

    def list_deployment_configs(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the names of all deployment configurations, AWS's own among them."""
        return _page("deploymentConfigsList", configurations.names(self._stores.of(call)), request)

    def delete_deployment_config(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete a deployment configuration that no group uses."""
        configurations.delete(self._stores.of(call), request["deploymentConfigName"])
        return {}

    # --- revisions

    def register_application_revision(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Put down a revision of an application."""
        store, name = self._stores.of(call), request["applicationName"]
        applications.find(store, name)
        description = request.get("description")
        revisions.register(store, name, revisions.read(request), self._cloud.clock.now(), description)
        return {}

    def get_application_revision(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return what is known of a revision."""
        # rule: revision-does-not-exist
        store, name = self._stores.of(call), request["applicationName"]
        applications.find(store, name)
        revision = revisions.read(request)
        known = revisions.shown(store, name, revision)
        if not known:
            raise refused("RevisionDoesNotExist", "The revision is not registered with the application.")
        return {"applicationName": name, "revision": revision.wire(), "revisionInfo": known}

    def batch_get_application_revisions(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return what is known of those of these revisions that were registered."""
        store, name = self._stores.of(call), request["applicationName"]
        applications.find(store, name)
        listing.check_batch(request["revisions"], 25)
        asked = [revisions.located(each) for each in request["revisions"]]
        found = [(each, revisions.shown(store, name, each)) for each in asked]
        return {
            "applicationName": name,
            "revisions": [
                {"revisionLocation": each.wire(), "genericRevisionInfo": known} for each, known in found if known
            ],
        }

    def list_application_revisions(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the revisions of an application."""
        store, name = self._stores.of(call), request["applicationName"]
        applications.find(store, name)
        return {"revisions": [each.wire() for each in revisions.listed(store, name, request)]}

    # --- deployments

    def create_deployment(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Start a deployment of a revision to a group."""
        store, name = self._stores.of(call), request["applicationName"]
        applications.find(store, name)
        if "deploymentGroupName" not in request:
            raise refused("DeploymentGroupNameRequired", "The name of a deployment group is needed.")
        unsupported.check_deployment(request)
        revision, timeline = revisions.read(request), self._cloud.clock.timeline()
        now = timeline.now()
        with store.lock:
            group = groups.find(store, name, request["deploymentGroupName"])
            deployments.check_idle(store, group)
            deployment = deployments.ordered(store, self._cloud.ids, group, request, revision, now)
            revisions.used(store, name, revision, now)
            store.deployments[deployment.deployment_id] = deployment
            self._start(store, deployment, timeline)
        return {"deploymentId": deployment.deployment_id}

    def get_deployment(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a deployment."""
        return {"deploymentInfo": listing.deployment(self._stores.of(call), request["deploymentId"]).wire()}

    def batch_get_deployments(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return those of these deployments that are there."""
        store, ids = self._stores.of(call), request["deploymentIds"]
        listing.check_batch(ids, 25)
        return {"deploymentsInfo": [store.deployments[each].wire() for each in ids if each in store.deployments]}

    def list_deployments(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the ids of deployments, the latest first."""
        return _page("deployments", listing.deployments(self._stores.of(call), request), request)

    def stop_deployment(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """End a deployment and its scripts."""
        # rule: stop-deployment
        store = self._stores.of(call)
        deployment = listing.deployment(store, request["deploymentId"])
        _check_running(deployment)
        name = _run_name(store, deployment)
        run = self._runs.find(name)
        if run:
            run.ask_rollback(request.get("autoRollbackEnabled"))
            self._runs.stop(name)
        if store.deployments[deployment.deployment_id].status not in ENDED:
            return {"status": "Pending", "statusMessage": "The deployment is being stopped."}
        return {"status": "Succeeded", "statusMessage": "No more commands will be sent to the instances."}

    def continue_deployment(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Refuse to reroute traffic: every deployment here is in place."""
        # rule: continue-is-for-blue-green
        if "deploymentId" not in request:
            raise refused("DeploymentIdRequired", "A deployment's id is needed.")
        _check_running(listing.deployment(self._stores.of(call), request["deploymentId"]))
        raise refused("UnsupportedActionForDeploymentType", "Only a blue/green deployment can be continued.")

    # --- targets

    def list_deployment_targets(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the ids of a deployment's targets."""
        found = listing.targets(self._stores.of(call), request["deploymentId"], request.get("targetFilters", {}))
        return _page("targetIds", found, request)

    def get_deployment_target(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a target of a deployment."""
        found = listing.target(self._stores.of(call), request["deploymentId"], request["targetId"])
        return {"deploymentTarget": listing.shown(found)}

    def batch_get_deployment_targets(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return targets of a deployment."""
        store, ids = self._stores.of(call), request["targetIds"]
        if len(ids) > listing.MOST_TARGETS:
            raise refused("DeploymentTargetListSizeExceeded", f"At most {listing.MOST_TARGETS} targets are given.")
        found = [listing.target(store, request["deploymentId"], each) for each in ids]
        return {"deploymentTargets": [listing.shown(each) for each in found]}

    def list_deployment_instances(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the ids of a deployment's instances."""
        # rule: instance-types-are-for-blue-green
        if request.get("instanceTypeFilter"):
            raise refused("InvalidDeploymentInstanceType", "Instance types are for blue/green deployments only.")
        filters = {"TargetStatus": request["instanceStatusFilter"]} if request.get("instanceStatusFilter") else {}
        return _page("instancesList", listing.targets(self._stores.of(call), request["deploymentId"], filters), request)

    def get_deployment_instance(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return an instance of a deployment."""
        return {
            "instanceSummary": listing.instance(self._stores.of(call), request["deploymentId"], request["instanceId"])
        }

    def batch_get_deployment_instances(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return instances of a deployment."""
        store, ids = self._stores.of(call), request["instanceIds"]
        listing.check_batch(ids, listing.MOST_TARGETS)
        return {"instancesSummary": [listing.instance(store, request["deploymentId"], each) for each in ids]}

    # --- tags

    def tag_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Give a resource tags."""
        store, arn = self._stores.of(call), request["ResourceArn"]
        tags.check(store, arn)
        tags.add(store, arn, request["Tags"])
        return {}

    def untag_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Take tags from a resource."""
        store, arn = self._stores.of(call), request["ResourceArn"]
        tags.check(store, arn)
        tags.remove(store, arn, request["TagKeys"])
        return {}

    def list_tags_for_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the tags of a resource."""
        store, arn = self._stores.of(call), request["ResourceArn"]
        tags.check(store, arn)
        return {"Tags": tags.listed(store, arn)}

    # --- helpers

    def _groups_named(self, request: ApiCall) -> dict[str, Any]:
        """Return the groups of the deployments that a request names: permissions are for groups."""
        # rule: permissions-are-for-groups
        members, store = request.members, self._stores.at(request.principal.account, request.region)
        known = [
            store.deployments.get(each) for each in (members.get("deploymentId"), *members.get("deploymentIds", ()))
        ]
        return {"deploymentGroups": [f"{each.application_name}/{each.deployment_group_name}" for each in known if each]}

    def _groups(self, store: Store, application: str) -> list[Group]:
        applications.find(store, application)
        return store.groups_of(application)

    def _check_role(self, store: Store, group: Group) -> None:
        role.check(self._roles, store, group.service_role_arn, groups.arn(store, group))

    def _start(self, store: Store, deployment: Deployment, timeline: Timeline) -> None:
        run = DeploymentRun(self._cloud, store, deployment, timeline, self._roles, self._start)
        self._runs.start(_run_name(store, deployment), run)


def _check_running(deployment: Deployment) -> None:
    # rule: stopped-already
    if deployment.status in ENDED:
        raise refused("DeploymentAlreadyCompleted", f"The deployment {deployment.deployment_id} has ended.")


def _run_name(store: Store, deployment: Deployment) -> str:
    return f"{store.account}/{store.region}/{deployment.deployment_id}"


def _page(member: str, names: list[str], request: dict[str, Any]) -> dict[str, Any]:
    # rule: invalid-next-token
    try:
        shown, token = page(names, request.get("nextToken"))
    except ValueError:
        raise refused("InvalidNextToken", "The next token is not valid.") from None
    return {member: shown, "nextToken": token}
