"""Plain text that services of AWS put on topics: a table of what begins how, and the fields that stand in it.

Each becomes an event of its row. Sources: the user guides of AWS Budgets, AWS Elastic Beanstalk, AWS CloudFormation,
AWS Backup, and AWS WAF.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from tocsin.kernel.json import Json
from tocsin.sources import arns
from tocsin.sources.aws import compute, data, delivery, operations, security, telling
from tocsin.sources.aws.bodies import SOURCE
from tocsin.sources.aws.row import Row
from tocsin.sources.reading import Hints, Reading

FIELDS_MAX: Final = 100  # Lines of a text that are looked at: the longest of these has some twenty.
TEXT_MAX: Final = 20_000  # Characters that are looked at.

_BUDGET: Final = "AWS Budget Notification"
_BACKUP: Final = "An AWS Backup "
_STAMP: Final = "Timestamp: "
_STACK: Final = ("StackId='", "Timestamp='")
_STACK_TYPE: Final = "AWS::CloudFormation::Stack"
_RULES_TOPIC: Final = "aws-managed-waf-rule-group-notifications"

_LINE: Final = re.compile(r"^([A-Za-z][A-Za-z ]{0,40}): (\S.*)$", re.MULTILINE)
_QUOTED: Final = re.compile(r"^(\w{1,60})='(.*)'\s*$", re.MULTILINE)
_ACCOUNT: Final = re.compile(r"^AWS Account (\d{12})\s*$", re.MULTILINE)
_ASKED: Final = re.compile(r"^You requested that we alert you .*$", re.MULTILINE)
_JOB: Final = re.compile(r"\b(backup|copy|restore) job\b", re.IGNORECASE)
_JOBS: Final = {"backup": data.BACKUP, "copy": data.COPY, "restore": data.RESTORE}
_BACKUP_ARN: Final = re.compile(r"\b(Resource ARN|Recovery point ARN) ?: ?(arn:\S{1,1500}?)\.?(?=\s|$)")


def read(told: str, hints: Hints) -> Reading | None:
    """What *told* says if a service of AWS wrote it; None if not."""
    text = told[:TEXT_MAX]
    if text.startswith(_BUDGET):
        return _reading(
            operations.BUDGET, operations.BUDGET.types[0], _budget(text), told, hints, account=_account(text)
        )
    if text.startswith(_STACK):
        return _stack(text, told, hints)
    if text.startswith(_BACKUP):
        return _backup(text, told, hints)
    if text.startswith(_STAMP):
        fields = _lines(text)
        if {"Message", "Environment", "Application"} <= fields.keys():
            return _reading(compute.BEANSTALK, compute.BEANSTALK.types[-1], fields, told, hints)
    topic = arns.parse(hints.topic)
    if topic and topic.name == _RULES_TOPIC:
        detail = {"subject": hints.title or text.partition("\n")[0], "message": text}
        return _reading(security.MANAGED_RULES, security.MANAGED_RULES.types[0], detail, told, hints)
    return None


def _budget(text: str) -> dict[str, Json]:
    """The fields, the amount under one name (it is ACTUAL or FORECASTED), and the first sentence."""
    fields = _lines(text)
    amounts = [value for name, value in fields.items() if name.endswith(" Amount") and name != "Budgeted Amount"]
    asked = _ASKED.search(text)
    return {**fields, "Amount": amounts[0] if amounts else "", "message": asked.group() if asked else text}


def _stack(text: str, told: str, hints: Hints) -> Reading | None:
    fields: dict[str, Json] = {found[1]: found[2] for found in _some(_QUOTED, text)}
    stack = fields.get("StackId")
    if not isinstance(stack, str) or not {"ResourceStatus", "StackName"} <= fields.keys():
        return None
    whole = fields.get("ResourceType") == _STACK_TYPE and fields.get("PhysicalResourceId") == stack
    row = delivery.STACK if whole else delivery.STACK_RESOURCE
    return _reading(row, row.types[0], fields, told, hints, named=stack, time=fields.get("Timestamp"))


def _backup(text: str, told: str, hints: Hints) -> Reading | None:
    """The kind of job stands in the first sentence, how it went too, and what was saved behind it."""
    sentence = re.split(r"\.\s|\n", text, maxsplit=1)[0]
    job = _JOB.search(sentence)
    if job is None:
        return None
    arn = {found[1]: found[2] for found in _some(_BACKUP_ARN, text)}
    named = arn.get("Resource ARN") or arn.get("Recovery point ARN") or ""
    row = _JOBS[job.group(1).lower()]
    detail = {"message": sentence, "resourceArn": named}
    return _reading(row, row.types[0], detail, told, hints, named=named)


def _lines(text: str) -> dict[str, Json]:
    return {found[1]: found[2].strip() for found in _some(_LINE, text)}


def _some(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [found for found, _ in zip(pattern.finditer(text), range(FIELDS_MAX), strict=False)]


def _account(text: str) -> str:
    found = _ACCOUNT.search(text)
    return found.group(1) if found else ""


def _reading(
    row: Row,
    kind: str,
    detail: dict[str, Json],
    told: str,
    hints: Hints,
    *,
    named: str = "",
    account: str = "",
    time: Json = None,
) -> Reading:
    event = {
        "source": row.source,
        "detail-type": kind,
        "account": account,
        "time": time,
        "resources": [named] if arns.parse(named) else [],
        "detail": detail,
    }
    return replace(telling.read(row, event, hints, SOURCE), event=told)
