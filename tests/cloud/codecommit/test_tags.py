"""The tags of repositories."""

import pytest

from .conftest import Learner, refused

ARN = "arn:aws:codecommit:us-east-1:123456789012:demo"


def test_tags_are_given_changed_listed_and_taken_away(learner: Learner) -> None:
    codecommit = learner.codecommit
    made = codecommit.create_repository(repositoryName="demo", tags={"team": "orders", "stage": "test"})
    arn = made["repositoryMetadata"]["Arn"]
    codecommit.tag_resource(resourceArn=arn, tags={"stage": "prod", "cost": "7"})
    codecommit.untag_resource(resourceArn=arn, tagKeys=["team", "nothing"])
    assert codecommit.list_tags_for_resource(resourceArn=arn)["tags"] == {"stage": "prod", "cost": "7"}
    codecommit.update_repository_name(oldName="demo", newName="shop")
    arn = arn.replace("demo", "shop")
    assert codecommit.list_tags_for_resource(resourceArn=arn)["tags"] == {"stage": "prod", "cost": "7"}
    codecommit.delete_repository(repositoryName="shop")
    learner.repository("shop")
    assert codecommit.list_tags_for_resource(resourceArn=arn)["tags"] == {}


def test_tags_have_limits(learner: Learner) -> None:
    codecommit, fifty = learner.codecommit, {f"key-{number}": "x" for number in range(50)}
    create = codecommit.create_repository
    assert refused(create, repositoryName="demo", tags=fifty | {"more": "x"}) == "TooManyTags"
    assert refused(create, repositoryName="demo", tags={"AWS:own": "x"}) == "InvalidSystemTagUsage"
    create(repositoryName="demo", tags=fifty)
    assert refused(codecommit.tag_resource, resourceArn=ARN, tags={"more": "x"}) == "TooManyTags"
    assert refused(codecommit.tag_resource, resourceArn=ARN, tags={"aws:x": "x"}) == "InvalidSystemTagUsage"
    assert refused(codecommit.untag_resource, resourceArn=ARN, tagKeys=["aws:x"]) == "InvalidSystemTagUsage"
    codecommit.tag_resource(resourceArn=ARN, tags={"key-0": "y"})
    assert codecommit.list_tags_for_resource(resourceArn=ARN)["tags"] == fifty | {"key-0": "y"}


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (ARN, "RepositoryDoesNotExist"),
        (ARN.replace("us-east-1", "eu-west-1"), "InvalidResourceArn"),
        ("demo", "InvalidResourceArn"),
        ("arn:aws:s3:::demo", "InvalidResourceArn"),
    ],
)
def test_tags_of_what_is_no_repository_are_refused(learner: Learner, arn: str, code: str) -> None:
    assert refused(learner.codecommit.list_tags_for_resource, resourceArn=arn) == code
    assert refused(learner.codecommit.tag_resource, resourceArn=arn, tags={"a": "b"}) == code
    assert refused(learner.codecommit.untag_resource, resourceArn=arn, tagKeys=["a"]) == code
