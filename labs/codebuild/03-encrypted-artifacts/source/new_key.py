"""A colleague's script: gives the board a new key, as every year, and builds it once."""

import json
import time

import boto3

ALIAS, OLD = "alias/screens-artifacts", "alias/screens-artifacts-old"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:role/screens-build"},
            "Action": "kms:GenerateDataKey",
            "Resource": "*",
        },
    ],
}

kms, codebuild = boto3.client("kms"), boto3.client("codebuild")
old = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"]
kms.create_alias(AliasName=OLD, TargetKeyId=old)
new = kms.create_key(Description="Encrypts what screens builds", Policy=json.dumps(POLICY))["KeyMetadata"]
kms.update_alias(AliasName=ALIAS, TargetKeyId=new["KeyId"])
print(f"{ALIAS} is {new['Arn']} now; the key before it is {OLD}.")

build = codebuild.start_build(projectName="screens")["build"]
while not build["buildComplete"]:
    time.sleep(0.1)
    build = codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]
print(f"Build {build['buildNumber']} of screens: {build['buildStatus']}. Nobody will notice a thing.")
