"""What an instance's agent is told of a deployment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Assignment:
    """A deployment, as far as an instance has to know it.

    Parameters
    ----------
    account, region
        Where it is.
    application, group, group_id, deployment_id
        Which one it is.
    bucket, key, version, etag
        Where its revision is in S3; without a version it is the latest, and without an ETag any object.
    bundle_type
        ``zip``, ``tar`` or ``tgz``.
    file_exists_behavior
        ``DISALLOW``, ``OVERWRITE`` or ``RETAIN``: what happens to files that no deployment has put there.
    """

    account: str
    region: str
    application: str
    group: str
    group_id: str
    deployment_id: str
    bucket: str
    key: str
    bundle_type: str
    version: str
    etag: str
    file_exists_behavior: str
