"""What this lab asks for: what CodeDeploy says of its deployments, and what the machines really serve."""

import io
import zipfile
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from botocore.exceptions import ClientError

from cicdlab.lab.checks import NotYet, check

ACCOUNT = "123456789012"
APPLICATION, GROUP, BUCKET = "gazette", "web", "gazette-revisions"
DEPLOY_ROLE, MACHINE_ROLE = "gazette-deploy", "gazette-machine"
KEY, VALUE = "Serves", "gazette"
SERVING, PRESS = ("gazette-1", "gazette-2"), "gazette-press"
INSTANCE = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1"
REVISION = f"arn:aws:s3:::{BUCKET}/gazette-1.zip"


@check(
    "tags",
    f"The tag {KEY}={VALUE} is on gazette-1 and gazette-2, and on no other machine",
    hints=[
        "ec2.create_tags takes a list of resources, which are ids, and a list of tags.",
        'A tag is {"Key": …, "Value": …}; upper and lower case matter.',
    ],
)
def tags(aws):
    found = machines(aws)
    for name in SERVING:
        if found[name].get(KEY) != VALUE:
            raise NotYet(f"{name} does not carry the tag {KEY}={VALUE} yet")
    others = [name for name, tagged in found.items() if name not in SERVING and tagged.get(KEY) == VALUE]
    if others:
        raise NotYet(f"{others[0]} carries the tag too; take it away with delete_tags, or it will be deployed to")


@check(
    "revision",
    f"{BUCKET}/gazette-1.zip holds appspec.yml at its top level, and the application {APPLICATION} knows of it",
    hints=[
        "The application comes first: codedeploy.create_application with applicationName and computePlatform.",
        "The command is aws deploy push --application-name … --source … --s3-location s3://BUCKET/KEY.",
        "--source is the folder whose contents become the top level of the zip.",
    ],
)
def revision(aws):
    codedeploy = aws.client("codedeploy")
    found = application(aws)
    if found["computePlatform"] != "Server":
        raise NotYet(f"the application is for {found['computePlatform']}; machines need the platform Server")
    if "appspec.yml" not in bundle(aws, "gazette-1.zip"):
        raise NotYet("gazette-1.zip has no appspec.yml at its top level; push the folder source itself")
    known = codedeploy.list_application_revisions(applicationName=APPLICATION, s3Bucket=BUCKET)["revisions"]
    if "gazette-1.zip" not in [each["s3Location"]["key"] for each in known]:
        raise NotYet("the zip is in the bucket, but the application does not know of it; hand it in with push")


@check(
    "group",
    f"The group {GROUP} deploys to one machine at a time, to those with the tag {KEY}={VALUE} alone",
    hints=[
        "create_deployment_group wants ec2TagFilters: a list of Key, Value and Type.",
        "Type is KEY_AND_VALUE, KEY_ONLY or VALUE_ONLY.",
        "The role goes into serviceRoleArn, the configuration into deploymentConfigName.",
    ],
)
def group(aws):
    found = the_group(aws)
    wanted = {"Key": KEY, "Value": VALUE, "Type": "KEY_AND_VALUE"}
    if found.get("ec2TagFilters", []) != [wanted]:
        raise NotYet(f"the group has to look for the key {KEY} together with the value {VALUE}, and for nothing else")
    if not found["serviceRoleArn"].endswith(f":role/{DEPLOY_ROLE}"):
        raise NotYet(f"the group does not work with the role {DEPLOY_ROLE}; give its ARN as serviceRoleArn")
    if found["deploymentConfigName"] != "CodeDeployDefault.OneAtATime":
        raise NotYet(f"the configuration is {found['deploymentConfigName']}, not CodeDeployDefault.OneAtATime")


