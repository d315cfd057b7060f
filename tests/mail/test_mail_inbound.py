"""Mails handed to the listener by real clients on this machine: what is stored, and what each of them hears."""

from __future__ import annotations

import logging
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Self

import pytest

from tests.mail.post_office import HOST, Certificate, certificate
from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import MINUTE
from tocsin.mail.inbound import Limits, MailListener, Post

NOW = 1_700_000_000_000
KEY, OTHER = "test-key-of-prod-0001", "test-key-of-shop-0002"
KEYS = {KEY: "prod", OTHER: "shop"}
SENDER = "monitor@example.com"
DEADLINE_SECONDS = 20.0
HUNG_UP = r"reset|pipe|aborted"


@dataclass
class Box:
    """What was stored, what was refused, and what goes wrong when something is stored."""

    stored: list[Received] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    trouble: Exception | None = None
    banned: tuple[str, ...] = ()
    before: Callable[[], None] | None = None
    keys: dict[str, str] = field(default_factory=lambda: dict(KEYS))
    broken: bool = False

    def integration(self, key: str) -> str | None:
        if self.broken:
            raise RuntimeError("a mistake")
        return self.keys.get(key)

    def admits(self, integration: str, sender: str, raw: bytes) -> bool:
        assert integration in KEYS.values()
        return sender not in self.banned and b"Subject: banned" not in raw

    def accept(self, received: Sequence[Received]) -> None:
        if self.before:
            self.before()
        if self.trouble:
            raise self.trouble
        self.stored += received


@contextmanager
def listening(
    box: Box,
    *,
    limits: Limits | None = None,
    domain: str = "",
    tls: ssl.SSLContext | None = None,
) -> Iterator[MailListener]:
    bound = socket.socket()
    bound.bind((HOST, 0))
    post = Post(
        integration=box.integration,
        admits=box.admits,
        accept=box.accept,
        clock=lambda: NOW,
        on_refused=box.refused.append,
    )
    made = MailListener(bound, post, limits or Limits(size_bytes=100_000), domain=domain, tls=tls)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def port(box: Box) -> Iterator[int]:
    with listening(box) as made:
        yield made.port


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("mail"))


def mail(to: str, subject: str = "Disk full on db-1", body: str = "97 %\n") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = SENDER, to, subject
    made.set_content(body)
    return made


def client(port: int) -> smtplib.SMTP:
    return smtplib.SMTP(HOST, port, local_hostname="sender.example", timeout=DEADLINE_SECONDS)


def send(port: int, *to: str, message: EmailMessage | None = None) -> dict[str, tuple[int, bytes]]:
    with client(port) as smtp:
        return smtp.send_message(message or mail(to[0]), from_addr=SENDER, to_addrs=list(to))


