"""Approvals: who answers, with which token, and what happens when nobody does."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ...goods import make_role, trust_in
from .bench import ACCOUNT, Bench, approval, site, source, stage

DAY = 24 * 3600
OTHER_TOKEN = "11111111-1111-4111-8111-111111111111"


def code_of(error: Any) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_approval_waits_with_a_token_until_it_is_answered(bench: Bench) -> None:
    execution_id = bench.create()
    token = bench.token()
    assert bench.latest("Approve", "Ask")["status"] == "InProgress"
    answer = bench.answer(token=token, summary="looks good")
    assert answer["approvedAt"] is not None
    assert bench.ended(execution_id)["status"] == "Succeeded"
    shown = bench.latest("Approve", "Ask")
    assert (shown["status"], shown["summary"]) == ("Succeeded", "looks good")
    assert shown["lastUpdatedBy"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert "token" not in shown


def test_a_rejection_fails_the_stage(bench: Bench) -> None:
    execution_id = bench.create()
    bench.answer("Rejected", summary="not today")
    assert bench.ended(execution_id)["status"] == "Failed"
    assert bench.latest("Approve", "Ask")["status"] == "Failed"
    assert "not today" in bench.error("Ask")[1]
    assert bench.latest("Deploy", "Publish") == {}


def test_another_token_is_refused(bench: Bench) -> None:
    bench.create()
    bench.token()
    with pytest.raises(ClientError) as error:
        bench.answer(token=OTHER_TOKEN)
    assert code_of(error) == "InvalidApprovalTokenException"
    assert bench.latest("Approve", "Ask")["status"] == "InProgress"


def test_the_token_of_an_earlier_execution_is_refused(bench: Bench) -> None:
    execution_id = bench.create()
    old = bench.token()
    bench.answer(token=old)
    bench.ended(execution_id)
    bench.start()
    assert bench.token() != old
    with pytest.raises(ClientError) as error:
        bench.answer(token=old)
    assert code_of(error) == "InvalidApprovalTokenException"


def test_a_second_answer_is_refused(bench: Bench) -> None:
    execution_id = bench.create()
    token = bench.token()
    bench.answer(token=token)
    bench.ended(execution_id)
    with pytest.raises(ClientError) as error:
        bench.answer("Rejected", token=token)
    assert code_of(error) == "ApprovalAlreadyCompletedException"
    assert bench.status(execution_id) == "Succeeded"


def test_a_stage_or_an_action_that_is_not_there(bench: Bench) -> None:
    bench.create()
    with pytest.raises(ClientError) as error:
        bench.answer(token=OTHER_TOKEN, stage_name="Nowhere")
    assert code_of(error) == "StageNotFoundException"
    with pytest.raises(ClientError) as error:
        bench.answer(token=OTHER_TOKEN, action_name="Nobody")
    assert code_of(error) == "ActionNotFoundException"


def test_an_action_that_is_no_approval_takes_no_answer(bench: Bench) -> None:
    bench.create()
    bench.token()
    with pytest.raises(ClientError) as error:
        bench.answer(token=OTHER_TOKEN, stage_name="Source", action_name="Fetch")
    assert code_of(error) == "InvalidApprovalTokenException"


def test_nobody_answers_for_seven_days(bench: Bench) -> None:
    execution_id = bench.create()
    token = bench.token()
    clock = bench.cloud.core.clock
    clock.advance(7 * DAY - 60)
    assert bench.status(execution_id) == "InProgress"
    clock.advance(60)
    assert bench.status(execution_id) == "Failed"
    assert "expired" in bench.error("Ask")[1]
    with pytest.raises(ClientError) as error:
        bench.answer(token=token)
    assert code_of(error) == "ApprovalAlreadyCompletedException"


def test_an_approval_expires_without_anybody_looking(bench: Bench) -> None:
    bench.create()
    bench.token()
    core = bench.cloud.core
    core.clock.advance(8 * DAY)
    ((_, pipeline),) = core.services["codepipeline"].pipelines()
    assert [each.status for each in pipeline.executions.values()] == ["Failed"]


def test_an_approval_may_have_another_time_out(bench: Bench) -> None:
    stages = stage("Source", source()), stage("Approve", approval(timeoutInMinutes=5)), stage("Deploy", site())
    execution_id = bench.create(*stages)
    bench.token()
    bench.cloud.core.clock.advance(240)
    assert bench.status(execution_id) == "InProgress"
    bench.cloud.core.clock.advance(60)
    assert bench.status(execution_id) == "Failed"


def test_the_work_of_others_does_not_let_an_approval_expire(bench: Bench) -> None:
    execution_id = bench.create()
    bench.token()
    bench.cloud.core.clock.timeline().wait(30 * DAY)  # as a machine waits: skipped
    assert bench.status(execution_id) == "InProgress"
    bench.answer()
    assert bench.ended(execution_id)["status"] == "Succeeded"


def test_a_role_approves_only_with_the_permission_for_this_action(bench: Bench) -> None:
    bench.create()
    token = bench.token()
    arn = f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:pipe/Approve/Ask"
    approvers = {}
    for name, resource in (("blind", arn.replace("Ask", "Other")), ("boss", arn)):
        allowed = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "codepipeline:PutApprovalResult", "Resource": resource}],
        }
        role = make_role(bench.client("iam"), name, trust_in({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), allowed)
        given = bench.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
        approvers[name] = bench.cloud.client(
            "codepipeline",
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
    members = {
        "pipelineName": "pipe",
        "stageName": "Approve",
        "actionName": "Ask",
        "token": token,
        "result": {"summary": "", "status": "Approved"},
    }
    with pytest.raises(ClientError, match="codepipeline:PutApprovalResult") as error:
        approvers["blind"].put_approval_result(**members)
    assert code_of(error) == "AccessDeniedException"
    approvers["boss"].put_approval_result(**members)
    assert bench.latest("Approve", "Ask")["lastUpdatedBy"].endswith("assumed-role/boss/me")


def test_a_topic_hears_of_an_approval(bench: Bench) -> None:
    topic = bench.client("sns").create_topic(Name="ask")["TopicArn"]
    queue = bench.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    queue_arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:inbox"
    bench.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    asks = approval(configuration={"NotificationArn": topic, "CustomData": "please look"})
    bench.create(stage("Source", source()), stage("Approve", asks))
    token = bench.token()
    (message,) = bench.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert token in message["Body"]
    assert "please look" in message["Body"]


def test_an_approval_whose_topic_is_not_there_fails(bench: Bench) -> None:
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:nowhere"
    asks = approval(configuration={"NotificationArn": topic})
    assert bench.ended(bench.create(stage("Source", source()), stage("Approve", asks)))["status"] == "Failed"
    assert topic in bench.error("Ask")[1]
