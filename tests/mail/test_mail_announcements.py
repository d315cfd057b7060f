"""Announcements by e-mail: one mail each, in plain text, with no headers of a stranger."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.mail.post_office import HOST, post_office
from tests.slack.slack_examples import ADA, NOW, SETTING, incident, job
from tocsin.engine.ports import Delivered, Job, Postponed, Refused
from tocsin.kernel.announcement import Announcement
from tocsin.mail.conversation import Server
from tocsin.mail.transport import MailTransport

URL = "https://tocsin.example"


def transport(port: int) -> MailTransport:
    server = Server(host=HOST, port=port, tls="none", username="", password="")
    return MailTransport(server, "tocsin@example.com", now=lambda: NOW, names=SETTING.names, url=URL)


def announce(title: str = "ops: the last day") -> Job:
    made = job("announce", ADA, object(), None, "digest-1")
    told = Announcement(title, ("1 alert, 1 page.", "Open: \x1b[31mdisk"))
    return Job(replace(made.outgoing, facts=told.facts()), made.state, made.receipt)


def test_an_announcement_is_a_mail() -> None:
    with post_office() as office:
        page = job("page", ADA, incident(), None, "inc-1", why="why")
        assert transport(office.port).deliver("ada@example.com", [announce(), page]) == [Delivered()] * 2
        told, asked = office.mails
        assert told["Subject"] == "ops: the last day"
        assert told.get_content().replace("\r\n", "\n") == (
            "ops: the last day\n- 1 alert, 1 page.\n- Open: [31mdisk\n\nhttps://tocsin.example/\n"
        )
        assert "CPU is high" in asked["Subject"]


def test_a_line_adds_no_other_line() -> None:
    made = job("announce", ADA, object(), None, "digest-1")
    told = Announcement("Maintenance is over", ("Fired: disk\n- Sign in at https://evil.example",))
    with post_office() as office:
        transport(office.port).deliver(
            "ada@example.com", [Job(replace(made.outgoing, facts=told.facts()), made.state, None)]
        )
        [mail] = office.mails
    assert "- Fired: disk - Sign in at https://evil.example" in mail.get_content().splitlines()


def test_a_title_adds_no_header() -> None:
    with post_office() as office:
        assert transport(office.port).deliver("ada@example.com", [announce("a\r\nBcc: eve@example.com")]) == [
            Delivered()
        ]
        [mail] = office.mails
        assert mail["Bcc"] is None
        assert mail["Subject"] == "a Bcc: eve@example.com"


def test_an_address_that_is_none_is_refused_and_a_mistake_of_ours_costs_an_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [result] = transport(1).deliver("nobody", [announce()])
    assert isinstance(result, Refused)

    def broken(*_: object) -> None:
        raise ValueError("ours")

    monkeypatch.setattr("tocsin.mail.transport.announcement", broken)
    [result] = transport(1).deliver("ada@example.com", [announce()])
    assert isinstance(result, Postponed)