class Talk:
    """A client that says exactly what it is told to."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), DEADLINE_SECONDS)
        self._heard = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._heard.close()
        self._socket.close()

    def say(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def hear(self) -> str:
        """One answer, all of its lines; empty when the other side has hung up."""
        told = ""
        while True:
            line = self._heard.readline().decode()
            told += line
            if line[3:4] != "-":
                return told

    def ask(self, line: str) -> str:
        self.say(line.encode() + b"\r\n")
        return self.hear()


@contextmanager
def talking(port: int) -> Iterator[Talk]:
    with Talk(port) as talk:
        assert talk.hear() == "220 tocsin Tocsin\r\n"
        assert talk.ask("EHLO sender.example").startswith("250-tocsin\r\n")
        yield talk


# ── What is taken ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_mail_is_stored_before_its_sender_hears_so(box: Box, port: int) -> None:
    assert send(port, f"{KEY}@alerts.example") == {}
    [stored] = box.stored
    assert (stored.channel, stored.key, stored.received_at) == ("mail", "prod", NOW)
    assert stored.header("content-type") == "message/rfc822"
    assert stored.header("x-tocsin-mail-from") == SENDER
    assert stored.header("x-tocsin-peer") == HOST
    assert stored.header("x-tocsin-rcpt") is None
    assert b"Subject: Disk full on db-1\r\n" in stored.body
    assert stored.body.endswith(b"97 %\r\n")
    assert box.refused == []


def test_no_key_is_stored(box: Box, port: int) -> None:
    send(port, f"{KEY}+disk-db1@alerts.example", message=mail(f"{KEY.upper()}+disk-db1@alerts.example"))
    [stored] = box.stored
    assert stored.header("x-tocsin-rcpt") == "disk-db1"
    assert b"To: integration-key+disk-db1@alerts.example\r\n" in stored.body
    assert KEY.encode() not in (stored.head + stored.body).lower()


def test_a_key_in_the_text_is_the_senders_business(box: Box, port: int) -> None:
    send(port, f"{KEY}@x", message=mail("ops@example.com", body=f"you get this as {KEY}\n"))
    assert box.stored[0].body.endswith(f"you get this as {KEY}\r\n".encode())


def test_a_mail_for_two_integrations_is_stored_for_both_at_once(box: Box, port: int) -> None:
    send(port, f"{KEY}@x", f"{OTHER}+a@x", f"{KEY}@y", f"{KEY}+b@x")
    told = [(stored.key, stored.header("x-tocsin-rcpt")) for stored in box.stored]
    assert told == [("prod", None), ("shop", "a"), ("prod", "b")]


def test_an_address_in_capitals_is_the_same(box: Box, port: int) -> None:
    assert send(port, f"{KEY.upper()}@X") == {}
    assert box.stored[0].key == "prod"


def test_several_mails_come_by_one_connection(box: Box, port: int) -> None:
    with client(port) as smtp:
        for subject in ("one", "two"):
            smtp.send_message(mail(f"{KEY}@x", subject))
    assert [b"Subject: one" in box.stored[0].body, b"Subject: two" in box.stored[1].body] == [True, True]


@pytest.mark.parametrize(
    ("line", "sender"),
    [
        ("MAIL FROM:<>", "<>"),
        ("MAIL FROM:<root>", "root"),
        ("MAIL FROM: monitor@example.com", SENDER),
        ("MAIL FROM:<@relay.example:monitor@example.com> BODY=8BITMIME SIZE=100", SENDER),
        ('MAIL FROM:<"odd one"@example.com>', '"odd one"@example.com'),
        ("MAIL FROM:<ädmin@example.com> SMTPUTF8", "ädmin@example.com"),
    ],
)
def test_a_strange_sender_is_a_sender(box: Box, port: int, line: str, sender: str) -> None:
    with talking(port) as talk:
        assert talk.ask(line).startswith("250")
        assert talk.ask(f"RCPT TO:<{KEY}@x>").startswith("250")
        assert talk.ask("DATA").startswith("354")
        assert talk.ask("Subject: x\r\n\r\ny\r\n.").startswith("250 2.0.0")
    assert box.stored[0].header("x-tocsin-mail-from") == sender


def test_a_carriage_return_in_an_address_makes_no_line_of_its_own(box: Box, port: int) -> None:
    with talking(port) as talk:
        talk.ask("MAIL FROM:<a\rx-alert-key:\x00b@example.com>")
        talk.ask(f"RCPT TO:<{KEY}+c\rd@x>")
        talk.ask("DATA")
        talk.ask("Subject: x\r\n\r\ny\r\n.")
    assert box.stored[0].head.count(b"\n") == 3
    assert b"\r" not in box.stored[0].head


def test_a_client_may_say_everything_at_once(box: Box, port: int) -> None:
    with Talk(port) as talk:
        talk.say(
            b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<" + KEY.encode() + b"@x>\r\nDATA\r\n"
            b"Subject: x\r\n\r\n..y\r\n.\r\nMAIL FROM:<c@d>\r\nRCPT TO:<" + KEY.encode() + b"@x>\r\nDATA\r\n"
            b"Subject: z\r\n\r\n.\r\nQUIT\r\n"
        )
        heard = [talk.hear()[:3] for _ in range(10)]
    assert heard == ["220", "250", "250", "250", "354", "250", "250", "250", "354", "250"]
    assert [stored.body for stored in box.stored] == [b"Subject: x\r\n\r\n.y\r\n", b"Subject: z\r\n\r\n"]


def test_a_report_in_one_long_line_is_a_mail(box: Box, port: int) -> None:
    with talking(port) as talk:
        talk.ask("MAIL FROM:<a@b>")
        talk.ask(f"RCPT TO:<{KEY}@x>")
        talk.ask("DATA")
        assert talk.ask("Subject: x\r\n\r\n" + "y" * 90_000 + "\r\n.").startswith("250")
    assert len(box.stored) == 1


def test_mail_comes_encrypted_where_there_is_a_certificate(box: Box, certified: Certificate) -> None:
    with listening(box, tls=certified.serving) as made:
        with client(made.port) as smtp:
            smtp.starttls(context=certified.trusting)
            assert "auth" not in smtp.esmtp_features
            smtp.send_message(mail(f"{KEY}@x"))
        send(made.port, f"{KEY}@x")
        with client(made.port) as smtp, pytest.raises(ssl.SSLError):
            smtp.starttls(context=ssl.create_default_context())
    assert len(box.stored) == 2


def test_without_a_certificate_nothing_is_encrypted(port: int) -> None:
    with client(port) as smtp:
        smtp.ehlo()
        assert set(smtp.esmtp_features) == {"size", "8bitmime", "smtputf8", "pipelining", "enhancedstatuscodes"}


# ── What is not ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("address", ["nobody@x", "postmaster", "eve@example.com", "+disk@x", "<>", f"x{KEY}@x", '""@x'])
def test_an_address_of_no_integration_is_refused_and_counted(box: Box, port: int, address: str) -> None:
    with talking(port) as talk:
        talk.ask("MAIL FROM:<a@b>")
        assert talk.ask(f"RCPT TO:<{address.strip('<>')}>") == "550 5.1.1 no such address here\r\n"
        assert talk.ask("DATA").startswith("503")
    assert (box.stored, box.refused) == ([], ["key"])


def test_one_wrong_address_does_not_keep_the_mail_from_the_others(box: Box, port: int) -> None:
    assert list(send(port, "nobody@x", f"{KEY}@x")) == ["nobody@x"]
    assert [stored.key for stored in box.stored] == ["prod"]


def test_another_domain_is_not_relayed_to(box: Box) -> None:
    with listening(box, domain="Alerts.example") as made:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(made.port, f"{KEY}@elsewhere.example")
        assert refused.value.recipients == {f"{KEY}@elsewhere.example": (550, b"5.1.1 no such address here")}
        assert send(made.port, f"{KEY}@alerts.EXAMPLE") == {}
    assert box.refused == ["key"]


def test_a_mail_that_is_too_large_is_refused_and_counted(box: Box, port: int) -> None:
    large = mail(f"{KEY}@x", body="x" * 70 + "\n")
    large.set_content(("x" * 70 + "\n") * 2000)
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:  # The client has read SIZE, and says how large it is.
        send(port, f"{KEY}@x", message=large)
    assert refused.value.smtp_code == 552
    with client(port) as smtp:
        smtp.helo()
        with pytest.raises(smtplib.SMTPDataError) as cut:
            smtp.sendmail(SENDER, f"{KEY}@x", bytes(large))
    assert cut.value.smtp_code == 552
    assert (box.stored, box.refused) == ([], ["size", "size"])


def test_a_sender_who_may_not_is_refused_and_counted(box: Box, port: int) -> None:
    box.banned = (SENDER,)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(port, f"{KEY}@x", f"{OTHER}@x")
    assert refused.value.smtp_code == 550
    assert (box.stored, box.refused) == ([], ["sender", "sender"])


def test_a_header_may_be_what_forbids_it(box: Box, port: int) -> None:
    with pytest.raises(smtplib.SMTPDataError):
        send(port, f"{KEY}@x", message=mail(f"{KEY}@x", "banned"))
    assert box.refused == ["sender"]


def test_more_recipients_than_allowed_are_told_to_come_again(box: Box) -> None:
    with listening(box, limits=Limits(size_bytes=100_000, recipients=1)) as made:
        refused = send(made.port, f"{KEY}@x", f"{OTHER}@x")
        assert refused == {f"{OTHER}@x": (452, b"4.5.3 too many recipients, send the rest in another message")}
    assert [stored.key for stored in box.stored] == ["prod"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("VRFY root", "252"),
        ("EXPN all", "502"),
        ("HELP", "502"),
        ("HELP RCPT", "502"),
        ("AUTH PLAIN AGEAYg==", "502"),
        ("MAIL TO:<a@b>", "501"),
        ("MAIL FROM:<a@b", "553"),
        ("BURN", "500"),
        ("\xff\xfe", "500"),
    ],
)
def test_nothing_else_is_told(box: Box, port: int, line: str, code: str) -> None:
    with talking(port) as talk:
        answer = talk.ask(line)
    assert answer[:3] == code
    assert not any(word in answer for word in [KEY, "root", "aiosmtpd", "Python", "Exception"])
    assert box.refused == []


# ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_when_the_store_is_down_the_sender_comes_again(box: Box, port: int) -> None:
    box.trouble = StoreUnavailableError("disk full")
    with client(port) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as later:
            smtp.send_message(mail(f"{KEY}@x"))
        assert (later.value.smtp_code, later.value.smtp_error) == (451, b"4.3.0 not stored, send it again later")
        box.trouble = None
        smtp.send_message(mail(f"{KEY}@x"))
    assert box.refused == ["store"]
    assert len(box.stored) == 1


def test_a_mistake_of_ours_is_later_and_never_no(box: Box, port: int, caplog: pytest.LogCaptureFixture) -> None:
    box.trouble = RuntimeError("a mistake")
    with pytest.raises(smtplib.SMTPDataError) as later:
        send(port, f"{KEY}@x")
    assert later.value.smtp_code == 451
    box.broken = True
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(port, f"{KEY}@x")
    assert refused.value.recipients[f"{KEY}@x"][0] == 451
    assert caplog.messages == ["a mail was not taken"] * 2


def test_nothing_of_a_key_is_logged(box: Box, port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    box.trouble = StoreUnavailableError("disk full")
    with pytest.raises(smtplib.SMTPDataError):
        send(port, f"{KEY}@x")
    assert "a mail could not be stored" in caplog.messages
    assert KEY not in caplog.text


def test_a_client_that_says_nothing_is_cut_off(box: Box) -> None:
    with listening(box, limits=Limits(size_bytes=1000, idle=50)) as made, Talk(made.port) as talk:
        talk.hear()
        assert talk.hear() == ""


def test_a_client_that_sends_its_mail_too_slowly_is_cut_off(box: Box) -> None:
    begun = f"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<{KEY}@x>\r\nDATA\r\n".encode()
    slow = Limits(size_bytes=1000, idle=100)
    with listening(box, limits=slow) as made, Talk(made.port) as talk, pytest.raises(OSError, match=HUNG_UP):
        without_end(talk, begun, b"x\r\n")
    assert box.stored == []


def test_a_client_that_keeps_talking_is_cut_off_as_well(box: Box) -> None:
    slow = Limits(size_bytes=1000, whole=50)
    with listening(box, limits=slow) as made, Talk(made.port) as talk, pytest.raises(OSError, match=HUNG_UP):
        without_end(talk, b"EHLO a\r\n", b"RSET\r\n")


def test_a_client_that_does_not_read_does_not_keep_its_place(box: Box) -> None:
    slow = Limits(size_bytes=1000, whole=200, connections=1)
    with listening(box, limits=slow) as made, Talk(made.port) as talk:
        with pytest.raises(OSError, match=HUNG_UP):
            without_end(talk, b"EHLO a\r\n", b"EXPN\r\n" * 10_000)
        wait_for_a_place(made.port)


def wait_for_a_place(port: int) -> None:
    told = ""
    while not told.startswith("220"):
        with Talk(port) as another:
            told = another.hear()


def without_end(talk: Talk, first: bytes, then: bytes) -> None:
    talk.say(first)
    while True:
        talk.say(then)


def test_one_connection_too_many_is_told_to_come_again(box: Box) -> None:
    with listening(box, limits=Limits(size_bytes=1000, connections=1)) as made:
        with talking(made.port), Talk(made.port) as second:
            assert second.hear() == "421 4.3.2 too many connections, come again later\r\n"
            assert second.hear() == ""
        assert box.refused == ["overload"]
        wait_for_a_place(made.port)  # The end of the first needs a moment to be noticed.


def test_an_encrypted_connection_is_one_connection(box: Box, certified: Certificate) -> None:
    limits = Limits(size_bytes=10_000, connections=1)
    with listening(box, limits=limits, tls=certified.serving) as made, client(made.port) as smtp:
        smtp.starttls(context=certified.trusting)
        smtp.send_message(mail(f"{KEY}@x"))
    assert (len(box.stored), box.refused) == (1, [])


def test_what_is_being_stored_is_stored_when_the_listener_ends(box: Box) -> None:
    storing, going_on = threading.Event(), threading.Event()

    def wait() -> None:
        storing.set()
        assert going_on.wait(DEADLINE_SECONDS)

    box.before = wait
    with listening(box) as made, talking(made.port) as talk:
        talk.ask("MAIL FROM:<a@b>")
        talk.ask(f"RCPT TO:<{KEY}@x>")
        talk.ask("DATA")
        talk.say(b"Subject: x\r\n\r\ny\r\n.\r\n")
        assert storing.wait(DEADLINE_SECONDS)
        ending = threading.Thread(target=made.stop)
        ending.start()
        going_on.set()
        assert talk.hear().startswith("250")
        assert talk.hear() == ""
        ending.join()
    assert len(box.stored) == 1


def test_a_socket_that_cannot_be_listened_on_is_told(box: Box) -> None:
    bound = socket.socket()
    post = Post(
        integration=box.integration, admits=box.admits, accept=box.accept, clock=lambda: 0, on_refused=lambda _: None
    )
    made = MailListener(bound, post, Limits(size_bytes=1))
    bound.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        made.start()
    made.stop()


def test_it_can_end_without_having_begun(box: Box) -> None:
    bound = socket.socket()
    post = Post(
        integration=box.integration, admits=box.admits, accept=box.accept, clock=lambda: 0, on_refused=lambda _: None
    )
    MailListener(bound, post, Limits(size_bytes=1)).stop()
    assert bound.fileno() == -1


def test_the_usual_limits_let_a_slow_server_finish() -> None:
    usual = Limits(size_bytes=1)
    assert usual.idle == 5 * MINUTE  # RFC 5321, 4.5.3.2.7.
    assert usual.whole == 30 * MINUTE
