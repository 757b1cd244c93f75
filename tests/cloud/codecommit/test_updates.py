"""Repositories that get another name, description or default branch."""

from .conftest import NAME, Files, refused


def test_a_renamed_repository_is_found_under_its_new_name_with_all_that_is_in_it(files: Files) -> None:
    commit, old = files.put()["commitId"], files.url
    files.codecommit.update_repository_name(oldName=NAME, newName="shop")
    found = files.codecommit.get_repository(repositoryName="shop")["repositoryMetadata"]
    assert found["Arn"] == "arn:aws:codecommit:us-east-1:123456789012:shop"
    assert files.codecommit.get_branch(repositoryName="shop", branchName="main")["branch"]["commitId"] == commit
    files.learner.git("clone", "--quiet", found["cloneUrlHttp"], "copy")
    assert files.learner.git("ls-remote", old, check=False).returncode != 0
    assert refused(files.codecommit.get_repository, repositoryName=NAME) == "RepositoryDoesNotExist"
    files.learner.repository(NAME)
    assert files.codecommit.list_branches(repositoryName=NAME)["branches"] == [], "the old name is free for another"
    assert files.codecommit.list_branches(repositoryName="shop")["branches"] == ["main"]


def test_a_name_that_cannot_be_had_is_refused(files: Files) -> None:
    files.learner.repository("shop")
    rename = files.codecommit.update_repository_name
    assert refused(rename, oldName=NAME, newName="shop") == "RepositoryNameExists"
    assert refused(rename, oldName=NAME, newName="shop.git") == "InvalidRepositoryName"
    assert refused(rename, oldName="nothing", newName="new") == "RepositoryDoesNotExist"


def test_a_description_is_changed(files: Files) -> None:
    files.codecommit.update_repository_description(repositoryName=NAME, repositoryDescription="Orders")
    found = files.codecommit.get_repository(repositoryName=NAME)["repositoryMetadata"]
    assert found["repositoryDescription"] == "Orders"
    files.codecommit.update_repository_description(repositoryName=NAME)
    assert "repositoryDescription" not in files.codecommit.get_repository(repositoryName=NAME)["repositoryMetadata"]


def test_a_clone_checks_out_the_default_branch(files: Files) -> None:
    commit = files.put()["commitId"]
    files.codecommit.create_branch(repositoryName=NAME, branchName="next", commitId=commit)
    files.put("next.txt", branchName="next")
    files.codecommit.update_default_branch(repositoryName=NAME, defaultBranchName="next")
    files.learner.git("clone", "--quiet", files.url, "copy")
    assert (files.learner.folder / "copy/next.txt").exists()
    assert files.codecommit.get_repository(repositoryName=NAME)["repositoryMetadata"]["defaultBranch"] == "next"
    files.codecommit.update_default_branch(repositoryName=NAME, defaultBranchName="next")
    update = files.codecommit.update_default_branch
    assert refused(update, repositoryName=NAME, defaultBranchName="other") == "BranchDoesNotExist"
    assert (
        refused(files.codecommit.delete_branch, repositoryName=NAME, branchName="next")
        == "DefaultBranchCannotBeDeleted"
    )
    files.codecommit.delete_branch(repositoryName=NAME, branchName="main")


def test_a_first_branch_of_another_name_is_what_a_clone_checks_out(files: Files) -> None:
    files.put(branchName="trunk")
    files.learner.git("clone", "--quiet", files.url, "copy")
    assert (files.learner.folder / "copy/page.txt").exists()
