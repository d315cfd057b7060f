"""Health for machines: alive, ready, and the figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def health_routes(
    ready: Callable[[], str], metrics: Callable[[], bytes], notes: Callable[[], Sequence[str]] = tuple
) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics`. *ready* says what is wrong, or nothing; both may read the store.

    *notes*: what is wrong outside, one line each: it is told, and we are ready all the same, since alerts are taken.
    """

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        trouble = await anyio.to_thread.run_sync(ready)
        lines = "".join(f"{line}\n" for line in (trouble or "ok", *notes()))
        return PlainTextResponse(lines, status_code=503 if trouble else 200)

    async def figures(_: Request) -> Response:
        return Response(await anyio.to_thread.run_sync(metrics), media_type=METRICS_TYPE)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", figures)]
