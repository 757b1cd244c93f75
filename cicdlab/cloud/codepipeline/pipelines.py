"""Makes pipelines from requests, and checks that their parts fit together.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from . import unsupported, variables
from .actions.table import ActionType, known
from .errors import refused
from .model import SOURCE, ActionDeclaration, Declaration, StageDeclaration

MOST_STAGES, MOST_ACTIONS = 50, 50
_V2 = ("variables", "triggers")
_RESERVED = frozenset({variables.OWN, variables.PIPELINE})


def declared(given: dict[str, Any], region: str, version: int = 1) -> Declaration:
    """Return the definition that a request gives.

    Parameters
    ----------
    given
        The request's ``pipeline``, which fits AWS's model.
    region
        The pipeline's Region.
    version
        The version that it becomes.

    Raises
    ------
    ServiceError
        Its parts don't fit together, or are not simulated.
    """
    _check_stores(given)
    definition = Declaration.model_validate({**given, "version": version, "pipelineType": _type(given)})
    _check_stages(definition)
    for stage, action in definition.actions():
        _check_action(stage, action, region)
    unsupported.check_pipeline(given, region)
    _check_artifacts(definition)
    _check_variables(definition)
    _check_namespaces(definition)
    return definition


def _check_stores(given: dict[str, Any]) -> None:
    # rule: one-kind-of-artifact-store
    if ("artifactStore" in given) == bool(given.get("artifactStores")):
        raise refused(
            "InvalidStructure", "A pipeline must have either an artifactStore or artifactStores, and not both."
        )


def _check_stages(definition: Declaration) -> None:
    # rule: at-least-two-stages, at-most-fifty-stages
    count = len(definition.stages)
    if count < 2:
        raise refused(
            "InvalidStructure",
            f"Pipeline has only {count} stage(s). There should be a minimum of 2 stages in a pipeline",
        )
    if count > MOST_STAGES:
        raise refused(
            "InvalidStructure", f"Pipeline has {count} stages. There should be a maximum of {MOST_STAGES} stages"
        )
    # rule: stage-names-are-unique
    for name in _twice(stage.name for stage in definition.stages):
        raise refused(
            "InvalidStructure", f"Stage name must be unique within the pipeline. {name} is used more than once."
        )
    first, *others = definition.stages
    for stage in definition.stages:
        _check_actions_of(stage)
    # rule: first-stage-has-sources-only
    if any(action.action_type_id.category != SOURCE for action in first.actions):
        raise refused("InvalidStructure", "Pipeline should start with a stage that only contains source actions")
    # rule: sources-in-the-first-stage-only
    for stage in others:
        for action in stage.actions:
            if action.action_type_id.category == SOURCE:
                raise refused(
                    "InvalidStructure",
                    f"Source action {action.name} is in the stage {stage.name}. "
                    "Source actions may only occur in the first stage",
                )


def _check_actions_of(stage: StageDeclaration) -> None:
    # rule: actions-of-a-stage, action-names-are-unique
    if not 1 <= len(stage.actions) <= MOST_ACTIONS:
        raise refused(
            "InvalidStageDeclaration",
            f"Stage {stage.name} has {len(stage.actions)} actions. A stage has 1 to {MOST_ACTIONS} actions",
        )
    for name in _twice(action.name for action in stage.actions):
        raise refused(
            "InvalidStageDeclaration",
            f"Action name must be unique within the stage. {name} is used more than once in the stage {stage.name}.",
        )


def _check_action(stage: StageDeclaration, action: ActionDeclaration, region: str) -> None:
    kind = known().get(action.action_type_id.key)
    if not kind:
        # rule: unknown-action-type
        category, owner, provider, version = action.action_type_id.key
        raise refused(
            "InvalidActionDeclaration",
            f"ActionType (Category: '{category}', Provider: '{provider}', Owner: '{owner}', Version: '{version}') "
            f"in action '{action.name}' is not available in region '{region.upper().replace('-', '_')}'",
        )
    _check_count(action.name, "input", len(action.input_artifacts), kind.inputs)
    _check_count(action.name, "output", len(action.output_artifacts), kind.outputs)
    if action.timeout_in_minutes is not None and kind.category != "Approval":
        # rule: timeout-of-approvals-only
        raise refused(
            "InvalidActionDeclaration",
            f"Action {action.name} in stage {stage.name} declares timeoutInMinutes, which only manual approvals have",
        )
    unsupported.check_type(kind, action.name)
    _check_configuration(action, kind)


def _check_count(action: str, direction: str, count: int, limits: tuple[int, int]) -> None:
    # rule: artifact-counts
    least, most = limits
    if count < least:
        raise refused(
            "InvalidActionDeclaration",
            f"Action {action} declares {count} {direction} artifacts which is less than the minimum count ({least})",
        )
    if count > most:
        raise refused(
            "InvalidActionDeclaration",
            f"Action {action} declares {count} {direction} artifacts which is more than the maximum count ({most})",
        )


def _check_configuration(action: ActionDeclaration, kind: ActionType) -> None:
    # rule: required-configuration, unknown-configuration
    for name in sorted(kind.required - action.configuration.keys()):
        raise refused(
            "InvalidActionDeclaration",
            f"Action configuration for action '{action.name}' is missing required configuration '{name}'",
        )
    for name in sorted(action.configuration.keys() - kind.required - kind.optional):
        raise refused(
            "InvalidActionDeclaration",
            f"Action configuration for action '{action.name}' contains unknown configuration '{name}'",
        )


def _type(given: dict[str, Any]) -> str:
    """Return a pipeline's type: what only V2 has makes a pipeline one of V2."""
    # rule: v2-parameters-make-v2
    v2 = any(given.get(name) for name in _V2) or given.get("executionMode", "SUPERSEDED") != "SUPERSEDED"
    return "V2" if v2 else given.get("pipelineType", "V1")


