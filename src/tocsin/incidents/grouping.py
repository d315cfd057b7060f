"""Grouping: alerts that are equal in what a plan names become one incident, in which each is listed and counted.

A plan's `group_by` names fields of the alert (FIELDS) or labels (`label:cluster`). An alert that has none of the values
is not grouped; of one that has some, those that are missing count as empty. What groups stays within one team, and
within the integration that vouches for the alert.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import KEY_MAX, Alert, Plan
from tocsin.kernel import json

STACK: Final = "stack"
FIELDS: Final = ("resource", "account", "region", "source", "title", STACK)
LABEL: Final = "label:"

_SIGNS: Final = re.compile(r"[^a-z0-9]+")
_STACK_NAMES: Final = frozenset({"aws_cloudformation_stack_name", "cloudformation_stack_name", "cloudformation_stack"})
_PLAIN_NAMES: Final = frozenset({"stack_name", "stackname", "stack"})  # Those that a person may have meant otherwise.
_STACK_ARN: Final = re.compile(r"arn:aws[a-z-]*:cloudformation:[^:]*:[^:]*:stack/([^/]+)")
_CLOUDFORMATION: Final = "CloudFormation"


def grouped(alert: Alert, plan: Plan) -> Alert:
    """*alert* with the group key that *plan* wants; without the values it keeps what its sender says."""
    found = values(alert, plan.group_by)
    if not found:
        return alert
    key = f"by/{plan.team}/{json.encode(found).decode('utf-8', 'replace')}"
    if len(key) > KEY_MAX:
        digest = hashlib.blake2s(key.encode("utf-8", "replace")).hexdigest()
        key = f"{key[: KEY_MAX - len(digest) - 1]}/{digest}"
    return replace(alert, group_key=key)


def values(alert: Alert, by: Sequence[str]) -> dict[str, str]:
    """What *alert* has of what is named in *by*, by the name that people know; empty when it has nothing."""
    found = {name.removeprefix(LABEL): _value(alert, name) for name in by}
    return found if any(found.values()) else {}


def stack(alert: Alert) -> str:
    """The CloudFormation stack that *alert* is about, as its tags, its labels or its resource tell; perhaps empty.

    CloudFormation gives each resource of a stack the tag `aws:cloudformation:stack-name` ("Resource tag" in its user
    guide); collectors of metrics write that in their own ways, with other signs or a word in front.
    """
    tags = (tag.replace("=", ":").rpartition(":") for tag in alert.tags)
    named = [(_SIGNS.sub("_", name.lower()), value) for name, value in alert.labels.items()]
    named += [(_SIGNS.sub("_", name.lower()), value) for name, _, value in tags]
    for names in (_STACK_NAMES, _PLAIN_NAMES):
        for name, value in named:
            if value and any(name == each or (names is _STACK_NAMES and name.endswith(f"_{each}")) for each in names):
                return value
    told = _STACK_ARN.match(alert.resource)
    if told is not None:
        return told[1]
    return alert.resource if alert.labels.get("service") == _CLOUDFORMATION else ""


def _value(alert: Alert, name: str) -> str:
    if name.startswith(LABEL):
        label = name.removeprefix(LABEL)
        return alert.labels.get(label, alert.title if label == "alertname" else "")
    found = {
        "resource": alert.resource,
        "account": alert.account,
        "region": alert.region,
        "source": alert.source,
        "title": alert.title,
    }
    return stack(alert) if name == STACK else found.get(name, "")
