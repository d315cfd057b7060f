"""Logs of a function: one JSON object a line, each with the id of the request."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, TextIO

MESSAGE_MAX = 4000  # Characters of one text: a line of CloudWatch Logs has 256 KiB, and people read it.
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})

_request = [""]


class JsonLines(logging.Formatter):
    """Everything that a record carries, without what is secret: the code never hands that to a logger."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage()[:MESSAGE_MAX],
        }
        if _request[0]:
            told["request"] = _request[0]
        told |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info and record.exc_info[1] is not None:
            told["problem"] = "".join(traceback.format_exception(record.exc_info[1]))[-MESSAGE_MAX:]
        return json.dumps(told, default=str, ensure_ascii=False)


def begin(context: object) -> None:
    """A request begins; what is logged from here on names it."""
    _request[0] = str(getattr(context, "aws_request_id", ""))


def set_up(level: str = "", stream: TextIO | None = None) -> None:
    """Log this way from now on, and no other: the runtime's own handler would write everything twice."""
    root = logging.getLogger()
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonLines())
    root.handlers[:] = [handler]
    root.setLevel(level if level in _LEVELS else "INFO")
    for name in ("botocore", "boto3", "urllib3", "asyncio", "slack_sdk"):
        logging.getLogger(name).setLevel(logging.WARNING)  # What they say at INFO quotes requests.


def told(handle: Callable[[Any, object], Any]) -> Callable[[Any, object], Any]:
    """*handle* as a handler: its logs have the request's id, and what escapes it is logged once and raised again."""

    def handler(event: Any, context: object = None) -> Any:  # noqa: ANN401 - JSON of AWS, both ways.
        begin(context)
        try:
            return handle(event, context)
        except Exception:
            logging.getLogger("tocsin.lambdas").exception("an invocation failed")
            raise

    return handler
