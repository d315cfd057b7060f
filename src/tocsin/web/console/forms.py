"""Forms: read with a limit on size, fields and time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

FORM_BYTES_MAX: Final = 64 * 1024  # The longest note, percent-encoded, fits three times.
FIELDS_MAX: Final = 32  # Our largest form has eight.
READ_TIMEOUT_S: Final = 10.0  # A form comes in one packet; who sends it slower holds a connection for nothing.

_URLENCODED: Final = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a URL-encoded form, the last of equal names. Raises HTTPException 400, 408, 413 or 415."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _URLENCODED:
        raise HTTPException(415, f"A form is sent as {_URLENCODED}.")
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            body = await _read(request)
    except TimeoutError:
        raise HTTPException(408, "The form did not arrive in time.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The form did not arrive whole.") from None
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise HTTPException(400, f"A form has at most {FIELDS_MAX} fields.") from None
    return dict(pairs)


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise HTTPException(413, f"A form has at most {FORM_BYTES_MAX} bytes.")
    return bytes(body)
