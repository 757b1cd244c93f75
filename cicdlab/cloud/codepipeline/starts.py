"""What a start of a pipeline may say: values of its variables, and revisions of its sources.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_StartPipelineExecution.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import ServiceError
from . import unsupported
from .model import Declaration, ResolvedVariable, SourceRevision


def values(definition: Declaration, given: Iterable[Mapping[str, str]]) -> tuple[ResolvedVariable, ...] | None:
    """Return the values of a pipeline's variables: those of the start, or else the defaults.

    Raises
    ------
    ServiceError
        ``ValidationException``: a value for a variable that is not declared, or none for one without default.
    """
    # rule: variables-of-a-start, undeclared-variable, variable-without-value
    wanted = {each["name"]: each["value"] for each in given}
    declared = {each.name: each.default_value for each in definition.variables or ()}
    for name in wanted:
        if name not in declared:
            raise _invalid(f"The variable {name} is not declared by the pipeline {definition.name}")
    merged = {**declared, **wanted}
    for name, value in merged.items():
        if value is None:
            raise _invalid(f"The variable {name} of the pipeline {definition.name} has no default value; give it one")
    return tuple(ResolvedVariable(name=name, resolved_value=str(value)) for name, value in merged.items()) or None


def check_type(definition: Declaration, given: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to override the sources of a pipeline whose type has no overrides.

    Raises
    ------
    ServiceError
        ``ValidationException``.
    """
    # rule: source-revisions-need-v2
    if given and definition.pipeline_type != "V2":
        raise _invalid("Source revision overrides need a pipeline of type V2")


def revisions(definition: Declaration, given: Iterable[Mapping[str, Any]]) -> tuple[SourceRevision, ...]:
    """Return the revisions that source actions have to bring.

    Raises
    ------
    ServiceError
        An action is no source of the pipeline, or the kind of override is not simulated.
    """
    # rule: source-revision-names-an-action
    wanted = tuple(SourceRevision.model_validate(dict(each)) for each in given)
    for each in wanted:
        action = definition.stages[0].action(each.action_name)
        if not action:
            raise _invalid(f"The pipeline {definition.name} has no source action {each.action_name}")
        unsupported.check_revision(each.revision_type)
    return wanted


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
