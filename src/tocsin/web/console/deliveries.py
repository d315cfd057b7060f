"""What came in: the recent deliveries, one of them with its raw body made harmless, its download and its replay."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.engine.ports import REPLAY_OF, Delivery
from tocsin.kernel import json
from tocsin.web.console.incident import find_incident
from tocsin.web.console.pages import spelled
from tocsin.web.console.visits import Visit, respond, turn_to

ROWS_MAX: Final = 50
TEXT_BYTES_MAX: Final = 64 * 1024  # More than anybody reads in a browser; the download has all of it.
HEX_BYTES_MAX: Final = 4096
HEX_ROW: Final = 16
HEAD_BYTES_MAX: Final = 8192
INPUTS_MAX: Final = 20  # Of one delivery, whose incidents are linked; inputs are called by its id and a number.

CHANNELS: Final = {
    "in": "HTTP",
    "sqs": "Amazon SQS",
    "pagerduty": "PagerDuty's protocol",
    "slack": "Slack",
    "console": "the console",
    "cli": "the terminal",
    "self": "Tocsin itself",
}

_ID_DIGITS_MAX: Final = 18  # What SQLite's integers hold.
_UNPRINTABLE: Final = re.compile(rb"[^\x20-\x7e]")


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A body as it can be shown: *form* is `text` or `hex`; *cut*: there is more; *pretty*: JSON laid out, or empty."""

    form: str
    text: str
    cut: bool
    pretty: str


def show_deliveries(visit: Visit) -> Response:
    """GET /deliveries. Blocks on the store."""
    before = visit.request.query_params.get("before", "")
    rows = visit.console.store.deliveries(ROWS_MAX + 1, before if _is_id(before) else "")
    older = rows[ROWS_MAX - 1].id if len(rows) > ROWS_MAX else ""
    return respond(visit, "deliveries.html", rows=rows[:ROWS_MAX], older=older, paged=bool(before), channels=CHANNELS)


def show_delivery(visit: Visit) -> Response:
    """GET /deliveries/{id}, with a link to each incident that it went into. Blocks on the store."""
    delivery = _find(visit)
    names = owners(visit, delivery.occurrence)
    states = ((name, find_incident(visit, name)) for name in names)
    return respond(
        visit,
        "delivery.html",
        delivery=delivery,
        channels=CHANNELS,
        replay_of=delivery.header(REPLAY_OF) or "",
        head=spelled(delivery.head[:HEAD_BYTES_MAX].decode("utf-8", "replace")),
        body=presentable(delivery.body),
        made=[(name, state) for name, state in states if state is not None],
    )


def download(visit: Visit) -> Response:
    """GET /deliveries/{id}/raw: the bytes, as a file and nothing else. Blocks on the store."""
    delivery = _find(visit)
    headers = {"content-disposition": f'attachment; filename="delivery-{delivery.id}.bin"'}
    return Response(delivery.body, media_type="application/octet-stream", headers=headers)


async def replay(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /deliveries/{id}/replay: handle it again, for instance after a fix."""
    del form
    delivery = await run_in_threadpool(_find, visit)
    again = await run_in_threadpool(visit.console.store.replay, delivery.id)
    if not again:
        return turn_to(visit, "/deliveries", f"Delivery {delivery.id} is gone, so it cannot be replayed.")
    return turn_to(visit, "/deliveries", f"Delivery {delivery.id} was taken in once more: it is the newest now.")


def owners(visit: Visit, occurrence: str) -> Sequence[str]:
    """The aggregates that a delivery went into, by its `occurrence`, as far as remembered. Blocks on the store."""
    looked_for = [f"{occurrence}/{mark}" for mark in (*range(INPUTS_MAX), "problem")]
    return tuple(dict.fromkeys(visit.console.store.seen(looked_for).values()))


def presentable(raw: bytes) -> Body:
    """*raw* as text where it is UTF-8, else as a hex dump; no character in it acts instead of being read."""
    try:
        text = raw[:TEXT_BYTES_MAX].decode()
    except UnicodeDecodeError as problem:
        # A character that our own cut has split is no reason to show numbers.
        if len(raw) <= TEXT_BYTES_MAX or problem.start < TEXT_BYTES_MAX - 3:
            return Body(form="hex", text=_hex(raw[:HEX_BYTES_MAX]), cut=len(raw) > HEX_BYTES_MAX, pretty="")
        text = raw[: problem.start].decode()
    cut = len(raw) > TEXT_BYTES_MAX
    return Body(form="text", text=spelled(text), cut=cut, pretty="" if cut else _pretty(raw))


def _find(visit: Visit) -> Delivery:
    name = visit.request.path_params["id"]
    found = visit.console.store.delivery(name) if _is_id(name) else None
    if found is None:
        raise HTTPException(404)
    return found


def _hex(raw: bytes) -> str:
    rows = (raw[start : start + HEX_ROW] for start in range(0, len(raw), HEX_ROW))
    return "\n".join(
        f"{number * HEX_ROW:08x}  {row.hex(' '):<{HEX_ROW * 3}} {_UNPRINTABLE.sub(b'.', row).decode('ascii')}"
        for number, row in enumerate(rows)
    )


def _pretty(raw: bytes) -> str:
    try:
        value = json.decode(raw)
    except json.JsonError:
        return ""
    pretty = msgspec.json.format(json.encode(value), indent=2).decode("utf-8", "replace")
    return spelled(pretty) if isinstance(value, dict | list) else ""


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS_MAX
