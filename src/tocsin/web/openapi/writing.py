"""Rows of operations, and how they become an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

Schema = Mapping[str, Any]

ANY: Final[Schema] = {}
TEXT: Final[Schema] = {"type": "string"}
OBJECT: Final[Schema] = {"type": "object"}

_SEGMENT: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9._@+-]{1,64}$"}
_PARAMETER: Final = re.compile(r"\{(\w+)(?::path)?\}")
_WORDS: Final = re.compile(r"[^A-Za-z0-9]+")


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a body is: *schema* by media type; a sender may leave it out unless *required*."""

    media: Mapping[str, Schema]
    required: bool = True


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered: one sentence, and what the body is (by media type; empty: nothing to rely on)."""

    says: str
    media: Mapping[str, Schema] = {}
    headers: tuple[str, ...] = ()


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter beside those of the path."""

    name: str
    says: str
    where: str = "query"
    schema: Schema = msgspec.field(default_factory=lambda: TEXT)
    required: bool = False


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path. *key*: how the credential is given (a name of SECURITY), empty: it stands in the path."""

    method: str
    path: str
    says: str
    answers: Mapping[int, Answer]
    body: Content | None = None
    parameters: tuple[Parameter, ...] = ()
    security: tuple[str, ...] = ()


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """Operations that belong together."""

    name: str
    says: str
    operations: tuple[Operation, ...]


_NOTHING: Final = Answer(says="There is nothing at this address.", media={"text/html": TEXT, "text/plain": TEXT})

SECURITY: Final[Mapping[str, Schema]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An integration key."},
    "basic": {"type": "http", "scheme": "basic", "description": "An integration key as the password."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An integration key."},
    "genieKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`GenieKey` and an integration key, as Opsgenie's clients send it.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tocsin-session",
        "description": "The cookie that a sign-in link gives.",
    },
    "botConnector": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of Microsoft's Bot Connector for this bot.",
    },
    "slackSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Slack-Signature",
        "description": "Slack's signature of the request.",
    },
}


def document(surfaces: Iterable[Surface], version: str, url: str) -> dict[str, Any]:
    """The document as JSON values; *url* is where the server is reached."""
    found = list(surfaces)
    paths: dict[str, dict[str, Any]] = {}
    for surface in found:
        for operation in surface.operations:
            path = _PARAMETER.sub(r"{\1}", operation.path)
            paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, surface.name)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tocsin",
            "version": version,
            "summary": "Takes every alert, loses none, asks the one right person first.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "tags": [{"name": surface.name, "description": surface.says} for surface in found],
        "paths": paths,
        "components": {"securitySchemes": SECURITY},
    }


def _operation(operation: Operation, tag: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "tags": [tag],
        "summary": operation.says,
        "operationId": _WORDS.sub("_", f"{operation.method.lower()} {operation.path}").strip("_"),
        "parameters": [
            *[
                {"name": name, "in": "path", "required": True, "schema": _SEGMENT}
                for name in _PARAMETER.findall(operation.path)
            ],
            *[_parameter(parameter) for parameter in operation.parameters],
        ],
        "responses": {str(status): _answer(status, answer) for status, answer in sorted(_answers(operation))},
        "security": [{name: []} for name in operation.security],
    }
    if operation.body is not None:
        told["requestBody"] = {"required": operation.body.required, "content": _content(operation.body.media)}
    return told


def _answers(operation: Operation) -> Iterable[tuple[int, Answer]]:
    """Those of the row, and what is true of all: an address that is none is answered by the console's page."""
    for status, answer in operation.answers.items():
        if status != HTTPStatus.NOT_FOUND or "{" not in operation.path:
            yield status, answer
    if "{" in operation.path:
        own = operation.answers.get(HTTPStatus.NOT_FOUND, _NOTHING)
        yield HTTPStatus.NOT_FOUND, msgspec.structs.replace(own, media={**_NOTHING.media, **own.media})


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.says,
        "schema": parameter.schema,
    }


def _answer(status: int, answer: Answer) -> dict[str, Any]:
    told: dict[str, Any] = {"description": answer.says or HTTPStatus(status).phrase}
    if answer.media:
        told["content"] = _content(answer.media)
    if answer.headers:
        told["headers"] = {name: {"schema": TEXT} for name in answer.headers}
    return told


def _content(media: Mapping[str, Schema]) -> dict[str, Any]:
    return {name: {"schema": schema} for name, schema in media.items()}
