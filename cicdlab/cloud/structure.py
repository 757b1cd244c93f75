"""The base of what our services keep: structures in the shapes of AWS's APIs."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Structure(BaseModel):
    """A structure of an AWS API; members that nothing here reads are kept and given back.

    It is frozen: a change replaces the object in its store, so a reader never sees one half written.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="allow")

    def wire(self) -> dict[str, Any]:
        """Return the structure as the API shows it."""
        return self.model_dump(by_alias=True, exclude_none=True)
