"""The way in by e-mail: an SMTP server for the addresses of integrations, and for nothing else.

A mail is on the disk before its sender hears 250; own trouble is 451, at which every mail server tries again for days.
It relays nothing, confirms no names, knows no passwords, and repeats nothing that it was told.

Sources: RFC 5321 (SMTP), RFC 1870 (SIZE), RFC 2920 (PIPELINING), RFC 3207 (STARTTLS), RFC 3463 (enhanced codes),
RFC 6531 (SMTPUTF8).
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import AnyStr, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.sources.email import DEDUP_HEADER, MAIL_FROM_HEADER, MEDIA_TYPE, NOBODY

CHANNEL: Final = "mail"
KEY_SHOWN: Final = b"integration-key"  # Stands in the stored headers where the key stood.

LINE_BYTES_MAX: Final = 1024 * 1024  # RFC 5321 allows 1000; a report in one line of HTML is an alert all the same.
COMMANDS_MAX: Final = 1000  # Of one kind in a conversation; a server with a queue sends fewer.
STORING_MAX: Final = 4  # Mails that wait for the disk at the same time; the others wait for them.
GRACE_SECONDS: Final = 3.0  # For mails that are being stored when the listener is told to end.

_REFUSED: Final = "550 5.1.1 no such address here"
_NOT_THEM: Final = "550 5.7.1 this sender may not write to this address"
_TOO_MANY: Final = "452 4.5.3 too many recipients, send the rest in another message"
_LATER: Final = "451 4.3.0 not stored, send it again later"
_STORED: Final = "250 2.0.0 stored"
_BUSY: Final = b"421 4.3.2 too many connections, come again later\r\n"

_PATH: Final = re.compile(r"\s*(?:<(?:@[^<>:]*:)?([^<>]*)>|([^\s<>]+))(.*)", re.DOTALL)
_NOT_OFFERED: Final = ("250-AUTH", "250 HELP")
_TOO_LARGE: Final = ("552", "500 Line too long")  # How aiosmtpd itself refuses a mail.

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client, and all of them, may take. *idle*: from one command to the next, the mail itself included."""

    size_bytes: int
    recipients: int = 50
    connections: int = 50
    idle: Duration = 5 * MINUTE
    whole: Duration = 30 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What the listener asks and tells; all but *integration* may block, and are called from threads of its own.

    *integration*: whose key this is. *admits* (integration, sender of the envelope, mail): whether it may write there.
    *accept* stores, durably, or raises StoreUnavailableError. *on_refused* hears the kind of each refusal: `key`,
    `sender`, `size`, `overload`, `store`. *on_wrong_key* hears of a key that opens nothing, and the peer's address.
    """

    integration: Callable[[str], str | None]
    admits: Callable[[str, str, bytes], bool]
    accept: Callable[[Sequence[Received]], None]
    clock: Callable[[], Instant]
    on_refused: Callable[[str], None]
    on_wrong_key: Callable[[str, str], None] = lambda *_: None


class MailListener:
    """Listens on a thread of its own, from `start` to `stop`."""

    def __init__(
        self, bound: socket.socket, post: Post, limits: Limits, *, domain: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        """*bound* becomes the listener's. *domain*: the only one with mail for us; empty: any. *tls*: for STARTTLS."""
        self.port: int = bound.getsockname()[1]
        self._bound = bound
        self._post = post
        self._limits = limits
        self._domain = domain.lower()
        self._tls = tls
        self._live: set[_Conversation] = set()
        self._storing: set[asyncio.Future[str]] = set()
        self._executor = ThreadPoolExecutor(STORING_MAX, thread_name_prefix="mail-store")
        self._loop: Future[asyncio.AbstractEventLoop] = Future()
        self._ending = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="mail-in", daemon=True)
        # It writes down every command at the level INFO, the keys of integrations among them.
        logging.getLogger("mail.log").setLevel(logging.WARNING)

    def start(self) -> None:
        """Begin to listen. Raises OSError."""
        self._thread.start()
        self._loop.result()

    def stop(self) -> None:
        """End; what is being stored is finished, and its sender hears so."""
        if self._thread.is_alive():
            with suppress(OSError, RuntimeError):  # It has not begun, or has ended in between.
                self._loop.result().call_soon_threadsafe(self._ending.set)
            self._thread.join()
        self._executor.shutdown()
        self._bound.close()

    def _run(self) -> None:
        # Of uvloop's transports aiosmtpd knows nothing.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(partial(self._conversation, loop), sock=self._bound)
        except OSError as problem:
            self._loop.set_exception(problem)
            return
        self._loop.set_result(loop)
        await self._ending.wait()
        server.close()
        if self._storing:
            await asyncio.wait(self._storing, timeout=GRACE_SECONDS)
            await asyncio.sleep(0)  # Now those who wait for it say so.
        for hang_up in (_Conversation.end, _Conversation.cut):
            for conversation in tuple(self._live):
                hang_up(conversation)
            await asyncio.sleep(0)

    def _conversation(self, loop: asyncio.AbstractEventLoop) -> SMTP:
        return _Conversation(
            self,
            self._live,
            self._limits,
            self._post.on_refused,
            hostname=self._domain or "tocsin",
            tls_context=self._tls,
            loop=loop,
        )

    # ── What aiosmtpd asks, under the names that it looks for ────────────────────────────────────────────────────────
    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """What is offered."""
        session.host_name = hostname
        offered = [line for line in responses if not line.startswith(_NOT_OFFERED)]
        return [*offered, "250-ENHANCEDSTATUSCODES", "250 PIPELINING"]

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Whether *address* is that of an integration."""
        if len(envelope.rcpt_tos) >= self._limits.recipients:
            return _TOO_MANY
        if self._addressee(address) is None:
            self._post.on_refused("key")
            self._post.on_wrong_key(address.rpartition("@")[0].partition("+")[0], _place(session))
            return _REFUSED
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store the mail for each of its recipients, all or none."""
        loop = asyncio.get_running_loop()
        storing = loop.run_in_executor(self._executor, self._store, envelope, _place(session))
        self._storing.add(storing)
        try:
            return await storing
        finally:
            self._storing.discard(storing)

    async def handle_exception(self, error: Exception) -> str:
        """A mistake of ours must not cost an alert."""
        log.error("a mail was not taken", exc_info=error)
        return _LATER

    # ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _store(self, envelope: Envelope, peer: str) -> str:
        raw, sender = envelope.content, envelope.mail_from or NOBODY
        assert isinstance(raw, bytes)
        found = dict.fromkeys(addressee for address in envelope.rcpt_tos if (addressee := self._addressee(address)))
        admitted = [each for each in found if self._post.admits(each.integration, sender, raw)]
        for _ in range(len(found) - len(admitted)):
            self._post.on_refused("sender")
        if not admitted:
            return _NOT_THEM
        body = _without_keys(raw, [each.key for each in found])
        now = self._post.clock()
        try:
            self._post.accept(
                [
                    Received(
                        received_at=now,
                        channel=CHANNEL,
                        key=each.integration,
                        head=_head(each.dedup, sender, peer),
                        body=body,
                    )
                    for each in admitted
                ]
            )
        except StoreUnavailableError as problem:
            log.warning("a mail could not be stored", extra={"problem": problem.message})
            self._post.on_refused("store")
            return _LATER
        return _STORED

    def _addressee(self, address: str) -> _Addressee | None:
        local, _, domain = address.rpartition("@")
        if self._domain and domain.lower() != self._domain:
            return None
        key, _, dedup = local.partition("+")
        # Some servers write every address in lower case.
        for presented in dict.fromkeys((key, key.lower())):
            integration = self._post.integration(presented)
            if integration is not None:
                return _Addressee(integration, key, dedup)
        return None


