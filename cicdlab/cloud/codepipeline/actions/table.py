"""Which action types AWS has, and which of them run here.

https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-valid-providers.html
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml
from pydantic import BaseModel, ConfigDict

OWNER, VERSION = "AWS", "1"
Key = tuple[str, str, str, str]
_TABLE = Path(__file__).parents[1] / "providers.yml"


class ActionType(BaseModel):
    """One action type.

    Parameters
    ----------
    category, provider
        Its id, besides owner and version, which are the same for all.
    inputs, outputs
        The least and the most artifacts.
    required, optional
        Keys of the configuration; only of types that run here.
    v2
        Whether only pipelines of type V2 have it.
    here
        Whether it runs here.
    source, checked
        The page that says so, and when it was read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str
    provider: str
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    here: bool
    source: str
    checked: date
    v2: bool = False
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()

    @property
    def key(self) -> Key:
        """Category, owner, provider and version."""
        return self.category, OWNER, self.provider, VERSION


@cache
def known() -> Mapping[Key, ActionType]:
    """Return AWS's action types."""
    types = [ActionType.model_validate(each) for each in yaml.safe_load(_TABLE.read_text())]
    return MappingProxyType({each.key: each for each in types})
