"""What has a policy of its own, in one account and across: buckets, keys, secrets, topics, repositories, functions."""

import io
import json
import zipfile
from typing import Any

import pytest

from .conftest import OWN, PARTNER, Accounts, allow, denied, policy, refused, statement

ACCESS_DENIED = ("AccessDenied", "Access Denied")
ROOT = {"AWS": f"arn:aws:iam::{OWN}:root"}


def key_policy(*statements: dict[str, Any]) -> str:
    """Return a key policy that lets its account's IAM policies decide, with more statements."""
    return policy(statement("kms:*", Principal=ROOT), *statements)


def test_a_bucket_of_another_account_needs_both_sides(accounts: Accounts) -> None:
    accounts.bucket("theirs", PARTNER, a=b"1")
    ann, bob = accounts.user(allow("s3:*")), accounts.user(name="bob")
    for client in (ann("s3"), accounts.admin("s3")):
        assert refused(client.get_object, Bucket="theirs", Key="a") == ACCESS_DENIED
    text = allow("s3:GetObject", "arn:aws:s3:::theirs/*", Principal=ROOT)
    accounts.admin("s3", PARTNER).put_bucket_policy(Bucket="theirs", Policy=text)
    for client in (ann("s3"), accounts.admin("s3")):
        assert client.get_object(Bucket="theirs", Key="a")["Body"].read() == b"1"
    assert refused(bob("s3").get_object, Bucket="theirs", Key="a") == ACCESS_DENIED
    assert refused(ann("s3").put_object, Bucket="theirs", Key="a", Body=b"") == ACCESS_DENIED


def test_a_bucket_policy_alone_is_enough_in_its_own_account(accounts: Accounts) -> None:
    accounts.bucket("goods", a=b"1")
    ann, bob = accounts.user(), accounts.user(name="bob")
    text = allow("s3:GetObject", "arn:aws:s3:::goods/*", Principal={"AWS": f"arn:aws:iam::{OWN}:user/ann"})
    accounts.admin("s3").put_bucket_policy(Bucket="goods", Policy=text)
    ann("s3").get_object(Bucket="goods", Key="a")
    denied(bob("s3").get_object, "s3:GetObject", Bucket="goods", Key="a")


def test_a_deny_of_a_bucket_policy_meets_roles_of_the_own_account(accounts: Accounts) -> None:
    accounts.bucket("goods", a=b"1")
    worker = accounts.session(accounts.role(allow("s3:*")))
    unencrypted = {"Null": {"s3:x-amz-server-side-encryption": "true"}}
    text = policy(statement("s3:PutObject", "arn:aws:s3:::goods/*", "Deny", Principal="*", Condition=unencrypted))
    accounts.admin("s3").put_bucket_policy(Bucket="goods", Policy=text)
    message = denied(worker("s3").put_object, "s3:PutObject", Bucket="goods", Key="a", Body=b"")
    assert message.endswith("with an explicit deny in a resource-based policy")
    worker("s3").put_object(Bucket="goods", Key="a", Body=b"", ServerSideEncryption="AES256")


def test_a_request_in_another_accounts_bucket_happens_there(accounts: Accounts) -> None:
    accounts.bucket("theirs", PARTNER)
    text = policy(
        statement("s3:PutObject", "arn:aws:s3:::theirs/*", Principal=ROOT),
        statement("s3:ListBucket", "arn:aws:s3:::theirs", Principal=ROOT),
    )
    accounts.admin("s3", PARTNER).put_bucket_policy(Bucket="theirs", Policy=text)
    accounts.admin("s3").put_object(Bucket="theirs", Key="gift", Body=b"from the other account")
    assert (
        accounts.admin("s3", PARTNER).get_object(Bucket="theirs", Key="gift")["Body"].read()
        == b"from the other account"
    )


