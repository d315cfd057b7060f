"""The client of DynamoDB that functions have: the requests of a store as JSON, and answers as the SDK gives them.

The SDK's own costs a cold start more than everything else that it waits for. Source: "DynamoDB low-level API" in the
Amazon DynamoDB Developer Guide.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from tocsin.aws.calls import DYNAMODB, error_code
from tocsin.aws.wire import Wire
from tocsin.dynamo.requests import AnswerError
from tocsin.kernel import json


class TableClient:
    """Has every operation of the service as a method, named as the SDK names it: `transact_write_items`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """*environ* says where, and who we are."""
        self._wire = Wire(environ, DYNAMODB)

    def close(self) -> None:
        """Let the connections go; the next request opens its own."""
        self._wire.close()

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        if operation.startswith("_"):
            raise AttributeError(operation)
        action = "".join(part.capitalize() for part in operation.split("_"))

        def call(**request: Any) -> dict[str, Any]:  # noqa: ANN401 - as the SDK takes it.
            return self._call(action, request)

        return call

    def _call(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Raises AnswerError; OSError, HTTPException: nobody knows what was done."""
        status, raw = self._wire.post(action, json.encode(request))  # Bytes become base64.
        try:
            found = json.decode(raw or b"{}")
        except json.JsonError as problem:
            if status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise ConnectionError(f"{action}: the answer is no JSON: {problem}") from None
            found = {}
        answer: Any = _with_bytes(found)
        if status != HTTPStatus.OK:
            said = answer if isinstance(answer, dict) else {}
            error = {"Code": error_code(said), "Message": str(said.get("message") or said.get("Message") or "")}
            raise AnswerError({**said, "Error": error, "ResponseMetadata": {"HTTPStatusCode": int(status)}})
        return answer if isinstance(answer, dict) else {}


_BYTES: Final = "B"


def _with_bytes(found: Any) -> Any:  # noqa: ANN401 - any JSON.
    """*found*, its binary values as bytes. `B` with a text is nothing else: an attribute of that name has an object."""
    if isinstance(found, dict):
        if len(found) == 1 and isinstance(text := found.get(_BYTES), str):
            return {_BYTES: base64.b64decode(text)}
        return {name: _with_bytes(value) for name, value in found.items()}
    return [_with_bytes(each) for each in found] if isinstance(found, list) else found
