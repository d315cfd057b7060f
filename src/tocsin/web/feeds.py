"""Calendars that people subscribe to: whoever knows the address reads it; nobody learns whether there is another."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.errors import StoreUnavailableError
from tocsin.web.gate import RETRY_AFTER
from tocsin.web.oncall import OnCallDesk

CALENDAR: Final = "text/calendar; charset=utf-8"  # RFC 5545, 8.1.

_HEADERS: Final = {
    "cache-control": "private, no-cache",  # It may be kept, and must be compared: who is on call changes at once.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


def feed_routes(desk: OnCallDesk) -> list[BaseRoute]:
    """`/calendars/{secret}.ics`."""

    def show(request: Request) -> Response:
        try:
            found = desk.feed(request.path_params["secret"])
        except StoreUnavailableError:
            sentence = "not available now, try again\n"
            return PlainTextResponse(sentence, HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER)
        if found is None:
            return PlainTextResponse("There is no calendar here.\n", HTTPStatus.NOT_FOUND, _HEADERS)
        # Weak (RFC 9110, 8.8.1): a calendar that is written again has another DTSTAMP, and says the same.
        headers = {**_HEADERS, "etag": f'W/"{found.mark}"'}
        if _is_known(request.headers.get("if-none-match", ""), found.mark):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(found.write(), media_type=CALENDAR, headers=headers)

    return [Route("/calendars/{secret}.ics", show, methods=["GET"])]


def _is_known(if_none_match: str, mark: str) -> bool:
    """Whether the client has what we would send (RFC 9110, 13.1.2)."""
    given = [each.strip().removeprefix("W/").strip('"') for each in if_none_match.split(",")]
    return "*" in given or mark in given
