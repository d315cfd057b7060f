"""The policy of whoever deploys fits the template, and names actions that exist."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from tests.stack.examples import read, settings
from tocsin import stack
from tocsin.stack import deployer

PATH = Path(stack.__file__).with_name(deployer.FILE)
CORE: Any = stack.load()
POLICY: Any = deployer.policy()
BELL: Any = deployer.policy("bell")
TEAM: Any = stack.build(settings(), read)


def allowed(policy: Any) -> set[str]:  # noqa: ANN401 - JSON.
    found = [each["Action"] for each in policy["Statement"]]
    return {action for each in found for action in (each if isinstance(each, list) else [each])}


def test_the_file_is_what_is_computed() -> None:
    wanted = json.dumps(deployer.policy(), indent=1) + "\n"
    if os.environ.get("UPDATE"):
        PATH.write_text(wanted, encoding="utf-8")
    assert deployer.text() == wanted, "UPDATE=1 pytest tests/stack"


@pytest.mark.parametrize("template", [CORE, TEAM], ids=["core", "team"])
def test_every_type_of_the_template_can_be_made_changed_and_deleted(template: Any) -> None:  # noqa: ANN401 - JSON.
    types = {each["Type"] for each in template["Resources"].values()}
    assert types - deployer.TYPES.keys() == set()
    may = allowed(deployer.policy())
    assert {action for each in types for action in deployer.TYPES[each]} <= may
    for each in types:
        words = "|".join(deployer.TYPES[each])
        assert re.search(r":(Create|Put|Add|Set|Subscribe|POST)", words), each
        assert re.search(r":(Delete|Remove|Set|Unsubscribe|DELETE)", words), each


# What the handlers of types may ask for, and not of whoever deploys this template.
ELSEWHERE = (
    r"kms:.*",  # Keys of AWS's own, which every principal of an account may use through their service.
    r"iam:PassRole|iam:CreateServiceLinkedRole",  # In statements of their own.
    r"apigateway:(Untag|Tag)Resource|s3:DeleteBucketTagging",  # IAM has no such action: it is POST, it is Put.
    r"s3:getObject",  # An API's document in S3.
    r"s3:GetBucketMetadataTableConfiguration",  # S3 Tables.
)
# For properties that this template does not set; what is read, and what tags need, is never among them.
UNUSED = (
    *ELSEWHERE,
    r"(ec2|elasticfilesystem|s3files|kinesis|firehose|s3tables):.*",  # Networks, file systems, streams, tables.
    r"s3:(GetObject\w*|REST.PUT.OBJECT|PutObjectAcl|DeleteObject|ListBucket)",
    r"s3:(Put|Delete|Update|Create)\w*(Accelerate|Analytics|Cors|CORS|Logging|Metadata|Notification|ObjectLock)\w*",
    r"s3:(Put|Delete)\w*(Abac|Acl|Encryption|IntelligentTiering|Inventory|Lifecycle|Metrics|Replication|Website)\w*",
    r"lambda:(GetLayerVersion|PublishVersion|AssociateRuntimeAlias|PassCapacityProvider|PutRuntimeManagementConfig)",
    r"lambda:\w*CodeSigningConfig|lambda:PutFunction(Recursion|Scaling)Config",
    r"dynamodb:\w*(Kinesis|Replica|Import)\w*|dynamodb:(Put|Delete)ResourcePolicy|dynamodb:UpdateContributorInsights",
    r"dynamodb:(BatchWriteItem|DeleteItem|GetItem|PutItem|Query|Scan|UpdateItem)",  # Of global tables.
    r"logs:(Create|Describe|Put)\w*(LogGroups?|LogStreams?|LogEvents|RetentionPolicy)",  # What a table exports.
    r"logs:\w*(KmsKey|IndexPolicy|BearerTokenAuthentication|DeletionProtection)|logs:PutDataProtectionPolicy",
    r"logs:(CreateLogDelivery|PutResourcePolicy|DeleteResourcePolicy)",
    r"iam:(At|De)tach(User|Group|Role)Policy|iam:\w*PermissionsBoundary|iam:UpdateRoleDescription|iam:GetRole",
    r"sns:(PutDataProtectionPolicy|Subscribe|Unsubscribe)",  # Subscriptions are resources of their own.
)


@pytest.mark.parametrize("kind", sorted(deployer.TYPES))
def test_the_handlers_of_a_type_may_do_what_they_ask_for(kind: str) -> None:
    """By the registry of CloudFormation, as cfn-lint brings it along."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    asked = {verb: set(each["permissions"]) for verb, each in schema.get("handlers", {}).items()}
    always = asked.get("read", set()) | set(schema.get("tagging", {}).get("permissions", ()))
    missing = {verb: asked.get(verb, set()) - set(deployer.TYPES[kind]) for verb in ("create", "update", "delete")}
    assert {action for action in always - set(deployer.TYPES[kind]) if not _one_of(ELSEWHERE, action)} == set()
    for verb, actions in missing.items():
        assert {action for action in actions if not _one_of(UNUSED, action)} == set(), verb


def _one_of(patterns: tuple[str, ...], action: str) -> bool:
    return any(re.fullmatch(pattern, action) for pattern in patterns)


def test_the_types_are_those_of_the_templates_and_of_the_code_s_bucket() -> None:
    used = {each["Type"] for each in TEAM["Resources"].values()}
    assert deployer.TYPES.keys() - used == {"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}


def test_no_action_is_a_wildcard_and_what_can_be_named_is() -> None:
    for statement in POLICY["Statement"]:
        assert isinstance(statement, dict)
        actions: Any = statement["Action"]
        assert "*" not in json.dumps(actions)
        if statement["Resource"] == "*":
            assert set(actions) == set(deployer._NAMELESS)


def test_no_role_but_the_stacks_is_passed_and_to_these_services_only() -> None:
    passing: Any = next(
        each for each in BELL["Statement"] if isinstance(each, dict) and each["Action"] == "iam:PassRole"
    )
    assert passing["Resource"] == "arn:aws:iam::*:role/bell-*"
    services = set(passing["Condition"]["StringEquals"]["iam:PassedToService"])
    trusted = set(re.findall(r"[a-z]+\.amazonaws\.com", json.dumps(_trust())))
    assert services == trusted


def _trust() -> list[Any]:
    roles = (each for each in TEAM["Resources"].values() if each["Type"] == "AWS::IAM::Role")
    return [each["Properties"]["AssumeRolePolicyDocument"] for each in roles]


def test_it_fits_the_policies_of_iam() -> None:
    """One managed policy has too little room for all; as an inline policy of a role it fits."""
    size = len(re.sub(r"\s", "", deployer.written()))
    assert size <= deployer.CHARACTERS_MAX


def test_every_action_exists(tmp_path: Path) -> None:
    template = {
        "Resources": {
            "Deployer": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": deployer.policy()}}
        }
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([lint, "--template", str(path)], check=False, capture_output=True, text=True)
    assert done.stdout == ""
