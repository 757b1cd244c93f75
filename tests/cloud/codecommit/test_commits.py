"""PutFile, DeleteFile and CreateCommit: commits without git on the caller's side."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cicdlab.cloud.codecommit.draft import checked
from cicdlab.cloud.errors import ServiceError

from ...goods import make_role, trust_in
from .conftest import NAME, Files, refused


def entry(path: str, content: bytes | None = b"x", source: str = "", move: bool = False, **members: Any) -> Any:
    """Return an entry of putFiles."""
    given = {"fileContent": content} if content is not None else {}
    copied = {"sourceFile": {"filePath": source, "isMove": move}} if source else {}
    return {"filePath": path, **given, **copied, **members}


def test_a_file_that_is_put_into_an_empty_repository_can_be_cloned(files: Files) -> None:
    made = files.put("src/page.txt", b"one\n")
    assert files.tip() == made["commitId"]
    files.learner.git("clone", "--quiet", files.url, "copy")
    assert (files.learner.folder / "copy/src/page.txt").read_text() == "one\n"
    assert files.learner.git("-C", "copy", "rev-parse", "HEAD^{tree}").stdout.strip() == made["treeId"]
    assert files.learner.git("-C", "copy", "rev-parse", "HEAD:src/page.txt").stdout.strip() == made["blobId"]
    assert files.codecommit.get_repository(repositoryName=NAME)["repositoryMetadata"]["defaultBranch"] == "main"


def test_a_second_file_keeps_the_first_and_its_history(files: Files) -> None:
    first = files.put()["commitId"]
    second = files.put("/other.txt", b"two\n")["commitId"]
    assert files.listed() == ["other.txt", "page.txt"]
    assert files.codecommit.get_commit(repositoryName=NAME, commitId=second)["commit"]["parents"] == [first]


def test_git_and_the_api_take_turns(files: Files) -> None:
    files.put()
    files.learner.git("clone", "--quiet", files.url, "copy")
    (files.learner.folder / "copy/page.txt").write_text("by git\n")
    files.learner.git("-C", "copy", "commit", "--quiet", "--all", "--message", "by git")
    files.learner.git("-C", "copy", "push", "--quiet", "origin", "main")
    files.put("api.txt", b"by the API\n")
    files.learner.git("-C", "copy", "pull", "--quiet", "origin", "main")
    assert sorted(path.name for path in (files.learner.folder / "copy").glob("*.txt")) == ["api.txt", "page.txt"]
    assert files.get("page.txt")["fileContent"] == b"by git\n"


def test_a_mode_is_set_and_kept(files: Files) -> None:
    files.put("run.sh", b"#!/bin/sh\n", fileMode="EXECUTABLE")
    files.put("run.sh", b"#!/bin/sh\ntrue\n")
    files.put("link", b"run.sh", fileMode="SYMLINK")
    files.learner.git("clone", "--quiet", files.url, "copy")
    copy = files.learner.folder / "copy"
    assert (copy / "run.sh").stat().st_mode & 0o111 and (copy / "link").is_symlink()
    files.commit(setFileModes=[{"filePath": "run.sh", "fileMode": "NORMAL"}])
    assert files.get("run.sh")["fileMode"] == "NORMAL"


def test_the_parent_must_be_the_tip_of_the_branch(files: Files) -> None:
    first = files.put()["commitId"]
    files.put("other.txt")
    cases = {"": "ParentCommitIdRequired", "main": "InvalidParentCommitId", "0" * 40: "ParentCommitDoesNotExist"}
    for parent, code in (cases | {first: "ParentCommitIdOutdated"}).items():
        request = {**files.request(), "parentCommitId": parent}
        assert refused(files.codecommit.put_file, **request, filePath="a", fileContent=b"a") == code
        assert refused(files.codecommit.create_commit, **request, putFiles=[entry("a")]) == code
        assert refused(files.codecommit.delete_file, **request, filePath="page.txt") == code
    without = {name: value for name, value in files.request().items() if name != "parentCommitId"}
    assert refused(files.codecommit.put_file, **without, filePath="a", fileContent=b"a") == "ParentCommitIdRequired"
    assert files.listed() == ["other.txt", "page.txt"]


def test_a_commit_needs_a_branch(files: Files) -> None:
    commit = files.put()["commitId"]
    files.learner.git("clone", "--quiet", files.url, "copy")
    files.learner.git("-C", "copy", "push", "--quiet", "origin", "HEAD:refs/tags/v1")
    request = {"filePath": "a", "fileContent": b"a", "parentCommitId": commit}
    put = files.codecommit.put_file
    assert refused(put, repositoryName=NAME, branchName="other", **request) == "BranchDoesNotExist"
    assert refused(put, repositoryName=NAME, branchName="v1", **request) == "BranchNameIsTagName"
    assert refused(put, repositoryName="nothing", branchName="main", **request) == "RepositoryDoesNotExist"


@pytest.mark.parametrize("branch", ["a..b", "a b", "a\0b", "x.lock"])
def test_a_strange_name_of_a_first_branch_is_refused(files: Files, branch: str) -> None:
    assert refused(files.put, branchName=branch) == "InvalidBranchName"
    assert files.codecommit.list_branches(repositoryName=NAME)["branches"] == []


def test_what_changes_nothing_is_refused(files: Files) -> None:
    files.put()
    before = files.tip()
    assert refused(files.put) == "SameFileContent"
    assert refused(files.commit, putFiles=[entry("page.txt", b"one\n")]) == "NoChange"
    assert files.tip() == before
    files.put(fileMode="EXECUTABLE")


def test_an_empty_file_is_refused_by_put_file_only(files: Files) -> None:
    assert refused(files.put, content=b"") == "FileContentRequired"
    files.commit_files({"empty.txt": b""})
    assert files.get("empty.txt")["fileSize"] == 0


def test_one_commit_takes_seven_megabytes(files: Files) -> None:
    mega = 1024**2
    files.put("large.bin", b"x" * (6 * mega))
    assert files.get("large.bin")["fileSize"] == 6 * mega
    two = [entry("a.bin", b"a" * (4 * mega)), entry("b.bin", b"b" * (4 * mega))]
    assert refused(files.commit, putFiles=two) == "FileContentSizeLimitExceeded"


def test_a_file_and_a_folder_cannot_have_the_same_name(files: Files) -> None:
    files.commit_files({"src/page.txt": b"one\n", "README": b"text\n"})
    assert refused(files.put, "src") == "FileNameConflictsWithDirectoryName"
    assert refused(files.put, "README/more/text") == "DirectoryNameConflictsWithFileName"
    files.learner.git("clone", "--quiet", files.url, "copy")
    files.learner.git("-C", "copy", "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    files.learner.git("-C", "copy", "commit", "--quiet", "--message", "a submodule")
    files.learner.git("-C", "copy", "push", "--quiet", "origin", "main")
    for path in ("lib", "lib/a.txt"):
        assert refused(files.put, path) == "FilePathConflictsWithSubmodulePath"
    files.put("other.txt")
    folder = files.codecommit.get_folder(repositoryName=NAME, folderPath="/")
    assert [each["absolutePath"] for each in folder["subModules"]] == ["lib"], "a commit keeps submodules"


def test_a_deleted_file_takes_its_folder_along_unless_that_is_kept(files: Files) -> None:
    files.commit_files({"a/b/one.txt": b"1", "c/two.txt": b"2", "c/three.txt": b"3"})
    blob = files.get("a/b/one.txt")["blobId"]
    gone = files.delete("a/b/one.txt")
    assert (gone["filePath"], gone["blobId"], gone["commitId"]) == ("a/b/one.txt", blob, files.tip())
    files.delete("c/two.txt", keepEmptyFolders=True)
    assert files.listed() == ["c/three.txt"]
    files.delete("c/three.txt", keepEmptyFolders=True)
    assert files.listed() == ["c/.gitkeep"]
    assert refused(files.delete, "c/three.txt") == "FileDoesNotExist"
    assert refused(files.delete, "c") == "FileDoesNotExist"


def test_one_commit_puts_copies_moves_and_deletes(files: Files) -> None:
    files.commit_files({"a.txt": b"a", "b.txt": b"b", "c.txt": b"c", "d.sh": b"d"})
    made = files.commit(
        putFiles=[
            entry("a.txt", b"A"),
            entry("new/copy.txt", None, source="b.txt"),
            entry("moved.txt", None, source="c.txt", move=True),
        ],
        deleteFiles=[{"filePath": "b.txt"}],
        setFileModes=[{"filePath": "d.sh", "fileMode": "EXECUTABLE"}],
        commitMessage="many things",
    )
    assert files.listed() == ["a.txt", "d.sh", "moved.txt", "new/copy.txt"]
    assert [each["absolutePath"] for each in made["filesAdded"]] == ["moved.txt", "new/copy.txt"]
    assert [(each["absolutePath"], each["fileMode"]) for each in made["filesUpdated"]] == [
        ("a.txt", "NORMAL"),
        ("d.sh", "EXECUTABLE"),
    ]
    assert [each["absolutePath"] for each in made["filesDeleted"]] == ["b.txt", "c.txt"]
    assert files.get("new/copy.txt")["fileContent"] == b"b"
    assert (
        files.codecommit.get_commit(repositoryName=NAME, commitId=made["commitId"])["commit"]["treeId"]
        == made["treeId"]
    )


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "FileEntryRequired"),
        ({"putFiles": []}, "FileEntryRequired"),
        ({"putFiles": [entry("n", b"n", source="page.txt")]}, "FileContentAndSourceFileSpecified"),
        ({"putFiles": [entry("n", None)]}, "SourceFileOrContentRequired"),
        ({"putFiles": [entry("n", None, source="nothing")]}, "FileDoesNotExist"),
        ({"putFiles": [entry("n"), entry("/n")]}, "SamePathRequest"),
        ({"putFiles": [entry("page.txt")], "deleteFiles": [{"filePath": "page.txt"}]}, "SamePathRequest"),
        (
            {
                "putFiles": [entry("n", None, source="page.txt", move=True)],
                "deleteFiles": [{"filePath": "page.txt"}],
            },
            "SamePathRequest",
        ),
        ({"setFileModes": [{"filePath": "page.txt", "fileMode": "NORMAL"}] * 2}, "SamePathRequest"),
        ({"putFiles": [entry("n"), entry("n/m")]}, "PutFileEntryConflict"),
        ({"putFiles": [entry("n", None, source="src/.gitkeep")]}, "RestrictedSourceFile"),
        ({"deleteFiles": [{"filePath": "nothing"}]}, "FileDoesNotExist"),
        ({"setFileModes": [{"filePath": "nothing", "fileMode": "NORMAL"}]}, "FileDoesNotExist"),
        (
            {
                "deleteFiles": [{"filePath": "page.txt"}],
                "setFileModes": [{"filePath": "page.txt", "fileMode": "EXECUTABLE"}],
            },
            "FileDoesNotExist",
        ),
    ],
)
def test_entries_that_contradict_each_other_are_refused(files: Files, members: dict[str, Any], code: str) -> None:
    files.put()
    before = files.tip()
    assert refused(files.commit, **members) == code
    assert files.tip() == before


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../x", "./a", "a//b", "a/", "//a", ".git/hooks/x", "a/.GIT/b", "a\0b", "a\nb", "a\\", "x" * 4097],
)
def test_a_path_that_leads_elsewhere_is_refused(files: Files, path: str) -> None:
    assert refused(files.put, path) == "InvalidPath"
    assert refused(files.commit, putFiles=[entry(path)]) == "InvalidPath"
    assert refused(files.put, "d/" * 21 + "f") == "InvalidPath"
    assert refused(files.put, "/") == "PathRequired"
    files.put("d/" * 20 + "f")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(min_size=1, max_size=12))
@example(path="git~1/config")
@example(path="a\\b")
@example(path=":(top)x")
@example(path="-rf")
@example(path='"quoted"')
@example(path="é/ü.txt")
def test_any_path_is_put_as_it_is_or_refused(files: Files, path: str) -> None:
    try:
        name = checked(path)
    except ServiceError as error:
        assert error.code in ("InvalidPathException", "PathRequiredException")
        return
    files.learner.cloud.core.reset()
    files.learner.repository()
    files.put(path)
    assert files.get(path)["filePath"] == name
    folder, _, relative = name.rpartition("/")
    found = files.codecommit.get_folder(repositoryName=NAME, folderPath=folder)["files"]
    assert [each["relativePath"] for each in found] == [relative]


def test_author_and_message_are_what_the_caller_gives(files: Files) -> None:
    def made(**members: Any) -> dict[str, Any]:
        commit = files.put(content=repr(members).encode(), **members)["commitId"]
        return dict(files.codecommit.get_commit(repositoryName=NAME, commitId=commit)["commit"])

    given = made(name="Ann Łuczak", email="ann@example.com", commitMessage="Why\n\nBecause.\n")
    assert (given["author"]["name"], given["author"]["email"]) == ("Ann Łuczak", "ann@example.com")
    assert given["committer"] == given["author"]
    assert given["message"] == "Why\n\nBecause.\n"
    default = made()
    assert default["author"]["name"] == "arn:aws:iam::123456789012:root"
    assert (default["author"]["email"], default["message"]) == ("", "Put page.txt")
    assert made(name="<>\n")["author"]["name"] == "arn:aws:iam::123456789012:root"
    assert made(commitMessage="a\0b")["message"] == "ab"
    assert refused(files.put, content=b"m", email="ann\n<x>") == "InvalidEmail"
    assert refused(files.put, content=b"m", commitMessage="x" * (256 * 1024 + 1)) == "CommitMessageLengthExceeded"


def test_a_commit_through_the_api_is_told_to_eventbridge(files: Files) -> None:
    sqs, events = files.learner.cloud.client("sqs"), files.learner.cloud.client("events")
    queue = sqs.create_queue(QueueName="commits")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="commits", EventPattern=json.dumps({"source": ["aws.codecommit"]}))
    events.put_targets(Rule="commits", Targets=[{"Id": "1", "Arn": arn}])
    ids = [files.put()["commitId"], files.commit(putFiles=[entry("n")])["commitId"], files.delete("n")["commitId"]]
    files.learner.cloud.core.events.settle()
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    told = [json.loads(each["Body"])["detail"] for each in got]
    assert sorted((each["event"], each["referenceName"], each["commitId"]) for each in told) == sorted(
        [
            ("referenceCreated", "main", ids[0]),
            ("referenceUpdated", "main", ids[1]),
            ("referenceUpdated", "main", ids[2]),
        ]
    )


def test_the_same_calls_make_the_same_commits(files: Files) -> None:
    first = files.put()["commitId"]
    files.learner.cloud.core.reset()
    files.learner.repository()
    assert files.put()["commitId"] == first


def test_a_role_may_commit_to_one_branch_only(files: Files) -> None:
    commit = files.put()["commitId"]
    files.codecommit.create_branch(repositoryName=NAME, branchName="next", commitId=commit)
    on_next = {"StringEquals": {"codecommit:References": "refs/heads/next"}}
    may = {"Effect": "Allow", "Action": "codecommit:PutFile", "Resource": "*", "Condition": on_next}
    cloud = files.learner.cloud
    policy = {"Version": "2012-10-17", "Statement": [may]}
    arn = make_role(cloud.client("iam"), "writer", trust_in({"AWS": "123456789012"}), policy)
    given = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="writing")["Credentials"]
    role = cloud.client(
        "codecommit",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    new = {"filePath": "new.txt", "fileContent": b"new"}
    assert refused(role.put_file, **files.request(), **new) == "AccessDenied"
    assert refused(role.delete_file, **files.request(branchName="next"), filePath="page.txt") == "AccessDenied"
    made = role.put_file(**files.request(branchName="next"), **new)["commitId"]
    found = files.codecommit.get_commit(repositoryName=NAME, commitId=made)["commit"]
    assert found["author"]["name"] == "arn:aws:sts::123456789012:assumed-role/writer/writing"
