"""Revisions of applications: where they are, and when they were used.

https://docs.aws.amazon.com/codedeploy/latest/userguide/application-revisions.html
"""

from datetime import datetime
from typing import Any

from . import unsupported
from .errors import refused
from .model import Revision, RevisionUse, Store

BUNDLES = ("zip", "tar", "tgz")


def read(request: dict[str, Any]) -> Revision:
    """Return the revision that a request names.

    Raises
    ------
    ServiceError
        There is none, it is not simulated, or its location is not whole.
    """
    # rule: revision-required, s3-location
    given = request.get("revision")
    if not given:
        raise refused("RevisionRequired", "A revision is needed.")
    return located(given)


def located(given: dict[str, Any]) -> Revision:
    """Return a revision as a request gives it.

    Raises
    ------
    ServiceError
        It is not simulated, or its location is not whole.
    """
    unsupported.check_revision(given)
    place = given.get("s3Location", {})
    missing = [name for name in ("bucket", "key", "bundleType") if not place.get(name)]
    if given.get("revisionType") != "S3" or missing:
        raise refused("InvalidRevision", f"A revision in S3 needs {', '.join(missing) or 'the revisionType S3'}.")
    if place["bundleType"] not in BUNDLES:
        raise refused(
            "InvalidRevision", f"A bundle for instances is a {', '.join(BUNDLES)}; not {place['bundleType']}."
        )
    place = {**place, **({"eTag": place["eTag"].strip('"')} if place.get("eTag") else {})}
    return Revision.model_validate({"revisionType": "S3", "s3Location": place})


def register(store: Store, application: str, revision: Revision, now: datetime, description: str | None = None) -> None:
    """Put down a revision; one that is known gets a new description only."""
    # rule: register-revision
    with store.lock:
        known = store.revisions.setdefault(application, {})
        use = known.get(revision, RevisionUse(register_time=now))
        known[revision] = use.model_copy(update={"description": description}) if description is not None else use


def used(store: Store, application: str, revision: Revision, now: datetime) -> None:
    """Put down that a deployment uses a revision."""
    # rule: deployed-revision-is-registered
    with store.lock:
        register(store, application, revision, now)
        use = store.revisions[application][revision]
        changes = {"first_used_time": use.first_used_time or now, "last_used_time": now}
        store.revisions[application][revision] = use.model_copy(update=changes)


def shown(store: Store, application: str, revision: Revision) -> dict[str, Any] | None:
    """Return what is known of a revision; None when it was never registered."""
    with store.lock:
        use = store.revisions.get(application, {}).get(revision)
        return {**use.wire(), "deploymentGroups": _groups(store, application, revision)} if use else None


def listed(store: Store, application: str, request: dict[str, Any]) -> list[Revision]:
    """Return the revisions of an application that a ListApplicationRevisions request asks for, in its order.

    Raises
    ------
    ServiceError
        ``BucketNameFilterRequiredException``: a prefix without a bucket.
    """
    # rule: list-revisions
    bucket, prefix = request.get("s3Bucket"), request.get("s3KeyPrefix", "")
    if prefix and not bucket:
        raise refused("BucketNameFilterRequired", "A key prefix needs a bucket's name.")
    with store.lock:
        known = dict(store.revisions.get(application, {}))
    chosen = [
        revision
        for revision in known
        if (not bucket or revision.s3_location.bucket == bucket) and revision.s3_location.key.startswith(prefix)
    ]
    wanted = request.get("deployed", "ignore")
    if wanted != "ignore":
        chosen = [each for each in chosen if bool(_groups(store, application, each)) == (wanted == "include")]
    if "sortBy" in request:
        times = {"registerTime": "register_time", "firstUsedTime": "first_used_time", "lastUsedTime": "last_used_time"}
        member = times[request["sortBy"]]
        chosen.sort(key=lambda each: str(getattr(known[each], member) or ""))
    return chosen[::-1] if request.get("sortOrder") == "descending" else chosen


def _groups(store: Store, application: str, revision: Revision) -> list[str]:
    """Return the groups of which a revision is the target."""
    groups = store.groups_of(application)
    return [group.deployment_group_name for group in groups if group.target_revision == revision]