@check(
    "delivered",
    "Each role may do what it needs and nothing else, and the first issue has arrived",
    hints=[
        "The message of the first failure names a role and says that it lacks permissions: which role, and for what?",
        "The second failure is on the machines, in DownloadBundle: the role there is that of the instance profile.",
        f"allow wants role, action, resource. For {MACHINE_ROLE} the resource ends with /*: objects, not the bucket.",
    ],
)
def delivered(aws):
    require(aws, DEPLOY_ROLE, "ec2:DescribeInstances", "*")
    refuse(aws, DEPLOY_ROLE, "ec2:TerminateInstances", INSTANCE)
    refuse(aws, DEPLOY_ROLE, "s3:GetObject", REVISION)
    require(aws, MACHINE_ROLE, "s3:GetObject", REVISION)
    refuse(aws, MACHINE_ROLE, "s3:GetObject", "arn:aws:s3:::payroll-wakefield/salaries.csv")
    refuse(aws, MACHINE_ROLE, "s3:PutObject", REVISION)
    refuse(aws, MACHINE_ROLE, "ec2:DescribeInstances", "*")
    if not any(each["status"] == "Succeeded" for each in deployments(aws, "gazette-1.zip")):
        raise NotYet("the roles are right, but no deployment of gazette-1.zip has succeeded yet; start one")


@check(
    "second",
    "The second issue was deployed after the first, and its text is in the bundle",
    hints=[
        'Path("source/gazette/pages/front.txt").write_text(…) replaces the page; the first line is its title.',
        "Push under another key, gazette-2.zip: the first issue stays where it is.",
        'deploy("gazette-2.zip") does the rest.',
    ],
)
def second(aws):
    page = bundle(aws, "gazette-2.zip").get("gazette/pages/front.txt", "")
    if "second issue" not in page:
        raise NotYet("the front page in gazette-2.zip does not say 'second issue'; write it, and push again")
    if not any(each["status"] == "Succeeded" for each in own(deployments(aws, "gazette-2.zip"))):
        raise NotYet("no deployment of gazette-2.zip has succeeded yet; start one")


@check(
    "broken",
    "The third issue failed on one machine, in ValidateService, and the other one was spared",
    hints=[
        "Push the folder as gazette-3.zip after the page was renamed, and deploy it as before.",
        "The group deploys to one machine at a time: the second one is left alone when the first one fails.",
    ],
)
def broken(aws):
    if "gazette/pages/front.txt" in bundle(aws, "gazette-3.zip"):
        raise NotYet(
            "gazette-3.zip has a page front.txt, so nothing is broken in it; push the folder after the page was renamed"
        )
    failed = [each for each in deployments(aws, "gazette-3.zip") if each["status"] == "Failed"]
    if not failed:
        raise NotYet("no deployment of gazette-3.zip has failed yet; push it and deploy it")
    for deployment in failed:
        ends = list(failures(aws, deployment["deploymentId"]))
        if [(event, code) for event, code in ends] == [("ValidateService", "ScriptFailed")]:
            return
    raise NotYet(f"gazette-3.zip failed, but in {', '.join(event for event, _ in ends) or 'no event'}; push it again")


@check(
    "rollback",
    "After a deployment that failed, CodeDeploy itself deployed the second issue again",
    hints=[
        "update_deployment_group wants the group's name as currentDeploymentGroupName.",
        'autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}.',
        "The group is changed, but nothing has failed since: deploy gazette-3.zip once more.",
    ],
)
def rollback(aws):
    settings = the_group(aws).get("autoRollbackConfiguration", {})
    if not settings.get("enabled") or "DEPLOYMENT_FAILURE" not in settings.get("events", []):
        raise NotYet("the group does not roll back when a deployment fails; switch that on")
    back = [each for each in deployments(aws, "gazette-2.zip") if each["creator"] == "codeDeployRollback"]
    if not back:
        raise NotYet("nothing was rolled back yet; deploy gazette-3.zip again, now that the group would")
    if not any(each["status"] == "Succeeded" for each in back):
        raise NotYet("a rollback was started, but it has not succeeded; wait for it, and look how it ends")


@check(
    "terminal",
    "Both machines serve the third issue, which came to all of them at once",
    hints=[
        "aws deploy create-deployment takes the place of the zip as bucket=…,key=…,bundleType=zip.",
        "--deployment-config-name CodeDeployDefault.AllAtOnce counts for this deployment; the group keeps its own.",
        "The page has to be front.txt in the folder before you push.",
    ],
)
def terminal(aws):
    history = own(deployments(aws, "gazette-4.zip"))
    if not history:
        raise NotYet("no deployment of gazette-4.zip was started yet")
    newest = max(history, key=lambda each: each["createTime"])
    if newest["status"] != "Succeeded":
        raise NotYet(f"the newest deployment of gazette-4.zip is {newest['status']}, not Succeeded")
    if newest["deploymentConfigName"] != "CodeDeployDefault.AllAtOnce":
        raise NotYet(f"the newest deployment went by {newest['deploymentConfigName']}, not to all machines at once")
    for name in SERVING:
        if "third issue" not in served(aws, name):
            raise NotYet(f"{name} does not serve the third issue; its front page has to say 'third issue'")


