"""One conversation with a mail server; every way in which it can end becomes a result.

Sources: RFC 5321 (4yz: later, 5yz: never), RFC 3207 (STARTTLS), RFC 4954 (AUTH).
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final

from tocsin.engine.ports import Delivered, DeliveryResult, Postponed, Refused
from tocsin.incidents.telling import one_line
from tocsin.kernel.time import SECOND, Duration
from tocsin.posting.cutting import cut_after

STARTTLS: Final = "starttls"
TLS: Final = "tls"

_READY: Final = 220
_LATER: Final = range(400, 500)
_NEVER: Final = range(500, 600)
_REPLY_CHARS_MAX: Final = 200
_NAMELESS: Final = "[127.0.0.1]"  # What a machine without a full name calls itself; nobody is asked by DNS for it.


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server. *tls*: `starttls`, `tls` (from the first byte) or `none`. Without *username* nobody logs in."""

    host: str
    port: int
    tls: str = STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a server may take, in ms: *answer* for each connection and answer, *whole* for all of it."""

    answer: Duration = 10 * SECOND
    whole: Duration = 30 * SECOND


def hand_over(server: Server, message: EmailMessage, *, limits: Limits, context: ssl.SSLContext) -> DeliveryResult:
    """Hand *message* (one sender, one receiver) to *server*. Raises nothing that a server or a network can cause."""
    try:
        with (
            closing(_connect(server, limits, context)) as smtp,
            cut_after(limits.whole, lambda: smtp.sock),  # STARTTLS replaces the first one.
        ):
            return _converse(smtp, server, message, context)
    except ssl.SSLCertVerificationError as problem:
        return Refused(f"the mail server's certificate is not trusted: {problem.verify_message}")
    except smtplib.SMTPServerDisconnected:
        return Postponed("the mail server hung up, or took too long")
    except OSError as problem:
        return Postponed(f"the mail server could not be reached: {_named(problem)}")
    except UnicodeError:
        return Refused("the mail server's name is none that a machine can have")


def _converse(smtp: _Smtp, server: Server, message: EmailMessage, context: ssl.SSLContext) -> DeliveryResult:
    code, text = smtp.getreply()
    if code != _READY:
        return _judged("does not talk to us", code, text)
    problem = _introduce(smtp, server, context)
    if problem is not None:
        return problem
    try:
        smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        return _judged("does not take mail for this address", *next(iter(refused.recipients.values())))
    except smtplib.SMTPSenderRefused as refused:
        return _judged("does not take mail from this sender", refused.smtp_code, refused.smtp_error)
    except smtplib.SMTPResponseException as refused:
        return _judged("does not take the mail", refused.smtp_code, refused.smtp_error)
    # It has the mail; whether it also says good-bye makes no difference.
    with suppress(smtplib.SMTPException, OSError):
        smtp.quit()
    return Delivered()


def _introduce(smtp: _Smtp, server: Server, context: ssl.SSLContext) -> Postponed | Refused | None:
    """Say who we are, encrypted if that is asked for; None when the server lets us go on."""
    try:
        smtp.ehlo_or_helo_if_needed()
        if server.tls == STARTTLS:
            smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
    except smtplib.SMTPNotSupportedError:
        return Refused("the mail server offers no STARTTLS, and a page is not sent in the open")
    except smtplib.SMTPResponseException as refused:
        return _judged("does not let us begin", refused.smtp_code, refused.smtp_error)
    return _log_in(smtp, server) if server.username else None


def _log_in(smtp: _Smtp, server: Server) -> Postponed | Refused | None:
    if not (server.username + server.password).isascii():
        return Refused("user name and password for mail must be ASCII")
    try:
        smtp.login(server.username, server.password)
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPResponseException as refused:
        # Without the server's words: they may repeat what it was told.
        return _judged("does not accept user name and password", refused.smtp_code, b"")
    except smtplib.SMTPException:
        return Refused("the mail server offers no way to log in that we know")
    return None


def _judged(what: str, code: int, text: bytes | str) -> Postponed | Refused:
    said = one_line(text.decode("utf-8", "replace") if isinstance(text, bytes) else text, _REPLY_CHARS_MAX)
    error = f"the mail server {what} ({code}" + (f": {said})" if said else ")")
    # An answer that is neither means that this is no mail server, today.
    return Refused(error) if code in _NEVER else Postponed(error if code in _LATER else f"{error}, which we expect not")


class _Smtp(smtplib.SMTP):
    """smtplib's, on a connection that is there already."""

    def __init__(self, host: str, sock: socket.socket) -> None:
        name = socket.gethostname()
        super().__init__(local_hostname=name if "." in name and name.isascii() else _NAMELESS)
        self._host = host  # What STARTTLS holds the certificate against.
        self.sock = sock


def _connect(server: Server, limits: Limits, context: ssl.SSLContext) -> _Smtp:
    sock = socket.create_connection((server.host, server.port), limits.answer / SECOND)
    if server.tls != TLS:
        return _Smtp(server.host, sock)
    try:
        return _Smtp(server.host, context.wrap_socket(sock, server_hostname=server.host))
    except BaseException:
        sock.close()
        raise


def _named(problem: OSError) -> str:
    return f"{type(problem).__name__}" + (f" ({problem.strerror})" if problem.strerror else "")
