"""What CodePipeline has and this cloud does not simulate yet: refused by name, so that nothing turns green untried."""

from collections.abc import Mapping
from typing import Any

from .actions.table import ActionType
from .errors import not_simulated

_STAGE = ("beforeEntry", "onSuccess", "onFailure", "blockers")
_ACTION = ("commands", "outputVariables", "environmentVariables")
_REVISIONS = frozenset({"COMMIT_ID", "S3_OBJECT_VERSION_ID"})


def check_pipeline(definition: Mapping[str, Any], region: str) -> None:
    """Refuse what a definition asks for and does not get.

    Raises
    ------
    ServiceError
        With status 501 and what is asked for.
    """
    # rule: execution-mode
    mode = definition.get("executionMode", "SUPERSEDED")
    if mode != "SUPERSEDED":
        raise not_simulated(f"the execution mode {mode}")
    if definition.get("triggers"):
        raise not_simulated("triggers")
    if set(definition.get("artifactStores", ())) - {region}:
        raise not_simulated("an artifact store in another Region")
    for stage in definition["stages"]:
        for name in _STAGE:
            if stage.get(name):
                raise not_simulated(f"{name} of the stage {stage['name']}")
        for action in stage["actions"]:
            _check_action(action, region)


def check_type(kind: ActionType, action: str) -> None:
    """Refuse an action type that AWS has and that does not run here.

    Raises
    ------
    ServiceError
        With status 501 and the provider's name.
    """
    if not kind.here:
        what = f"the provider {kind.provider} (category {kind.category}) of the action {action}"
        raise not_simulated(what)


def check_revision(kind: str) -> None:
    """Refuse to override a source in a way that no source here knows.

    Raises
    ------
    ServiceError
        With status 501 and the override's name.
    """
    if kind not in _REVISIONS:
        raise not_simulated(f"a source revision of type {kind}")


def _check_action(action: Mapping[str, Any], region: str) -> None:
    for name in _ACTION:
        if action.get(name):
            raise not_simulated(f"{name} of the action {action['name']}")
    if action.get("region", region) != region:
        raise not_simulated(f"an action in another Region, {action['region']},")
    if any(each.get("files") for each in action.get("outputArtifacts", ())):
        raise not_simulated(f"files of the output artifacts of the action {action['name']}")
