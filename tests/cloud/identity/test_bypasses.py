"""No request means one thing to the gateway and another to the service behind it."""

import gzip
import json
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cicdlab.cloud.clients import Keys

from ...conftest import RunningCloud
from .conftest import OWN, PARTNER, Accounts, allow, denied, policy, refused, statement

SECRET = b"nobody but its owner reads this"


def scope(key: str, service: str) -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential={key}/20261125/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )


def send(accounts: Accounts, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """Send a request as it stands and return status and body of the answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(f"{accounts.cloud.endpoint}{path}", data=body, headers=names, method=method)
    try:
        with urlopen(request) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


@pytest.fixture
def ann(accounts: Accounts) -> tuple[str, str]:
    """Return the key of a user who may list buckets and parameters, read ``mine``, and no more."""
    accounts.bucket("secret", k=SECRET)
    accounts.bucket("mine", a=b"1")
    accounts.admin("ssm").put_parameter(Name="/secret", Value=SECRET.decode(), Type="String")
    text = policy(
        statement(["s3:ListAllMyBuckets", "ssm:DescribeParameters", "iam:ListUsers"]),
        statement(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::mine/*"),
        statement("ssm:GetParameter", f"arn:aws:ssm:us-east-1:{OWN}:parameter/mine"),
        statement("s3:Put*Configuration"),
    )
    accounts.user(text)
    iam = accounts.admin("iam")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/secret/k", {}),
        ("/secret/k?Action=ListBuckets", {}),
        ("/secret/k", {"X_Amz_Target": "x.ListBuckets"}),
        ("/secret/k?Action=Foo", {}),
        ("/secret/k?torrent", {}),
        ("/secret/k?retention", {}),
        ("/secret?metrics", {}),
        ("/secret?requestPayment", {}),
        ("/secret/k?response-expires=garbage", {}),
        ("//secret/k", {}),
        ("/mine/../secret/k", {}),
        ("/mine/%2e%2e/secret/k", {}),
    ],
)
@pytest.mark.parametrize("who", ["ann", PARTNER, ""])
def test_an_object_is_not_reached_by_another_name(accounts: Accounts, ann, path, headers, who) -> None:
    key = ann[0] if who == "ann" else who
    signed = {"Authorization": scope(key, "s3")} if key else {}
    status, body = send(accounts, "GET", path, **signed, **headers)
    assert (status >= 400, SECRET in body) == (True, False)


@pytest.mark.parametrize("what", ["metrics", "analytics", "intelligent-tiering", "inventory"])
def test_what_is_not_simulated_of_a_bucket_does_not_delete_the_bucket(accounts: Accounts, ann, what) -> None:
    accounts.bucket("empty")
    for key in (ann[0], "test"):
        status, _ = send(accounts, "DELETE", f"/empty?{what}&id=1", Authorization=scope(key, "s3"))
        assert status >= 400
    assert "empty" in [each["Name"] for each in accounts.admin("s3").list_buckets()["Buckets"]]


@pytest.mark.parametrize("query", ["acl&policy", "cors&policy", "tagging&website"])
def test_two_parts_of_a_bucket_are_not_one_request(accounts: Accounts, ann, query) -> None:
    status, body = send(accounts, "GET", f"/mine?{query}", Authorization=scope(ann[0], "s3"))
    assert (status, b"Conflicting query string parameters" in body) == (400, True)


@pytest.mark.parametrize(
    ("service", "path", "body", "headers"),
    [
        ("iam", "/?Action=ListUsers", b"Action=CreateUser&UserName=eve&Version=2010-05-08", {}),
        ("iam", "/", b"Action=CreateUser&UserName=eve&Version=2010-05-08", {"X_Amz_Target": "a.ListUsers"}),
        ("iam", "/?Action=CreateUser&UserName=eve", b"Action=ListUsers&Version=2010-05-08", {}),
    ],
)
def test_the_action_of_a_form_is_the_one_that_counts(accounts: Accounts, ann, service, path, body, headers) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded", "Authorization": scope(ann[0], service)}
    send(accounts, "POST", path, body, **form, **headers)
    assert [user["UserName"] for user in accounts.admin("iam").list_users()["Users"]] == ["ann"]


@pytest.mark.parametrize(
    ("path", "target", "body"),
    [
        ("/?Action=GetParameter", "DescribeParameters", {"Name": "/secret"}),
        ("/?Name=/secret", "GetParameter", {"Name": "mine"}),
        ("/", "DescribeParameters", {"MaxResults": 1, "NextToken": "&Action=GetParameter&Name=/secret&"}),
        ("/", "GetParameter", {"Name": "mine&Name=/secret"}),
    ],
)
def test_the_members_of_json_are_the_ones_that_count(accounts: Accounts, ann, path, target, body) -> None:
    headers = {"Content_Type": "application/x-amz-json-1.1", "X_Amz_Target": f"AmazonSSM.{target}"}
    _, answer = send(accounts, "POST", path, json.dumps(body).encode(), Authorization=scope(ann[0], "ssm"), **headers)
    assert SECRET not in answer


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_query_service_takes_its_form_by_post_only(accounts: Accounts, ann, method) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded", "Authorization": scope(ann[0], "iam")}
    body = b"Action=CreateUser&UserName=eve&Version=2010-05-08"
    send(accounts, method, "/?Action=ListUsers&Version=2010-05-08", body, **form)
    assert [user["UserName"] for user in accounts.admin("iam").list_users()["Users"]] == ["ann"]


def test_a_packed_body_is_unpacked_before_it_is_judged(accounts: Accounts, ann) -> None:
    body = gzip.compress(json.dumps({"Name": "/secret"}).encode())
    headers = {"Content_Type": "application/x-amz-json-1.1", "X_Amz_Target": "AmazonSSM.GetParameter"}
    for key, seen in ((ann[0], False), ("test", True)):
        signed = {"Authorization": scope(key, "ssm"), "Content_Encoding": "gzip"}
        _, answer = send(accounts, "POST", "/", body, **headers, **signed)
        assert (SECRET in answer) is seen


@pytest.mark.parametrize("service", ["ssm", "iam", "s3zzz", "xs3", "my-s3", "s3-object-lambda", "zzz"])
def test_an_address_that_is_signed_for_another_service_reaches_no_object(accounts: Accounts, ann, service) -> None:
    for key in (ann[0], PARTNER):
        date = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        credential = f"{key}%2F{date[:8]}%2Fus-east-1%2F{service}%2Faws4_request"
        signed = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={date}&X-Amz-Expires=60"
        for headers in ({}, {"X_Amz_Target": "AmazonSSM.DescribeParameters"}):
            assert SECRET not in send(accounts, "GET", f"/secret/k?{signed}", **headers)[1]
        assert SECRET not in send(accounts, "GET", "/secret/k", Authorization=scope(key, service))[1]


def test_a_copy_of_a_version_reads_that_version(accounts: Accounts) -> None:
    accounts.bucket()
    s3 = accounts.admin("s3")
    s3.put_bucket_versioning(Bucket="goods", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="goods", Key="a", Body=b"1")["VersionId"]
    ann = accounts.user(allow(["s3:GetObject", "s3:PutObject"]))("s3")
    source = {"Bucket": "goods", "Key": "a", "VersionId": version}
    denied(ann.copy_object, "s3:GetObjectVersion", Bucket="goods", Key="b", CopySource=source)


@pytest.mark.parametrize("suffix", ["#/own", "?/own", ";/own"])
def test_the_address_of_a_queue_names_one_queue(accounts: Accounts, suffix: str) -> None:
    address = accounts.admin("sqs").create_queue(QueueName="victim")["QueueUrl"]
    ann = accounts.user(allow("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{OWN}:own"))("sqs")
    for wrong in (address.replace("victim", f"own{suffix.replace('own', 'victim')}"), f"{address}{suffix}"):
        assert refused(ann.send_message, QueueUrl=wrong, MessageBody="x")[0] in (
            "InvalidAddress",
            "AccessDeniedException",
        )


def test_a_parameter_is_the_same_with_a_version(accounts: Accounts) -> None:
    accounts.admin("ssm").put_parameter(Name="/secret", Value="1", Type="String")
    arn = f"arn:aws:ssm:us-east-1:{OWN}:parameter/secret"
    deny = statement("ssm:GetParameter", arn, "Deny")
    ann = accounts.user(policy(statement("ssm:GetParameter"), deny))("ssm")
    for name in ("/secret", "/secret:1", arn, f"{arn}:1"):
        denied(ann.get_parameter, "ssm:GetParameter", Name=name)


def test_secrets_are_not_read_by_a_filter(accounts: Accounts) -> None:
    accounts.admin("secretsmanager").create_secret(Name="prod", SecretString="1")
    ann = accounts.user(allow("secretsmanager:BatchGetSecretValue"))("secretsmanager")
    wanted = [{"Key": "name", "Values": ["prod"]}]
    assert refused(ann.batch_get_secret_value, Filters=wanted)[0] == "NotImplemented"


def test_what_is_stored_is_not_read_as_a_request(accounts: Accounts) -> None:
    manager = accounts.admin("secretsmanager")
    value = "mysql://h/db?user=x&Name=oops&Action=DeleteSecret&SecretId=other"
    manager.create_secret(Name="db", SecretString=value)
    assert [secret["Name"] for secret in manager.list_secrets()["SecretList"]] == ["db"]
    manager.update_secret(SecretId="db", Description="&Action=GetSecretValue&SecretId=other&")
    assert manager.get_secret_value(SecretId="db")["SecretString"] == value


@pytest.mark.parametrize(
    "source",
    ["//mine/secret/k", "http://mine/secret/k", "mine:secret/k", "b%2Fk", "/", "mine"]
    + [
        "mine/a?x&versionId=1",
        "mine/a?version%49d=1",
        "mine/a?%76ersionId=1",
        "mine/a?versionId=1&versionId=2",
        "mine/a?",
    ],
)
def test_the_source_of_a_copy_is_one_object(accounts: Accounts, ann, source) -> None:
    headers = {"Authorization": scope(ann[0], "s3"), "x_amz_copy_source": source}
    status, _ = send(accounts, "PUT", "/mine/copy", b"", **headers)
    assert status >= 400
    assert [each["Key"] for each in accounts.admin("s3").list_objects_v2(Bucket="mine")["Contents"]] == ["a"]


@pytest.mark.parametrize(
    "rest", ["?secret", "%3Fsecret", "#secret", "%23secret", ";secret", "?versionId=1?versionId=1"]
)
def test_a_copy_reads_the_whole_key_that_was_asked_for(accounts: Accounts, rest: str) -> None:
    accounts.bucket("goods", k=SECRET)
    text = policy(statement(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::goods/k?*"))
    reader = accounts.user(text)("s3")
    key = accounts.admin("iam").create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    headers = {"Authorization": scope(key, "s3"), "x_amz_copy_source": f"goods/k{rest}"}
    assert send(accounts, "PUT", "/goods/k%3Fcopy", b"", **headers)[0] >= 400
    refused(reader.get_object, Bucket="goods", Key="k?copy")


@pytest.mark.parametrize("key", ["a?b", "a#b", "a;b", "/a", "a+b c", "ä%41"])
def test_a_copy_takes_any_key(accounts: Accounts, key: str) -> None:
    accounts.bucket()
    s3 = accounts.admin("s3")
    s3.put_object(Bucket="goods", Key=key, Body=b"1")
    s3.copy_object(Bucket="goods", Key="copy", CopySource={"Bucket": "goods", "Key": key})
    assert s3.get_object(Bucket="goods", Key="copy")["Body"].read() == b"1"


@pytest.mark.parametrize("region", ["s3", "us-s3", "xs3-1", "sqs", "us-east-11"])
def test_a_region_that_does_not_exist_leads_nowhere(accounts: Accounts, ann, region: str) -> None:
    signed = scope(ann[0], "sns").replace("us-east-1", region)
    status, answer = send(accounts, "GET", "/secret/k?Action=ListTopics", Authorization=signed)
    assert (status, SECRET in answer) == (403, False)
    assert b"valid region" in answer


def test_the_key_of_an_object_is_no_arn(accounts: Accounts, ann) -> None:
    key = "arn:aws:s3:::mine/z"
    denied(accounts.acting(*ann)("s3").put_object, "s3:PutObject", Bucket="secret", Key=key, Body=b"")
    assert refused(accounts.admin("s3", PARTNER).put_object, Bucket="secret", Key=key, Body=b"")[0] == "AccessDenied"
    accounts.acting(*ann)("s3").put_object(Bucket="mine", Key="arn:aws:s3:::secret/z", Body=b"")


@pytest.mark.parametrize("agent", ["Boto3/1 region/eu-west-1", "x.eu-west-1.amazonaws.com"])
def test_the_region_is_the_one_that_was_signed_for(accounts: Accounts, agent) -> None:
    ssm = {"Content_Type": "application/x-amz-json-1.1", "X_Amz_Target": "AmazonSSM.PutParameter"}
    body = json.dumps({"Name": "here", "Value": "1", "Type": "String"}).encode()
    send(
        accounts,
        "POST",
        "/?.eu-west-1.amazonaws.com",
        body,
        Authorization=scope("test", "ssm"),
        User_Agent=agent,
        **ssm,
    )
    assert accounts.admin("ssm", region_name="eu-west-1").describe_parameters()["Parameters"] == []
    assert len(accounts.admin("ssm").describe_parameters()["Parameters"]) == 1


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256 Credential={admin}/20261125/us-east-1/s3/aws4_request, "
        "Credential={own}/20261125/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 X=1, Credential={admin}/20261125/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential={admin}/2O261125/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0",
        "Basic {admin}",
    ],
)
def test_a_signature_that_says_two_things_or_nothing_is_refused(accounts: Accounts, ann, header) -> None:
    given = header.format(admin=PARTNER, own=ann[0])
    status, body = send(accounts, "GET", "/secret/k", Authorization=given)
    assert (status, b"IncompleteSignature" in body) == (403, True)


def test_in_a_secured_cloud_a_users_signature_makes_nobody_else(start_cloud: Any) -> None:
    running: RunningCloud = start_cloud(administrator=Keys("AKIAOFTHEWORKSPACE00", "the-secret"))
    admin = {"aws_access_key_id": "AKIAOFTHEWORKSPACE00", "aws_secret_access_key": "the-secret"}
    running.client("iam", **admin).create_user(UserName="ann")
    key = running.client("iam", **admin).create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    ann = running.client("s3", config=Config(signature_version="s3v4"), **keys)
    running.client("s3", **admin).create_bucket(Bucket="secret")

    def double(request: Any, **_: Any) -> None:
        given = (
            request.headers["Authorization"].decode()
            if isinstance(request.headers["Authorization"], bytes)
            else request.headers["Authorization"]
        )
        del request.headers["Authorization"]
        request.headers["Authorization"] = given.replace(
            "Credential=", f"Credential={PARTNER}/20261125/us-east-1/s3/aws4_request, Credential=", 1
        )

    ann.meta.events.register("before-send.s3", double)
    with pytest.raises(ClientError, match="IncompleteSignature"):
        ann.list_buckets()
    url = running.client("s3", config=Config(signature_version="s3v4"), **keys).generate_presigned_url("list_buckets")
    with pytest.raises(HTTPError):
        urlopen(
            url.replace(
                "X-Amz-Credential=",
                f"X-Amz-Credential={PARTNER}%2F20261125%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Credential=",
            )
        )
    guest = {"aws_access_key_id": PARTNER, "aws_secret_access_key": "guessed"}
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        running.client("s3", **guest).list_buckets()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_address_gives_what_its_signer_may_until_it_is_over(accounts: Accounts, ann, version) -> None:
    client = accounts.acting(*ann)("s3", config=Config(signature_version=version))

    def address(bucket: str, key: str, seconds: int = 60) -> str:
        return str(
            client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds)
        )

    assert urlopen(address("mine", "a")).read() == b"1"
    for url in (address("secret", "k"), address("mine", "a", seconds=-1 if version == "s3" else 0)):
        with pytest.raises(HTTPError) as error:
            urlopen(url)
        assert error.value.code == 403


def test_a_buckets_name_is_taken_for_every_account(accounts: Accounts) -> None:
    accounts.bucket("taken")
    assert refused(accounts.admin("s3", PARTNER).create_bucket, Bucket="taken")[0] == "BucketAlreadyExists"


def test_the_owner_of_a_bucket_is_the_expected_one(accounts: Accounts) -> None:
    accounts.bucket("goods", a=b"1")
    s3 = accounts.admin("s3")
    s3.get_object(Bucket="goods", Key="a", ExpectedBucketOwner=OWN)
    assert refused(s3.get_object, Bucket="goods", Key="a", ExpectedBucketOwner=PARTNER) == (
        "AccessDenied",
        "Access Denied",
    )


def test_a_part_of_an_encrypted_upload_needs_the_key(accounts: Accounts) -> None:
    accounts.bucket()
    key = accounts.key()
    ann = accounts.user(policy(statement("s3:*"), statement("kms:GenerateDataKey", key)))("s3")
    place = {"Bucket": "goods", "Key": "a"}
    upload = ann.create_multipart_upload(**place, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)["UploadId"]
    denied(ann.upload_part, "kms:Decrypt", **place, UploadId=upload, PartNumber=1, Body=b"1")


def test_a_role_made_again_gives_nothing_to_the_sessions_of_the_first(accounts: Accounts) -> None:
    worker, iam = accounts.session(accounts.role(allow("*"))), accounts.admin("iam")
    iam.delete_role_policy(RoleName="worker", PolicyName="all")
    iam.delete_role(RoleName="worker")
    accounts.role(allow("*"))
    denied(worker("s3").list_buckets, "s3:ListAllMyBuckets")


def test_a_stack_is_built_by_administrators_only(accounts: Accounts) -> None:
    ann = accounts.user(allow("cloudformation:*"))
    template = json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}})
    code, message = refused(ann("cloudformation").create_stack, StackName="s", TemplateBody=template)
    assert (code, "CreateStack by anybody but an administrator is not simulated" in message) == ("NotImplemented", True)


@pytest.mark.parametrize("what", ["StackSet", "StackInstances"])
def test_a_stack_set_is_made_by_administrators_only(accounts: Accounts, what: str) -> None:
    cloudformation = accounts.user(allow("cloudformation:*"))("cloudformation")
    template = json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}})
    makes = {
        "StackSet": lambda: cloudformation.create_stack_set(StackSetName="s", TemplateBody=template),
        "StackInstances": lambda: cloudformation.create_stack_instances(
            StackSetName="s", Accounts=[OWN], Regions=["us-east-1"]
        ),
    }
    code, message = refused(makes[what])
    assert (code, "by anybody but an administrator is not simulated" in message) == ("NotImplemented", True)


def test_a_packed_form_is_read_as_the_service_that_it_names(accounts: Accounts, ann) -> None:
    body = gzip.compress(b"Action=DescribeLoadBalancers&Version=2015-12-01")
    form = {"Content_Type": "application/x-www-form-urlencoded", "Content_Encoding": "gzip"}
    status, answer = send(accounts, "POST", "/", body, Authorization=scope("test", "elasticloadbalancing"), **form)
    assert status == 200
    assert b"elasticloadbalancing.amazonaws.com/doc/2015-12-01" in answer


def test_instances_are_started_and_tagged_with_the_policies_that_aws_shows(accounts: Accounts) -> None:
    ec2 = accounts.admin("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    kinds = ["instance", "network-interface", "volume", "subnet", "security-group", "key-pair"]
    arns = [f"arn:aws:ec2:us-east-1:{OWN}:{kind}/*" for kind in kinds] + [f"arn:aws:ec2:us-east-1::image/{image}"]
    tags = statement("ec2:CreateTags", f"arn:aws:ec2:us-east-1:{OWN}:instance/*")
    ann = accounts.user(policy(statement("ec2:RunInstances", arns), tags))("ec2")
    wanted = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
    marks = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "demo"}]}]
    made = ann.run_instances(**wanted, TagSpecifications=marks)["Instances"][0]["InstanceId"]
    ann.create_tags(Resources=[made], Tags=[{"Key": "more", "Value": "1"}])
    denied(ann.terminate_instances, "ec2:TerminateInstances", InstanceIds=[made])
    other = accounts.user(policy(statement("ec2:RunInstances", arns[:-1])), "bob")("ec2")
    denied(other.run_instances, "ec2:RunInstances", **wanted)


def test_the_name_of_an_operation_in_an_address_is_no_part_of_a_bucket(accounts: Accounts, ann) -> None:
    signed = scope("test", "s3")
    status, answer = send(accounts, "GET", "/mine?list-type=2&x-id=ListObjectsV2", Authorization=signed)
    assert (status, b"<Key>a</Key>" in answer) == (200, True)
