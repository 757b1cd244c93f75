"""CodeBuild's operations."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..identity.enforcement import Caller
from ..identity.roles import ServiceRoles
from ..protocol import service_model
from ..runs import Runs
from ..shapes import check, decode
from ..stores import Stores, page
from . import orders, outputs, projects, record, role, unsupported
from .build import BuildRun
from .model import Build, LogsLocation, Order, PipelineWork, Project, Store, UsedToken
from .projects import invalid

if TYPE_CHECKING:
    from ..core import Call, Cloud

TOKEN_LIFE = timedelta(minutes=5)


class CodeBuildApi:
    """The operations of CodeBuild in one cloud.

    Parameters
    ----------
    cloud
        The cloud in which builds run.
    """

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._roles = ServiceRoles(cloud.access, cloud.client, role.SERVICE)
        self._stores = Stores(Store)
        self._runs: Runs[BuildRun] = Runs(cloud.workers)  # by the build's ARN

    def reset(self) -> None:
        """Stop every build and forget everything."""
        self._runs.reset()
        self._stores.clear()

    # --- projects

    def create_project(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Create a build project."""
        store = self._stores.of(call)
        project = projects.created(store, request, self._cloud.clock.now())
        self._check_role(store, project)
        with store.lock:
            if project.name in store.projects:
                # rule: project-exists
                raise ServiceError("ResourceAlreadyExistsException", f"Project already exists: {project.arn}")
            store.projects[project.name] = project
        return {"project": project.wire()}

    def update_project(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Change the members of a project that are given."""
        store = self._stores.of(call)
        now = self._cloud.clock.now()
        wanted = projects.updated(_project(store, request["name"]), request, now)
        if "serviceRole" in request:
            self._check_role(store, wanted)
        with store.lock:  # again, because another call may have changed the project meanwhile
            project = projects.updated(_project(store, request["name"]), request, now)
            store.projects[project.name] = project
        return {"project": project.wire()}

    def delete_project(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete a project; its builds stay, and a project that is not there is no error."""
        # rule: delete-project-keeps-builds, delete-missing-project
        store = self._stores.of(call)
        with store.lock:
            store.projects.pop(_name(store, request["name"]), None)
        return {}

    def batch_get_projects(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the projects with these names or ARNs."""
        # rule: batch-get-projects-not-found
        store = self._stores.of(call)
        found = {name: store.projects.get(_name(store, name)) for name in request["names"]}
        return {
            "projects": [project.wire() for project in found.values() if project],
            "projectsNotFound": [name for name, project in found.items() if not project],
        }

    def list_projects(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the names of projects, a hundred at a time."""
        # rule: list-projects-sorted
        store = self._stores.of(call)
        with store.lock:
            known = list(store.projects.values())
        keys = {
            "NAME": lambda project: project.name,
            "CREATED_TIME": lambda project: project.created,
            "LAST_MODIFIED_TIME": lambda project: project.last_modified,
        }
        known.sort(key=keys[request.get("sortBy", "NAME")], reverse=request.get("sortOrder") == "DESCENDING")
        return _page("projects", [project.name for project in known], request)

    # --- builds

    def start_build(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Start a build of a project."""
        return self._start_build(self._stores.of(call), request, _initiator(call.caller))

    def start_for_pipeline(
        self, caller: Caller, region: str, request: dict[str, Any], work: PipelineWork
    ) -> dict[str, Any]:
        """Start a build as CodePipeline does, which has asked for the permission before; answers as StartBuild does.

        Parameters
        ----------
        caller
            The role of the pipeline's action; its account has the project.
        region
            Where the project is.
        request
            A StartBuild request with the overrides that the pipeline's action has.
        work
            What the pipeline hands over.
        """
        # rule: pipeline-initiator
        store = self._stores.at(caller.principal.account, region)
        return self._start_build(store, request, work.initiator, work)

    target_operation = "StartBuild"

    def target_request(self, resource: str, given: Any) -> dict[str, Any]:
        """Return the StartBuild request of an EventBridge rule: what a target's input says of it, for its project.

        Raises
        ------
        ServiceError
            The input has a member that StartBuild can't take.
        """
        # rule: eventbridge-input
        shape = service_model("codebuild").operation_model("StartBuild").input_shape
        request: dict[str, Any] = decode(shape, {**(given if isinstance(given, dict) else {}), "projectName": resource})
        check(shape, request)
        return request

    def receive(self, caller: Caller, region: str, request: dict[str, Any], rule_arn: str) -> None:
        """Start the build that an EventBridge rule asks for."""
        # rule: eventbridge-target
        store = self._stores.at(caller.principal.account, region)
        self._start_build(store, request, f"rule/{rule_arn.rpartition('/')[2]}")

    def retry_build(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Start a build again, with the settings that it had."""
        # rule: retry-build
        store = self._stores.of(call)
        if "id" not in request:
            raise invalid("RetryBuild needs the id of a build.")
        earlier = self._earlier(store, request)
        if earlier:
            return {"build": earlier.wire()}
        build = _build(store, request["id"])
        if not build.build_complete:
            raise invalid(f"Build {build.arn} is still in progress.")
        order = store.orders[build.id]
        if order.work:
            raise invalid(f"Build {build.arn} was started by CodePipeline and can't be retried; retry the pipeline.")
        return {"build": self._start(store, order, request, _initiator(call.caller)).wire()}

    def stop_build(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """End a build and its processes; a build that has ended stays as it is."""
        store = self._stores.of(call)
        build = _build(store, request["id"])
        self._runs.stop(build.arn)
        return {"build": store.builds[build.id].wire()}

    def batch_get_builds(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the builds with these ids or ARNs."""
        # rule: batch-get-builds-not-found
        store = self._stores.of(call)
        found = {name: store.find_build(name) for name in request["ids"]}
        return {
            "builds": [build.wire() for build in found.values() if build],
            "buildsNotFound": [name for name, build in found.items() if not build],
        }

    def list_builds(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the ids of all builds, the latest first unless asked otherwise."""
        store = self._stores.of(call)
        with store.lock:
            ids = list(store.builds)
        return _page("ids", _in_order(ids, request), request)

    def list_builds_for_project(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the ids of a project's builds by number, the latest first unless asked otherwise."""
        # rule: list-builds-for-project-order
        store = self._stores.of(call)
        name = _name(store, request["projectName"])
        builds = store.builds_of(name)
        if not builds:
            _project(store, name)
        if "sortOrder" in request and len(builds) > 100:
            # rule: list-builds-sort-limit
            raise invalid("sortOrder can't be used for a project with more than 100 builds.")
        return _page("ids", _in_order([build.id for build in builds], request), request)

    def batch_delete_builds(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete builds that have ended."""
        # rule: batch-delete-builds
        store = self._stores.of(call)
        deleted, kept = [], []
        with store.lock:
            for reference in request["ids"]:
                build = store.find_build(reference)
                if build and build.build_complete:
                    del store.builds[build.id], store.orders[build.id]
                    deleted.append(build.arn)
                else:
                    reason = "BUILD_IN_PROGRESS" if build else "BUILD_NOT_FOUND"
                    kept.append({"id": build.arn if build else reference, "statusCode": reason})
        return {"buildsDeleted": deleted, "buildsNotDeleted": kept}

    # --- helpers

    def _check_role(self, store: Store, project: Project) -> None:
        role.checked(self._roles, store.account, project.service_role, project.arn)

    def _earlier(self, store: Store, request: dict[str, Any]) -> Build | None:
        """Return the build that this idempotency token started, if it still counts."""
        # rule: idempotency-token, idempotency-mismatch
        used = store.tokens.get(request.get("idempotencyToken", ""))
        if not used or used.until <= self._cloud.clock.now():
            return None
        if used.request != request:
            raise invalid("The idempotency token was used with other parameters.")
        return store.builds.get(used.build_id)

    def _start_build(
        self, store: Store, request: dict[str, Any], initiator: str, work: PipelineWork | None = None
    ) -> dict[str, Any]:
        earlier = self._earlier(store, request)
        if earlier:
            return {"build": earlier.wire()}
        project = _project(store, request["projectName"])
        name = unsupported.in_request(request)
        if name:
            raise invalid(f"{name} is not simulated yet.")
        order = orders.for_pipeline(project, request, work) if work else orders.ordered(project, request)
        if order.project.source.type == "CODEPIPELINE" and not work:
            # rule: pipeline-projects-wait-for-their-pipeline
            raise invalid(
                f"The source of project {project.name} is CODEPIPELINE: its pipeline starts it, "
                "or a StartBuild that overrides source and artifacts."
            )
        if "serviceRoleOverride" in request:
            self._check_role(store, order.project)
        return {"build": self._start(store, order, request, initiator).wire()}

    def _start(self, store: Store, order: Order, request: dict[str, Any], initiator: str) -> Build:
        name = unsupported.in_project(order.project, order.overrides)
        if name:
            raise invalid(f"{name} is not simulated yet.")
        with store.lock:
            earlier = self._earlier(store, request)
            if earlier:
                return earlier
            _check_limit(store, order.project)
            build, run = self._submitted(store, order, initiator)
            store.builds[build.id], store.orders[build.id] = build, order
            if request.get("idempotencyToken"):
                until = self._cloud.clock.now() + TOKEN_LIFE
                store.tokens[request["idempotencyToken"]] = UsedToken(request, until, build.id)
            run.announce()
            self._runs.start(build.arn, run)
        return build

    def _submitted(self, store: Store, order: Order, initiator: str) -> tuple[Build, BuildRun]:
        """Return a new build, queued, and the run that will carry it out."""
        # rule: build-id-and-arn, build-number
        project, ids = order.project, self._cloud.ids
        scope = f"{store.account}/{store.region}/{project.name}"
        uuid = ids.uuid("codebuild build", scope)
        timeline = self._cloud.clock.timeline()
        start = timeline.now()
        logs = project.logs_config
        primary, secondary = outputs.planned(order, uuid)
        build = Build(
            id=f"{project.name}:{uuid}",
            arn=store.arn("build", f"{project.name}:{uuid}"),
            build_number=ids.number("codebuild build", scope),
            project_name=project.name,
            start_time=start,
            source=project.source,
            source_version=order.source_version,
            secondary_sources=project.secondary_sources,
            secondary_source_versions=project.secondary_source_versions,
            artifacts=primary,
            secondary_artifacts=secondary,
            environment=orders.effective_environment(order),
            service_role=project.service_role,
            logs=LogsLocation(cloud_watch_logs=logs.cloud_watch_logs, s3_logs=logs.s3_logs),
            timeout_in_minutes=project.timeout_in_minutes,
            queued_timeout_in_minutes=project.queued_timeout_in_minutes,
            initiator=initiator,
            encryption_key=project.encryption_key,
            cache=project.cache,
            current_phase="QUEUED",
            phases=record.queued(start),
        )
        return build, BuildRun(self._cloud, store, build, order, timeline, self._roles)


def _initiator(caller: Caller) -> str:
    """Return who starts a build, as the build shows it: a user's name, or ROLE/SESSION."""
    # rule: initiator
    return "administrator" if caller.principal.is_root else caller.principal.name


def _name(store: Store, reference: str) -> str:
    return reference.removeprefix(store.arn("project", ""))


def _project(store: Store, reference: str) -> Project:
    project = store.projects.get(_name(store, reference))
    if not project:
        # rule: project-not-found
        arn = store.arn("project", _name(store, reference))
        raise ServiceError("ResourceNotFoundException", f"Project cannot be found: {arn}")
    return project


def _build(store: Store, reference: str) -> Build:
    build = store.find_build(reference)
    if not build:
        raise ServiceError("ResourceNotFoundException", f"Build cannot be found: {reference}")
    return build


def _check_limit(store: Store, project: Project) -> None:
    # rule: concurrent-build-limit
    limit = project.concurrent_build_limit
    running = sum(not build.build_complete for build in store.builds_of(project.name))
    if limit is not None and running >= limit:
        raise ServiceError(
            "AccountLimitExceededException", f"Project {project.name} already runs {running} builds, its limit."
        )


def _in_order(ids: list[str], request: dict[str, Any]) -> list[str]:
    return ids if request.get("sortOrder") == "ASCENDING" else ids[::-1]


def _page(member: str, names: list[str], request: dict[str, Any]) -> dict[str, Any]:
    # rule: lists-page-by-hundred
    try:
        shown, token = page(names, request.get("nextToken"))
    except ValueError:
        raise invalid("Invalid nextToken") from None
    return {member: shown, "nextToken": token}
