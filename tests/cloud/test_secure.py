from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cicdlab.cloud.clients import Keys

from ..goods import make_role, trust_in

KEYS = Keys("AKIAOFTHEWORKSPACE00", "the-secret")
CALLS = [
    ("s3", "list_buckets"),
    ("codebuild", "list_projects"),
    ("iam", "list_roles"),
    ("lambda", "list_functions"),
    ("logs", "describe_log_groups"),
]
ODD_KEY = "a b+c/ü~(1).txt"


@pytest.fixture
def secured(start_cloud):
    return start_cloud(administrator=KEYS)


def client(cloud, service, key=KEYS.access_key, secret=KEYS.secret, **options):
    return cloud.client(service, aws_access_key_id=key, aws_secret_access_key=secret, **options)


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_the_administrators_signature_passes_and_a_wrong_one_does_not(secured, service, operation):
    getattr(client(secured, service), operation)()
    for key, secret, code in (
        (KEYS.access_key, "guessed", "SignatureDoesNotMatch"),
        ("test", "test", "InvalidClientTokenId"),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(client(secured, service, key, secret), operation)()
        assert refused.value.response["Error"]["Code"] == code


def test_objects_with_odd_names_pass_signed_and_presigned(secured):
    s3 = client(secured, "s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="odd")
    s3.put_object(Bucket="odd", Key=ODD_KEY, Body=b"hello")
    assert s3.get_object(Bucket="odd", Key=ODD_KEY)["Body"].read() == b"hello"
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "odd", "Key": ODD_KEY})
    assert urlopen(url).read() == b"hello"
    with pytest.raises(HTTPError) as refused:
        urlopen(url[:-4] + "0000")
    assert refused.value.code == 403


def test_an_address_that_is_presigned_for_another_service_passes(secured):
    url = client(secured, "sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    assert b"arn:aws:iam::123456789012:root" in urlopen(url).read()
    with pytest.raises(HTTPError, match="403"):
        urlopen(url[:-4] + "0000")


def test_the_old_way_to_presign_is_named(secured):
    url = client(secured, "s3", config=Config(signature_version="s3")).generate_presigned_url("list_buckets")
    with pytest.raises(HTTPError) as refused:
        urlopen(url)
    assert b"Please use AWS4-HMAC-SHA256" in refused.value.read()


def test_a_request_without_a_signature_is_refused(secured):
    client(secured, "s3").create_bucket(Bucket="private")
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{secured.endpoint}/private")
    assert refused.value.code == 403
    assert b"MissingAuthenticationToken" in refused.value.read()


def test_a_changed_body_is_refused(secured):
    logs = client(secured, "logs")

    def change(request, **_):
        request.body = request.body.replace(b"mine", b"your")

    logs.meta.events.register("before-send.cloudwatch-logs.CreateLogGroup", change)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        logs.create_log_group(logGroupName="mine")


def test_a_roles_session_passes_with_its_own_secret(secured):
    role = make_role(client(secured, "iam"), trust=trust_in({"AWS": "123456789012"}))
    session = client(secured, "sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    token = {"aws_session_token": session["SessionToken"]}
    client(secured, "s3", session["AccessKeyId"], session["SecretAccessKey"], **token).list_buckets()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(secured, "s3", session["AccessKeyId"], "guessed", **token).list_buckets()


def test_the_engines_own_calls_pass(secured):
    client(secured, "s3").create_bucket(Bucket="seen")
    assert secured.core.client("s3", "us-east-1").list_buckets()["Buckets"][0]["Name"] == "seen"


def test_orders_to_a_secured_cloud_need_its_secret(secured):
    for headers, expected in (({}, 403), ({"Authorization": "Bearer guessed"}, 403)):
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(f"{secured.endpoint}/_cicdlab/reset", method="POST", headers=headers))
        assert refused.value.code == expected
    allowed = {"Authorization": f"Bearer {KEYS.secret}"}
    assert urlopen(Request(f"{secured.endpoint}/_cicdlab/reset", method="POST", headers=allowed)).status == 200
