"""Opsgenie's API over HTTP: whose key it is, what is asked for, and the answer in Opsgenie's shape.

A write is stored before it is answered, and handled in the order of acceptance. A change to a heartbeat is stored in
the same way, and its answer waits a moment for what came of it, since Opsgenie's does. Sources: "Alert API",
"Heartbeat API" and "API overview" in Opsgenie's documentation.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_plus, urlencode

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.engine.ports import Store
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.sources import opsgenie_documents as documents
from tocsin.sources import opsgenie_heartbeats, opsgenie_requests
from tocsin.sources.opsgenie_heartbeats import Action, HeartbeatRead, HeartbeatWrite
from tocsin.sources.opsgenie_query import QueryError
from tocsin.sources.opsgenie_requests import ALERTS, CHANNEL, HEARTBEATS, INCIDENT, METHOD, PATH, Read, Subject, Write
from tocsin.web.gate import RETRY_AFTER, Gate, Refused, body_of
from tocsin.web.senders.opsgenie_reads import Books, Key, Page
from tocsin.web.senders.request_numbers import RequestNumbers

WAITS_MAX: Final = 40  # How often we look whether a request has been handled,
WAIT_SECONDS: Final = 0.05  # so long apart at most.

PREFIXES: Final = ("/opsgenie", "/jsm/ops/integration")  # Before `/v2`: `opsgenie_api_url`, and Opsgenie's successor.
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

_PROCESSED_LATER: Final = {"result": "Request will be processed"}
_UNKNOWN_ALERT: Final = "Alert does not exist."
_UNKNOWN_REQUEST: Final = "Request not found. It might not be processed, yet."

Answer = tuple[int, dict[str, Json]]


class _Call:
    """One request while it is answered. *number* is that of the request."""

    def __init__(self, request: Request, address: str) -> None:
        self.request = request
        self.address = address
        self.began = time.perf_counter()
        self.number = str(uuid.uuid4())
        self.integration = ""

    def respond(self, status: int, document: Mapping[str, Json], headers: Mapping[str, str] | None = None) -> Response:
        took = round(time.perf_counter() - self.began, 3)
        told = {**document, "took": took, "requestId": self.number}
        return JSONResponse(
            told, status, {**(headers or {}), "X-Request-ID": self.number, "X-Response-Time": str(took)}
        )


class OpsgenieApi:
    """Everything below `/v2/alerts` and `/v2/heartbeats`."""

    def __init__(self, gate: Gate, books: Books, numbers: RequestNumbers, public_url: str) -> None:
        """*books* is called on other threads. *public_url*, without a slash at its end, begins the links to pages."""
        self._gate = gate
        self._books = books
        self._numbers = numbers
        self._public_url = public_url

    async def serve(self, request: Request) -> Response:
        """Answer one request; whatever its path is, the answer has Opsgenie's shape."""
        call = _Call(request, _address(request))
        try:
            body = await body_of(request)
            found = self._gate.enter(request, body, _credential(request), "/v2/")
            if isinstance(found, Refused):
                return _denied(call, found)
            call.integration = found.integration
            status, document = await self._handler(call.address)(call, body)
        except StoreUnavailableError as problem:
            sentence = f"not available now, try again: {problem.message}"
            return call.respond(HTTPStatus.SERVICE_UNAVAILABLE, {"message": sentence}, RETRY_AFTER)
        except HTTPException as problem:
            return call.respond(problem.status_code, {"message": problem.detail})
        return call.respond(status, document)

    def _handler(self, address: str) -> Callable[[_Call, bytes], Awaitable[Answer]]:
        path = address.partition("?")[0]
        if path == ALERTS or path.startswith(ALERTS + "/"):
            return self._alerts
        if path == HEARTBEATS or path.startswith(HEARTBEATS + "/"):
            return self._heartbeats
        return _nowhere

    # Alerts

    async def _alerts(self, call: _Call, body: bytes) -> Answer:
        asked = opsgenie_requests.asked(call.request.method, call.address.removeprefix(ALERTS), body)
        match asked:
            case opsgenie_requests.Refusal():
                return _refused(asked)
            case Write():
                await self._store(call, body, await self._noted(call, asked))
                return HTTPStatus.ACCEPTED, dict(_PROCESSED_LATER)
            case Read(subject=Subject.REQUEST):
                return await self._status(call, asked.target.name)
            case Read():
                return await self._read(call, asked)

    async def _noted(self, call: _Call, write: Write) -> dict[str, str]:
        """The alert that is meant by its id, if it is one of the integration's own; an alias finds it later."""
        if write.target.by_alias:
            return {}
        found = await anyio.to_thread.run_sync(self._books.alert, call.integration, write.target)
        return {INCIDENT: found[0]} if found else {}

    async def _store(self, call: _Call, body: bytes, noted: Mapping[str, str]) -> str:
        lines = {METHOD: call.request.method, PATH: call.address, **noted}
        name = await self._gate.accept(
            call.request, channel=CHANNEL, integration=call.integration, body=body, noted=lines
        )
        call.number = self._numbers.number(call.integration, name)
        return name

    async def _status(self, call: _Call, number: str) -> Answer:
        """What came of a request; one that waits has a moment to be handled, since clients ask at once."""
        delivery = self._numbers.delivery(call.integration, number)
        if delivery is not None:
            await self._settled(delivery)
            found = await anyio.to_thread.run_sync(self._books.request, call.integration, delivery)
            if found is not None:
                return HTTPStatus.OK, {"data": found}
        return HTTPStatus.NOT_FOUND, {"message": _UNKNOWN_REQUEST}

    async def _read(self, call: _Call, read: Read) -> Answer:
        try:
            return await anyio.to_thread.run_sync(self._look, call, read)
        except QueryError as problem:
            message = f"The query cannot be read: {problem}"
            return HTTPStatus.UNPROCESSABLE_ENTITY, {"message": message, "errors": {"query": str(problem)}}

    def _look(self, call: _Call, read: Read) -> Answer:
        """Answer a question from the store. Blocks."""
        if read.subject is Subject.ALERTS:
            page = self._books.alerts(call.integration, read)
            return HTTPStatus.OK, {"data": page.data, "paging": self._paging(call, read, page.found)}
        if read.subject is Subject.COUNT:
            return HTTPStatus.OK, {"data": {"count": self._books.count(call.integration, read.query)}}
        found = self._books.alert(call.integration, read.target)
        if found is None:
            return HTTPStatus.NOT_FOUND, {"message": _UNKNOWN_ALERT}
        name, incident = found
        match read.subject:
            case Subject.NOTES:
                return HTTPStatus.OK, self._paged(call, read, self._books.notes(name, read))
            case Subject.LOGS:
                return HTTPStatus.OK, self._paged(call, read, self._books.logs(name, read))
            case Subject.RECIPIENTS:
                return HTTPStatus.OK, {"data": self._books.recipients(incident)}
            case _:
                return HTTPStatus.OK, {"data": documents.whole(name, incident)}

    def _paged(self, call: _Call, read: Read, page: Page) -> dict[str, Json]:
        return {"data": page.data, "paging": self._paging(call, read, page.found)}

    def _paging(self, call: _Call, read: Read, found: int) -> dict[str, str]:
        """The addresses of other pages of the same list; no `next` on the last one."""
        last = max(0, (found - 1) // read.limit * read.limit)
        offsets = {"first": 0, "next": read.offset + read.limit, "last": last}
        if offsets["next"] >= found:
            del offsets["next"]
        base = self._public_url + _quoted_path(call.request)
        usual = {"limit": read.limit, "sort": read.sort, "order": "desc" if read.descending else "asc"}
        query = {"query": read.query} if read.query else {}
        return {name: f"{base}?{urlencode({**query, 'offset': at, **usual})}" for name, at in offsets.items()}

    # Heartbeats

    async def _heartbeats(self, call: _Call, body: bytes) -> Answer:
        asked = opsgenie_heartbeats.asked(call.request.method, call.address.removeprefix(HEARTBEATS), body)
        match asked:
            case opsgenie_requests.Refusal():
                return _refused(asked)
            case HeartbeatRead():
                return await anyio.to_thread.run_sync(self._look_at_heartbeats, call.integration, asked.name)
            case HeartbeatWrite(action=Action.PING):
                await self._store(call, b"", {})
                return HTTPStatus.ACCEPTED, {"result": "PONG - Heartbeat received"}
            case HeartbeatWrite():
                return await self._change_heartbeat(call, asked, body)

    def _look_at_heartbeats(self, integration: str, name: str) -> Answer:
        if not name:
            found = [opsgenie_heartbeats.document(beat) for beat in self._books.heartbeats(integration)]
            return HTTPStatus.OK, {"data": {"heartbeats": found}}
        beat = self._books.heartbeat(integration, name)
        if beat is None:
            return _no_heartbeat(name)
        return HTTPStatus.OK, {"data": opsgenie_heartbeats.document(beat)}

    async def _change_heartbeat(self, call: _Call, write: HeartbeatWrite, body: bytes) -> Answer:
        before = await anyio.to_thread.run_sync(self._books.heartbeat, call.integration, write.name)
        if before is None and write.action is not Action.CREATE:
            return _no_heartbeat(write.name)
        await self._settled(await self._store(call, body, {}))
        if write.action is Action.DELETE:
            return HTTPStatus.OK, {"result": "Deleted"}
        beat = await anyio.to_thread.run_sync(self._books.heartbeat, call.integration, write.name)
        # What is stored and not yet handled will be as it was asked for.
        enabled = write.enabled is not False
        brief = opsgenie_heartbeats.brief(beat) if beat else {"name": write.name, "enabled": enabled, "expired": False}
        if write.action is Action.CREATE:
            data = opsgenie_heartbeats.document(beat) if beat else brief
            return HTTPStatus.CREATED, {"result": "Created", "data": data}
        return HTTPStatus.OK, {"result": _DONE[write.action], "data": brief}

    async def _settled(self, delivery_id: str) -> bool:
        """Wait a moment until a delivery has been handled."""
        for _ in range(WAITS_MAX):
            if await anyio.to_thread.run_sync(self._books.settled, delivery_id):
                return True
            await self._gate.outcome(delivery_id, WAIT_SECONDS)
        return False


def opsgenie_routes(
    gate: Gate, store: Store, *, secret: bytes, incident_key: Key, heartbeat_key: Key, public_url: str
) -> list[BaseRoute]:
    """All routes. *secret* is the server's; the keys are those that the store knows alerts and heartbeats by."""
    api = OpsgenieApi(gate, Books(store, incident_key, heartbeat_key), RequestNumbers(secret), public_url)
    places = [
        *(("/v2" + root, METHODS[:2]) for root in (ALERTS, HEARTBEATS)),
        *((f"/v2{root}/{{rest:path}}", METHODS) for root in (ALERTS, HEARTBEATS)),
        *((prefix + "/v2/{rest:path}", METHODS) for prefix in PREFIXES),
    ]
    return [Route(path, api.serve, methods=list(methods)) for path, methods in places]


def _denied(call: _Call, found: Refused) -> Response:
    """What the gate says, as Opsgenie would."""
    if found.kind == "key":
        return call.respond(HTTPStatus.UNAUTHORIZED, {"message": "Could not authenticate"})
    headers = RETRY_AFTER if found.status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return call.respond(found.status, {"message": found.sentence}, headers)


_DONE: Final = {Action.UPDATE: "Updated", Action.ENABLE: "Enabled", Action.DISABLE: "Disabled"}


async def _nowhere(call: _Call, body: bytes) -> Answer:
    del body
    return _refused(opsgenie_requests.unknown(call.request.method, known=False))


def _refused(refusal: opsgenie_requests.Refusal) -> Answer:
    errors = {"errors": refusal.errors} if refusal.errors else {}
    return refusal.status, {"message": refusal.message, **errors}


def _no_heartbeat(name: str) -> Answer:
    return HTTPStatus.NOT_FOUND, {"message": f"Heartbeat with name [{name}] does not exist."}


def _credential(request: Request) -> str:
    """The key of `Authorization: GenieKey ...`, or of `?apiKey=`."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "geniekey" and key.strip():
        return key.strip()
    return request.query_params.get("apiKey", "")


def _quoted_path(request: Request) -> str:
    """The path as it was sent: a slash within an alias is not one between parts."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    return bytes(raw).partition(b"?")[0].decode("utf-8", "replace")


def _address(request: Request) -> str:
    """What comes after `/v2`, with its query but for the key."""
    path = _quoted_path(request)
    prefix = next((each for each in PREFIXES if path.startswith(each + "/")), "")
    pairs = bytes(request.scope["query_string"]).decode("utf-8", "replace").split("&")
    kept = "&".join(pair for pair in pairs if pair and unquote_plus(pair.partition("=")[0]) != "apiKey")
    return path.removeprefix(f"{prefix}/v2") + (f"?{kept}" if kept else "")