def test_a_key_policy_has_to_allow_or_to_delegate(accounts: Accounts) -> None:
    ann, bob = accounts.user(allow("kms:Encrypt")), accounts.user(name="bob")
    named = statement("kms:Encrypt", Principal={"AWS": f"arn:aws:iam::{OWN}:user/bob"})
    delegating, closed, direct = accounts.key(), accounts.key(policy(named)), accounts.key(key_policy(named))
    ann("kms").encrypt(KeyId=delegating, Plaintext=b"x")
    bob("kms").encrypt(KeyId=direct, Plaintext=b"x")
    assert denied(ann("kms").encrypt, "kms:Encrypt", KeyId=closed, Plaintext=b"x").endswith(
        "because no resource-based policy allows the kms:Encrypt action"
    )
    assert "no identity-based policy" in denied(bob("kms").encrypt, "kms:Encrypt", KeyId=delegating, Plaintext=b"x")


def test_a_key_of_another_account_needs_key_policy_and_identity_policy(accounts: Accounts) -> None:
    partner = statement(["kms:Encrypt", "kms:Decrypt"], Principal={"AWS": PARTNER})
    key, closed = accounts.key(key_policy(partner)), accounts.key()
    eve, idle = accounts.user(allow("kms:*"), "eve", PARTNER), accounts.user(name="idle", account=PARTNER)
    blob = eve("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert eve("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert accounts.admin("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert "no identity-based policy" in denied(idle("kms").decrypt, "kms:Decrypt", CiphertextBlob=blob)
    assert "no resource-based policy" in denied(eve("kms").encrypt, "kms:Encrypt", KeyId=closed, Plaintext=b"x")


def test_an_object_keeps_the_key_that_its_alias_meant(accounts: Accounts) -> None:
    accounts.bucket()
    kms, s3 = accounts.admin("kms"), accounts.admin("s3")
    first, second = accounts.key(), accounts.key()
    kms.create_alias(AliasName="alias/goods", TargetKeyId=first.rpartition("/")[2])
    s3.put_object(Bucket="goods", Key="a", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/goods")
    kms.update_alias(AliasName="alias/goods", TargetKeyId=second.rpartition("/")[2])
    assert s3.head_object(Bucket="goods", Key="a")["SSEKMSKeyId"] == first
    ann = accounts.user(policy(statement("s3:GetObject"), statement("kms:Decrypt", second)))
    assert first in denied(ann("s3").get_object, "kms:Decrypt", Bucket="goods", Key="a")


def test_an_alias_counts_in_its_own_account_only(accounts: Accounts) -> None:
    key = accounts.key(key_policy(statement("kms:*", Principal={"AWS": PARTNER})))
    accounts.admin("kms").create_alias(AliasName="alias/mine", TargetKeyId=key)
    accounts.user(allow("kms:Encrypt", key))("kms").encrypt(KeyId="alias/mine", Plaintext=b"x")
    with pytest.raises(Exception, match="NotFound"):
        accounts.admin("kms", PARTNER).encrypt(KeyId="alias/mine", Plaintext=b"x")


def test_a_key_policy_must_not_lock_its_author_out(accounts: Accounts) -> None:
    text, kms = allow("kms:*", Principal={"AWS": PARTNER}), accounts.admin("kms")
    code, message = refused(kms.create_key, Policy=text)
    assert (code, "will not allow you to update the key policy" in message) == (
        "MalformedPolicyDocumentException",
        True,
    )
    kms.create_key(Policy=text, BypassPolicyLockoutSafetyCheck=True)
    key = accounts.key()
    assert (
        refused(kms.put_key_policy, KeyId=key, PolicyName="default", Policy=text)[0]
        == "MalformedPolicyDocumentException"
    )


def test_an_encrypted_object_needs_its_key_too(accounts: Accounts) -> None:
    accounts.bucket()
    key = accounts.key()
    writer = accounts.user(policy(statement("s3:*"), statement("kms:GenerateDataKey", key)))
    reader = accounts.user(policy(statement("s3:*"), statement("kms:Decrypt", key)), "bob")
    stored = {"Bucket": "goods", "Key": "a", "Body": b"1", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    denied(reader("s3").put_object, "kms:GenerateDataKey", **stored)
    writer("s3").put_object(**stored)
    message = denied(writer("s3").get_object, "kms:Decrypt", Bucket="goods", Key="a")
    assert f"on resource: {key} because no identity-based policy" in message
    assert reader("s3").get_object(Bucket="goods", Key="a")["Body"].read() == b"1"


def test_the_default_encryption_of_a_bucket_counts(accounts: Accounts) -> None:
    accounts.bucket()
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": accounts.key()}}
    accounts.admin("s3").put_bucket_encryption(Bucket="goods", ServerSideEncryptionConfiguration={"Rules": [rule]})
    ann = accounts.user(allow("s3:*"))
    denied(ann("s3").put_object, "kms:GenerateDataKey", Bucket="goods", Key="a", Body=b"1")


@pytest.mark.parametrize("key", ["alias/nothing", "arn:aws:kms:us-east-1:123456789012:key/nothing"])
def test_nothing_is_encrypted_with_a_key_that_is_not_there(accounts: Accounts, key: str) -> None:
    accounts.bucket()
    code, _ = refused(
        accounts.admin("s3").put_object,
        Bucket="goods",
        Key="a",
        Body=b"",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=key,
    )
    assert code == "KMS.NotFoundException"
    assert "Contents" not in accounts.admin("s3").list_objects_v2(Bucket="goods")


def test_nothing_is_encrypted_with_a_disabled_key(accounts: Accounts) -> None:
    accounts.bucket()
    key = accounts.key()
    accounts.admin("kms").disable_key(KeyId=key.rpartition("/")[2])
    stored = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    assert (
        refused(accounts.admin("s3").put_object, Bucket="goods", Key="a", Body=b"", **stored)[0]
        == "KMS.DisabledException"
    )


def test_awss_own_key_serves_its_account_and_no_other(accounts: Accounts) -> None:
    accounts.bucket()
    ann = accounts.user(allow("s3:*"))
    ann("s3").put_object(Bucket="goods", Key="a", Body=b"1", ServerSideEncryption="aws:kms")
    ann("s3").get_object(Bucket="goods", Key="a")
    text = allow("s3:GetObject", "arn:aws:s3:::goods/*", Principal={"AWS": PARTNER})
    accounts.admin("s3").put_bucket_policy(Bucket="goods", Policy=text)
    denied(accounts.admin("s3", PARTNER).get_object, "kms:Decrypt", Bucket="goods", Key="a")


def test_a_key_may_be_bound_to_a_service(accounts: Accounts) -> None:
    accounts.bucket()
    key = accounts.key()
    via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    ann = accounts.user(policy(statement("s3:*"), statement("kms:*", key, Condition=via)))
    ann("s3").put_object(Bucket="goods", Key="a", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    ann("s3").get_object(Bucket="goods", Key="a")
    denied(ann("kms").encrypt, "kms:Encrypt", KeyId=key, Plaintext=b"x")


def test_an_encryption_context_is_seen(accounts: Accounts) -> None:
    key = accounts.key()
    ann = accounts.user(allow("kms:Encrypt", key, Condition={"StringEquals": {"kms:EncryptionContext:stage": "test"}}))
    ann("kms").encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"stage": "test"})
    denied(ann("kms").encrypt, "kms:Encrypt", KeyId=key, Plaintext=b"x", EncryptionContext={"stage": "live"})


def test_a_secret_is_named_by_its_full_arn(accounts: Accounts) -> None:
    arn = accounts.admin("secretsmanager").create_secret(Name="pin", SecretString="1234")["ARN"]
    ann = accounts.user(allow("secretsmanager:GetSecretValue", arn))
    bob = accounts.user(allow("secretsmanager:GetSecretValue", arn[:-7]), "bob")
    for name in ("pin", arn):
        assert ann("secretsmanager").get_secret_value(SecretId=name)["SecretString"] == "1234"
        denied(bob("secretsmanager").get_secret_value, "secretsmanager:GetSecretValue", SecretId=name)


def test_a_secret_of_another_account_needs_its_policy_and_a_key_that_can_be_shared(accounts: Accounts) -> None:
    manager, partner = accounts.admin("secretsmanager"), accounts.admin("secretsmanager", PARTNER)
    key = accounts.key(key_policy(statement("kms:Decrypt", Principal={"AWS": PARTNER})))
    own = manager.create_secret(Name="own", SecretString="1234", KmsKeyId=key)["ARN"]
    aws = manager.create_secret(Name="aws", SecretString="1234")["ARN"]
    denied(partner.get_secret_value, "secretsmanager:GetSecretValue", SecretId=own)
    for arn in (own, aws):
        text = allow("secretsmanager:GetSecretValue", Principal={"AWS": PARTNER})
        manager.put_resource_policy(SecretId=arn, ResourcePolicy=text)
    assert partner.get_secret_value(SecretId=own)["SecretString"] == "1234"
    assert refused(partner.get_secret_value, SecretId=aws) == ("AccessDeniedException", "Access to KMS is not allowed")


def test_a_secret_with_a_key_of_ones_own_needs_the_key(accounts: Accounts) -> None:
    key = accounts.key()
    accounts.admin("secretsmanager").create_secret(Name="pin", SecretString="1234", KmsKeyId=key)
    ann = accounts.user(allow("secretsmanager:*"))
    assert refused(ann("secretsmanager").get_secret_value, SecretId="pin")[1] == "Access to KMS is not allowed"
    accounts.admin("iam").put_user_policy(UserName="ann", PolicyName="key", PolicyDocument=allow("kms:Decrypt", key))
    ann("secretsmanager").get_secret_value(SecretId="pin")


def test_a_secure_string_needs_its_key_to_be_decrypted(accounts: Accounts) -> None:
    key, ssm = accounts.key(), accounts.admin("ssm")
    ssm.put_parameter(Name="/db/password", Value="1234", Type="SecureString", KeyId=key)
    ssm.put_parameter(Name="/db/other", Value="5678", Type="SecureString")
    ann = accounts.user(allow(["ssm:GetParameter", "ssm:GetParameters"]))
    ann("ssm").get_parameter(Name="/db/password")
    denied(ann("ssm").get_parameter, "kms:Decrypt", Name="/db/password", WithDecryption=True)
    denied(ann("ssm").get_parameters, "kms:Decrypt", Names=["/db/other", "/db/password"], WithDecryption=True)
    assert ann("ssm").get_parameter(Name="/db/other", WithDecryption=True)["Parameter"]["Value"] == "5678"
    accounts.admin("iam").put_user_policy(UserName="ann", PolicyName="key", PolicyDocument=allow("kms:Decrypt", key))
    assert ann("ssm").get_parameter(Name="/db/password", WithDecryption=True)["Parameter"]["Value"] == "1234"


def test_a_topic_of_another_account_is_reached_by_its_policy(accounts: Accounts) -> None:
    topic, partner = accounts.admin("sns").create_topic(Name="news")["TopicArn"], accounts.admin("sns", PARTNER)
    denied(partner.publish, "sns:Publish", TopicArn=topic, Message="hello")
    text = allow("sns:Publish", topic, Principal={"AWS": PARTNER})
    accounts.admin("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    partner.publish(TopicArn=topic, Message="hello")


def test_a_repository_of_another_account_is_reached_by_its_policy(accounts: Accounts) -> None:
    ecr, partner = accounts.admin("ecr"), accounts.admin("ecr", PARTNER)
    ecr.create_repository(repositoryName="app")
    wanted = {"registryId": OWN, "repositoryName": "app"}
    denied(partner.list_images, "ecr:ListImages", **wanted)
    text = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": PARTNER}, "Action": "ecr:ListImages"}],
    }
    ecr.set_repository_policy(repositoryName="app", policyText=json.dumps(text))
    assert partner.list_images(**wanted)["imageIds"] == []


def test_a_function_of_another_account_is_reached_by_its_policy(accounts: Accounts) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("f.py", "def handler(event, context): pass\n")
    role = accounts.role(trusted={"Service": "lambda.amazonaws.com"})
    functions, partner = accounts.admin("lambda"), accounts.admin("lambda", PARTNER)
    made = {"FunctionName": "f", "Runtime": "python3.11", "Handler": "f.handler", "Role": role}
    arn = functions.create_function(**made, Code={"ZipFile": code.getvalue()})["FunctionArn"]
    denied(partner.get_function, "lambda:GetFunction", FunctionName=arn)
    allowed = {"StatementId": "one", "Action": "lambda:GetFunction", "Principal": PARTNER}
    functions.add_permission(FunctionName="f", **allowed)
    assert partner.get_function(FunctionName=arn)["Configuration"]["FunctionArn"] == arn
