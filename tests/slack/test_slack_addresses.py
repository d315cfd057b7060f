"""What Slack tells us to send to must be Slack's."""

from __future__ import annotations

import pytest

from tocsin.slack.addresses import BASE_URL, URL_MAX, is_socket, takes_files

FAKE = "http://127.0.0.1:8123/api/"
ELSEWHERE = [
    "",
    "files.slack.com",
    "http://files.slack.com/upload/v1/x",
    "https://files.slack.com.attacker.example/",
    "https://files.slack.com:8443/",
    "https://files.slack.com@attacker.example/",
    "https://ada@files.slack.com/",
    "https://attacker.example/files.slack.com",
    "https://attacker.example\\@files.slack.com/",
    "https://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:8123/",
    "https://files.slack.com/" + "a" * URL_MAX,
    "https://files.slack.com/\n",
    "https://[files.slack.com/",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_no_file_is_sent_elsewhere(url: str) -> None:
    assert not takes_files(url, BASE_URL)


def test_files_are_sent_to_slack_or_to_the_fake() -> None:
    assert takes_files("https://files.slack.com/upload/v1/abc?x=1", BASE_URL)
    assert takes_files("http://127.0.0.1:8123/upload/1", FAKE)
    assert not takes_files("http://127.0.0.1:8124/upload/1", FAKE)


@pytest.mark.parametrize(
    ("url", "base", "good"),
    [
        ("wss://wss-primary.slack.com/link/?ticket=x", BASE_URL, True),
        ("ws://wss-primary.slack.com/link/", BASE_URL, False),
        ("https://wss-primary.slack.com/link/", BASE_URL, False),
        ("wss://slack.com.attacker.example/", BASE_URL, False),
        ("wss://attackerslack.com/", BASE_URL, False),
        ("ws://127.0.0.1:9/", BASE_URL, False),
        ("ws://127.0.0.1:9/", FAKE, True),
        ("", FAKE, False),
    ],
)
def test_socket_mode_connects_to_slack_only(url: str, base: str, good: bool) -> None:
    assert is_socket(url, base) == good
