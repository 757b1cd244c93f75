"""What all actions have in common."""

from typing import TYPE_CHECKING

from .table import OWNER, VERSION, known

if TYPE_CHECKING:
    from ...core import Cloud


class Action:
    """An action type that runs here; what it takes is in the table.

    Parameters
    ----------
    cloud
        The cloud in which it works.
    category, name
        The action type.
    """

    def __init__(self, cloud: "Cloud", category: str, name: str) -> None:
        kind = known()[category, OWNER, name, VERSION]
        self.cloud = cloud
        self.category = category
        self.owner = OWNER
        self.name = name
        self.version = VERSION
        self.inputs = kind.inputs
        self.outputs = kind.outputs
        self.required = kind.required
        self.optional = kind.optional
