"""The tags of pipelines.

https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-tag.html
"""

from collections.abc import Iterable

from .errors import refused
from .model import Store

MOST = 50


def check(store: Store, arn: str) -> None:
    """Refuse the ARN of something that is no pipeline of this store.

    Raises
    ------
    ServiceError
        ``InvalidArnException`` or ``ResourceNotFoundException``.
    """
    # rule: tags-of-missing-pipeline
    prefix, _, name = arn.rpartition(":")
    if f"{prefix}:" != store.arn(""):
        raise refused("InvalidArn", f"{arn} is not the ARN of a pipeline in this account and Region.")
    if name not in store.pipelines:
        raise refused(
            "ResourceNotFound",
            f"The account with id '{store.account}' does not include a pipeline with the name '{name}'",
        )


def add(store: Store, arn: str, tags: Iterable[dict[str, str]]) -> None:
    """Give a pipeline tags; one that it has already gets the new value.

    Raises
    ------
    ServiceError
        ``InvalidTagsException`` or ``TooManyTagsException``.
    """
    # rule: tag-limits
    given = {tag["key"]: tag["value"] for tag in tags}
    for key in given:
        if key.lower().startswith("aws:"):
            raise refused("InvalidTags", f"Not allowed to modify system tags. System tags start with 'aws:'. {key}")
    with store.lock:
        wanted = {**store.tags.get(arn, {}), **given}
        if len(wanted) > MOST:
            raise refused("TooManyTags", f"Tag limit exceeded for resource [{arn}].")
        store.tags[arn] = wanted


def remove(store: Store, arn: str, keys: Iterable[str]) -> None:
    """Take tags from a pipeline."""
    left_out = set(keys)
    with store.lock:
        store.tags[arn] = {key: value for key, value in store.tags.get(arn, {}).items() if key not in left_out}


def listed(store: Store, arn: str) -> list[dict[str, str]]:
    """Return the tags of a pipeline, by key."""
    return [{"key": key, "value": value} for key, value in sorted(store.tags.get(arn, {}).items())]
