"""Reception: what happens at the front door. A valid key and, where the sender signs, a valid signature.

Then onto the disk.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import ONCE, Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.sources import pagerduty
from tocsin.sources.detection import FORM_HEADER
from tocsin.web.credentials import presented
from tocsin.web.envelopes import Check, Verdict, is_envelope
from tocsin.web.gate import Gate, Refused
from tocsin.web.ingest import Request, refusal, response

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Executor

DEPTH_MAX: Final = 10_000  # Deliveries that wait for the disk; with more the senders are better told to come again.
BYTES_MAX: Final = 64 * 1024 * 1024  # Of bodies that wait for the disk.
RETRY_AFTER: Final = b"retry-after: 5\r\n"

PLACES_MAX: Final = 1000

INGEST_PATH: Final = b"/v1/in"
PAGERDUTY_PATH: Final = b"/v2/enqueue"

_ACCEPTED: Final = b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: "
_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "  # What SNS expects.
_UNKNOWN_ROUTING_KEY: Final = "'routing_key' is not known here"
_FORM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

log = logging.getLogger(__name__)


class Writer(Protocol):
    """Stores deliveries in groups, and answers with the token later."""

    def submit(self, received: Received, token: object) -> None:
        """Queue one delivery."""
        ...

    def depth(self) -> int:
        """How many wait."""
        ...


Answer = Callable[[bytes], None]


class Reception:
    """A `tocsin.web.door.Taker`; lives on the event loop."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        executor: Executor,
        clock: Callable[[], Instant],
        gate: Gate,
        check_sns: Check,
        new_key: Callable[[], str],
        on_accepted: Callable[[int], None],
        on_refused: Callable[[str], None],
    ) -> None:
        """*gate* says who may come in. *check_sns* may block (it runs on *executor*).

        *on_refused* hears the kind of each refusal of ours: `signature` (of SNS), `overload`, `store`, `contract`.
        """
        self._loop = loop
        self._executor = executor
        self._clock = clock
        self._gate = gate
        self._check_sns = check_sns
        self._new_key = new_key
        self._on_accepted = on_accepted
        self._on_refused = on_refused
        self._writer: Writer | None = None
        self._bytes = 0
        self._gathered: list[tuple[Received, object]] = []
        self._places: dict[bytes, _Place] = {}

    def attach(self, writer: Writer) -> None:
        """The writer, which in turn calls `answered`."""
        self._writer = writer

    def take(self, request: Request, answer: Answer) -> None:
        """See `Taker`."""
        if request.path == PAGERDUTY_PATH:
            self._take_pagerduty(request, answer)
        elif request.path.startswith(INGEST_PATH):
            self._take_any(request, answer)
        else:
            answer(refusal(HTTPStatus.NOT_FOUND, "there is nothing at this path; deliveries go to /v1/in/{key}"))

    def submit(self, received: Received, answer: Callable[[str | StoreUnavailableError], None]) -> None:
        """Store one delivery; *answer* hears, on the loop, its id or the trouble."""
        assert self._writer is not None
        waiting = self._writer.depth() + len(self._gathered)
        if waiting >= DEPTH_MAX or self._bytes + len(received.body) > BYTES_MAX:
            self._on_refused("overload")
            answer(StoreUnavailableError("too many deliveries wait for the disk"))
            return
        self._bytes += len(received.body)
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append((received, (len(received.body), answer)))

    def _hand_over(self) -> None:
        """Give the writer all that this turn of the loop has brought: one group, one fsync."""
        assert self._writer is not None
        gathered, self._gathered = self._gathered, []
        for received, token in gathered:
            self._writer.submit(received, token)

    def answered(self, answers: Sequence[tuple[Any, str | StoreUnavailableError]]) -> None:
        """A group is on the disk, or is not. Called on the writer's thread."""
        self._loop.call_soon_threadsafe(self._answer_group, answers)

    def _answer_group(self, answers: Sequence[tuple[Any, str | StoreUnavailableError]]) -> None:
        accepted = 0
        for (size, answer), result in answers:
            self._bytes -= size
            accepted += isinstance(result, str)
            answer(result)
        self._on_accepted(accepted)
        for _ in range(len(answers) - accepted):
            self._on_refused("store")

    def _take_any(self, request: Request, answer: Answer) -> None:
        known = self._places.get(request.path)
        place = known or _place(request.path)
        integration = self._gate.opens(place.key) or self._admitted(request, place, answer)
        if integration is None:
            return
        if known is None and len(self._places) < PLACES_MAX:
            self._places[request.path] = place
        received = Received(
            received_at=self._clock(),
            channel="in",
            key=integration,
            head=place.noted + request.kept(),
            body=request.body,
        )
        if is_envelope(request.headers, request.body):
            self._check_then_submit(request, received, answer)
        else:
            self.submit(received, lambda result: answer(_reply(result, _ACCEPTED)))

    def _admitted(self, request: Request, place: _Place, answer: Answer) -> str | None:
        """The integration of a request that the gate has to look at; None if it is refused, and answered."""
        key = presented(place.key, request.headers, request.query.decode("ascii", "replace"))
        found = self._gate.admit(key, request.peer, request.headers, request.body, INGEST_PATH.decode())
        if not isinstance(found, Refused):
            return found.integration
        headers = RETRY_AFTER if found.status == HTTPStatus.SERVICE_UNAVAILABLE else b""
        answer(refusal(found.status, found.sentence, headers))
        return None

    def _check_then_submit(self, request: Request, received: Received, answer: Answer) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        verdict = self._loop.run_in_executor(self._executor, self._check_sns, headers, request.body, received.key)

        def judged(done: asyncio.Future[Verdict]) -> None:
            problem = "cancelled" if done.cancelled() else done.exception()
            if problem is not None:
                log.error("checking a signature failed", extra={"problem": repr(problem)})
                self._on_refused("signature")
                answer(_unavailable("internal error while the signature was checked"))
            elif (found := done.result()).status == HTTPStatus.OK:
                head = f"{ONCE}: sns/{found.once}\n".encode() + received.head if found.once else received.head
                self.submit(replace(received, head=head), lambda result: answer(_reply(result, _OK)))
            else:
                self._on_refused("signature")
                headers = RETRY_AFTER if found.status == HTTPStatus.SERVICE_UNAVAILABLE else b""
                answer(refusal(found.status, found.message, headers))

        verdict.add_done_callback(judged)

    def _take_pagerduty(self, request: Request, answer: Answer) -> None:
        new_key = self._new_key()
        found = pagerduty.answer(request.body, new_key=new_key)
        if found.status != HTTPStatus.ACCEPTED:
            self._on_refused("contract")
            answer(response(found.status, found.body))
            return
        admitted = self._gate.admit(
            found.routing_key, request.peer, request.headers, request.body, PAGERDUTY_PATH.decode()
        )
        if isinstance(admitted, Refused):
            answer(_pagerduty_refusal(admitted))
            return
        made = b"x-alert-key: " + new_key.encode() + b"\n" if found.dedup_key == new_key else b""
        received = Received(
            received_at=self._clock(),
            channel="in",
            key=admitted.integration,
            head=made + request.kept(),
            body=request.body,
        )
        whole = response(HTTPStatus.ACCEPTED, found.body)
        self.submit(received, lambda result: answer(whole if isinstance(result, str) else _unavailable(result.message)))


