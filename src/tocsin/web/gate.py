"""The gate of the sender routes behind the front door: whose key it is, and the way onto the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from tocsin.engine.ports import ONCE, Received
from tocsin.kernel.time import Instant
from tocsin.web.door import BODY_BYTES_MAX, kept
from tocsin.web.ports import Intake
from tocsin.web.reception import Check, is_envelope

RETRY_AFTER: Final = {"retry-after": "5"}


class Gate:
    """What every sender's route needs."""

    def __init__(
        self,
        intake: Intake,
        clock: Callable[[], Instant],
        integration: Callable[[str], str | None],
        check_sns: Check,
        on_refused: Callable[[str], None],
    ) -> None:
        """*integration* names the integration that a presented key belongs to.

        *check_sns*, which may block, and *on_refused* are those of `Reception`.
        """
        self._intake = intake
        self._clock = clock
        self._integration = integration
        self._check_sns = check_sns
        self._on_refused = on_refused

    def integration(self, presented: str) -> str | None:
        """Whose key *presented* is; None, and counted, for a key that is not known."""
        found = self._integration(presented)
        if found is None:
            self._on_refused("key")
        return found

    async def accept(
        self, request: Request, *, channel: str, integration: str, body: bytes, noted: Mapping[str, str] | None = None
    ) -> str:
        """Store what *request* brought, durably; the delivery's id.

        *noted* are lines of our own for its head, such as `x-tocsin-form`. Raises StoreUnavailableError: answer 503.
        """
        head = kept(request.headers.raw)
        lines = [" ".join(f"{name}: {value}".split()).encode() for name, value in (noted or {}).items()]
        received = Received(
            received_at=self._clock(),
            channel=channel,
            key=integration,
            head=b"\n".join([*lines, *([head] if head else [])]),
            body=body,
        )
        return await self._intake.accept(received)

    async def deliver(
        self, request: Request, *, integration: str, body: bytes, noted: Mapping[str, str] | None = None
    ) -> str:
        """Store an alert of any format; what Amazon SNS has signed is verified first.

        Raises StoreUnavailableError, HTTPException with the status and the sentence that its sender must hear.
        """
        noted = dict(noted or {})
        if is_envelope(request.headers.raw, body):
            verdict = await run_in_threadpool(self._check_sns, request.headers, body, integration)
            if verdict.status != HTTPStatus.OK:
                self._on_refused("signature")
                headers = RETRY_AFTER if verdict.status == HTTPStatus.SERVICE_UNAVAILABLE else None
                raise HTTPException(verdict.status, verdict.message, headers)
            if verdict.once:
                noted = {ONCE: f"sns/{verdict.once}", **noted}
        return await self.accept(request, channel="in", integration=integration, body=body, noted=noted)

    async def outcome(self, delivery_id: str, timeout: float) -> bool:  # noqa: ASYNC109 - bounds a courtesy wait.
        """Whether the engine has handled a delivery, waiting at most *timeout* seconds."""
        return bool(await self._intake.outcome(delivery_id, timeout))


async def body_of(request: Request) -> bytes:
    """The whole body. Raises HTTPException 413 beyond BODY_BYTES_MAX, 400 when the client has gone."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > BODY_BYTES_MAX:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            parts.append(part)
    except ClientDisconnect:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    return b"".join(parts)
