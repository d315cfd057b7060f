"""What is deployed: the template with this team's workflows, its parameters, and the files of the configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tocsin.aws.accounts import Cloud
from tocsin.aws.bundle import CONFIG
from tocsin.aws.stack_changes import Change, changes
from tocsin.aws.stacks import Stack
from tocsin.aws.troubles import blamed, code_of
from tocsin.cli.deploy_parameters import CODE_BUCKET, CODE_KEY, EMAIL, SECRETS, address, checked
from tocsin.dynamo import schema
from tocsin.dynamo.store import DynamoStore, connect
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.time import Instant, format_instant
from tocsin.stack.build import build
from tocsin.stack.deployer import written as policy
from tocsin.stack.reading import AUTOMATION, MEMBER, text
from tocsin.stack.rendering import render
from tocsin.wiring.settings import Settings

__all__ = ["Asked", "Outputs", "Plan", "build", "make", "open_store", "outputs", "policy"]

VERSIONS: Final = "secrets-versions.json"  # Its name in the zip; nobody reads it there.
TABLE: Final = "Table"  # The logical id of what must never be lost.


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A template, as JSON, and what it is given but for the code."""

    template: str
    parameters: Mapping[str, str]
    adopts: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What people say of the stack, beside the configuration."""

    stack: str
    email: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    table: str = ""


class Outputs(msgspec.Struct, frozen=True, kw_only=True):
    """Where a deployed stack is reached."""

    url: str
    topic: str
    table: str
    bus: str = ""  # Of other accounts' events; empty: only this account may send.


def make(settings: Settings, asked: Asked, there: Stack | None, before: Mapping[str, Any] | None) -> Plan:
    """The plan for the stack *there* (None: a new one), made of the template *before*. Raises TocsinError.

    What its parameters were set to stays, and so does the name of a table that it has taken in.
    """
    template: dict[str, Any] = build(settings)
    known = template["Parameters"]
    kept = {name: value for name, value in (there.parameters if there else {}).items() if name in known}
    given = kept | checked(asked.settings, known) | {SECRETS: secrets_prefix(asked.stack)}
    if asked.email:
        given[EMAIL] = address(asked.email, known)
    if not given.get(EMAIL):
        raise TocsinError(
            "email-missing",
            "name who hears of it when Tocsin itself is ill: --email ops@example.com (AWS asks them to confirm)",
        )
    _keep_table(template, asked, there, before)
    if before is not None and (wrong := _other_table(before, template)):
        raise TocsinError(
            "table-replaced",
            f"refused: this template has another {wrong} for the table, and so would make a new one, without the "
            "incidents in it. `tocsin backup` keeps what is in it; then destroy, deploy, and restore",
        )
    return Plan(template=render(template), parameters=given, adopts=bool(asked.table))


def _keep_table(
    template: Mapping[str, Any], asked: Asked, there: Stack | None, before: Mapping[str, Any] | None
) -> None:
    """A table that was taken in has a name; without it, CloudFormation would make another."""
    properties = template["Resources"][TABLE]["Properties"]
    if before is not None:
        name = before["Resources"].get(TABLE, {}).get("Properties", {}).get("TableName")
        if name:
            properties["TableName"] = name
    if not asked.table:
        return
    if there is not None and not there.empty:
        raise TocsinError("table-there", f"the stack {there.name} has its table; only a new stack can take in another")
    properties["TableName"] = asked.table


def _other_table(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What of the table changes that makes it another one; empty: nothing.

    CloudFormation says only `perhaps` of these, as of harmless changes. Source: AWS::DynamoDB::Table.
    """
    if TABLE not in before["Resources"]:
        return ""
    old, new = (each["Resources"][TABLE]["Properties"] for each in (before, after))
    if old.get("KeySchema") != new.get("KeySchema"):
        return "KeySchema"
    types = {each["AttributeName"]: each["AttributeType"] for each in old.get("AttributeDefinitions", ())}
    for each in new.get("AttributeDefinitions", ()):
        if types.get(each["AttributeName"], each["AttributeType"]) != each["AttributeType"]:
            return f"type of {each['AttributeName']}"
    return ""


