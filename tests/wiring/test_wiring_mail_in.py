"""Alerts by e-mail in the whole runtime: a mail rings, another one ends it, and the settings decide what that means."""

from __future__ import annotations

import smtplib
import socket
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from tests.mail.post_office import HOST, certificate
from tests.wiring.serving import ask, serving, until
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.incidents.alerts import Severity
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.sources.email_rules import MailRules, Merge
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.mail_in import address, listener, mail_domain
from tocsin.wiring.mail_rules import mail_rules
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

CONFIG = """
mail_in: {port: 0, domain: alerts.example}
integrations:
  nagios:
    key: test-key-of-nagios
    mail: {from: ["@example.com", "bo@partner.example"]}
  backup:
    key: test-key-of-backup
    mail: {merge: one, resolve_when: "*succeeded*", open_when: ["*failed*"], severity: warning}
"""


def incidents(runtime: Embedded) -> dict[str, Incident]:
    machine = IncidentMachine()
    rows = runtime.store.listing(machine.name, live_only=False, limit=100)
    return {state.face.title: state for state in (machine.decode(row.state) for row in rows)}


def send(runtime: Embedded, to: str, subject: str, sender: str = "monitor@example.com", **headers: str) -> None:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, f"{to}@alerts.example", subject
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content("Look at it.\n")
    assert runtime.mail_in is not None
    with smtplib.SMTP(HOST, runtime.mail_in.port, "sender.example", timeout=20) as smtp:
        assert smtp.send_message(made) == {}


def told(url: str, figure: str) -> bool:
    return figure in ask(f"{url}/metrics")[1].decode()


def test_a_mail_rings_and_another_one_ends_it(tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG) as (runtime, ready):
        send(runtime, "test-key-of-nagios", "[PROBLEM] Disk 97% full on db-1")
        until(lambda: len(incidents(runtime)) == 1)
        found = incidents(runtime)["Disk 97% full on db-1"]
        assert found.status is Status.TRIGGERED
        send(runtime, "test-key-of-nagios", "[RESOLVED] Disk 31% full on db-1")
        until(lambda: incidents(runtime)["Disk 97% full on db-1"].status is Status.RESOLVED)
        assert len(incidents(runtime)) == 1
        for figure in ("tocsin_deliveries_accepted_total 2.0", "tocsin_deliveries_parsed_total 2.0"):
            until(partial(told, ready.url, figure))


def test_the_rules_of_an_integration_count(tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG) as (runtime, _):
        send(runtime, "test-key-of-backup", "Backup of db-1 failed")
        send(runtime, "test-key-of-backup", "Backup of db-2 failed")
        send(runtime, "test-key-of-backup", "Backup of db-3 begins")
        send(runtime, "test-key-of-nagios+own", "Disk full", "bo@partner.example")
        until(lambda: len(incidents(runtime)) == 2)
        assert {state.severity for state in incidents(runtime).values()} == {Severity.WARNING, Severity.HIGH}
        send(runtime, "test-key-of-backup", "Backup of db-2 succeeded")
        until(lambda: {state.status for state in incidents(runtime).values()} == {Status.TRIGGERED, Status.RESOLVED})
        kept = "the subject matches no open_when: no alert"
        until(lambda: kept in {row.outcome for row in runtime.store.deliveries(10)})


def test_who_may_not_send_is_refused_and_counted(tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG) as (runtime, ready):
        with pytest.raises(smtplib.SMTPDataError):
            send(runtime, "test-key-of-nagios", "Disk full", "eve@partner.example")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(runtime, "test-key-of-nobody", "Disk full")
        assert told(ready.url, 'tocsin_deliveries_refused_total{why="sender"} 1.0')
        assert told(ready.url, 'tocsin_deliveries_refused_total{why="key"} 1.0')
        assert runtime.store.deliveries(10) == []


def test_an_automatic_answer_rings_nobody(tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG) as (runtime, _):
        send(runtime, "test-key-of-nagios", "Re: Disk full", Auto_Submitted="auto-replied")
        until(lambda: [row.outcome for row in runtime.store.deliveries(10)] != [""])
        [row] = runtime.store.deliveries(10)
        assert row.outcome == "an automatic answer (Auto-Submitted): no alert"
        assert incidents(runtime) == {}


def test_when_the_disk_is_full_the_mail_comes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG) as (runtime, _):
        with monkeypatch.context() as patched:

            def full(_: object) -> None:
                raise StoreUnavailableError("database or disk is full")

            patched.setattr(runtime.store, "accept", full)
            with pytest.raises(smtplib.SMTPDataError, match="451"):
                send(runtime, "test-key-of-nagios", "Disk full")
        send(runtime, "test-key-of-nagios", "Disk full")
        until(lambda: list(incidents(runtime)) == ["Disk full"])


def test_without_the_section_nothing_listens(tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db") as (runtime, _):
        assert runtime.mail_in is None


def test_the_rules_are_read_from_the_settings() -> None:
    rules = mail_rules(settings(CONFIG))
    assert rules == {
        "default": MailRules(),
        "nagios": MailRules(senders=("@example.com", "bo@partner.example")),
        "backup": MailRules(
            merge=Merge.ONE, resolve_when=("*succeeded*",), open_when=("*failed*",), severity=Severity.WARNING
        ),
    }


def settings(text: str) -> Settings:
    return parse(text.encode(), {}).settings


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("", ""),
        ("mail_in: {domain: alerts.example}", "alerts.example"),
        ("{mail_in: {}, server: {url: 'https://tocsin.example:8443/'}}", "tocsin.example"),
        ("mail_in: {host: mx.example}", "mx.example"),
    ],
)
def test_an_integration_has_an_address_where_mail_is_taken(text: str, domain: str) -> None:
    found = mail_domain(settings(text))
    assert found == domain
    assert address("some-key", found) == (f"some-key@{domain}" if domain else "")


def test_a_key_that_is_too_long_makes_no_address() -> None:
    assert address("k" * 64, "x") == "k" * 64 + "@x"
    assert address("k" * 65, "x") == ""


def made(text: str) -> None:
    found = listener(
        settings(text),
        integration=lambda _: None,
        accept=lambda _: None,
        clock=lambda: 0,
        on_refused=lambda _: None,
    )
    assert found is not None
    found.stop()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server((HOST, 0)) as taken, pytest.raises(TocsinError) as told:
        made(f"mail_in: {{port: {taken.getsockname()[1]}}}")
    assert told.value.code == "address-in-use"
    assert "cannot listen for mail on 127.0.0.1 port" in told.value.message


def test_a_certificate_is_used_or_complained_about(tmp_path: Path) -> None:
    certificate(tmp_path)
    section = f"mail_in: {{port: 0, tls_certificate: {tmp_path}/chain.pem, tls_key: {tmp_path}/%s}}"
    made(section % "key.pem")
    for wrong in ("missing.pem", "chain.pem"):
        with pytest.raises(TocsinError) as told:
            made(section % wrong)
        assert told.value.code == "certificate-unusable"


def test_it_listens_by_ipv6_where_there_is_one() -> None:
    with socket.socket(socket.AF_INET6) as tried:
        try:
            tried.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    made("mail_in: {host: '::1', port: 0}")
