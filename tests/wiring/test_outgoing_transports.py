"""Which ways out there are, as the settings say."""

from __future__ import annotations

import pytest

from tocsin.mail.conversation import Server
from tocsin.wiring.settings_file import parse
from tocsin.wiring.transports import _mail_server, transports

NTFY = "responders: {ada: {ntfy: https://ntfy.example/test-topic}, bo: {}}\n"
MAIL = "mail: {smtp: 'mail.example:587', from: tocsin@example.com}\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("responders: {ada: {email: ada@example.com}}", []),
        (NTFY, ["ntfy"]),
        (MAIL, ["mail"]),
        (NTFY + MAIL, ["ntfy", "mail"]),
    ],
)
def test_a_way_is_there_when_the_settings_ask_for_it(text: str, names: list[str]) -> None:
    settings = parse(text.encode(), {}).settings
    assert [transport.name for transport in transports(settings, "https://tocsin.example", lambda: 0)] == names


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp: 'mail.example:587'", Server(host="mail.example", port=587)),
        ("smtp: '[::1]:25', tls: none", Server(host="::1", port=25, tls="none")),
        (
            "smtp: '192.0.2.1:465', tls: tls, username: bell, password: test-password",
            Server(host="192.0.2.1", port=465, tls="tls", username="bell", password="test-password"),
        ),
    ],
)
def test_the_mail_server_is_the_one_that_stands_in_the_settings(text: str, server: Server) -> None:
    mail = parse(f"mail: {{{text}, from: tocsin@example.com}}".encode(), {}).settings.mail
    assert mail is not None
    assert _mail_server(mail) == server
