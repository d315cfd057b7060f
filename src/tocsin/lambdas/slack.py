"""The thin receiver of Slack: verifies the signature, stores into the queue, answers; within three seconds, cold too.

It imports next to nothing: no SDK, no framework, not the rest of Tocsin. What the words and presses mean is found out
by who reads the queue. A form is kept open with "still at work", since its outcome comes later; everything else is
answered with an empty 200.

What is signed counts once, however often it is sent: an event by its own id, which Slack's repetitions share, all else
by its signature. So a stranger's replay does nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

from tocsin.aws.calls import SQS, SSM, AwsError, Caller, Calls
from tocsin.lambdas.logs import set_up, told
from tocsin.slack.signature import verify

BODY_BYTES_MAX = 180 * 1024  # Base64 makes four of three, and a message of SQS has 256 KiB. Slack sends some kilobytes.
KINDS = frozenset({"interactions", "commands", "events"})
SECRET = "SLACK_SIGNING_SECRET"  # noqa: S105 - the name of the parameter, and of the variable without Systems Manager.
WORKING = {
    "response_action": "update",
    "view": {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Tocsin"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "One moment: you see here what comes of it.", "verbatim": True},
            }
        ],
    },
}
"""What a form says until its outcome is there."""

_OK = 200


class Receiver:
    """Takes what Slack sends."""

    def __init__(self, environ: Mapping[str, str], calls: Caller, now: Any = time.time) -> None:  # noqa: ANN401 - seconds.
        """*environ*: `TOCSIN_INBOX_URL`, and `TOCSIN_SECRETS` or `SLACK_SIGNING_SECRET` itself. Raises AwsError."""
        self._queue = environ["TOCSIN_INBOX_URL"]
        self._calls = calls
        self._now = now
        self._check = verify(_secret(environ, calls))

    def take(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to *event*, in the format 2.0 of an HTTP API."""
        headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
        body = _body(event)
        if body is None or len(body) > BODY_BYTES_MAX:
            return _said(413, "the body is too large")
        http = (event.get("requestContext") or {}).get("http") or {}
        path = str(event.get("rawPath") or "").rstrip("/").rpartition("/")[2]
        if http.get("method", "POST") != "POST" or path not in KINDS:
            return _said(404, "there is nothing here")
        now = int(self._now() * 1000)
        why = self._check(headers, body, now)
        if why is not None:
            return _said(403, f"refused: {why}")
        found = _document(body)
        if found.get("type") == "url_verification":
            return _json({"challenge": str(found.get("challenge", ""))})
        once = _once(found, headers["x-slack-signature"])
        told = {
            "at": now,
            "channel": "slack",
            "key": "",
            "head": f"x-tocsin-once: slack/{once}",
            "body": base64.b64encode(body).decode(),
        }
        try:
            self._calls.call(
                SQS, "SendMessage", {"QueueUrl": self._queue, "MessageBody": json.dumps({"received": told})}
            )
        except AwsError:
            return _said(503, "not stored, try again", {"retry-after": "5"})
        return _json(WORKING) if found.get("type") == "view_submission" else {"statusCode": _OK, "body": ""}


def _once(found: Mapping[str, Any], signature: str) -> str:
    """What numbers a delivery; the number is hashed, since it becomes part of a line."""
    number = found.get("event_id") if found.get("type") == "event_callback" else None
    return hashlib.sha256(f"{number}".encode() if number else signature.encode()).hexdigest()[:32]


def _secret(environ: Mapping[str, str], calls: Caller) -> str:
    """The signing secret: from Systems Manager where the prefix is told, else from the environment."""
    prefix = environ.get("TOCSIN_SECRETS", "")
    if not prefix:
        return environ.get(SECRET, "")
    found = calls.call(SSM, "GetParameter", {"Name": prefix.rstrip("/") + "/" + SECRET, "WithDecryption": True})
    return str((found.get("Parameter") or {}).get("Value", ""))


def _body(event: Mapping[str, Any]) -> bytes | None:
    raw = str(event.get("body") or "")
    if not event.get("isBase64Encoded"):
        return raw.encode()
    try:
        return base64.b64decode(raw, validate=True)
    except ValueError:
        return None


def _document(body: bytes) -> dict[str, Any]:
    """The JSON of a body, alone or in the field `payload` of a form; empty if it is none."""
    if body.startswith(b"payload="):
        fields = urllib.parse.parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
        body = fields["payload"][0].encode() if "payload" in fields else b""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _said(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "text/plain; charset=utf-8", **(headers or {})},
        "body": sentence + "\n",
    }


def _json(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"statusCode": _OK, "headers": {"content-type": "application/json"}, "body": json.dumps(value)}


_receiver: list[Receiver] = []


def _take(event: Any, context: object) -> Any:  # noqa: ANN401 - JSON of AWS, both ways.
    del context
    if not _receiver:
        set_up(os.environ.get("TOCSIN_LOG_LEVEL", ""))
        _receiver.append(Receiver(os.environ, Calls(os.environ)))
    return _receiver[0].take(event)


handler = told(_take)
