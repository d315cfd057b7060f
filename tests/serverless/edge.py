"""The front of an HTTP API: what ministack can, it does; what it cannot, a direct way into a queue, is done here.

The integration is read from the deployed template, and done as "Working with AWS service integrations for HTTP APIs" in
the API Gateway Developer Guide says: parameters are values, `$request.` and `$context.` expressions, or texts with such
expressions in `${}`.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

TIMEOUT_SECONDS = 60.0
SHOWN = ("content-type", "retry-after", "location", "set-cookie")

_EXPRESSION = re.compile(r"\$\{([a-zA-Z.]+)\}|^\$([a-zA-Z.]+)$")


class Edge:
    """A server on a loopback port, in front of the API of one stack."""

    def __init__(self, endpoint: str, stack: str) -> None:
        """*endpoint*: ministack's address."""
        self._emulator = urlsplit(endpoint).netloc
        cloud = boto3.client("cloudformation")
        body = cloud.get_template(StackName=stack)["TemplateBody"]
        template = body if isinstance(body, dict) else json.loads(body)
        self.physical = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in cloud.describe_stack_resources(StackName=stack)["StackResources"]
        }
        self.host = f"{self.physical['Api']}.execute-api.{self._emulator}"
        self._routes = [
            (_pattern(each["Properties"]["RouteKey"]), template["Resources"][_target(each)]["Properties"])
            for each in template["Resources"].values()
            if each["Type"] == "AWS::ApiGatewayV2::Route"
        ]
        self._sqs = boto3.client("sqs")
        edge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, headers, said = edge.answer(self.command, self.path, dict(self.headers.items()), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - names of the base.

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="edge")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """What the API answers."""
        for pattern, integration in self._routes:
            found = pattern.fullmatch(f"{method} {path.partition('?')[0]}")
            if found and integration.get("IntegrationSubtype") == "SQS-SendMessage":
                return self._store(integration, found.groupdict(), body)
        connection = http.client.HTTPConnection(self._emulator, timeout=TIMEOUT_SECONDS)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() not in {"host", "connection"}}
            connection.request(method, path, body, kept | {"Host": self.host})
            answer = connection.getresponse()
            said = answer.read()
            return answer.status, {name: value for name in SHOWN if (value := answer.headers.get(name))}, said
        finally:
            connection.close()

    def _store(
        self, integration: Mapping[str, Any], path: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        known = {"request.body": body.decode(), "context.identity.sourceIp": "203.0.113.7"}
        known |= {f"request.path.{name}": value for name, value in path.items()}

        def value(given: Any) -> str:  # noqa: ANN401 - of a template.
            if isinstance(given, dict):
                return str(self.physical[given["Ref"]])
            return _EXPRESSION.sub(lambda found: known[found[1] or found[2]], str(given))

        told = {name: value(given) for name, given in integration["RequestParameters"].items()}
        if "MessageAttributes" in told:
            told["MessageAttributes"] = json.loads(told["MessageAttributes"])
        try:
            self._sqs.send_message(**told)
            status = "200"
        except ClientError:
            status = "500"
        answer, headers = int(status), {}
        for each in integration["ResponseParameters"].get(status, {}).get("ResponseParameters", ()):
            kind, _, name = each["Destination"].partition(":")
            if name == "statuscode":
                answer = int(each["Source"])
            elif kind.endswith("header") or name.startswith("header."):
                headers[name.partition(".")[2]] = each["Source"]
        return answer, headers, b""


def _pattern(key: str) -> re.Pattern[str]:
    """`POST /v1/in/{key}` as a pattern; `$default` matches none of ours."""
    parts = re.split(r"\{([a-z]+\+?)\}", key)
    return re.compile(
        "".join(
            re.escape(part) if place % 2 == 0 else f"(?P<{part.rstrip('+')}>{'.+' if part.endswith('+') else '[^/]+'})"
            for place, part in enumerate(parts)
        )
    )


def _target(route: Mapping[str, Any]) -> str:
    """The logical id of a route's integration."""
    found = re.search(r"\$\{(\w+)\}", json.dumps(route["Properties"]["Target"]))
    assert found is not None
    return found[1]
