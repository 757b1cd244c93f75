"""What this lab asks for: what the pipeline says of its executions, and what the machines really show."""

import json
from urllib.error import URLError
from urllib.request import urlopen

from cicdlab.lab.checks import NotYet, check

ACCOUNT, REGION = "123456789012", "us-east-1"
PIPELINE, REPOSITORY, PROJECT, RULE = "board", "board", "board", "board-push"
REPOSITORY_ARN = f"arn:aws:codecommit:{REGION}:{ACCOUNT}:{REPOSITORY}"
PIPELINE_ARN = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{PIPELINE}"
ARTIFACT = "arn:aws:s3:::board-pipeline/board/Package/1"
MACHINES = ("board-1", "board-2")
STAGES = [
    ("Source", "Fetch", "CodeCommit", [], ["Commit"]),
    ("Build", "Test", "CodeBuild", ["Commit"], ["Package"]),
    ("Approve", "Look", "Manual", [], []),
    ("Deploy", "Install", "CodeDeploy", ["Package"], []),
]
TOO_MUCH = [
    ("pipeline", "codebuild:StartBuild", f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/payroll"),
    ("pipeline", "codepipeline:PutApprovalResult", f"{PIPELINE_ARN}/Approve/Look"),
    ("build", "codedeploy:CreateDeployment", f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentgroup:board/platforms"),
    ("deploy", "s3:GetObject", ARTIFACT),
    ("start", "codepipeline:StopPipelineExecution", PIPELINE_ARN),
    ("machine", "s3:PutObject", ARTIFACT),
    ("machine", "s3:GetObject", "arn:aws:s3:::payroll-wakefield/salaries.csv"),
]


@check(
    "commit",
    f"The branch main of the repository {REPOSITORY} holds the application, with both of its files for AWS on top",
    hints=[
        "codecommit.create_repository wants a repositoryName; its answer has the address in cloneUrlHttp.",
        "In a cell, a line that begins with ! goes to the shell, and $name there is a name of Python's.",
        "An empty clone has no branch yet: git checkout -b main, then add, commit, and push origin main.",
        "git commit asks who you are; git config user.name and user.email, with -C board, tell it for this clone.",
    ],
)
def commit(aws):
    codecommit = aws.client("codecommit")
    try:
        branches = codecommit.list_branches(repositoryName=REPOSITORY)["branches"]
    except codecommit.exceptions.RepositoryDoesNotExistException:
        raise NotYet(f"there is no repository {REPOSITORY}; make it with create_repository") from None
    if "main" not in branches:
        raise NotYet("nothing has been pushed to the branch main yet")
    names = {
        each["absolutePath"]
        for each in codecommit.get_folder(repositoryName=REPOSITORY, commitSpecifier="main", folderPath="/")["files"]
    }
    for name in ("buildspec.yml", "appspec.yml"):
        if name not in names:
            raise NotYet(f"the branch main has no {name} at its top; push what is in source/app, not the folder itself")


@check(
    "pipeline",
    f"The pipeline {PIPELINE} fetches, tests, asks and deploys, each in a stage of its own",
    hints=[
        "action(name, category, provider, configuration, inputs, outputs) writes down an action.",
        'A stage is {"name": …, "actions": […]}, and create_pipeline takes the whole as pipeline={…}.',
        "The message of create_pipeline says what is missing; names of artifacts have to be the same on both sides.",
    ],
)
def pipeline(aws):
    found = the_pipeline(aws)
    made = [
        (stage["name"], action["name"], action["actionTypeId"]["provider"], names(action, "in"), names(action, "out"))
        for stage in found["stages"]
        for action in stage["actions"]
    ]
    for wanted, got in zip(STAGES, [*made, *[None] * len(STAGES)], strict=False):
        if got != wanted:
            raise NotYet(f"the stage {wanted[0]} is not there, or not as the table says; look at names and artifacts")
    if len(made) > len(STAGES):
        raise NotYet(f"the pipeline has an action too many: {made[-1][1]} in the stage {made[-1][0]}")
    polls = found["stages"][0]["actions"][0]["configuration"].get("PollForSourceChanges", "true")
    if polls != "false":
        raise NotYet("the pipeline looks for commits itself; PollForSourceChanges has to be false")
    if found["artifactStore"]["location"] != "board-pipeline":
        raise NotYet(f"the artifact store is {found['artifactStore']['location']}, not board-pipeline")


@check(
    "running",
    "Somebody approved, both machines were reached, and no role may do more than its part",
    hints=[
        "question() finds out what the pipeline asks; put_approval_result answers, with the same names and token.",
        'result={"status": "Approved", "summary": "…"}',
    ],
)
def running(aws):
    if not any(each["status"] == "Succeeded" for each in executions(aws)):
        raise NotYet("no execution has succeeded yet; approve, and wait for the deployment")
    for role, action, resource in TOO_MUCH:
        if decision(aws, f"board-{role}", action, resource) == "allowed":
            raise NotYet(f"board-{role} may {action} on {resource}, more than its part; put its policy right")


@check(
    "started",
    "A push to the branch main, and to no other, starts the pipeline",
    hints=[
        "put_rule takes the pattern as a string: json.dumps makes it.",
        "A pattern names what an event has to have; each value stands in a list.",
        "put_targets wants Id (any name), Arn (the pipeline's) and RoleArn (the role that may start it).",
    ],
)
def started(aws):
    events = aws.client("events")
    try:
        rule = events.describe_rule(Name=RULE)
    except events.exceptions.ResourceNotFoundException:
        raise NotYet(f"there is no rule {RULE}; make it with put_rule") from None
    fits = {name: matches(events, rule["EventPattern"], push(name)) for name in ("main", "draft")}
    if not fits["main"]:
        raise NotYet("the rule does not hear of a push to main; compare its pattern with the event")
    if fits["draft"]:
        raise NotYet("the rule hears of pushes to other branches too; add referenceName to its pattern")
    if PIPELINE_ARN not in [each["Arn"] for each in events.list_targets_by_rule(Rule=RULE)["Targets"]]:
        raise NotYet("the rule has no target, or another one; its target is the pipeline")
    if not any(each["trigger"]["triggerType"] == "CloudWatchEvent" for each in executions(aws)):
        raise NotYet("the rule is right, but it has started nothing yet; push a commit")


@check(
    "stopped",
    "A failing test ended an execution in the stage Build, and nothing of it was deployed",
    hints=[
        'In board/board/page.py, the key of sorted has to be train["to"] alone.',
        "Commit and push; the rule of Task 4 does the rest.",
    ],
)
def stopped(aws):
    if the_project(aws)["source"].get("buildspec"):
        raise NotYet("the project has a buildspec of its own; the one in the repository runs the tests")
    failed = [each for each in executions(aws) if each["status"] == "Failed"]
    if not failed:
        raise NotYet("no execution has failed yet; push a change that one of the tests objects to")
    if not any(actions(aws, each) == {"Fetch": "Succeeded", "Test": "Failed"} for each in failed):
        raise NotYet("an execution failed, but not in the stage Build")


@check(
    "repaired",
    "After the failure a new commit came to both machines",
    hints=[
        "git revert HEAD makes a new commit that undoes the last one; --no-edit keeps its message.",
        "The pipeline asks again: each execution needs an answer of its own.",
    ],
)
def repaired(aws):
    history = executions(aws)
    broken = [at for at, each in enumerate(history) if actions(aws, each).get("Test") == "Failed"]
    if not broken:
        raise NotYet("nothing has failed yet, so there is nothing to put right; do Task 5 first")
    good = [each for each in history[: broken[0]] if each["status"] == "Succeeded"]
    if not good:
        raise NotYet("no execution has succeeded since; push the remedy, and approve")
    commit = good[0]["sourceRevisions"][0]["revisionId"]
    for name in MACHINES:
        shown = screen(aws, name)
        if commit not in shown:
            raise NotYet(f"{name} shows {shown or 'nothing'}; it should show the commit {commit[:7]}")


@check(
    "rejected",
    "The newest execution was started by hand, and somebody said no",
    hints=[
        "aws codepipeline start-pipeline-execution wants --name, the other commands --pipeline-name.",
        'The token: aws codepipeline get-pipeline-state --name board --query "stageStates[2].actionStates[0]'
        '.latestExecution.token" --output text',
        'aws codepipeline put-approval-result … --result "status=Rejected,summary=Not on a Friday"',
    ],
)
def rejected(aws):
    newest = executions(aws)[0]
    if newest["trigger"]["triggerType"] != "StartPipelineExecution":
        raise NotYet("the newest execution was not started by hand; use aws codepipeline start-pipeline-execution")
    if newest["status"] == "InProgress":
        raise NotYet("the newest execution goes on, or waits for an answer; reject it when it asks")
    if actions(aws, newest).get("Look") != "Failed":
        raise NotYet("the newest execution was not rejected; start another one, and say no")


def the_pipeline(aws):
    codepipeline = aws.client("codepipeline")
    try:
        return codepipeline.get_pipeline(name=PIPELINE)["pipeline"]
    except codepipeline.exceptions.PipelineNotFoundException:
        raise NotYet(f"there is no pipeline {PIPELINE}; make it with create_pipeline") from None


def the_project(aws):
    found = aws.client("codebuild").batch_get_projects(names=[PROJECT])["projects"]
    if not found:
        raise NotYet(f"there is no project {PROJECT}; run the cells from the top of the notebook")
    return found[0]


def executions(aws):
    """The executions of the pipeline, the newest first."""
    the_pipeline(aws)
    found = aws.client("codepipeline").list_pipeline_executions(pipelineName=PIPELINE)["pipelineExecutionSummaries"]
    if not found:
        raise NotYet("the pipeline has not run yet")
    return found


def actions(aws, execution):
    """How the actions of an execution ended, by name."""
    wanted = {"pipelineExecutionId": execution["pipelineExecutionId"]}
    found = aws.client("codepipeline").list_action_executions(pipelineName=PIPELINE, filter=wanted)
    return {each["actionName"]: each["status"] for each in found["actionExecutionDetails"]}


def names(action, side):
    return [each["name"] for each in action.get(f"{side}putArtifacts", [])]


def push(branch):
    """The event of a push, as CodeCommit tells it."""
    detail = {"event": "referenceUpdated", "referenceType": "branch", "referenceName": branch}
    return {
        "id": "1",
        "account": ACCOUNT,
        "region": REGION,
        "time": "2026-11-25T12:00:00Z",
        "source": "aws.codecommit",
        "detail-type": "CodeCommit Repository State Change",
        "resources": [REPOSITORY_ARN],
        "detail": {**detail, "repositoryName": REPOSITORY},
    }


def matches(events, pattern, event):
    return events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]


def screen(aws, name):
    """What a machine shows at the bottom of its board, or nothing."""
    wanted = [{"Name": "tag:Name", "Values": [name]}, {"Name": "instance-state-name", "Values": ["running"]}]
    found = aws.client("ec2").describe_instances(Filters=wanted)["Reservations"]
    if not found:
        return ""
    tagged = {tag["Key"]: tag["Value"] for tag in found[0]["Instances"][0]["Tags"]}
    try:
        with urlopen(f"http://127.0.0.1:{tagged.get('cicdlab:port', '80')}/", timeout=10) as answer:
            return answer.read().decode().partition("<footer>")[2].partition("</footer>")[0]
    except URLError:
        return ""


def decision(aws, role, action, resource):
    iam = aws.client("iam")
    try:
        answer = iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", ActionNames=[action], ResourceArns=[resource]
        )
    except iam.exceptions.NoSuchEntityException:
        raise NotYet(f"there is no role {role}; run the cells from the top of the notebook") from None
    return answer["EvaluationResults"][0]["EvalDecision"]
