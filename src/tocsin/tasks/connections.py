"""Connections of EventBridge: how `http:invoke` proves to others who asks. Their secrets lie in Secrets Manager.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#http-task-authentication
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME
from tocsin.kernel import json
from tocsin.tasks.amazon import Amazon, Call
from tocsin.tasks.task import Task
from tocsin.tasks.web import Added

PREFIX: Final = "Events.ConnectionResource"

_ARN: Final = re.compile(r"arn:[^:]*:events:[^:]*:[^:]*:connection/([.A-Za-z0-9_-]{1,64})(/.*)?")


class Connections:
    """Reads them, anew for each request: a secret that was changed counts at once. Any thread."""

    def __init__(self, amazon: Amazon) -> None:
        """*amazon* makes the calls, as the task's role."""
        self._amazon = amazon

    def added(self, task: Task, arn: str) -> Added:
        """What the connection *arn* adds to a request. Raises Failure, Later."""
        named = _ARN.fullmatch(arn)
        if named is None:
            raise Failure(RUNTIME, f"{arn[:200]!r} is no ARN of a connection of EventBridge")
        found = self._asked(task, Call(service="events", action="describeConnection", parameters={"Name": named[1]}))
        secret = self._asked(
            task,
            Call(
                service="secretsmanager", action="getSecretValue", parameters={"SecretId": found.get("SecretArn", "")}
            ),
        )
        kept = _decoded(secret.get("SecretString"))
        added = _added(str(found.get("AuthorizationType")), kept)
        more = kept.get("invocation_http_parameters") or {}
        return Added(
            headers={**added, **_pairs(more, "header_parameters")}, query=_pairs(more, "query_string_parameters")
        )

    def _asked(self, task: Task, call: Call) -> dict[str, Any]:
        try:
            return self._amazon.call(task, call)
        except Failure as failure:
            error = failure.error
            if "AccessDenied" in error:
                error = f"{PREFIX}.AccessDenied"
            elif "NotFound" in error:
                error = f"{PREFIX}.NotFound"
            raise Failure(error, failure.cause) from None


def _decoded(text: object) -> Mapping[str, Any]:
    try:
        found = json.decode(str(text))
    except json.JsonError:
        found = None
    if not isinstance(found, dict):
        raise Failure(f"{PREFIX}.InvalidConnectionState", "The secret of the connection cannot be read")
    return found


def _added(kind: str, secret: Mapping[str, Any]) -> dict[str, str]:
    """The header that proves it."""
    try:
        match kind:
            case "API_KEY":
                return {secret["api_key_name"]: secret["api_key_value"]}
            case "BASIC":
                pair = f"{secret['username']}:{secret['password']}".encode()
                return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
            case _:
                raise Failure(
                    RUNTIME, f"Connections with {kind[:40]} are not read here, but those with API_KEY or BASIC"
                )
    except KeyError as missing:
        raise Failure(f"{PREFIX}.InvalidConnectionState", f"The secret of the connection lacks {missing}") from None


def _pairs(more: Mapping[str, Any], name: str) -> dict[str, str]:
    return {str(each["key"]): str(each["value"]) for each in more.get(name) or () if {"key", "value"} <= each.keys()}
