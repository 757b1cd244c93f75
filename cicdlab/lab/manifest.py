"""The manifest of all labs, `labs/labs.yml`: what there is, what it needs, and what it leaves in the cloud."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import LabError
from .places import LABS

_REMEDY = "correct it, or get it back with `git restore labs/labs.yml`."


class State(StrEnum):
    """Whether a lab can be done yet."""

    HERE = "here"
    PLANNED = "planned"


class Target(StrEnum):
    """What a lab can run against."""

    EMBEDDED = "embedded"
    LOCALSTACK = "localstack"


class Kind(StrEnum):
    """What a lab can make, and clean-up therefore removes."""

    APPLICATION = "application"
    BUCKET = "bucket"
    INSTANCE_PROFILE = "instance-profile"
    INSTANCES = "instances"
    KEY = "key"
    LOG_GROUP = "log-group"
    PIPELINE = "pipeline"
    PROJECT = "project"
    REPOSITORY = "repository"
    ROLE = "role"
    RULE = "rule"


def _no_duplicates(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise ValueError("lists something twice")
    return values


Names = Annotated[list[str], Field(min_length=1), AfterValidator(_no_duplicates)]


class Resource(BaseModel):
    """A resource that a lab makes.

    Parameters
    ----------
    kind, name
        What it is, and its name in AWS; a key goes by an alias, instances by a pattern for their tag Name.
    account
        The account it is in; the learner's own unless one is named.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Kind
    name: str = Field(min_length=1)
    account: str | None = Field(default=None, pattern=r"^\d{12}$")

    @model_validator(mode="after")
    def _key_has_alias(self) -> "Resource":
        if self.kind == Kind.KEY and not self.name.startswith("alias/"):
            raise ValueError(f"the key {self.name} is to be named by an alias, alias/…")
        return self


class Entry(BaseModel):
    """One lab of the manifest.

    Parameters
    ----------
    id
        ``<service>/<nn-name>``: its folder below ``labs/``.
    title
        What the learner does in it.
    section
        The section of the course's outline that it belongs to.
    needs
        The AWS services it calls, as boto3 names them.
    state
        Whether it is there or planned.
    minutes
        How long a learner takes.
    targets
        What it can run against.
    makes
        What it makes in the cloud; clean-up removes just this.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=r"^[a-z]+/\d\d-[a-z0-9-]+$")
    title: str = Field(min_length=1)
    section: str = Field(min_length=1)
    needs: Names
    state: State
    minutes: int = Field(ge=5, le=180)
    targets: Names = [Target.EMBEDDED.value]
    makes: list[Resource] = []

    @model_validator(mode="after")
    def _complete(self) -> "Entry":
        unknown = set(self.targets) - {target.value for target in Target}
        if unknown:
            raise ValueError(f"{self.id} names unknown targets: {', '.join(sorted(unknown))}")
        if self.state == State.HERE and not self.makes:
            raise ValueError(f"{self.id} is here and does not say what it makes")
        return self

    @property
    def folder(self) -> Path:
        """Its folder in the repository."""
        return LABS / self.id

    @property
    def notebook(self) -> Path:
        """Its finished notebook."""
        return self.folder / "lab.ipynb"


class Manifest(BaseModel):
    """All labs, in the order in which a learner does them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    labs: list[Entry] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> "Manifest":
        _no_duplicates([lab.id for lab in self.labs])
        return self

    def here(self) -> list[Entry]:
        """Return the labs that can be done."""
        return [lab for lab in self.labs if lab.state == State.HERE]

    def find(self, lab_id: str) -> Entry:
        """Return a lab that can be done.

        Raises
        ------
        LabError
            When there is none of that name, or it is only planned.
        """
        for lab in self.labs:
            if lab.id == lab_id.strip("/"):
                if lab.state == State.PLANNED:
                    raise LabError(f"The lab {lab.id} is only planned; `cicdlab lab list` shows which are there.")
                return lab
        raise LabError(f"There is no lab {lab_id!r}; `cicdlab lab list` shows which there are.")


def load(path: Path = LABS / "labs.yml") -> Manifest:
    """Read and check the manifest.

    Raises
    ------
    LabError
        When it is not what it should be, with the first place that is wrong.
    """
    try:
        return Manifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise LabError(f"{path.name} is wrong at {place} ({first['msg']}): {_REMEDY}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{path.name} cannot be read ({' '.join(str(error).split())}): {_REMEDY}") from error