@dataclass(frozen=True, slots=True)
class _Addressee:
    integration: str
    key: str
    dedup: str


def _place(session: Session) -> str:
    """The address at the other end."""
    peer: object = session.peer
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _head(dedup: str, sender: str, peer: str) -> bytes:
    noted = {"content-type": MEDIA_TYPE, DEDUP_HEADER: dedup, MAIL_FROM_HEADER: sender, "x-tocsin-peer": peer}
    lines = [f"{name}: {' '.join(value.split())}" for name, value in noted.items() if value]
    return "\n".join(lines).encode("utf-8", "replace")


def _without_keys(raw: bytes, keys: Sequence[str]) -> bytes:
    """*raw* without the keys that its headers name (To, Received, Delivered-To): they are credentials."""
    end = raw.find(b"\r\n\r\n") if b"\r\n\r\n" in raw else len(raw)
    head = raw[:end]
    for key in keys:
        head = re.sub(re.escape(key.encode("utf-8", "replace")), KEY_SHOWN, head, flags=re.IGNORECASE)
    return head + raw[end:]


class _Conversation(SMTP):
    """aiosmtpd's, which also knows the others, ends in time, and tells nothing."""

    line_length_limit = LINE_BYTES_MAX

    def __init__(
        self,
        handler: MailListener,
        live: set[_Conversation],
        limits: Limits,
        on_refused: Callable[[str], None],
        *,
        hostname: str,
        tls_context: ssl.SSLContext | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(
            handler,
            data_size_limit=limits.size_bytes,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="Tocsin",
            tls_context=tls_context,
            timeout=limits.idle / SECOND,
            command_call_limit=COMMANDS_MAX,
            loop=loop,
        )
        self._live = live
        self._limits = limits
        self._on_refused = on_refused
        self._end_handle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio; with STARTTLS there is a second time, for the same client."""
        if self._end_handle is None:
            if len(self._live) >= self._limits.connections:
                assert isinstance(transport, asyncio.WriteTransport)
                transport.write(_BUSY)
                transport.close()
                self._on_refused("overload")
                return
            self._live.add(self)
            self._end_handle = self.loop.call_later(self._limits.whole / SECOND, self.cut)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio; after a failed handshake it is told twice."""
        if self._end_handle is not None and self in self._live:
            self._live.discard(self)
            self._end_handle.cancel()
            super().connection_lost(error)

    def end(self) -> None:
        """Hang up; what was said is still sent."""
        if self.transport is not None:
            self.transport.close()

    def cut(self) -> None:
        """The same, at once: a client that does not read would keep what was said waiting for ever."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def push(self, status: AnyStr) -> None:
        """See aiosmtpd."""
        if str(status).startswith(_TOO_LARGE):
            self._on_refused("size")
        await super().push(status)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The address and what follows it. More lenient than aiosmtpd's: a strange sender's mail is still an alert."""
        found = _PATH.fullmatch(arg)
        if found is None:
            return None, None
        return (found[1] if found[1] is not None else found[2]) or NOBODY, found[3].strip()

    async def smtp_VRFY(self, _arg: str) -> None:  # noqa: N802
        """Names are not confirmed."""
        await self.push("252 2.5.2 send the mail, and it will be seen")

    async def smtp_EXPN(self, _arg: str) -> None:  # noqa: N802
        """There are no lists."""
        await self.push("502 5.5.1 not done here")

    async def smtp_HELP(self, _arg: str) -> None:  # noqa: N802
        """The same."""
        await self.push("502 5.5.1 not done here")

    async def smtp_AUTH(self, _arg: str) -> None:  # noqa: N802
        """An address is the credential; a password is not read."""
        await self.push("502 5.5.1 not done here")
