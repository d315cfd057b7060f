"""Log lines: structured, one line each, for people or for machines."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from tocsin.kernel import json
from tocsin.kernel.time import format_instant

_PLAIN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def set_up_logs(*, as_json: bool) -> None:
    """Log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("uvicorn", "slack_sdk", "aiohttp", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging."""
        found: dict[str, Any] = {
            "at": format_instant(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        found.update({name: str(value) for name, value in record.__dict__.items() if name not in _PLAIN})
        if record.exc_info:
            found["traceback"] = self.formatException(record.exc_info)
        return json.encode(found).decode()


class TextFormatter(logging.Formatter):
    """Time, level, message, then what belongs to it."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging."""
        more = "".join(f" {name}={value!r}" for name, value in record.__dict__.items() if name not in _PLAIN)
        line = f"{format_instant(int(record.created * 1000))} {record.levelname:<7} {record.getMessage()}{more}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
