"""Repositories, branches and commits through CodeCommit's API."""

import pytest
from botocore.exceptions import ClientError

from .conftest import Learner


def pushed(learner: Learner) -> str:
    url, commit = learner.repository(), learner.commit()
    learner.git("push", "--quiet", url, "main")
    return commit


@pytest.mark.parametrize("name", ["demo.git", "a b", "../x"])
def test_a_bad_name_is_refused(learner: Learner, name: str) -> None:
    with pytest.raises(ClientError, match="InvalidRepositoryName|ValidationException"):
        learner.codecommit.create_repository(repositoryName=name)


def test_a_second_repository_of_the_same_name_is_refused(learner: Learner) -> None:
    learner.repository()
    with pytest.raises(ClientError, match="RepositoryNameExistsException"):
        learner.repository()


def test_a_missing_repository_is_named(learner: Learner) -> None:
    with pytest.raises(ClientError, match="RepositoryDoesNotExistException.*nothing does not exist"):
        learner.codecommit.get_repository(repositoryName="nothing")


def test_batch_get_tells_what_is_not_there(learner: Learner) -> None:
    learner.repository()
    answer = learner.codecommit.batch_get_repositories(repositoryNames=["demo", "nothing"])
    assert [each["repositoryName"] for each in answer["repositories"]] == ["demo"]
    assert answer["repositoriesNotFound"] == ["nothing"]


def test_a_deleted_repository_is_gone(learner: Learner) -> None:
    learner.repository()
    assert learner.codecommit.delete_repository(repositoryName="demo")["repositoryId"]
    assert learner.codecommit.list_repositories()["repositories"] == []
    assert "repositoryId" not in learner.codecommit.delete_repository(repositoryName="demo")


def test_branches_are_made_listed_and_deleted(learner: Learner) -> None:
    commit, codecommit = pushed(learner), learner.codecommit
    codecommit.create_branch(repositoryName="demo", branchName="next", commitId=commit)
    assert codecommit.list_branches(repositoryName="demo")["branches"] == ["main", "next"]
    with pytest.raises(ClientError, match="BranchNameExistsException"):
        codecommit.create_branch(repositoryName="demo", branchName="next", commitId=commit)
    codecommit.delete_branch(repositoryName="demo", branchName="next")
    with pytest.raises(ClientError, match="BranchDoesNotExistException"):
        codecommit.get_branch(repositoryName="demo", branchName="next")


def test_the_default_branch_stays(learner: Learner) -> None:
    pushed(learner)
    with pytest.raises(ClientError, match="DefaultBranchCannotBeDeletedException"):
        learner.codecommit.delete_branch(repositoryName="demo", branchName="main")


def test_a_commit_is_what_was_pushed(learner: Learner) -> None:
    commit = pushed(learner)
    found = learner.codecommit.get_commit(repositoryName="demo", commitId=commit)["commit"]
    assert (found["commitId"], found["message"], found["author"]["name"]) == (commit, "one\n", "Ann")
    with pytest.raises(ClientError, match="CommitIdDoesNotExistException"):
        learner.codecommit.get_commit(repositoryName="demo", commitId="0" * 40)
