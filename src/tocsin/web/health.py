"""Health for machines: alive, ready, and the figures."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def health_routes(ready: Callable[[], str], metrics: Callable[[], bytes]) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics`. *ready* says what is wrong, or nothing; both may read the store."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        trouble = await anyio.to_thread.run_sync(ready)
        return PlainTextResponse(f"{trouble or 'ok'}\n", status_code=503 if trouble else 200)

    async def figures(_: Request) -> Response:
        return Response(await anyio.to_thread.run_sync(metrics), media_type=METRICS_TYPE)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", figures)]
