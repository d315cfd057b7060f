"""The code's bucket, the secrets and the account on ministack."""

from __future__ import annotations

import json
from itertools import count

import pytest

from tests.aws.cloud import ACCOUNT
from tests.aws.cloud import Cloud as Emulator
from tocsin.aws import artifacts
from tocsin.aws.accounts import Cloud
from tocsin.aws.artifacts import Artifacts, Deployment
from tocsin.aws.parameters import Secrets
from tocsin.aws.stacks import Stacks
from tocsin.errors import TocsinError

_NUMBERS = count(1)


@pytest.fixture
def name() -> str:
    return f"bucket-{next(_NUMBERS)}"


@pytest.fixture
def stacks(cloud: Emulator) -> Stacks:
    del cloud
    return Stacks(Cloud(), sleep=lambda _: None)


def label() -> str:
    return f"label-{next(_NUMBERS)}"


# ── The bucket ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def bucket(stacks: Stacks, name: str) -> Artifacts:
    assert artifacts.found(Cloud(), stacks, name) is None
    list(artifacts.make(stacks, name, label(), {"app": "tocsin"}))
    found = artifacts.found(Cloud(), stacks, name)
    assert found is not None
    return found


def test_the_bucket_is_closed_encrypted_and_versioned(bucket: Artifacts) -> None:
    s3 = Cloud().client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket.bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket.bucket)["PublicAccessBlockConfiguration"].values())
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket.bucket)["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    rules = json.loads(artifacts.template())["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rules[0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}  # Ministack does not keep them.


def test_making_it_again_changes_nothing(bucket: Artifacts, stacks: Stacks, name: str) -> None:
    assert list(artifacts.make(stacks, name, label(), {"app": "tocsin"})) == []
    again = artifacts.found(Cloud(), stacks, name)
    assert again is not None
    assert again.bucket == bucket.bucket


def test_what_is_there_is_not_uploaded_again(bucket: Artifacts) -> None:
    assert bucket.put("code/a.zip", b"a")
    assert not bucket.put("code/a.zip", b"a")
    assert bucket.get("code/a.zip") == b"a"


def deployed(number: int) -> Deployment:
    return Deployment(
        at=number, first=number, version="1", code=f"code/{number}.zip", template="template/a.json", parameters={}
    )


def test_the_last_deployments_are_remembered_with_what_they_need(bucket: Artifacts) -> None:
    bucket.put("template/a.json", b"{}")
    bucket.put("template/old.json", b"{}")
    for number in range(1, 13):
        bucket.put(f"code/{number}.zip", b"")
        bucket.remember(deployed(number))
    assert [each.at for each in bucket.history()] == list(range(3, 13))
    assert not bucket.has("code/2.zip")
    assert bucket.has("code/3.zip")
    assert bucket.has("template/a.json")
    assert not bucket.has("template/old.json")


def test_a_damaged_history_says_so(bucket: Artifacts) -> None:
    bucket.put("history/000000000000001.json", b"[]")
    with pytest.raises(TocsinError, match="history/ cannot be read"):
        bucket.history()


def test_an_emptied_bucket_goes_with_its_stack(bucket: Artifacts, stacks: Stacks, name: str) -> None:
    bucket.put("code/a.zip", b"a")
    bucket.remember(deployed(1))
    assert bucket.empty() >= 2
    found = stacks.find(name + artifacts.SUFFIX)
    assert found is not None
    list(stacks.delete(found))
    assert artifacts.found(Cloud(), stacks, name) is None


# ── Secrets and accounts ─────────────────────────────────────────────────────────────────────────────────────────────
def test_secrets_are_written_encrypted_read_and_deleted(cloud: Emulator, name: str) -> None:
    del cloud
    vault = Secrets(Cloud(), f"/tocsin/{name}/")
    assert vault.read() == {}
    vault.write({f"NAME_{number}": "first" for number in range(12)})
    vault.write({"NAME_0": "second"})
    assert vault.read() == {f"NAME_{number}": "second" if number == 0 else "first" for number in range(12)}
    found = Cloud().client("ssm").get_parameter(Name=f"/tocsin/{name}/NAME_0", WithDecryption=False)["Parameter"]
    assert found["Type"] == "SecureString"
    assert len(vault.delete()) == 12
    assert vault.read() == {}


@pytest.mark.parametrize("value", ["", "x" * 4097])
def test_a_secret_that_does_not_fit_is_named_and_not_shown(cloud: Emulator, value: str) -> None:
    del cloud
    with pytest.raises(TocsinError, match=r"TOKEN has \d+ bytes, and may have 1 to 4,096") as caught:
        Secrets(Cloud(), "/tocsin/x/").write({"TOKEN": value})
    assert not value or value not in caught.value.message


def test_who_we_are_is_asked(cloud: Emulator) -> None:
    del cloud
    account = Cloud(region="eu-central-1").identify(ACCOUNT)
    assert (account.number, account.region, account.partition) == (ACCOUNT, "eu-central-1", "aws")
    with pytest.raises(TocsinError, match=f"belong to account {ACCOUNT} .* and --account says 999988887777"):
        Cloud().identify("999988887777")
