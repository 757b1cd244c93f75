"""What this lab asks for: IAM's simulator tells what the role may do, the builds tell what it was denied."""

from botocore.exceptions import ClientError

from cicdlab.lab.checks import NotYet, check

BUCKET, PAYROLL, ROLE, PROJECT = "board-builds", "payroll-wakefield", "board-build", "board"
ACCOUNT, REGION, ELSEWHERE = "123456789012", "us-east-1", "eu-west-1"
PROJECT_ARN = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{PROJECT}"
STREAM = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/codebuild/{PROJECT}:log-stream:1"
SOURCE = f"arn:aws:s3:::{BUCKET}/source/board.zip"
OUTPUT = f"arn:aws:s3:::{BUCKET}/artifacts/board/board.txt"
POSITIVE = {"stringequals", "stringlike", "arnequals", "arnlike"}


@check(
    "barrier",
    f"An explicit deny keeps the build away from {PAYROLL}, and a build has met it",
    hints=[
        "Write a second policy with one statement. Its Effect is Deny; leave the policy build as it is.",
        "Reading an object is checked on the object, listing a bucket on the bucket: the statement needs both.",
        f"The objects of a bucket are arn:aws:s3:::{PAYROLL}/*; every action of S3 is s3:*.",
    ],
)
def barrier(aws):
    for action, resource in (
        ("s3:GetObject", f"arn:aws:s3:::{PAYROLL}/salaries.csv"),
        ("s3:PutObject", f"arn:aws:s3:::{PAYROLL}/salaries.csv"),
        ("s3:ListBucket", f"arn:aws:s3:::{PAYROLL}"),
    ):
        if decision(aws, action, resource) != "explicitDeny":
            raise NotYet(f"no policy of the role denies {action} on {resource}; add that to the statement")
    if decision(aws, "s3:GetObject", SOURCE) == "explicitDeny":
        raise NotYet("the barrier stands before the build's own source too; name the other bucket alone")
    if not logged(aws, "with an explicit deny in an identity-based policy"):
        raise NotYet("the barrier is there, but no build has met it yet; start a build and read its log")


@check(
    "log",
    "The role may write the log of its own project and no other",
    hints=[
        "Look at the message of the build that ended in PROVISIONING: it names an action and a resource.",
        "Three actions make a log: one creates the group, one the stream, one puts the lines into it.",
        "The denied resource is a stream: its ARN goes on after the group's name. A group's ARN with :* covers both.",
    ],
)
def log(aws):
    ended_early(aws, "PROVISIONING", "logs:CreateLogStream")
    require(aws, "logs:CreateLogGroup", STREAM.removesuffix("1"))
    require(aws, "logs:CreateLogStream", STREAM)
    require(aws, "logs:PutLogEvents", STREAM)
    refuse(aws, "logs:PutLogEvents", STREAM.replace(f"/{PROJECT}:", "/payroll:"))
    refuse(aws, "logs:DeleteLogStream", STREAM)


@check(
    "source",
    "The role may read the project's source, and reads nothing else from the bucket",
    hints=[
        "The context of DOWNLOAD_SOURCE names what was denied.",
        f"The sources lie below source/ in {BUCKET}; what the build makes is none of them.",
        "Add a statement to the policy build; put_role_policy replaces the whole policy, so give it both statements.",
    ],
)
def source(aws):
    ended_early(aws, "DOWNLOAD_SOURCE", "s3:GetObject")
    require(aws, "s3:GetObject", SOURCE)
    refuse(aws, "s3:GetObject", OUTPUT)
    refuse(aws, "s3:GetObject", SOURCE.replace(BUCKET, "another-bucket"))


@check(
    "output",
    "The role may store what the build makes and do nothing else, and a build succeeded with it",
    hints=[
        "All commands went well; the context of UPLOAD_ARTIFACTS names what CodeBuild itself was denied.",
        "The output goes below artifacts/. Who may write elsewhere in the bucket may replace the source.",
        "When the build is green, its log still shows what somebody else's code was denied.",
    ],
)
def output(aws):
    ended_early(aws, "UPLOAD_ARTIFACTS", "s3:PutObject")
    require(aws, "s3:PutObject", OUTPUT)
    refuse(aws, "s3:PutObject", SOURCE)
    refuse(aws, "s3:PutObject", OUTPUT.replace(BUCKET, "another-bucket"))
    refuse(aws, "s3:DeleteObject", OUTPUT)
    refuse(aws, "iam:ListRoles", "*")
    refuse(aws, "iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/{ROLE}")
    denied = "because no identity-based policy allows the iam:ListRoles action"
    if not any(build["buildStatus"] == "SUCCEEDED" for build in logged(aws, denied)):
        raise NotYet("the policy is right, but no build has succeeded with it yet; start one")


