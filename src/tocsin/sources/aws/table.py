"""The table of all that AWS tells, and which row reads an event."""

from __future__ import annotations

from typing import Final

from tocsin.sources.aws import calls, compute, data, databases, delivery, operations, security
from tocsin.sources.aws.row import Row

ROWS: Final[tuple[Row, ...]] = (
    *(*delivery.ROWS, *compute.ROWS, *databases.ROWS, *data.ROWS, *security.ROWS, *operations.ROWS, *calls.ROWS),
)
BY_TYPE: Final[dict[str, Row]] = {name: row for row in ROWS for name in row.types}


def find(source: str, detail_type: str) -> Row | None:
    """The row of an event; only AWS may call a source `aws.` something, and Lambda's results come from `lambda`."""
    return BY_TYPE.get(detail_type) if source.startswith("aws.") or source == "lambda" else None
