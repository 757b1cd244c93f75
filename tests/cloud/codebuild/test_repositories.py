"""Sources in git repositories of CodeCommit's."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ..codecommit.conftest import Learner
from .conftest import Bench, reason, spec, states
from .test_projects import refused

SHOW = 'echo "$CODEBUILD_SOURCE_REPO_URL $CODEBUILD_RESOLVED_SOURCE_VERSION $CODEBUILD_SOURCE_VERSION"'


@dataclass
class Shop:
    """A bench, and a learner with a repository that holds a buildspec."""

    bench: Bench
    learner: Learner
    url: str

    def push(self, text: str, commands: list[str] | None = None, branch: str = "main") -> str:
        """Commit a page and perhaps a buildspec, push them, and return the commit."""
        if commands is not None:
            (self.learner.folder / "buildspec.yml").write_text(spec(build=commands))
        self.learner.commit(f"{text}\n")
        self.learner.git("add", "--all")
        self.learner.git("commit", "--quiet", "--amend", "--no-edit")
        self.send(f"HEAD:refs/heads/{branch}")
        return self.learner.git("rev-parse", "HEAD").stdout.strip()

    def send(self, reference: str) -> None:
        """Push a reference; the key in the address saves a start of AWS's credential helper."""
        self.learner.git("push", "--quiet", self.url.replace("://", "://test:unsigned@"), reference)

    def project(self, **source: Any) -> None:
        self.bench.project("demo", source={"type": "CODECOMMIT", "location": self.url, **source})


@pytest.fixture
def shop(bench: Bench, tmp_path: Path) -> Shop:
    learner = Learner(bench.cloud, tmp_path)
    return Shop(bench, learner, learner.repository("shop"))


def allow(bench: Bench, *permissions: tuple[str, str]) -> None:
    statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in permissions]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    bench.client("iam").put_role_policy(RoleName="builder", PolicyName="all", PolicyDocument=text)


def test_a_repository_is_the_source_with_its_history(shop: Shop) -> None:
    shop.push("first")
    commit = shop.push("second", ["cat page.txt", SHOW, "git log --format=%s", "git status --porcelain"])
    shop.project()
    build = shop.bench.build("demo")
    assert shop.bench.output(build) == ["second", f"{shop.url} {commit} ", "second", "first"]
    assert build["resolvedSourceVersion"] == commit
    assert build["source"]["location"] == shop.url
    assert "sourceVersion" not in build


def test_awss_own_address_of_a_repository_means_the_one_here(shop: Shop) -> None:
    commit = shop.push("page", ["git remote get-url origin"])
    address = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/shop"
    shop.project(location=address)
    build = shop.bench.build("demo")
    assert (build["resolvedSourceVersion"], shop.bench.output(build)) == (commit, [address])


def test_a_branch_a_tag_or_a_commit_may_be_asked_for(shop: Shop) -> None:
    first = shop.push("first", ["cat page.txt", "echo $CODEBUILD_SOURCE_VERSION"])
    shop.learner.git("tag", "v1")
    shop.send("v1")
    second = shop.push("second", branch="next")
    shop.push("third")
    shop.project()
    for version, page, commit in (("v1", "first", first), ("next", "second", second), (first, "first", first)):
        build = shop.bench.build("demo", sourceVersion=version)
        assert (build["sourceVersion"], build["resolvedSourceVersion"]) == (version, commit)
        assert shop.bench.output(build) == [page, version]
    assert shop.bench.output(shop.bench.build("demo")) == ["third", ""]


def test_the_depth_of_the_clone_is_what_the_project_or_the_build_says(shop: Shop) -> None:
    for page in ("first", "second", "third"):
        shop.push(page, ["git rev-list --count HEAD"])
    shop.project()
    counts = [shop.bench.output(shop.bench.build("demo"))]
    counts += [shop.bench.output(shop.bench.build("demo", gitCloneDepthOverride=depth)) for depth in (1, 2, 0)]
    assert counts == [["3"], ["1"], ["2"], ["3"]]
    shop.bench.codebuild.update_project(
        name="demo", source={"type": "CODECOMMIT", "location": shop.url, "gitCloneDepth": 1}
    )
    assert shop.bench.output(shop.bench.build("demo")) == ["1"]


def test_an_older_commit_may_be_built_without_its_history(shop: Shop) -> None:
    first = shop.push("first", ["cat page.txt", "git rev-list --count HEAD"])
    shop.push("second")
    shop.project(gitCloneDepth=1)
    assert shop.bench.output(shop.bench.build("demo", sourceVersion=first)) == ["first", "1"]


