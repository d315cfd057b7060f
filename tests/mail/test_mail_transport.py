"""Pages by e-mail, handed to real mail servers on this machine."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.mail.post_office import HOST, Certificate, PostOffice, certificate, post_office, replies, scripted
from tests.slack.slack_examples import ADA, NOW, SETTING, alert, incident, job
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents.alerts import Severity
from tocsin.incidents.state import Incident
from tocsin.kernel.time import SECOND, Instant
from tocsin.mail.conversation import Limits, Server
from tocsin.mail.transport import MailTransport

URL = "https://tocsin.example"
SENDER = "tocsin@example.com"
TO = "ada@example.com"
WHY = "You are the first to be asked."
OPEN = incident()
USUAL = ssl.create_default_context()
PATIENT = Limits(answer=5 * SECOND, whole=5 * SECOND)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("mail"))


def transport(
    port: int,
    tls: str = "none",
    *,
    login: tuple[str, str] = ("", ""),
    context: ssl.SSLContext = USUAL,
    limits: Limits = PATIENT,
    sender: str = SENDER,
) -> MailTransport:
    server = Server(host=HOST, port=port, tls=tls, username=login[0], password=login[1])
    return MailTransport(server, sender, now=lambda: NOW, names=SETTING.names, url=URL, limits=limits, context=context)


def page(state: Incident = OPEN, name: str = "inc-1", *, receiver: str = ADA, at: Instant = NOW) -> Job:
    made = job("page", receiver, state, None, name, why=WHY)
    return Job(replace(made.outgoing, created_at=at), made.state, made.receipt)


def send(port: int, *jobs: Job, address: str = TO) -> list[DeliveryResult]:
    return list(transport(port).deliver(address, jobs or [page()]))


def error(results: list[DeliveryResult], kind: type[Postponed | Refused]) -> str:
    (result,) = results
    assert isinstance(result, kind)
    assert isinstance(result, Postponed | Refused)
    return result.error


def body(mail: EmailMessage) -> str:
    return str(mail.get_content()).replace("\r\n", "\n")


# ── What arrives ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_page_is_a_mail_in_plain_text(office: PostOffice) -> None:
    assert send(office.port) == [Delivered()]
    (mail,) = office.mails
    assert mail["Subject"] == "[critical] CPU is high — asks you"
    assert mail["From"] == f"Tocsin <{SENDER}>"
    assert mail["To"] == TO
    assert mail["Date"].datetime.timestamp() == NOW // SECOND
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert body(mail).startswith(f"{WHY}\n\nCPU is high\nThe average is above 90 %.\n\nAccount: 123456789012\n")
    assert body(mail).endswith("\n\nAnswer here: https://tocsin.example/incidents/inc-1\n")
    assert office.envelopes[0].mail_from == SENDER
    assert office.envelopes[0].rcpt_tos == [TO]


def test_what_waits_together_is_one_mail(office: PostOffice) -> None:
    worse = incident(first=alert("Disk is full", severity=Severity.HIGH))
    assert send(office.port, page(worse, "inc-2"), page(), page(worse, "inc-3")) == [Delivered()] * 3
    (mail,) = office.mails
    assert mail["Subject"] == "[critical] 3 incidents ask you at once"
    assert mail["References"] is None
    assert body(mail).index("CPU is high") < body(mail).index("Disk is full")
    assert office.connections == 1


def test_what_only_shows_is_not_mailed(office: PostOffice) -> None:
    assert send(office.port, job("show", ADA, OPEN)) == [Delivered()]
    assert office.connections == 0
    assert send(office.port, job("show", ADA, OPEN), page()) == [Delivered()] * 2
    assert len(office.mails) == 1


def test_what_is_no_incident_is_refused(office: PostOffice) -> None:
    results = send(office.port, job("page", ADA, object()), page())
    assert results == [Refused("mail can tell of incidents only"), Delivered()]
    assert len(office.mails) == 1


# ── Its headers ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_mails_of_one_incident_belong_together_and_are_told_apart(office: PostOffice) -> None:
    later = Job(replace(page().outgoing, id="tick/inc-1/2/0"), OPEN, None)
    for one in (page(), page(), later, page(name="inc-2")):
        assert send(office.port, one) == [Delivered()]
    first, again, second, other = office.mails
    assert first["Message-ID"] == again["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == second["In-Reply-To"]
    assert other["References"] != first["References"]
    assert first["Message-ID"].endswith("@example.com>")


def test_another_database_makes_other_ids(office: PostOffice) -> None:
    send(office.port, page())
    send(office.port, page(replace(OPEN, opened_at=NOW + 1), at=NOW + 1))
    first, second = office.mails
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] != second["References"]


@pytest.mark.parametrize(
    "title",
    [
        "CPU\r\nBcc: eve@example.com\r\n\r\nhello",
        "CPU\nBcc: eve@example.com",
        "CPU\x00\x85Bcc: eve@example.com",
        "CPU\u2028Bcc: eve@example.com",
        "=?utf-8?q?CPU=0ABcc:_eve=40example.com?=",
        "Température à 90 °C \N{FIRE}\r\n.\r\nMAIL FROM:<eve@example.com>",
        "\ud800 lone",
        "x" * 500,
        "é" * 500,
        "\u202egnp.exe",
    ],
)
def test_no_title_can_add_a_header_or_end_the_mail(office: PostOffice, title: str) -> None:
    hostile = incident(first=alert(title, description=f"{title}\r\n.\r\nQUIT", labels={title: title}))
    assert send(office.port, page(hostile)) == [Delivered()]
    (mail,) = office.mails
    expected = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"]
    content = ["X-Auto-Response-Suppress", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    ours = [name for name in mail if name not in {"X-Peer", "X-MailFrom", "X-RcptTo"}]
    assert sorted(ours) == sorted(expected + content)
    assert office.envelopes[0].rcpt_tos == [TO]
    raw = office.envelopes[0].content
    assert isinstance(raw, bytes)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert "Answer here: " in body(mail)


def test_foreign_characters_arrive_as_they_were(office: PostOffice) -> None:
    send(office.port, page(incident(first=alert("Température à 90 °C \N{FIRE}"))))
    assert office.mails[0]["Subject"] == "[critical] Température à 90 °C \N{FIRE} — asks you"
    assert "Température à 90 °C \N{FIRE}\n" in body(office.mails[0])


def test_a_long_domain_leaves_the_ids_whole(office: PostOffice) -> None:
    domain = f"{'a' * 60}.{'b' * 60}.example"
    (result,) = transport(office.port, sender=f"tocsin@{domain}").deliver(TO, [page()])
    assert result == Delivered()
    assert str(office.mails[0]["References"]).endswith(f"@{domain}>")
    assert str(office.mails[0]["Message-ID"]).endswith(f"@{domain}>")


def test_a_foreign_domain_is_written_in_ascii(office: PostOffice) -> None:
    assert send(office.port, address="ada@bücher.example") == [Delivered()]
    assert office.envelopes[0].rcpt_tos == ["ada@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "ada@",
        "ä@example.com",
        "a b@example.com",
        "a@x..y",
        "a@b\r\nDATA",
        "=?utf-8?q?a=0ABcc:_b?=@example.com",
        "@",
        "",
    ],
)
def test_an_impossible_address_is_refused(office: PostOffice, address: str) -> None:
    assert error(send(office.port, address=address), Refused) == "the receiver's mail address is none"
    assert office.connections == 0


def test_an_impossible_sender_is_refused(office: PostOffice) -> None:
    results = list(transport(office.port, sender="tocsin").deliver(TO, [page()]))
    assert error(results, Refused) == "the sender's mail address is none"


# ── Encryption and login ─────────────────────────────────────────────────────────────────────────────────────────────
def test_starttls_encrypts_before_anything_is_said(certified: Certificate) -> None:
    with post_office(starttls=certified.serving, log_in=True) as office:
        sending = transport(office.port, "starttls", login=("bell", "test-password"), context=certified.trusting)
        assert sending.deliver(TO, [page()]) == [Delivered()]
        assert office.encrypted == [True]


def test_tls_encrypts_from_the_first_byte(certified: Certificate) -> None:
    with post_office(tls=certified.serving) as office:
        assert transport(office.port, "tls", context=certified.trusting).deliver(TO, [page()]) == [Delivered()]
        assert office.encrypted == [True]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(certified: Certificate, tls: str) -> None:
    serving = certified.serving
    with post_office(starttls=serving) if tls == "starttls" else post_office(tls=serving) as office:
        results = list(transport(office.port, tls).deliver(TO, [page()]))
        assert "certificate is not trusted" in error(results, Refused)
        assert office.mails == []


def test_a_certificate_of_another_machine_is_refused(tmp_path: Path) -> None:
    foreign = certificate(tmp_path, ["192.0.2.1"])
    with post_office(starttls=foreign.serving) as office:
        results = list(transport(office.port, "starttls", context=foreign.trusting).deliver(TO, [page()]))
        assert "certificate is not trusted" in error(results, Refused)


def test_without_starttls_nothing_is_sent_in_the_open(office: PostOffice) -> None:
    results = list(transport(office.port, "starttls", login=("bell", "test-password")).deliver(TO, [page()]))
    assert "offers no STARTTLS" in error(results, Refused)
    assert office.mails == []


def test_starttls_that_is_refused_for_now_is_tried_again() -> None:
    with scripted(replies("220 hello", "250-mail\r\n250 STARTTLS", "454 not now")) as port:
        results = list(transport(port, "starttls").deliver(TO, [page()]))
    assert error(results, Postponed) == "the mail server does not let us begin (454: not now)"


@pytest.mark.parametrize("answer", ["", "535 5.7.8 no test-password here"])
def test_a_wrong_password_is_refused_and_not_repeated(certified: Certificate, answer: str) -> None:
    with post_office(starttls=certified.serving, log_in=True) as office:
        if answer:
            office.answers["AUTH"] = answer
        sending = transport(office.port, "starttls", login=("bell", "wrong"), context=certified.trusting)
        results = list(sending.deliver(TO, [page()]))
        assert error(results, Refused) == "the mail server does not accept user name and password (535)"


def test_a_login_that_fails_for_now_is_tried_again(certified: Certificate) -> None:
    with post_office(starttls=certified.serving, log_in=True) as office:
        office.answers["AUTH"] = "454 4.7.0 later"
        sending = transport(office.port, "starttls", login=("bell", "test-password"), context=certified.trusting)
        results = list(sending.deliver(TO, [page()]))
        assert error(results, Postponed) == "the mail server does not accept user name and password (454)"


def test_a_server_that_knows_no_login_we_know_is_refused() -> None:
    with scripted(replies("220 hello", "250-mail\r\n250 AUTH GSSAPI")) as port:
        results = list(transport(port, login=("bell", "test-password")).deliver(TO, [page()]))
    assert error(results, Refused) == "the mail server offers no way to log in that we know"


def test_a_server_that_hangs_up_at_the_login_is_tried_again() -> None:
    with scripted(replies("220 hello", "250-mail\r\n250 AUTH PLAIN")) as port:
        results = list(transport(port, login=("bell", "test-password")).deliver(TO, [page()]))
    assert "hung up" in error(results, Postponed)


def test_a_password_that_mail_cannot_carry_is_refused(office: PostOffice) -> None:
    results = list(transport(office.port, login=("bell", "pässwort")).deliver(TO, [page()]))
    assert "must be ASCII" in error(results, Refused)


def test_the_password_is_not_shown() -> None:
    assert "test-password" not in repr(Server(host=HOST, port=25, username="bell", password="test-password"))


# ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("code", "kind"), [(421, Postponed), (451, Postponed), (550, Refused)])
def test_the_code_says_later_or_never(
    office: PostOffice, command: str, code: int, kind: type[Postponed | Refused]
) -> None:
    office.answers[command] = f"{code} because of \x07 reasons"
    assert error(send(office.port), kind).endswith(f"({code}: because of reasons)")
    assert office.mails == []


def test_one_answer_is_the_answer_for_all_that_waited(office: PostOffice) -> None:
    office.answers["RCPT"] = "450 greylisted"
    results = send(office.port, page(), page(name="inc-2"), job("show", ADA, OPEN))
    assert results == [Postponed("the mail server does not take mail for this address (450: greylisted)")] * 2 + [
        Delivered()
    ]


@pytest.mark.parametrize(
    ("banner", "kind"),
    [("554 no mail here", Refused), ("421 busy", Postponed), ("HTTP/1.1 400 Bad Request", Postponed)],
)
def test_a_server_that_does_not_begin(banner: str, kind: type[Postponed | Refused]) -> None:
    with scripted(replies(banner)) as port:
        assert "does not talk to us" in error(send(port), kind)


def test_a_server_that_wants_no_greeting_is_refused() -> None:
    with scripted(replies("220 hello", "502 what?", "502 what?")) as port:
        assert error(send(port), Refused) == "the mail server does not let us begin (502: what?)"


def test_a_server_that_hangs_up_is_tried_again() -> None:
    with scripted(lambda _: None) as port:
        assert "hung up" in error(send(port), Postponed)


def test_a_server_that_hangs_up_instead_of_good_bye_has_the_mail() -> None:
    said = ("220 hello", "250 mail", "250 ok", "250 ok", "354 go on")

    def script(connection: socket.socket) -> None:
        with connection.makefile("rb") as heard:
            for line in said:
                connection.sendall(line.encode() + b"\r\n")
                heard.readline()
            while heard.readline() != b".\r\n":
                pass
            connection.sendall(b"250 taken\r\n")

    with scripted(script) as port:
        assert send(port) == [Delivered()]


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with socket.create_server((HOST, 0)) as closed:
        port = closed.getsockname()[1]
    assert error(send(port), Postponed) == (
        "the mail server could not be reached: ConnectionRefusedError (Connection refused)"
    )


def test_a_name_that_no_machine_can_have_is_refused() -> None:
    odd = MailTransport(Server(host="..", port=25), SENDER, now=lambda: NOW, names={}, url=URL)
    assert error(list(odd.deliver(TO, [page()])), Refused) == "the mail server's name is none that a machine can have"


def test_a_silent_server_is_left_in_time() -> None:
    with socket.create_server((HOST, 0)) as silent:
        hasty = transport(silent.getsockname()[1], limits=Limits(answer=50, whole=5 * SECOND))
        assert "took too long" in error(list(hasty.deliver(TO, [page()])), Postponed)


@pytest.mark.parametrize("tls", ["none", "tls"])
def test_a_server_that_trickles_is_left_in_time(certified: Certificate, tls: str) -> None:
    left = threading.Event()

    def trickle(connection: socket.socket) -> None:
        plain = tls == "none"
        with connection if plain else certified.serving.wrap_socket(connection, server_side=True) as speaking:
            while not left.wait(0.01):
                speaking.sendall(b"2")

    with scripted(trickle) as port:
        hasty = transport(port, tls, context=certified.trusting, limits=Limits(answer=5 * SECOND, whole=200))
        result = error(list(hasty.deliver(TO, [page()])), Postponed)
        left.set()
    assert result.startswith("the mail server ")


def test_a_mistake_of_ours_costs_an_attempt_only(office: PostOffice, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Instant:
        message = "no clock"
        raise RuntimeError(message)

    server = Server(host=HOST, port=office.port, tls="none")
    wrong = MailTransport(server, SENDER, now=broken, names={}, url=URL)
    with caplog.at_level(logging.ERROR):
        assert wrong.deliver(TO, [page()]) == [Postponed("internal error, see the log")]
    assert "no clock" in caplog.text