def _check_artifacts(definition: Declaration) -> None:
    """Check that every artifact is made once, and before it is used."""
    # rule: output-names-are-unique, inputs-are-outputs-of-earlier-actions
    made: set[str] = set()
    for stage in definition.stages:
        for order in sorted({action.run_order for action in stage.actions}):
            group = [action for action in stage.actions if action.run_order == order]
            for action in group:
                for artifact in action.input_artifacts:
                    if artifact.name not in made:
                        raise refused(
                            "InvalidActionDeclaration",
                            f"Input Artifact Bundle {artifact.name} in action {action.name} is not declared as "
                            "Output Artifact Bundle in any of the preceding actions",
                        )
            for name in [artifact.name for action in group for artifact in action.output_artifacts]:
                if name in made:
                    raise refused(
                        "InvalidActionDeclaration",
                        "Output Artifact Bundle name must be unique within the pipeline. "
                        f"{name} has been used more than once.",
                    )
                made.add(name)


def _check_variables(definition: Declaration) -> None:
    # rule: variable-names-are-unique
    for name in _twice(each.name for each in definition.variables or ()):
        raise refused("InvalidStructure", f"Variable names must be unique within the pipeline. {name} occurs twice.")


def _check_namespaces(definition: Declaration) -> None:
    """Check that namespaces are unique, and that references are well formed and name one that exists."""
    # rule: namespaces-are-unique, reserved-namespaces
    given = [(stage, action) for stage, action in definition.actions() if action.namespace]
    seen: set[str] = set()
    for stage, action in given:
        place = f"StageName=[{stage.name}], ActionName=[{action.name}], Namespace=[{action.namespace}]"
        if action.namespace in _RESERVED:
            raise refused("InvalidActionDeclaration", f"The following namespace is reserved. {place}")
        if action.namespace in seen:
            raise refused(
                "InvalidActionDeclaration",
                f"Namespaces must be unique across the pipeline definition. The following occur more than once in the "
                f"pipeline. {place}",
            )
        seen.add(str(action.namespace))
    # rule: references-name-a-namespace
    for stage, action in definition.actions():
        for key, text in action.configuration.items():
            for reference, namespace, name in variables.references(text):
                if _is_known(definition, seen, namespace, name):
                    continue
                raise refused(
                    "InvalidActionDeclaration",
                    "Valid format for a pipeline execution variable reference is a namespace and a key separated by a "
                    "period (.). The following pipeline execution variables are referencing a namespace that does not "
                    f"exist. StageName=[{stage.name}], ActionName=[{action.name}], ActionConfigurationKey=[{key}], "
                    f"VariableReferenceText=[{reference[2:-1]}]",
                )


def _is_known(definition: Declaration, namespaces: set[str], namespace: str, name: str) -> bool:
    if namespace == variables.PIPELINE:
        return any(each.name == name for each in definition.variables or ())
    return namespace in namespaces or (namespace == variables.OWN and name == "PipelineExecutionId")


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