def test_the_role_needs_git_pull_on_the_repository(shop: Shop) -> None:
    shop.push("page", ["cat page.txt"])
    shop.project()
    allow(shop.bench, ("logs:*", "*"), ("codecommit:GitPull", "arn:aws:codecommit:us-east-1:123456789012:other"))
    build = shop.bench.build("demo", sourceVersion="main")
    assert reason(build, "DOWNLOAD_SOURCE") == (
        "CLIENT_ERROR",
        "authorization failed for primary source and source version main",
    )
    assert "is not authorized to perform: codecommit:GitPull" in shop.bench.log(build)
    assert "BUILD" not in states(build)
    allow(shop.bench, ("logs:*", "*"), ("codecommit:GitPull", "arn:aws:codecommit:us-east-1:123456789012:shop"))
    assert shop.bench.build("demo")["buildStatus"] == "SUCCEEDED"


def test_a_version_that_is_not_there_is_named(shop: Shop) -> None:
    shop.project()
    empty = shop.bench.build("demo")
    assert reason(empty, "DOWNLOAD_SOURCE") == ("CLIENT_ERROR", "reference not found for primary source")
    shop.push("page", ["true"])
    for version in ("nowhere", "--help", "-", "0" * 40, "main..main", "a b"):
        build = shop.bench.build("demo", sourceVersion=version)
        assert reason(build, "DOWNLOAD_SOURCE") == (
            "CLIENT_ERROR",
            f"reference not found for primary source and source version {version}",
        )
        assert "resolvedSourceVersion" not in build


def test_a_repository_that_is_not_there_is_said(shop: Shop) -> None:
    shop.project(location=shop.url.replace("shop", "none"))
    build = shop.bench.build("demo")
    assert reason(build, "DOWNLOAD_SOURCE") == ("CLIENT_ERROR", "repository not found for primary source")
    assert "none does not exist" in shop.bench.log(build)


def test_another_accounts_repository_is_not_read(shop: Shop) -> None:
    partner = shop.bench.cloud.client("codecommit", aws_access_key_id="210987654321")
    url = partner.create_repository(repositoryName="theirs")["repositoryMetadata"]["cloneUrlHttp"]
    shop.project(location=url)
    build = shop.bench.build("demo")
    assert reason(build, "DOWNLOAD_SOURCE") == ("CLIENT_ERROR", "authorization failed for primary source")


def test_a_secondary_source_may_be_a_repository(shop: Shop) -> None:
    shop.push("new")
    shop.push("old", branch="old")
    source = {"type": "CODECOMMIT", "location": shop.url, "sourceIdentifier": "shop"}
    version = {"sourceIdentifier": "shop", "sourceVersion": "old"}
    text = spec(build=["cat $CODEBUILD_SRC_DIR_shop/page.txt", "echo $CODEBUILD_SOURCE_REPO_URL_shop"])
    shop.bench.project("demo", text, secondarySources=[source])
    assert shop.bench.output(shop.bench.build("demo")) == ["new", shop.url]
    build = shop.bench.build("demo", secondarySourcesVersionOverride=[version])
    assert (shop.bench.output(build), "resolvedSourceVersion" in build) == (["old", shop.url], False)
    version["sourceVersion"] = "nowhere"
    build = shop.bench.build("demo", secondarySourcesVersionOverride=[version])
    assert reason(build, "DOWNLOAD_SOURCE")[1] == (
        "reference not found for secondary source shop and source version nowhere"
    )


def test_a_buildspec_that_leads_out_of_the_repository_is_not_read(shop: Shop) -> None:
    (shop.learner.folder / "buildspec.yml").symlink_to("/etc/passwd")
    shop.push("page")
    shop.project()
    code, message = reason(shop.bench.build("demo"), "DOWNLOAD_SOURCE")
    assert (code, message) == ("YAML_FILE_ERROR", "The buildspec buildspec.yml is outside of the source folder.")


@pytest.mark.parametrize(
    "location",
    [None, "", "shop", "goods/shop.zip", "https://github.com/ann/shop", "https://example.com/v1/repos/shop?a=b"],
)
def test_a_source_in_codecommit_needs_the_repositorys_address(bench: Bench, location: str | None) -> None:
    source = {"type": "CODECOMMIT", **({"location": location} if location is not None else {})}
    code, message = refused(bench.codebuild.create_project, **{**bench.settings(), "source": source})
    assert (code, "location must be the address" in message) == ("InvalidInputException", True)
