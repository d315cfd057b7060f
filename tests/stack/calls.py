"""Which operations of AWS the code of each function can come to call: found in the modules that its handler imports."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"

# How an operation of AWS looks like in the code, and what IAM calls it.
OPERATIONS: dict[str, tuple[str, ...]] = {
    r"\bSQS,\s*\"SendMessage\"": ("sqs:SendMessage",),
    r"\bSSM,\s*\"GetParameter\"": ("ssm:GetParameter",),
    r"\bSSM,\s*\"GetParametersByPath\"": ("ssm:GetParametersByPath",),
    r"\bSTATES,\s*\"StartExecution\"": ("states:StartExecution",),
    r"\bSTATES,\s*\"SendTaskHeartbeat\"": ("states:SendTaskHeartbeat",),
    r"\bSTATES,\s*\"SendTaskSuccess\"": ("states:SendTaskSuccess",),
    r"\bSTATES,\s*\"SendTaskFailure\"": ("states:SendTaskFailure",),
    r"\bSTATES,\s*\"StopExecution\"": ("states:StopExecution",),
    r"\bSTATES,\s*\"RedriveExecution\"": ("states:RedriveExecution",),
    r"\bSTATES,\s*\"DescribeExecution\"": ("states:DescribeExecution",),
    r"\"batch_get_item\"": ("dynamodb:BatchGetItem",),
    r"\"batch_write_item\"": ("dynamodb:BatchWriteItem",),
    r"\"get_item\"": ("dynamodb:GetItem",),
    r"\"query\", \*\*": ("dynamodb:Query",),
    r"\"put_item\"": ("dynamodb:PutItem",),
    r"\"update_item\"": ("dynamodb:UpdateItem",),
    r"\"delete_item\"": ("dynamodb:DeleteItem",),
    r"\"ConditionCheck\"": ("dynamodb:ConditionCheckItem",),
    r"\.get_metric_widget_image\(": ("cloudwatch:GetMetricWidgetImage",),
    r"\.publish\(PhoneNumber=": ("sns:Publish",),
    r"\.start_outbound_voice_contact\(": ("connect:StartOutboundVoiceContact",),
}


@cache
def modules(name: str) -> frozenset[str]:
    """All modules of ours that the module *name* comes to import, itself among them."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found and _path(each) is not None:
            found.add(each)
            waiting += _imports(each)
    return frozenset(found)


def actions(handler: str) -> set[str]:
    """What IAM must allow to the function with this handler's module."""
    found: set[str] = set()
    for name in modules(handler):
        path = _path(name)
        assert path is not None
        text = path.read_text(encoding="utf-8")
        for pattern, needed in OPERATIONS.items():
            if re.search(pattern, text):
                found.update(needed)
    return found


@cache
def _imports(name: str) -> tuple[str, ...]:
    path = _path(name)
    assert path is not None
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("tocsin."):
            found.append(node.value)  # It may be imported by its name.
    return tuple(each for each in found if each.startswith("tocsin"))


def _path(name: str) -> Path | None:
    base = SOURCE / name.replace(".", "/")
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def named(text: str) -> list[tuple[str, str]]:
    """The services and operations that our own small caller is asked for."""
    return re.findall(r"\b(SQS|SSM|STATES),\s*\"(\w+)\"", text)


def matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None