def bare(settings: Settings) -> str:
    """The template of *settings* as people read it."""
    return render(build(settings)) + "\n"


def member_template() -> str:
    """The template for other accounts of the organisation."""
    return text(MEMBER)


def automation_template() -> str:
    """The template for those of them in which workflows may act."""
    return text(AUTOMATION)


def code_parameters(bucket: str, key: str) -> dict[str, str]:
    """Where the code lies."""
    return {CODE_BUCKET: bucket, CODE_KEY: key}


def secrets_prefix(stack: str) -> str:
    """Where the secrets of a stack lie in the Parameter Store."""
    return f"/tocsin/{stack}/"


def outputs(stack: Stack) -> Outputs:
    """Where it is reached. Raises TocsinError: it is no stack of ours."""
    try:
        return Outputs(
            url=stack.outputs["PublicUrl"],
            topic=stack.outputs["AlertTopicArn"],
            table=stack.outputs["TableName"],
            bus=stack.outputs["BusArn"] if stack.parameters.get("OrganizationId") else "",
        )
    except KeyError as missing:
        raise TocsinError(
            "stack-foreign", f"the stack {stack.name} has no output {missing}: it is not Tocsin's"
        ) from None


def all_added(template: str) -> tuple[Change, ...]:
    """What a new stack would get, read from its template."""
    resources: Mapping[str, Any] = json_object(template)["Resources"]
    return changes(
        {"ResourceChange": {"Action": "Add", "LogicalResourceId": name, "ResourceType": each["Type"]}}
        for name, each in resources.items()
    )


def json_object(template: str) -> dict[str, Any]:
    """A template that we have written."""
    found = json.decode(template.encode())
    assert isinstance(found, dict)
    return found


def when(at: Instant) -> str:
    """An instant for people, in UTC."""
    return format_instant(at)


def digest(template: str) -> str:
    """A name for a template."""
    return hashlib.sha256(template.encode()).hexdigest()


def files(raw: bytes, settings: Settings, folder: Path, versions: Mapping[str, int]) -> dict[str, bytes]:
    """The configuration as it lies in the zip: tocsin.yaml and the definitions that it names. Raises TocsinError.

    *versions*: those of the secrets. A function reads secrets when it starts; with a new version the code is another,
    and so all functions start anew.
    """
    said = {CONFIG: raw} | {name: path.read_bytes() for name, path in _definitions(settings, folder.resolve())}
    return said | {VERSIONS: json.encode(dict(sorted(versions.items())))}


def _definitions(settings: Settings, folder: Path) -> Iterable[tuple[str, Path]]:
    for name, workflow in settings.workflows.items():
        path = Path(workflow.file).resolve()
        if not path.is_relative_to(folder):
            raise TocsinError(
                "file-elsewhere",
                f"the workflow {name} is in {path}, outside of {folder}; move it beside the configuration, which goes "
                "to AWS together with it",
            )
        yield str(PurePosixPath(path.relative_to(folder).as_posix())), path


def open_store(cloud: Cloud, table: str) -> DynamoStore:
    """The store of a deployed stack, with the credentials of whoever asks."""
    return DynamoStore(connect(cloud.session, region_name=cloud.region), table)


def find_table(cloud: Cloud, table: str) -> None:
    """Raise TocsinError unless the *table*, which people have named, is there, and one of Tocsin.

    CloudFormation would make an empty one where none is, and what is not ours is nothing to read, fill or delete.
    """
    with blamed(f"the look at the table {table} (dynamodb:DescribeTable)"):
        try:
            found = cloud.client("dynamodb").describe_table(TableName=table)["Table"]
        except ClientError as problem:
            if code_of(problem) != "ResourceNotFoundException":
                raise
            raise TocsinError("table-missing", f"--table {table}: there is no such table in {cloud.region}") from None
    if found["KeySchema"] != schema.table(table)["KeySchema"]:
        raise TocsinError("table-foreign", f"--table {table}: that is no table of Tocsin: it has other keys")


def email(stack: Stack) -> str:
    """Who hears of it when the stack is ill."""
    return stack.parameters.get(EMAIL, "")
