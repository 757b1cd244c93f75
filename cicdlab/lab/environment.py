"""The whole environment a lab runs with, so that nothing of it can reach the learner's real AWS account."""

import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from . import administrator
from .places import Workspace

TARGETS = ("embedded", "localstack")
REGION = "us-east-1"
ACCOUNT = "123456789012"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
OUR_SERVICES = ("CODEBUILD", "CODEDEPLOY", "CODEPIPELINE", "CODECONNECTIONS", "CODESTAR_CONNECTIONS", "CODECOMMIT")

# How AWS's guide tells git to sign in; the check would refuse a host that is not Amazon's. Of what git asks a helper,
# only `get` knows that option.
# https://docs.aws.amazon.com/codecommit/latest/userguide/setting-up-https-unixes.html
CREDENTIAL_HELPER = '!f() { [ "$1" != get ] || aws codecommit credential-helper --ignore-host-check get; }; f'

# Where a cloud that is not at its usual port was said to be: kept, so that `cicdlab` and `aws` ask the same one.
CHOSEN = ("CICDLAB_ENDPOINT", "CICDLAB_ENGINE")

# What redirects or breaks boto3 most often; `cicdlab env` unsets these even where they are not set yet.
UNWANTED = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def environment(
    target: str = "", workspace: Workspace | None = None, environ: Mapping[str, str] = os.environ
) -> dict[str, str | None]:
    """Return the variables of a lab's environment; None stands for a variable that must not be set.

    Every ``AWS_*`` variable that the course does not set itself is unset: each of them can redirect a call, change a
    signature or wait for an answer.

    Parameters
    ----------
    target
        ``embedded`` or ``localstack``; by default what ``CICDLAB_TARGET`` says.
    workspace
        The learner's workspace, which holds the AWS configuration used here.
    environ
        The environment to start from.

    Raises
    ------
    ValueError
        When there is no such target.
    """
    target = target or environ.get("CICDLAB_TARGET") or TARGETS[0]
    if target not in TARGETS:
        raise ValueError(f"There is no target {target!r}; choose {' or '.join(TARGETS)}.")
    workspace = workspace or Workspace.of(environ)
    # LocalStack takes a key of twelve digits for the account; with any other it answers as account 000000000000.
    access_key, secret = (ACCOUNT, "test") if target == "localstack" else administrator.key(workspace)
    wanted = {
        "CICDLAB_TARGET": target,
        "CICDLAB_WORKSPACE": str(workspace.root),
        **_endpoints(target, environ),
        **_git(_endpoints(target, environ), workspace, environ),
        **{name: environ[name] for name in CHOSEN if environ.get(name)},
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_DEFAULT_OUTPUT": "json",
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(workspace.aws / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(workspace.aws / "credentials"),
        "NO_PROXY": _no_proxy(environ),
        "no_proxy": _no_proxy(environ),
        "PATH": _path(environ),
    }
    others = {name for name in environ if name.startswith("AWS_")}
    return dict.fromkeys(sorted(others.union(UNWANTED) - wanted.keys())) | wanted


def apply(variables: Mapping[str, str | None], environ: MutableMapping[str, str] = os.environ) -> None:
    """Set and unset variables."""
    for name, value in variables.items():
        if value is None:
            environ.pop(name, None)
        else:
            environ[name] = value


def merged(variables: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return a copy of an environment with variables set and unset, for a child process."""
    copy = dict(environ)
    apply(variables, copy)
    return copy


def write_aws_files(workspace: Workspace) -> None:
    """Write the AWS configuration that stands in for the learner's own, unless it is there."""
    workspace.aws.mkdir(parents=True, exist_ok=True)
    config = workspace.aws / "config"
    if not config.exists():
        config.write_text(f"[default]\nregion = {REGION}\n", encoding="utf-8")
    if not (workspace.aws / "credentials").exists():
        administrator.write(workspace, *administrator.KEY)


def _endpoints(target: str, environ: Mapping[str, str]) -> dict[str, str]:
    endpoint = environ.get("CICDLAB_ENDPOINT") or "http://127.0.0.1:4566"
    if target == "embedded":
        return {"AWS_ENDPOINT_URL": endpoint}
    engine = environ.get("CICDLAB_ENGINE") or "http://127.0.0.1:4567"
    return {"AWS_ENDPOINT_URL": endpoint} | {f"AWS_ENDPOINT_URL_{service}": engine for service in OUR_SERVICES}


def _git(endpoints: Mapping[str, str], workspace: Workspace, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what lets git sign in to the cloud's repositories with the credentials that `aws` has, and never ask."""
    endpoint = endpoints.get("AWS_ENDPOINT_URL_CODECOMMIT", endpoints["AWS_ENDPOINT_URL"])
    count = environ.get("GIT_CONFIG_COUNT", "0")
    given = [
        (environ.get(f"GIT_CONFIG_KEY_{n}", ""), environ.get(f"GIT_CONFIG_VALUE_{n}", "")) for n in _numbers(count)
    ]
    ours = [
        (f"credential.{endpoint}.helper", ""),  # an empty one forgets those that the learner has for other hosts
        (f"credential.{endpoint}.helper", CREDENTIAL_HELPER),
        (f"credential.{endpoint}.useHttpPath", "true"),
    ]
    names = {name for name, _ in ours}
    pairs = [pair for pair in given if pair[0] not in names] + ours
    # Without the ceiling, git would take the repository of the course itself where a lab has no clone yet.
    variables = {
        "GIT_CONFIG_COUNT": str(len(pairs)),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CEILING_DIRECTORIES": str(workspace.root),
    }
    for number, (name, value) in enumerate(pairs):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _numbers(count: str) -> range:
    return range(int(count) if count.isdecimal() else 0)


def _no_proxy(environ: Mapping[str, str]) -> str:
    given = ",".join(filter(None, (environ.get("NO_PROXY"), environ.get("no_proxy")))).split(",")
    names = [name.strip() for name in given if name.strip()]
    return ",".join(dict.fromkeys([*LOOPBACK, *names]))


def _path(environ: Mapping[str, str]) -> str:
    first = str(Path(sys.executable).parent)
    rest = [folder for folder in environ.get("PATH", os.defpath).split(os.pathsep) if folder != first]
    return os.pathsep.join([first, *rest])
