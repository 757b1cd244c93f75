"""For each check the right thing with one setting wrong: made from the finished lab, looked at, and put right again.

Each function changes one thing, yields the sentence that its check must then answer with, and restores what it changed.
"""

import io
import json
import zipfile

from cicdlab.lab.proof import near_miss
from cicdlab.lab.wait import wait

BUCKET, TAG = "gazette-revisions", {"Key": "Serves", "Value": "gazette"}
GROUP = {"applicationName": "gazette", "currentDeploymentGroupName": "web"}
ENDED = ("Succeeded", "Failed", "Stopped")


@near_miss("tags")
def the_press_too(aws):
    ec2 = aws.client("ec2")
    found = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["gazette-press"]}])["Reservations"]
    [press] = [one["InstanceId"] for each in found for one in each["Instances"] if one["State"]["Name"] == "running"]
    ec2.create_tags(Resources=[press], Tags=[TAG])
    yield "gazette-press carries the tag too; take it away with delete_tags, or it will be deployed to"
    ec2.delete_tags(Resources=[press], Tags=[TAG])


@near_miss("revision")
def the_folder_in_the_zip(aws):
    s3 = aws.client("s3")
    good = s3.get_object(Bucket=BUCKET, Key="gazette-1.zip")["Body"].read()
    wrong = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(wrong, "w") as target:
        for name in source.namelist():
            target.writestr(f"source/{name}", source.read(name))
    s3.put_object(Bucket=BUCKET, Key="gazette-1.zip", Body=wrong.getvalue())
    yield "gazette-1.zip has no appspec.yml at its top level; push the folder source itself"
    s3.put_object(Bucket=BUCKET, Key="gazette-1.zip", Body=good)


@near_miss("group")
def any_value_of_the_key(aws):
    codedeploy = aws.client("codedeploy")
    codedeploy.update_deployment_group(**GROUP, ec2TagFilters=[{"Key": "Serves", "Type": "KEY_ONLY"}])
    yield "the group has to look for the key Serves together with the value gazette, and for nothing else"
    codedeploy.update_deployment_group(**GROUP, ec2TagFilters=[{**TAG, "Type": "KEY_AND_VALUE"}])


@near_miss("delivered")
def machines_read_every_bucket(aws):
    policy = aws.resource("iam").RolePolicy("gazette-machine", "allow")
    good = json.dumps(policy.policy_document)
    policy.put(PolicyDocument=good.replace(f"arn:aws:s3:::{BUCKET}/*", "arn:aws:s3:::*"))
    yield (
        "gazette-machine may s3:GetObject on arn:aws:s3:::payroll-wakefield/salaries.csv, more than it needs; narrow it"
    )
    policy.put(PolicyDocument=good)


@near_miss("second")
def the_first_issue_once_more(aws):
    s3 = aws.client("s3")
    good = s3.get_object(Bucket=BUCKET, Key="gazette-2.zip")["Body"].read()
    s3.copy_object(Bucket=BUCKET, Key="gazette-2.zip", CopySource=f"{BUCKET}/gazette-1.zip")
    yield "the front page in gazette-2.zip does not say 'second issue'; write it, and push again"
    s3.put_object(Bucket=BUCKET, Key="gazette-2.zip", Body=good)


@near_miss("broken")
def the_page_is_in_the_bundle(aws):
    s3 = aws.client("s3")
    good = s3.get_object(Bucket=BUCKET, Key="gazette-3.zip")["Body"].read()
    s3.copy_object(Bucket=BUCKET, Key="gazette-3.zip", CopySource=f"{BUCKET}/gazette-4.zip")
    yield "gazette-3.zip has a page front.txt, so nothing is broken in it; push the folder after the page was renamed"
    s3.put_object(Bucket=BUCKET, Key="gazette-3.zip", Body=good)


@near_miss("rollback")
def switched_off_again(aws):
    codedeploy = aws.client("codedeploy")
    codedeploy.update_deployment_group(**GROUP, autoRollbackConfiguration={"enabled": False})
    yield "the group does not roll back when a deployment fails; switch that on"
    on = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    codedeploy.update_deployment_group(**GROUP, autoRollbackConfiguration=on)


@near_miss("terminal")
def half_of_them_at_a_time(aws):
    deploy(aws, "CodeDeployDefault.HalfAtATime")
    yield "the newest deployment went by CodeDeployDefault.HalfAtATime, not to all machines at once"
    deploy(aws, "CodeDeployDefault.AllAtOnce")


def deploy(aws, configuration):
    codedeploy = aws.client("codedeploy")
    place = {"bucket": BUCKET, "key": "gazette-4.zip", "bundleType": "zip"}
    started = codedeploy.create_deployment(
        applicationName="gazette",
        deploymentGroupName="web",
        deploymentConfigName=configuration,
        revision={"revisionType": "S3", "s3Location": place},
    )["deploymentId"]
    wait(
        lambda: codedeploy.get_deployment(deploymentId=started)["deploymentInfo"]["status"] in ENDED,
        "the deployment to end",
    )
