"""What every build in the tests needs: a role, a build machine, a zipped source."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any


def trust_in(principal: Any, **condition: Any) -> dict[str, Any]:
    """Return a trust policy that lets a principal assume a role."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}


TRUST = trust_in({"Service": "codebuild.amazonaws.com"})
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
MACHINE = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}


def make_role(
    iam: Any,
    name: str = "builder",
    trust: Mapping[str, Any] = TRUST,
    permissions: Mapping[str, Any] | None = EVERYTHING,
) -> str:
    """Make a role and return its ARN; without other permissions it may do everything."""
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    if permissions:
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(permissions))
    return str(role["Arn"])


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip with these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
