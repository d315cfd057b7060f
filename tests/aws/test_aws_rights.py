"""The policy of whoever deploys allows each request that the commands make, on what they make it of, and no more.

Each request of the SDK is noted while deploy, change, go back, move, sign in and destroy run on ministack. What
CloudFormation asks for in the same name is not seen here: tests/stack/test_stack_deployer.py has it from its registry.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient  # type: ignore[import-untyped]

from tests.aws.cloud import ACCOUNT, REGION
from tests.aws.cloud import Cloud as Emulator
from tests.cli.terminal import Said, Terminal
from tocsin.aws import bundle, stacks
from tocsin.aws.accounts import Cloud
from tocsin.aws.stacks import Stacks
from tocsin.cli import deploy_alert
from tocsin.stack import deployer

CONFIG = 'responders: {ada: {ntfy: "${ADA_NTFY}"}}\nteams: {ops: {members: [ada]}}\n'
STACK = "Rights"  # With a capital letter: buckets have none.

Asked = tuple[str, str]  # An action of IAM, and the ARN of what it is done to.

_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {  # Where the action of IAM is not called as the request is.
    "HeadObject": ("s3:GetObject",),
    "ListObjectsV2": ("s3:ListBucket",),
    "ListObjectVersions": ("s3:ListBucketVersions",),
    "DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
}
_WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def of_dynamodb(operation: str, given: Mapping[str, Any]) -> Iterator[Asked]:
    match operation:
        case "TransactWriteItems":
            for item in given["TransactItems"]:
                for verb, each in item.items():
                    yield f"dynamodb:{_WRITES[verb]}", table(each["TableName"])
        case "BatchGetItem" | "BatchWriteItem":
            for name in given["RequestItems"]:
                yield f"dynamodb:{operation}", table(name)
        case _:
            index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
            yield f"dynamodb:{operation}", table(given["TableName"]) + index


def table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def of_cloudformation(operation: str, given: Mapping[str, Any]) -> Iterator[Asked]:
    name = str(given["StackName"])
    name = name.split("/")[1] if name.startswith("arn:") else name
    where = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/an-id"
    yield f"cloudformation:{operation}", where
    if "Tags" in given:
        yield "cloudformation:TagResource", where


def of_s3(operation: str, given: Mapping[str, Any]) -> Iterator[Asked]:
    bucket = f"arn:aws:s3:::{given['Bucket']}"
    keys = [given["Key"]] if "Key" in given else [each["Key"] for each in given.get("Delete", {}).get("Objects", ())]
    for action in _OTHER_NAMES.get(operation, (f"s3:{operation}",)):
        for where in [f"{bucket}/{key}" for key in keys] or [bucket]:
            yield action, where


def of_ssm(operation: str, given: Mapping[str, Any]) -> Iterator[Asked]:
    for name in given.get("Names") or [given.get("Name") or given["Path"].rstrip("/")]:
        yield f"ssm:{operation}", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"


def asked(service: str, operation: str, given: Mapping[str, Any]) -> list[Asked]:
    match service:
        case "dynamodb":
            return list(of_dynamodb(operation, given))
        case "cloudformation":
            return list(of_cloudformation(operation, given))
        case "s3":
            return list(of_s3(operation, given))
        case "ssm":
            return list(of_ssm(operation, given))
        case "sns":
            return [(f"sns:{operation}", given["TopicArn"])]
        case "sts":  # Everybody may ask who they are.
            return []
        case _:
            pytest.fail(f"this test does not know {service}:{operation}")


def many(found: str | list[str]) -> list[str]:
    return [found] if isinstance(found, str) else found


def allows(policy: Any, action: str, where: str) -> bool:  # noqa: ANN401 - JSON.
    return any(
        action in many(each["Action"]) and any(fnmatch.fnmatchcase(where, scope) for scope in many(each["Resource"]))
        for each in policy["Statement"]
    )


class Deployer(Terminal):
    """Whoever deploys; what they have asked of AWS."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(folder, capsys)
        self.asked: set[Asked] = set()

    def succeeds(self, *words: str) -> Said:
        said = self.type(*words)
        assert (said.code, said.err) == (0, ""), words
        return said


