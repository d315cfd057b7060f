"""The gate: whose key it is, whether this address and this signature may use it, and the way onto the disk.

The front door's fast path and every sender's route behind it ask here, so that a rule holds on all ways in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from tocsin.engine.ports import ONCE, Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import Instant
from tocsin.web.credentials import presented as presented_in
from tocsin.web.envelopes import Check, is_envelope
from tocsin.web.ingest import BODY_BYTES_MAX, kept
from tocsin.web.peers import Network, sender, within
from tocsin.web.ports import Intake
from tocsin.web.signatures import Signature, unsigned

RETRY_AFTER: Final = {"retry-after": "5"}

_BODY: Final = "tocsin.body"  # Where a request keeps its body once it has been read.
_UNKNOWN_KEY: Final = "this integration key is not known here; compare it with the console's list"
_NO_KEY: Final = (
    "there is no integration key here: it stands in the path (/v1/in/KEY), in X-API-Key, in Authorization, or in ?key="
)
_WRONG_ADDRESS: Final = "this address may not send under this key"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What an integration asks for beside its key. *allow*: where its senders are; empty for everywhere."""

    allow: tuple[Network, ...] = ()
    signature: Signature | None = None


class Admission(msgspec.Struct, frozen=True):
    """The sender may come in, under this integration."""

    integration: str


class Refused(msgspec.Struct, frozen=True):
    """It may not: *kind* for the figures (`key`, `address`, `signature`, `store`), and what the sender hears."""

    kind: str
    status: int
    sentence: str


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """A key that does not open, and who came with it. *path* is that of the route, without the key."""

    presented: str
    path: str
    peer: str
    agent: str


class Gate:
    """What every way in for senders needs."""

    def __init__(
        self,
        intake: Intake,
        clock: Callable[[], Instant],
        integration: Callable[[str], str | None],
        on_refused: Callable[[str], None],
        *,
        check_sns: Check,
        rules: Mapping[str, Rules] | None = None,
        proxies: Sequence[Network] = (),
        on_wrong_key: Callable[[Knock], None] = lambda _: None,
    ) -> None:
        """*integration* names the integration of a presented key, or raises StoreUnavailableError if nobody can say.

        *check_sns*, which may block, judges what Amazon SNS has signed. *rules* by integration; *proxies* are those
        whose `X-Forwarded-For` we believe. *on_refused* hears the kind of each refusal, *on_wrong_key* of each key that
        does not open.
        """
        self._intake = intake
        self._clock = clock
        self._integration = integration
        self._on_refused = on_refused
        self._check_sns = check_sns
        self._rules = {} if rules is None else rules
        self._proxies = proxies
        self._on_wrong_key = on_wrong_key

    def opens(self, presented: str) -> str | None:
        """The integration of a key that opens by itself; None when there is more to be asked: see `admit`."""
        if not presented:
            return None
        try:
            found = self._integration(presented)
        except StoreUnavailableError:
            return None
        return None if found in self._rules else found

    def admit(
        self, presented: str, peer: str, headers: Sequence[tuple[bytes, bytes]], body: bytes, path: str = ""
    ) -> Admission | Refused:
        """Whether a request may come in; a refusal has been counted.

        *peer* is the address at the other end, *headers* are pairs with names in lower case (`request.headers.raw`),
        *path* is that of the route, without what is secret in it.
        """
        try:
            found = self._integration(presented)
        except StoreUnavailableError as problem:
            return self._refuse("store", HTTPStatus.SERVICE_UNAVAILABLE, _unsure(problem))
        if found is None:
            agent = next((value for name, value in headers if name == b"user-agent"), b"").decode("utf-8", "replace")
            origin = sender(peer, headers, self._proxies)
            self._on_wrong_key(Knock(presented=presented, path=path, peer=origin, agent=agent))
            return self._refuse("key", HTTPStatus.FORBIDDEN, _UNKNOWN_KEY if presented else _NO_KEY)
        return self._broken_rule(found, peer, headers, body) or Admission(found)

    def enter(self, request: Request, body: bytes, path_key: str = "", path: str = "") -> Admission | Refused:
        """As `admit`, for a route: *path_key* is the key in its path, if there is one there."""
        found = presented_in(path_key, request.headers.raw, query_of(request))
        return self.admit(found, _peer(request), request.headers.raw, body, path or _family(request))

    def integration(self, presented: str) -> str | None:
        """Whose key *presented* is, whatever else is asked for; None, and counted, for a key that is not known.

        Raises HTTPException 503 if nobody can say.
        """
        try:
            found = self._integration(presented)
        except StoreUnavailableError as problem:
            self._on_refused("store")
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, _unsure(problem), RETRY_AFTER) from None
        if found is None:
            self._on_wrong_key(Knock(presented=presented, path="", peer="", agent=""))
            self._on_refused("key")
        return found

    async def accept(
        self, request: Request, *, channel: str, integration: str, body: bytes, noted: Mapping[str, str] | None = None
    ) -> str:
        """Store what *request* brought, durably; the delivery's id.

        *noted* are lines of our own for its head, such as `x-tocsin-form`. Raises StoreUnavailableError: answer 503.
        Raises HTTPException when the rules of *integration* are not kept, which `admit` would have said before.
        """
        broken = self._broken_rule(integration, _peer(request), request.headers.raw, body)
        if broken is not None:
            raise HTTPException(broken.status, broken.sentence)
        head = kept(request.headers.raw)
        lines = [f"{name}: {' '.join(value.split())}".encode() for name, value in (noted or {}).items()]
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

        Raises as `accept`, and HTTPException with the status and the sentence that SNS must hear.
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

    def _broken_rule(
        self, integration: str, peer: str, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> Refused | None:
        rules = self._rules.get(integration)
        if rules is None:
            return None
        if rules.allow and not within(sender(peer, headers, self._proxies), rules.allow):
            return self._refuse("address", HTTPStatus.FORBIDDEN, _WRONG_ADDRESS)
        wrong = unsigned(rules.signature, headers, body) if rules.signature else None
        return self._refuse("signature", wrong.status, wrong.sentence) if wrong else None

    def _refuse(self, kind: str, status: int, sentence: str) -> Refused:
        self._on_refused(kind)
        return Refused(kind, status, sentence)


def query_of(request: Request) -> str:
    """The query, still quoted; bytes that are no text are replaced."""
    return bytes(request.scope["query_string"]).decode("utf-8", "replace")


async def body_of(request: Request) -> bytes:
    """The whole body, as often as it is asked for.

    Raises HTTPException 413 beyond BODY_BYTES_MAX, 400 when the client has gone.
    """
    if _BODY in request.scope:
        return bytes(request.scope[_BODY])
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > BODY_BYTES_MAX:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            parts.append(part)
    except ClientDisconnect:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    whole = request.scope[_BODY] = b"".join(parts)
    return whole


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _family(request: Request) -> str:
    """The first parts of the path, in which no key stands."""
    return "/".join(str(request.scope["path"]).split("/")[:3])


def _unsure(problem: StoreUnavailableError) -> str:
    return f"not stored, send it again: {problem.message}"
