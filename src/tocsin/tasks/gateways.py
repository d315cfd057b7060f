"""`apigateway:invoke`: a request to an API that API Gateway serves, signed if the definition says so.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME
from tocsin.kernel.json import Json
from tocsin.tasks.task import Task
from tocsin.tasks.web import Request, Web, body_of, headers_of, path_of

PORT: Final = 443
SERVICE: Final = "execute-api"

Sign = Callable[[Task, str, tuple[str, str, bytes, Mapping[str, str]]], dict[str, str]]

_HOST: Final = re.compile(r"[a-z0-9][a-z0-9.-]*\.execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_SIGNED: Final = {"NO_AUTH": False, "IAM_ROLE": True, "RESOURCE_POLICY": True}
_TAKEN: Final = frozenset({"authorization", "expect", "te", "trailer", "upgrade", "via"})  # AWS refuses them too.


class Gateways:
    """Asks them. Any thread."""

    def __init__(self, web: Web, sign: Sign) -> None:
        """*web* sends. *sign* gives the headers of a request as they are when it is signed; it may raise Failure."""
        self._web = web
        self._sign = sign

    def do(self, task: Task) -> Json:
        """A `Doer` of `apigateway:invoke`, with `.waitForTaskToken` too."""
        given: Mapping[str, Any] = task.arguments if isinstance(task.arguments, dict) else {}
        host, method, kind = str(given.get("ApiEndpoint", "")), given.get("Method"), given.get("AuthType", "NO_AUTH")
        if not _HOST.fullmatch(host):
            raise Failure(RUNTIME, f"ApiEndpoint must be the name of a host of API Gateway, not {host[:200]!r}")
        if method not in _METHODS or kind not in _SIGNED:
            cause = f"Method must be one of {', '.join(sorted(_METHODS))}, AuthType one of {', '.join(_SIGNED)}"
            raise Failure(RUNTIME, cause)
        headers = headers_of(given.get("Headers"))
        if taken := _TAKEN.intersection(map(str.lower, headers)):
            raise Failure(RUNTIME, f"The header {min(taken)!r} cannot be sent")
        body = body_of(given.get("RequestBody"), headers)
        more = given.get("QueryParameters")
        path = path_of(_path(given), urlencode(more, doseq=True) if isinstance(more, dict) else "")
        if _SIGNED[kind]:
            headers = self._sign(task, SERVICE, (method, f"https://{host}{path}", body, headers))
        answer = self._web.send(task, Request(host, PORT, path, method, body, headers), "ApiGateway.SdkClientException")
        if not answer.ok:
            raise Failure(f"ApiGateway.{answer.status}", answer.body.decode("utf-8", "replace"))
        return answer.told()


def _path(given: Mapping[str, Any]) -> str:
    parts = [str(given.get(name) or "").strip("/") for name in ("Stage", "Path")]
    return "/" + quote("/".join(filter(None, parts)), safe="/%:@!$&'()*+,;=~")
