"""Slack's shape: what merges, what is over, and plain words."""

from __future__ import annotations

import pytest

from tests.sources import app_bodies as apps
from tests.sources.bodies import NOW, encoded, sns
from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.kernel.json import Json
from tocsin.sources import Reading, read
from tocsin.sources.slack_webhook import plain


def reading(body: Json, form: str = "") -> Reading:
    return read({"x-tocsin-form": form} if form else {}, encoded(body), received_at=NOW)


def only(body: Json, form: str = "") -> Alert:
    (alert,) = reading(body, form).alerts
    return alert


def titled(title: str) -> Alert:
    return only({"attachments": [{"title": title}]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[FIRING:1] HighLoad", "[RESOLVED] HighLoad"),
        ("[FIRING:1] HighLoad", "[FIRING:12, RESOLVED:3] HighLoad"),
        ("Disk of db-1 is 97 % full", "Disk of db-1 is 98.5% full"),
        ("Latency of api 300ms", "Latency of api 1200 ms"),
        (":fire: db-1 is down", ":white_check_mark: db-1 is back up"),
        ("🔥 db-1 is down", "✅ db-1 is up"),
        ("PROBLEM: disk of db-1", "RECOVERY: disk of db-1"),
        ("CRITICAL - disk of db-1", "OK - disk of db-1"),
        ("Backup failed at 2023-11-14T22:13:20Z", "Backup failed at 2023-11-15T22:13:25Z"),
        ("Backup of 10:30 failed", "backup of 22:31 failed"),
        ("load 12.5 on db-1", "load 3.0 on db-1"),
    ],
)
def test_what_is_one_matter_merges(one: str, other: str) -> None:
    assert titled(one).dedup_key == titled(other).dedup_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("db-1 is down", "db-2 is down"),
        ("Port 80 is closed", "Port 443 is closed"),
        ("10.0.0.1 is down", "10.0.0.2 is down"),
        ("Version 1.2.3 is broken", "Version 1.2.4 is broken"),
        ("sign-up is down", "sign-in is down"),
        ("[FIRING:1] HighLoad", "[FIRING:1] LowDisk"),
        ("up-stream is broken", "stream is broken"),
        ("HTTP 500 of shop", "HTTP 404 of shop"),
    ],
)
def test_what_may_be_two_matters_does_not(one: str, other: str) -> None:
    assert titled(one).dedup_key != titled(other).dedup_key


@pytest.mark.parametrize(
    ("color", "status", "severity"),
    [
        ("danger", AlertStatus.FIRING, Severity.HIGH),
        ("#f00", AlertStatus.FIRING, Severity.HIGH),
        ("#E01E5A", AlertStatus.FIRING, Severity.HIGH),
        ("D63232", AlertStatus.FIRING, Severity.HIGH),
        ("warning", AlertStatus.FIRING, Severity.WARNING),
        ("#ff9900", AlertStatus.FIRING, Severity.WARNING),
        ("good", AlertStatus.RESOLVED, Severity.HIGH),
        ("#36a64f", AlertStatus.RESOLVED, Severity.HIGH),
        ("#0F0", AlertStatus.RESOLVED, Severity.HIGH),
        ("#439FE0", AlertStatus.FIRING, Severity.HIGH),
        ("#888888", AlertStatus.FIRING, Severity.HIGH),
        ("mauve", AlertStatus.FIRING, Severity.HIGH),
    ],
)
def test_a_colour_tells_the_state(color: str, status: AlertStatus, severity: Severity) -> None:
    found = only(apps.slack(color, "x"))
    assert (found.status, found.severity) == (status, severity)


@pytest.mark.parametrize("title", ["RESOLVED: x", "[OK] x", "Recovered: x", ":tada: [Resolved] x", "[UP] x", "*OK*: x"])
def test_without_a_colour_the_first_words_tell_that_it_is_over(title: str) -> None:
    assert titled(title).status is AlertStatus.RESOLVED


@pytest.mark.parametrize("title", ["Success: 0 of 3", "up-stream is broken", "OK to deploy?", "x is up", "[FIRING] ok"])
def test_words_that_may_mean_anything_fire(title: str) -> None:
    assert titled(title).status is AlertStatus.FIRING


@pytest.mark.parametrize(
    ("mrkdwn", "told"),
    [
        ("*bold* _it_ ~gone~ `code`", "bold it gone code"),
        ("2*3*4 a_b_c", "2*3*4 a_b_c"),
        ("<https://x.example|here> and <https://y.example>", "here and https://y.example"),
        ("<!channel> <!here|here> <!subteam^S1|ops> <!date^1392734382^{date}|today>", "@channel here ops today"),
        ("<@U1> <@U2|ada> <#C1> <#C2|ops>", "@U1 @ada #C1 #ops"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("<mailto:ada@shop.example|ada>", "ada"),
        ("<unclosed", "<unclosed"),
    ],
)
def test_markup_becomes_plain_text(mrkdwn: str, told: str) -> None:
    assert plain(mrkdwn)[0] == told


def test_no_more_links_are_kept_than_are_shown() -> None:
    assert len(plain("<https://x.example|x>" * 100)[1]) == 8


@pytest.mark.parametrize(
    "body",
    [
        {"attachments": [], "title": "x"},
        {"attachments": ["x"], "title": "x"},
        {"attachments": [{"filename": "x.png"}], "title": "x"},
        {"text": "", "blocks": [], "title": "x"},
        {"text": "x", "blocks": 7},
    ],
)
def test_what_only_looks_like_slack_is_read_as_any_json(body: Json) -> None:
    assert reading(body).source == "json"


def test_a_fallback_tells_what_nothing_else_does() -> None:
    assert only({"attachments": [{"fallback": "Disk full\non db-1", "color": "danger"}]}).title == "Disk full"


def test_an_attachment_may_hold_blocks() -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "*Disk* full\non db-1"}}
    found = only({"attachments": [{"color": "#f00", "blocks": [block, {"type": "divider"}]}]})
    assert (found.title, found.description) == ("Disk full", "on db-1")


def test_rich_text_is_read_in_its_order() -> None:
    section = {"type": "rich_text_section", "elements": [{"text": "Disk "}, {"url": "https://x.example"}, {"x": 1}]}
    body = {"text": "", "blocks": [{"type": "rich_text", "elements": [section, {"elements": [{"text": "full"}]}]}]}
    assert only(body).title == "Disk https://x.example"
    endless = {"type": "rich_text", "elements": [{"text": "x"}] * 900}
    assert len(only({"text": "y", "blocks": [endless]}).description) <= 500


def test_a_second_headline_is_text() -> None:
    headers = [{"type": "header", "text": {"type": "plain_text", "text": name}} for name in ("One", "Two")]
    found = only({"text": "Three", "blocks": headers})
    assert (found.title, found.description) == ("One", "Three\nTwo")


def test_a_title_of_nothing_but_state_is_its_own_matter() -> None:
    assert titled("[FIRING:1]").dedup_key != titled("[RESOLVED]").dedup_key


def test_by_topic_the_subject_is_the_title() -> None:
    (alert,) = read({}, encoded(sns({"attachments": [{"text": "x"}]}, "RESOLVED: disk")), received_at=NOW).alerts
    assert (alert.title, alert.status, alert.source) == ("RESOLVED: disk", AlertStatus.RESOLVED, "slack")
