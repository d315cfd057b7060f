"""Alerts by e-mail: the listener, the addresses, and the rules, made from the settings."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from tocsin.engine.ports import Received
from tocsin.errors import TocsinError
from tocsin.kernel.time import Instant
from tocsin.mail.inbound import Limits, MailListener, Post
from tocsin.sources import email_message
from tocsin.wiring.living import Derived
from tocsin.wiring.mail_rules import mail_rules
from tocsin.wiring.settings import MailIn, Settings

LOCAL_PART_MAX: Final = 64  # Characters before the @ (RFC 5321, 4.5.3.1.1); not every server passes on a longer one.


def listener(
    settings: Settings,
    *,
    integration: Callable[[str], str | None],
    accept: Callable[[Sequence[Received]], None],
    clock: Callable[[], Instant],
    on_refused: Callable[[str], None],
    on_wrong_key: Callable[[str, str], None] = lambda *_: None,
) -> MailListener | None:
    """The listener that *settings* ask for, already bound to its port. Raises TocsinError."""
    wanted = settings.mail_in
    if wanted is None:
        return None
    tls = _tls(wanted)
    rules = Derived(settings, mail_rules)

    def admits(name: str, sender: str, raw: bytes) -> bool:
        its = rules()[name]
        return not its.senders or its.admits([sender, *email_message.parse(raw).senders])

    post = Post(
        integration=integration,
        admits=admits,
        accept=accept,
        clock=clock,
        on_refused=on_refused,
        on_wrong_key=on_wrong_key,
    )
    return MailListener(_bound(wanted), post, Limits(size_bytes=wanted.size_max), domain=wanted.domain or "", tls=tls)


def mail_domain(settings: Settings) -> str:
    """The domain that mail is sent to: what is configured, else the host by which people reach the server."""
    if settings.mail_in is None:
        return ""
    return settings.mail_in.domain or urlsplit(settings.server.url or "").hostname or settings.mail_in.host


def address(key: str, domain: str) -> str:
    """The mail address of an integration; empty when its key is too long for one. It contains the secret."""
    return f"{key}@{domain}" if domain and len(key) <= LOCAL_PART_MAX else ""


def _tls(wanted: MailIn) -> ssl.SSLContext | None:
    if wanted.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(wanted.tls_certificate, wanted.tls_key)
    except (OSError, ValueError) as problem:  # An SSLError is an OSError.
        raise TocsinError(
            "certificate-unusable",
            f"mail_in: {wanted.tls_certificate} and {wanted.tls_key} are no certificate and its key: {problem}",
        ) from problem
    return context


def _bound(wanted: MailIn) -> socket.socket:
    """A socket that listens already: who connects before the listener starts waits."""
    bound = socket.socket(socket.AF_INET6 if ":" in wanted.host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((wanted.host, wanted.port))
        bound.listen()
    except OSError as problem:
        bound.close()
        raise TocsinError(
            "address-in-use", f"cannot listen for mail on {wanted.host} port {wanted.port}: {problem.strerror}"
        ) from problem
    return bound
