"""The action types that run here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from .approval import Manual
from .code_build import CodeBuild
from .code_commit import CodeCommitSource
from .code_deploy import CodeDeploy
from .connection import ConnectionSource
from .provider import Provider
from .s3_deploy import S3Deploy
from .s3_source import S3Source
from .table import Key

if TYPE_CHECKING:
    from ...core import Cloud


def providers(cloud: "Cloud") -> Mapping[Key, Provider]:
    """Return what carries out each action type, by category, owner, provider and version."""
    made: list[Provider] = [
        CodeBuild(cloud, "Build"),
        CodeBuild(cloud, "Test"),
        CodeCommitSource(cloud),
        CodeDeploy(cloud),
        ConnectionSource(cloud),
        Manual(cloud),
        S3Deploy(cloud),
        S3Source(cloud),
    ]
    return MappingProxyType({(each.category, each.owner, each.name, each.version): each for each in made})