@check(
    "region",
    f"The role may count instances in {REGION} alone, and a build has tried both Regions",
    hints=[
        "The instances' ARNs do not help: ec2:DescribeInstances is checked on no resource, so Resource is *.",
        "What the resource cannot narrow, a condition can: which Region was asked?",
        f"The condition key is aws:RequestedRegion, its operator StringEquals, its value {REGION}.",
    ],
)
def region(aws):
    require(aws, "ec2:DescribeInstances", "*", REGION)
    refuse(aws, "ec2:DescribeInstances", "*", ELSEWHERE)
    refuse(aws, "ec2:TerminateInstances", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1", REGION)
    tried = {build["id"] for build in logged(aws, f"{ELSEWHERE}: no answer")}
    counted = [build for build in logged(aws, f"{REGION}: ") if build["id"] in tried]
    if not any(f"{REGION}: no answer" not in text(aws, build) for build in counted):
        raise NotYet(f"no build has counted in {REGION} and been denied in {ELSEWHERE} yet; start one with screens.yml")


@check(
    "trust",
    f"CodeBuild may take on {ROLE} for the project {PROJECT} of this account, and for nobody else",
    hints=[
        "iam.update_assume_role_policy replaces the trust policy; the role itself stays.",
        "aws:SourceAccount names the account on whose behalf a service acts, aws:SourceArn the very resource.",
        f"The resource is the project: {PROJECT_ARN}.",
    ],
)
def trust(aws):
    for statement in many(the_role(aws)["AssumeRolePolicyDocument"]["Statement"]):
        if statement["Effect"] != "Allow":
            continue
        principal = statement.get("Principal")
        if principal not in ({"Service": name} for name in ("codebuild.amazonaws.com", ["codebuild.amazonaws.com"])):
            raise NotYet("the role has to trust codebuild.amazonaws.com alone; look at the Principal")
        wanted = {
            key.lower(): many(values)
            for operator, keys in statement.get("Condition", {}).items()
            if operator.lower() in POSITIVE
            for key, values in keys.items()
        }
        if "aws:sourcearn" not in wanted and "aws:sourceaccount" not in wanted:
            raise NotYet("CodeBuild may take on the role for anybody; add conditions to the trust policy")
        if wanted.get("aws:sourceaccount", [ACCOUNT]) != [ACCOUNT]:
            raise NotYet(f"the condition on aws:SourceAccount has to name this account, {ACCOUNT}, alone")
        if "aws:sourcearn" not in wanted:
            raise NotYet("every project of this account may use the role; add a condition on aws:SourceArn")
        if wanted["aws:sourcearn"] != [PROJECT_ARN]:
            raise NotYet("the condition on aws:SourceArn has to name the project board alone, with its whole ARN")


@check(
    "tidied",
    "Your colleague's policy broke a build, and the newest build succeeded again",
    hints=[
        "She took out the asterisks. Which of them stood for something that a resource's name ends with?",
        "Compare the resource in the message with the Resource in her statement, character by character.",
        "A stream is not its group, an object is not its bucket: there are two slips, and two builds to find them.",
        "Run !cicdlab why in a cell: it prints for each denied request what every statement had to say.",
    ],
)
def tidied(aws):
    history = builds(aws)
    uploads = [build["buildNumber"] for build in history if failed_in(build, "UPLOAD_ARTIFACTS")]
    if not uploads:
        raise NotYet("no build has ended in UPLOAD_ARTIFACTS yet; do Task 4 first")
    if not any(failed_in(build, "PROVISIONING") and build["buildNumber"] > max(uploads) for build in history):
        raise NotYet("your colleague's policy has broken no build yet; run the cell that puts it in place")
    newest = history[0]
    if newest["buildStatus"] != "SUCCEEDED":
        ends = [phase["phaseType"] for phase in newest["phases"] if phase.get("phaseStatus") == "FAILED"]
        raise NotYet(f"the newest build ended in {', '.join(ends)}; mend what its message names, and build again")


def require(aws, action, resource, region=REGION):
    if decision(aws, action, resource, region) != "allowed":
        raise NotYet(f"the role may not {action} on {resource}; compare that with your statement")


def refuse(aws, action, resource, region=REGION):
    if decision(aws, action, resource, region) == "allowed":
        where = "" if region == REGION else f" in {region}"
        raise NotYet(f"the role may {action} on {resource}{where}, more than the build needs; narrow it")


def decision(aws, action, resource, region=REGION):
    """What IAM decides when the role asks for something in a Region."""
    the_role(aws)
    answer = aws.client("iam").simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": "aws:RequestedRegion", "ContextKeyType": "string", "ContextKeyValues": [region]}
        ],
    )
    return answer["EvaluationResults"][0]["EvalDecision"]


def the_role(aws):
    iam = aws.client("iam")
    try:
        return iam.get_role(RoleName=ROLE)["Role"]
    except iam.exceptions.NoSuchEntityException:
        raise NotYet(f"there is no role {ROLE}; run the cells from the top of the notebook") from None


def ended_early(aws, phase, action):
    """Look for a build that a denial ended in a phase."""
    for build in builds(aws):
        if failed_in(build, phase, f"not authorized to perform: {action}"):
            return
    raise NotYet(f"no build has ended in {phase} for want of {action} yet; take the steps in their order")


def failed_in(build, phase, words=""):
    return any(
        (one["phaseType"], one.get("phaseStatus")) == (phase, "FAILED")
        and any(words in context.get("message", "") for context in one.get("contexts", ()))
        for one in build["phases"]
    )


def builds(aws):
    """The builds of the project, the newest first."""
    codebuild = aws.client("codebuild")
    if not codebuild.batch_get_projects(names=[PROJECT])["projects"]:
        raise NotYet(f"there is no project {PROJECT}; run the cells from the top of the notebook")
    ids = codebuild.list_builds_for_project(projectName=PROJECT, sortOrder="DESCENDING")["ids"]
    found = codebuild.batch_get_builds(ids=ids[:100])["builds"] if ids else []
    return sorted(found, key=lambda build: build["buildNumber"], reverse=True)


def logged(aws, words):
    """The builds whose log says something."""
    return [build for build in builds(aws) if words in text(aws, build)]


def text(aws, build):
    place = build.get("logs", {})
    if "streamName" not in place:
        return ""
    try:
        events = aws.client("logs").get_log_events(
            logGroupName=place["groupName"], logStreamName=place["streamName"], startFromHead=True
        )["events"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return ""
        raise
    return "".join(event["message"] for event in events)


def many(value):
    return value if isinstance(value, list) else [value]