class _Place(msgspec.Struct, frozen=True):
    """What an ingest path says: a key (empty: it stands elsewhere), and the line that is noted before the head."""

    key: str
    noted: bytes = b""


def _place(path: bytes) -> _Place:
    """`/v1/in`, `/v1/in/KEY`, `/v1/in/KEY/FORM`; of any other, all of it is the key, which nobody knows."""
    told = path[len(INGEST_PATH) :].strip(b"/").decode("ascii", "replace")
    key, slash, form = told.partition("/")
    if not slash:
        return _Place(key)
    return _Place(key, f"{FORM_HEADER}: {form}\n".encode()) if _FORM.fullmatch(form) else _Place(told)


def _pagerduty_refusal(found: Refused) -> bytes:
    """As PagerDuty refuses an event."""
    if found.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return refusal(found.status, found.sentence, RETRY_AFTER)
    unknown = found.kind == "key"
    said = {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": [_UNKNOWN_ROUTING_KEY if unknown else found.sentence],
    }
    return response(HTTPStatus.BAD_REQUEST if unknown else found.status, json.encode(said))


def _reply(result: str | StoreUnavailableError, start: bytes) -> bytes:
    if isinstance(result, str):
        body = b'{"status":"accepted","id":"%b"}' % result.encode()
        return b"%b%d\r\n\r\n%b" % (start, len(body), body)
    return _unavailable(result.message)


def _unavailable(problem: str) -> bytes:
    return refusal(HTTPStatus.SERVICE_UNAVAILABLE, f"not stored, send it again: {problem}", RETRY_AFTER)
