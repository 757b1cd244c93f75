"""CodePipeline's operations."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ..errors import ServiceError
from ..identity.enforcement import Caller
from ..protocol import service_model
from ..shapes import check, decode
from ..stores import Stores
from . import listing, pipelines, role, starts, tags
from .actions.table import known as known_types
from .engine import Engine
from .errors import refused
from .model import ACTIVE, INBOUND, STOPPING, Declaration, Pipeline, Store, TransitionState, Trigger, UsedToken
from .polling import Polling

if TYPE_CHECKING:
    from ..core import Call, Cloud

CREATED, STARTED, EVENT = "CreatePipeline", "StartPipelineExecution", "CloudWatchEvent"


class CodePipelineApi:
    """The operations of CodePipeline in one cloud.

    Parameters
    ----------
    cloud
        The cloud in which pipelines run.
    """

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._stores = Stores(Store)
        self._engine = Engine(cloud)
        self._machine = self._engine.machine
        self._polling = Polling(cloud, self._stores, self._engine.roles, self.start)
        cloud.clock.when_advanced(self._expire_all)

    def reset(self) -> None:
        """Stop every action and forget everything."""
        for store in self._stores.all():
            for pipeline in list(store.pipelines.values()):
                self._machine.delete(store, pipeline)
        self._polling.reset()
        self._engine.reset()
        self._stores.clear()

    # --- pipelines

    def create_pipeline(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Create a pipeline and start it."""
        # rule: pipeline-exists, create-starts-the-pipeline, first-version
        store, given = self._stores.of(call), request["pipeline"]
        definition = pipelines.declared(given, store.region)
        self._check(store, definition)
        arn, now = store.arn(definition.name), self._cloud.clock.now()
        with store.lock:
            if definition.name in store.pipelines:
                raise refused(
                    "PipelineNameInUse",
                    f"A pipeline with the name '{definition.name}' already exists in account '{store.account}'",
                )
            tags.add(store, arn, request.get("tags", ()))
            pipeline = store.pipelines[definition.name] = Pipeline(arn, [definition], now, now)
            if all(each.default_value is not None for each in definition.variables or ()):
                values = starts.values(definition, ())
                self._machine.arrive(store, pipeline, _trigger(CREATED, call.caller.principal.arn), values)
        return {"pipeline": definition.wire(), "tags": tags.listed(store, arn)}

    def update_pipeline(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Replace a pipeline's definition by a new version; that starts nothing."""
        # rule: update-makes-a-version
        store, given = self._stores.of(call), request["pipeline"]
        listing.pipeline(store, given["name"])
        definition = pipelines.declared(given, store.region)
        self._check(store, definition)
        with store.lock:
            pipeline = listing.pipeline(store, given["name"])
            definition = definition.model_copy(update={"version": pipeline.declaration.version + 1})
            self._machine.update(store, pipeline, definition)
        return {"pipeline": definition.wire()}

    def get_pipeline(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a pipeline's definition, the current version unless asked otherwise."""
        return listing.definition(listing.pipeline(self._stores.of(call), request["name"]), request.get("version"))

    def delete_pipeline(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Delete a pipeline and stop what runs for it; one that is not there is no error."""
        # rule: delete-missing-pipeline
        store = self._stores.of(call)
        pipeline = store.pipelines.get(request["name"])
        if pipeline:
            self._machine.delete(store, pipeline)
            with store.lock:
                store.tags.pop(pipeline.arn, None)
                store.tokens = {key: used for key, used in store.tokens.items() if key[0] != pipeline.name}
            self._engine.halt(store, pipeline)
        return {}

    def list_pipelines(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return all pipelines, by name."""
        store = self._stores.of(call)
        with store.lock:
            names, token = listing.paged(sorted(store.pipelines), request, 1000)
            return {"pipelines": [listing.summary(store.pipelines[name]) for name in names], "nextToken": token}

    def list_action_types(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return AWS's action types; customers' own are not simulated."""
        # rule: list-action-types
        owner = request.get("actionOwnerFilter")
        types = {":".join(key): kind for key, kind in known_types().items() if owner in (None, key[1])}
        names, token = listing.paged(types, request, 100)
        return {"actionTypes": [listing.action_type(types[name]) for name in names], "nextToken": token}

    # --- executions

    def start_pipeline_execution(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Start an execution of a pipeline."""
        store, trigger = self._stores.of(call), _trigger(STARTED, call.caller.principal.arn)
        starts.check_type(listing.pipeline(store, request["name"]).declaration, request.get("sourceRevisions", ()))
        return {"pipelineExecutionId": self._start(store, request, trigger)}

    def start(
        self,
        account: str,
        region: str,
        name: str,
        trigger_type: str,
        trigger_detail: str = "",
        source_revisions: Iterable[Mapping[str, str]] = (),
    ) -> str:
        """Start an execution because of something that happened, and return its id.

        Parameters
        ----------
        account, region, name
            The pipeline.
        trigger_type, trigger_detail
            What happened, for example ``PollForSourceChanges``.
        source_revisions
            What source actions have to bring, as StartPipelineExecution takes it.

        Raises
        ------
        ServiceError
            There is no such pipeline, or it can't start.
        """
        request = {"name": name, "sourceRevisions": list(source_revisions)}
        return self._start(self._stores.at(account, region), request, _trigger(trigger_type, trigger_detail))

    def pipelines(self) -> list[tuple[Store, Pipeline]]:
        """Return every pipeline of the cloud with its store."""
        found = []
        for store in self._stores.all():
            with store.lock:
                found += [(store, pipeline) for pipeline in store.pipelines.values()]
        return found

    target_operation = STARTED

    def target_request(self, resource: str, given: Any) -> dict[str, Any]:
        """Return the StartPipelineExecution request of an EventBridge rule.

        Raises
        ------
        ServiceError
            The input has a member that StartPipelineExecution can't take.
        """
        # rule: eventbridge-input
        shape = service_model("codepipeline").operation_model(STARTED).input_shape
        request: dict[str, Any] = decode(shape, {**(given if isinstance(given, dict) else {}), "name": resource})
        check(shape, request)
        return request

    def receive(self, caller: Caller, region: str, request: dict[str, Any], rule_arn: str) -> None:
        """Start the execution that an EventBridge rule asks for."""
        # rule: eventbridge-target
        store = self._stores.at(caller.principal.account, region)
        starts.check_type(listing.pipeline(store, request["name"]).declaration, request.get("sourceRevisions", ()))
        self._start(store, request, _trigger(EVENT, rule_arn))

    def stop_pipeline_execution(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Stop an execution, after its running actions or without waiting for them."""
        # rule: not-stoppable, duplicated-stop
        store, abandon = self._stores.of(call), bool(request.get("abandon"))
        with store.lock:
            pipeline = self._pipeline(store, request["pipelineName"])
            execution = listing.execution(pipeline, request["pipelineExecutionId"])
            if execution.status not in ACTIVE:
                raise refused(
                    "PipelineExecutionNotStoppable",
                    f"The pipeline execution {execution.id} is {execution.status} and can't be stopped.",
                )
            if execution.status == STOPPING and not abandon:
                raise refused(
                    "DuplicatedStopRequest",
                    f"The pipeline execution {execution.id} is already stopping. "
                    "To stop it without waiting for its actions, choose to abandon them.",
                )
            self._machine.stop(store, pipeline, execution.id, abandon, request.get("reason"))
        return {"pipelineExecutionId": execution.id}

    def put_approval_result(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Approve or reject what waits for it."""
        # rule: stage-not-found, action-not-found, wrong-token, approval-completed
        store, result = self._stores.of(call), request["result"]
        with store.lock:
            pipeline = self._pipeline(store, request["pipelineName"])
            stage = self._stage(pipeline, request["stageName"])
            if not stage.action(request["actionName"]):
                raise refused(
                    "ActionNotFound", f"The stage {stage.name} of {pipeline.name} has no action {request['actionName']}"
                )
            run = pipeline.runs.get(pipeline.latest.get((stage.name, request["actionName"]), ""))
            if not run or run.token != request["token"]:
                raise refused("InvalidApprovalToken", "The approval token is not valid for this approval.")
            if run.status != "InProgress":
                raise refused("ApprovalAlreadyCompleted", "The approval action has already been approved or rejected.")
            approved = result["status"] == "Approved"
            at = self._machine.answer(
                store, pipeline, run.id, approved, result.get("summary", ""), call.caller.principal.arn
            )
        return {"approvedAt": at}

    def get_pipeline_state(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return what happens at every stage of a pipeline."""
        store = self._stores.of(call)
        return listing.state(store, self._pipeline(store, request["name"]))

    def get_pipeline_execution(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return an execution."""
        pipeline = self._pipeline(self._stores.of(call), request["pipelineName"])
        return {"pipelineExecution": listing.execution(pipeline, request["pipelineExecutionId"]).wire()}

    def list_pipeline_executions(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return a pipeline's executions, the latest first."""
        # rule: list-executions
        store = self._stores.of(call)
        pipeline = self._pipeline(store, request["pipelineName"])
        stage = request.get("filter", {}).get("succeededInStage", {}).get("stageName")
        with store.lock:
            wanted = [e.id for e in pipeline.executions.values() if stage is None or stage in e.succeeded_stages]
            ids, token = listing.paged(reversed(wanted), request, 100)
            shown = [listing.execution_summary(pipeline, pipeline.executions[each]) for each in ids]
        return {"pipelineExecutionSummaries": shown, "nextToken": token}

    def list_action_executions(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the runs of a pipeline's actions, the latest first."""
        # rule: list-action-executions
        store, given = self._stores.of(call), request.get("filter", {})
        pipeline = self._pipeline(store, request["pipelineName"])
        latest = given.get("latestInPipelineExecution", {}).get("pipelineExecutionId")
        wanted = given.get("pipelineExecutionId") or latest
        if wanted:
            listing.execution(pipeline, wanted)
        with store.lock:
            runs = [each.id for each in pipeline.runs.values() if wanted in (None, each.pipeline_execution_id)]
            ids, token = listing.paged(reversed(runs), request, 100)
            shown = [listing.action_execution(pipeline.runs[each], store.region) for each in ids]
        return {"actionExecutionDetails": shown, "nextToken": token}

    # --- transitions

    def disable_stage_transition(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Let no execution into a stage, or out of it."""
        now, by = self._cloud.clock.now(), call.caller.principal.arn
        reason = request["reason"]
        changed = TransitionState(enabled=False, last_changed_by=by, last_changed_at=now, disabled_reason=reason)
        self._set_transition(call, request, changed)
        return {}

    def enable_stage_transition(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Let executions into a stage again, or out of it."""
        now, by = self._cloud.clock.now(), call.caller.principal.arn
        self._set_transition(call, request, TransitionState(last_changed_by=by, last_changed_at=now))
        return {}

    # --- tags

    def tag_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Give a pipeline tags."""
        store = self._stores.of(call)
        tags.check(store, request["resourceArn"])
        tags.add(store, request["resourceArn"], request["tags"])
        return {}

    def untag_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Take tags from a pipeline."""
        store = self._stores.of(call)
        tags.check(store, request["resourceArn"])
        tags.remove(store, request["resourceArn"], request["tagKeys"])
        return {}

    def list_tags_for_resource(self, call: "Call", request: dict[str, Any]) -> dict[str, Any]:
        """Return the tags of a pipeline."""
        store = self._stores.of(call)
        tags.check(store, request["resourceArn"])
        given = {each["key"]: each for each in tags.listed(store, request["resourceArn"])}
        keys, token = listing.paged(given, request, 100)
        return {"tags": [given[key] for key in keys], "nextToken": token}

    # --- helpers

    def _check(self, store: Store, definition: Declaration) -> None:
        """Refuse a role that can't be assumed, and a bucket in another Region; one that is missing fails the action."""
        # rule: artifact-store-in-the-same-region
        role.check(self._engine.roles, store, definition)
        self._polling.check(definition)
        bucket = definition.store.location
        with suppress(ClientError, BotoCoreError):
            s3 = self._cloud.client("s3", store.region, account=store.account)
            region = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
            if region != store.region:
                raise refused(
                    "InvalidStructure",
                    f"The artifact store {bucket} is in the Region {region}; it must be in the Region of the pipeline, "
                    f"{store.region}",
                )

    def _start(self, store: Store, request: dict[str, Any], trigger: Trigger) -> str:
        with store.lock:
            pipeline = self._pipeline(store, request["name"])
            definition, key = pipeline.declaration, (request["name"], request.get("clientRequestToken", ""))
            # rule: client-request-token
            used = store.tokens.get(key) if key[1] else None
            if used and used.execution_id in pipeline.executions:
                if used.request != request:
                    raise ServiceError("ValidationException", "The clientRequestToken was used for another request.")
                return used.execution_id
            values = starts.values(definition, request.get("variables", ()))
            revisions = starts.revisions(definition, request.get("sourceRevisions", ()))
            execution = self._machine.arrive(store, pipeline, trigger, values, revisions)
            if key[1]:
                store.tokens[key] = UsedToken(request, execution.id)
            return execution.id

    def _pipeline(self, store: Store, name: str) -> Pipeline:
        """Return a pipeline, after approvals that are too late by now have failed."""
        pipeline = listing.pipeline(store, name)
        self._machine.expire(store, pipeline)
        return pipeline

    def _stage(self, pipeline: Pipeline, name: str) -> Any:
        stage = pipeline.declaration.stage(name)
        if not stage:
            raise refused("StageNotFound", f"The pipeline {pipeline.name} has no stage {name}")
        return stage

    def _set_transition(self, call: "Call", request: dict[str, Any], state: TransitionState) -> None:
        # rule: transitions-of-a-stage
        store = self._stores.of(call)
        with store.lock:
            pipeline = self._pipeline(store, request["pipelineName"])
            stage = self._stage(pipeline, request["stageName"])
            member = "inbound" if request["transitionType"] == INBOUND else "outbound"
            pipeline.update_stage(stage.name, **{member: state})
            self._machine.enable(store, pipeline)

    def _expire_all(self) -> None:
        for store, pipeline in self.pipelines():
            self._machine.expire(store, pipeline)


def _trigger(kind: str, detail: str) -> Trigger:
    return Trigger(trigger_type=kind, trigger_detail=detail[:1024])