def machines(aws):
    """The tags of the machines that are not terminated, by name."""
    wanted = [
        {"Name": "tag:Name", "Values": ["gazette-*"]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    pages = aws.client("ec2").get_paginator("describe_instances").paginate(Filters=wanted)
    found = [each for page in pages for one in page["Reservations"] for each in one["Instances"]]
    tagged = [{tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in found]
    named = {each["Name"]: each for each in tagged}
    if not {*SERVING, PRESS} <= set(named):
        raise NotYet("the three machines are not all there; run the cells from the top of the notebook")
    return named


def served(aws, name):
    """The front page that a machine serves, or nothing."""
    port = machines(aws)[name].get("cicdlab:port", "80")
    try:
        with urlopen(f"http://127.0.0.1:{port}/front", timeout=10) as answer:
            return answer.read().decode()
    except (HTTPError, URLError):
        return ""


def application(aws):
    codedeploy = aws.client("codedeploy")
    try:
        return codedeploy.get_application(applicationName=APPLICATION)["application"]
    except codedeploy.exceptions.ApplicationDoesNotExistException:
        raise NotYet(f"there is no application {APPLICATION}; make it with create_application") from None


def the_group(aws):
    application(aws)
    codedeploy = aws.client("codedeploy")
    try:
        found = codedeploy.get_deployment_group(applicationName=APPLICATION, deploymentGroupName=GROUP)
    except codedeploy.exceptions.DeploymentGroupDoesNotExistException:
        raise NotYet(f"the application has no group {GROUP}; make it with create_deployment_group") from None
    return found["deploymentGroupInfo"]


def deployments(aws, key):
    """The deployments of one zip to the group."""
    the_group(aws)
    codedeploy = aws.client("codedeploy")
    pages = codedeploy.get_paginator("list_deployments").paginate(
        applicationName=APPLICATION, deploymentGroupName=GROUP
    )
    ids = [each for page in pages for each in page["deployments"]]
    found = codedeploy.batch_get_deployments(deploymentIds=ids[:25])["deploymentsInfo"] if ids else []
    return [each for each in found if each["revision"]["s3Location"]["key"] == key]


def own(found):
    """Without the deployments that CodeDeploy started itself."""
    return [each for each in found if each["creator"] == "user"]


def failures(aws, deployment_id):
    """The events that failed, each with its code, over all machines of a deployment."""
    codedeploy = aws.client("codedeploy")
    ids = codedeploy.list_deployment_targets(deploymentId=deployment_id)["targetIds"]
    found = codedeploy.batch_get_deployment_targets(deploymentId=deployment_id, targetIds=ids)["deploymentTargets"]
    for target in found:
        for event in target["instanceTarget"]["lifecycleEvents"]:
            if event["status"] == "Failed":
                yield event["lifecycleEventName"], event["diagnostics"]["errorCode"]


def bundle(aws, key):
    """The files of a zip in the bucket, as text by name."""
    try:
        body = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket"):
            raise NotYet(f"the bucket {BUCKET} holds no {key} yet") from None
        raise
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}
    except zipfile.BadZipFile:
        raise NotYet(f"{key} is not a zip; make it with aws deploy push") from None


def require(aws, role, action, resource):
    if decision(aws, role, action, resource) != "allowed":
        raise NotYet(f"{role} may not {action} on {resource} yet; that is what it needs")


def refuse(aws, role, action, resource):
    if decision(aws, role, action, resource) == "allowed":
        raise NotYet(f"{role} may {action} on {resource}, more than it needs; narrow it")


def decision(aws, role, action, resource):
    iam = aws.client("iam")
    try:
        answer = iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", ActionNames=[action], ResourceArns=[resource]
        )
    except iam.exceptions.NoSuchEntityException:
        raise NotYet(f"there is no role {role}; run the cells from the top of the notebook") from None
    return answer["EvaluationResults"][0]["EvalDecision"]
