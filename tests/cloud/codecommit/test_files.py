"""GetFile, GetFolder, GetBlob and GetDifferences."""

import pytest

from .conftest import NAME, Files, refused


@pytest.fixture
def filled(files: Files) -> Files:
    """Return a repository with two commits, a tag and a second branch."""
    first = files.commit_files({"README": b"read\n", "src/a.py": b"a\n", "src/lib/b.py": b"b\n"})
    files.codecommit.create_branch(repositoryName=NAME, branchName="old", commitId=first)
    files.learner.git("clone", "--quiet", files.url, "copy")
    files.learner.git("-C", "copy", "push", "--quiet", "origin", "HEAD:refs/tags/v1")
    files.commit(
        putFiles=[{"filePath": "src/a.py", "fileContent": b"A\n"}, {"filePath": "src/c.py", "fileContent": b"c\n"}],
        deleteFiles=[{"filePath": "README"}],
    )
    return files


def test_a_file_is_read_with_all_that_is_known_of_it(filled: Files) -> None:
    found = filled.get("/src/a.py")
    assert (found["filePath"], found["fileMode"], found["fileSize"], found["fileContent"]) == (
        "src/a.py",
        "NORMAL",
        2,
        b"A\n",
    )
    assert found["commitId"] == filled.tip()
    assert filled.codecommit.get_blob(repositoryName=NAME, blobId=found["blobId"])["content"] == b"A\n"


def test_bytes_stay_bytes(files: Files) -> None:
    every = bytes(range(256)) * 3
    files.put("every.bin", every)
    assert files.get("every.bin")["fileContent"] == every


def test_a_commit_is_named_in_every_way(filled: Files) -> None:
    old = filled.tip("old")
    for specifier in (old, "old", "v1", "refs/heads/old", "refs/tags/v1"):
        found = filled.get("README", commitSpecifier=specifier)
        assert (found["commitId"], found["fileContent"]) == (old, b"read\n")
    for members in ({}, {"commitSpecifier": "HEAD"}, {"commitSpecifier": "main"}):
        assert filled.get("src/c.py", **members)["commitId"] == filled.tip()
    filled.codecommit.update_default_branch(repositoryName=NAME, defaultBranchName="old")
    assert filled.get("README")["commitId"] == old


def test_a_folder_is_listed_without_what_is_deeper(filled: Files) -> None:
    found = filled.codecommit.get_folder(repositoryName=NAME, folderPath="/src/")
    assert found["folderPath"] == "src"
    assert [(each["absolutePath"], each["relativePath"]) for each in found["files"]] == [
        ("src/a.py", "a.py"),
        ("src/c.py", "c.py"),
    ]
    assert [(each["absolutePath"], each["relativePath"]) for each in found["subFolders"]] == [("src/lib", "lib")]
    assert (found["symbolicLinks"], found["subModules"]) == ([], [])
    root = filled.codecommit.get_folder(repositoryName=NAME, folderPath="/", commitSpecifier="v1")
    assert [each["relativePath"] for each in root["files"]] == ["README"]
    commit = filled.codecommit.get_commit(repositoryName=NAME, commitId=root["commitId"])["commit"]
    assert root["treeId"] == commit["treeId"] != found["treeId"]


def test_what_is_not_there_is_named(filled: Files) -> None:
    codecommit = filled.codecommit
    assert refused(filled.get, "nothing") == refused(filled.get, "src") == "FileDoesNotExist"
    for specifier in ("nothing", "0" * 40, "main~1", "main..old", "--all", "a\0b"):
        assert refused(filled.get, "src/a.py", commitSpecifier=specifier) == "CommitDoesNotExist"
    folder = codecommit.get_folder
    assert refused(folder, repositoryName=NAME, folderPath="nothing") == "FolderDoesNotExist"
    assert refused(folder, repositoryName=NAME, folderPath="src/a.py") == "FolderDoesNotExist"
    assert refused(folder, repositoryName=NAME, folderPath="../..") == "InvalidPath"
    blob = codecommit.get_blob
    assert refused(blob, repositoryName=NAME, blobId="main") == "InvalidBlobId"
    for id_ in ("0" * 40, filled.tip()):
        assert refused(blob, repositoryName=NAME, blobId=id_) == "BlobIdDoesNotExist"


def test_an_empty_repository_has_no_commit(files: Files) -> None:
    assert refused(files.get, "page.txt") == "CommitDoesNotExist"
    assert refused(files.codecommit.get_folder, repositoryName=NAME, folderPath="/") == "CommitDoesNotExist"


def test_a_large_file_is_read_with_git_only(files: Files) -> None:
    files.learner.git("init", "--quiet", "--initial-branch=main")
    (files.learner.folder / "large.bin").write_bytes(b"x" * (6 * 1024**2 + 1))
    files.learner.git("add", "large.bin")
    files.learner.git("commit", "--quiet", "--message", "large")
    files.learner.git("push", "--quiet", files.url, "main")
    assert refused(files.get, "large.bin") == "FileTooLarge"
    blob = files.codecommit.get_folder(repositoryName=NAME, folderPath="/")["files"][0]["blobId"]
    assert refused(files.codecommit.get_blob, repositoryName=NAME, blobId=blob) == "FileTooLarge"


def test_differences_between_two_commits(filled: Files) -> None:
    found = filled.codecommit.get_differences(
        repositoryName=NAME, beforeCommitSpecifier="v1", afterCommitSpecifier="main"
    )["differences"]
    paths = [
        (each["changeType"], each.get("beforeBlob", {}).get("path"), each.get("afterBlob", {}).get("path"))
        for each in found
    ]
    assert paths == [("D", "README", None), ("M", "src/a.py", "src/a.py"), ("A", None, "src/c.py")]
    assert found[1]["afterBlob"] == {"blobId": filled.get("src/a.py")["blobId"], "path": "src/a.py", "mode": "100644"}
    whole = filled.codecommit.get_differences(repositoryName=NAME, afterCommitSpecifier="v1")["differences"]
    assert [(each["changeType"], each["afterBlob"]["path"]) for each in whole] == [
        ("A", "README"),
        ("A", "src/a.py"),
        ("A", "src/lib/b.py"),
    ]


def test_differences_of_a_path_and_in_pages(filled: Files) -> None:
    get = filled.codecommit.get_differences
    two = {"repositoryName": NAME, "beforeCommitSpecifier": "v1", "afterCommitSpecifier": "main"}
    below = get(**two, beforePath="src", afterPath="src")["differences"]
    assert [each["afterBlob"]["path"] for each in below] == ["src/a.py", "src/c.py"]
    assert refused(get, **two, afterPath="nothing") == "PathDoesNotExist"
    pages = filled.codecommit.get_paginator("get_differences").paginate(**two, PaginationConfig={"PageSize": 2})
    assert [len(page["differences"]) for page in pages] == [2, 1]
    assert refused(get, **two, NextToken="nothing") == "InvalidContinuationToken"
    assert refused(get, **two, MaxResults=-1) == "InvalidMaxResults"