@pytest.fixture
def team(
    cloud: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Deployer:
    del cloud
    made = Deployer(tmp_path, capsys)
    made.configure(CONFIG)
    (tmp_path / "code.zip").write_bytes(bundle.pack({"tocsin/__init__.py": b""}).data)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADA_NTFY", "https://ntfy.example.com/a-long-name-of-ada")
    monkeypatch.setattr(stacks, "PAUSE_SECONDS", 0.02)
    call = BaseClient._make_api_call

    def noted(client: Any, operation: str, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - untyped SDK.
        made.asked |= set(asked(client.meta.service_model.service_name, operation, given))
        return call(client, operation, given)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return made


def test_each_request_of_the_commands_is_allowed_and_nothing_else(team: Deployer) -> None:
    at = ("--stack", STACK)
    deploy = ("deploy", *at, "--zip", "code.zip", "--yes", "--no-test", "--email", "ops@example.com")
    team.ring("the disk is full")
    team.succeeds("backup", "--dump", "moved")
    team.succeeds(*deploy)
    stack = Stacks(Cloud()).find(STACK)
    assert stack is not None
    deploy_alert.ring(Cloud(), stack.outputs["AlertTopicArn"], "mark", over=False)
    team.succeeds("restore", "--to", "aws", *at, "moved")
    team.succeeds("backup", "--from", "aws", *at, "again")
    team.succeeds("signin", "--at", "aws", *at)
    team.succeeds("keys", "rotate", "default", "--at", "aws", *at)
    team.succeeds("keys", "revoke", "default", "--at", "aws", *at)
    team.configure(CONFIG + "routes: [{team: ops}]\n")
    team.succeeds(*deploy, "--dry-run")
    team.succeeds(*deploy)
    team.succeeds("deploy", *at, "--rollback", "--yes", "--no-test")
    team.succeeds("destroy", *at, "--yes", "--force")
    team.succeeds(*deploy, "--table", stack.outputs["TableName"])
    team.succeeds("destroy", *at, "--yes", "--force", "--with-table")

    policy = deployer.policy(STACK)
    assert {each for each in team.asked if not allows(policy, *each)} == set()
    used = {action for action, _ in team.asked}
    # CloudFormation validates, and takes tags away, by itself; a single Put is rare in a restore.
    rare = {"cloudformation:UntagResource", "cloudformation:ValidateTemplate", "dynamodb:PutItem"}
    assert set(deployer.COMMANDS) - used <= rare
    another = deployer.policy("prod")
    assert not any(allows(another, *each) for each in team.asked)


def test_what_the_policy_does_not_name_is_not_allowed() -> None:
    policy: Any = deployer.policy(STACK)
    where = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}-code/an-id"
    assert allows(policy, "cloudformation:DescribeStacks", where)
    assert not allows(policy, "cloudformation:SetStackPolicy", where)
    assert not allows(policy, "cloudformation:DescribeStacks", where.replace(STACK, "Other"))
    assert allows(policy, "s3:GetObject", "arn:aws:s3:::rights-code-bucket-1/code/1.zip")
    assert not allows(policy, "s3:GetObject", "arn:aws:s3:::rights-of-others/code/1.zip")


def test_each_action_of_the_policy_has_a_type_or_a_command_that_needs_it() -> None:
    known = {*deployer.COMMANDS, *(action for each in deployer.TYPES.values() for action in each)}
    policy: Any = deployer.policy()
    found = {action for each in policy["Statement"] for action in many(each["Action"])}
    assert found - known == {"iam:PassRole", "iam:CreateServiceLinkedRole"}
