"""For each check the right thing with one setting wrong: made from the finished lab, looked at, and put right again.

Each function changes one thing, yields the sentence that its check must then answer with, and restores what it changed.
"""

import json

from cicdlab.lab.proof import near_miss
from cicdlab.lab.wait import wait

MAIN = {"repositoryName": "board", "branchName": "main"}
AUTHOR = {"name": "Somebody", "email": "somebody@example.com"}


@near_miss("commit")
def no_appspec(aws):
    codecommit, events = aws.client("codecommit"), aws.client("events")
    head = codecommit.get_branch(**MAIN)["branch"]["commitId"]
    kept = codecommit.get_file(repositoryName="board", commitSpecifier="main", filePath="appspec.yml")["fileContent"]
    events.disable_rule(Name="board-push")
    removed = codecommit.delete_file(**MAIN, filePath="appspec.yml", parentCommitId=head, **AUTHOR)["commitId"]
    yield "the branch main has no appspec.yml at its top; push what is in source/app, not the folder itself"
    codecommit.put_file(**MAIN, filePath="appspec.yml", fileContent=kept, parentCommitId=removed, **AUTHOR)
    events.enable_rule(Name="board-push")


@near_miss("pipeline")
def nobody_is_asked(aws):
    codepipeline = aws.client("codepipeline")
    good = codepipeline.get_pipeline(name="board")["pipeline"]
    codepipeline.update_pipeline(pipeline={**good, "stages": [*good["stages"][:2], good["stages"][3]]})
    yield "the stage Approve is not there, or not as the table says; look at names and artifacts"
    codepipeline.update_pipeline(pipeline=good)


@near_miss("running")
def the_machine_reads_everything(aws):
    policy = aws.resource("iam").RolePolicy("board-machine", "allow")
    good = json.dumps(policy.policy_document)
    policy.put(PolicyDocument=good.replace("arn:aws:s3:::board-pipeline/*", "arn:aws:s3:::*"))
    yield (
        "board-machine may s3:GetObject on arn:aws:s3:::payroll-wakefield/salaries.csv, more than its part; "
        "put its policy right"
    )
    policy.put(PolicyDocument=good)


@near_miss("started")
def every_branch(aws):
    events = aws.client("events")
    good = events.describe_rule(Name="board-push")["EventPattern"]
    wide = json.loads(good)
    del wide["detail"]["referenceName"]
    events.put_rule(Name="board-push", EventPattern=json.dumps(wide))
    yield "the rule hears of pushes to other branches too; add referenceName to its pattern"
    events.put_rule(Name="board-push", EventPattern=good)


@near_miss("stopped")
def a_build_without_tests(aws):
    codebuild = aws.client("codebuild")
    silent = json.dumps({"version": 0.2, "phases": {"build": {"commands": ["true"]}}, "artifacts": {"files": ["*"]}})
    codebuild.update_project(name="board", source={"type": "CODEPIPELINE", "buildspec": silent})
    yield "the project has a buildspec of its own; the one in the repository runs the tests"
    codebuild.update_project(name="board", source={"type": "CODEPIPELINE"})


@near_miss("repaired")
def a_screen_is_dark(aws):
    ec2 = aws.client("ec2")
    running = [{"Name": "tag:Name", "Values": ["board-2"]}, {"Name": "instance-state-name", "Values": ["running"]}]
    [machine] = [
        each["InstanceId"]
        for one in ec2.describe_instances(Filters=running)["Reservations"]
        for each in one["Instances"]
    ]
    codepipeline = aws.client("codepipeline")
    history = codepipeline.list_pipeline_executions(pipelineName="board")["pipelineExecutionSummaries"]
    commit = next(each for each in history if each["status"] == "Succeeded")["sourceRevisions"][0]["revisionId"]
    ec2.stop_instances(InstanceIds=[machine])
    yield f"board-2 shows nothing; it should show the commit {commit[:7]}"
    ec2.start_instances(InstanceIds=[machine])
    deploy_again(aws)


@near_miss("rejected")
def nobody_has_answered(aws):
    codepipeline = aws.client("codepipeline")
    started = codepipeline.start_pipeline_execution(name="board")["pipelineExecutionId"]
    place = {"pipelineName": "board", "stageName": "Approve", "actionName": "Look"}
    token = wait(lambda: question(codepipeline, started), "the pipeline to ask")
    yield "the newest execution goes on, or waits for an answer; reject it when it asks"
    codepipeline.put_approval_result(**place, token=token, result={"status": "Rejected", "summary": "Once more: no"})
    wait(lambda: status(codepipeline, started) == "Failed", "the execution to end")


def question(codepipeline, execution):
    """The token of an execution that waits for an answer, or nothing."""
    stage = codepipeline.get_pipeline_state(name="board")["stageStates"][2]
    if stage.get("latestExecution", {}).get("pipelineExecutionId") != execution:
        return None
    return stage["actionStates"][0].get("latestExecution", {}).get("token")


def status(codepipeline, execution):
    found = codepipeline.get_pipeline_execution(pipelineName="board", pipelineExecutionId=execution)
    return found["pipelineExecution"]["status"]


def deploy_again(aws):
    """Bring the newest revision to the machines once more: a machine that was off has no server."""
    codedeploy = aws.client("codedeploy")
    group = {"applicationName": "board", "deploymentGroupName": "platforms"}
    info = codedeploy.get_deployment_group(**group)["deploymentGroupInfo"]
    started = codedeploy.create_deployment(**group, revision=info["targetRevision"])["deploymentId"]
    wait(
        lambda: codedeploy.get_deployment(deploymentId=started)["deploymentInfo"]["status"] == "Succeeded",
        "the deployment to succeed",
    )
