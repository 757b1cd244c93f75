"""The tags of repositories.

https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-tag-repository.html
"""

from collections.abc import Iterable, Mapping

from .errors import refused
from .model import Store

MOST = 50


def repository_of(store: Store, arn: str) -> str:
    """Return the name of the repository that an ARN means.

    Raises
    ------
    ServiceError
        ``InvalidResourceArnException`` or ``RepositoryDoesNotExistException``.
    """
    # rule: tags-of-missing-repository
    prefix, _, name = arn.rpartition(":")
    if f"{prefix}:" != store.arn(""):
        raise refused("InvalidResourceArn", f"{arn} is not the ARN of a repository in this account and Region.")
    if name not in store.repositories:
        raise refused("RepositoryDoesNotExist", f"{name} does not exist")
    return name


def merged(tags: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Return tags with more of them; one that is there already gets the new value.

    Raises
    ------
    ServiceError
        ``InvalidSystemTagUsageException`` or ``TooManyTagsException``.
    """
    # rule: tag-limits
    _check(more)
    found = {**tags, **more}
    if len(found) > MOST:
        raise refused("TooManyTags", f"A repository has at most {MOST} tags.")
    return found


def without(tags: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """Return tags without some of them."""
    left_out = set(keys)
    _check(left_out)
    return {key: value for key, value in tags.items() if key not in left_out}


def _check(keys: Iterable[str]) -> None:
    for key in keys:
        if key.lower().startswith("aws:"):
            raise refused("InvalidSystemTagUsage", f"{key} begins with aws:, which only AWS's own tags do.")
