"""Mails become alerts: what is told, which are the same, which are none, and the rules of an integration."""

from __future__ import annotations

import time

import pytest

from tests.sources import bodies, mails
from tests.sources.mails import alert, mail, multipart, reading
from tocsin.incidents.alerts import AlertStatus, Severity
from tocsin.kernel.time import DAY, HOUR
from tocsin.sources.email import shown
from tocsin.sources.email_message import ATTACHMENTS_MAX
from tocsin.sources.email_rules import MailRules, Merge, matches


# ── What is told ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("=?utf-8?q?St=C3=B6rung_auf_db-1?=", "Störung auf db-1"),
        ("=?UTF-8?B?U3TDtnJ1bmc=?=", "Störung"),
        ("=?iso-8859-1?q?St=F6rung?= auf =?utf-8*de?q?db-1?=", "Störung auf db-1"),
        ("=?utf-8?q?St=C3?=\r\n =?utf-8?q?=B6rung?=", "Störung"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=F6?= b", "aö b"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?nonsense?q?St=C3=B6rung?=", "Störung"),
        ("a =?utf-8?b?!!!!?=", "a !!!!"),
        ("=?utf-8?b?U?= x", "U x"),
        ("a =?utf-8?q?=ZZ?=", "a =ZZ"),
        ("a =?utf-8?x?a?=", "a =?utf-8?x?a?="),
        ("a\r\n\tb", "a b"),
        ("Störung", "Störung"),
        ("St\udcf6rung", "Störung"),
        ("=?utf-8?q?a=0D=0ABcc:_b?=", "a Bcc: b"),
    ],
)
def test_a_subject_is_read_in_whatever_it_is_written(subject: str, title: str) -> None:
    assert alert(mail(subject)).title == title


@pytest.mark.parametrize(
    ("raw", "description"),
    [
        (mail(text="a\r\n b"), "a\n b"),
        (mail(text="=F6", Content_Type="text/plain; charset=l1", Content_Transfer_Encoding="quoted-printable"), "ö"),
        (mail(text="U3TDtnJ1bmc=", Content_Transfer_Encoding="base64"), "Störung"),
        (mail(text="St\udcf6rung", Content_Type="text/plain; charset=us-ascii"), "Störung"),
        (mail(text="Störung", Content_Type="text/plain; charset=us-ascii"), "Störung"),
        (mail(text="Störung", Content_Type="text/plain; charset=punycode"), "Störung"),
        (mail(text="Störung", Content_Type="text/plain; charset*=x''nothing"), "Störung"),
        (mail(text="St\udcf6", Content_Type="text/plain; charset=shift_jis"), "St\ufffd"),
        (mail(text="St\udcf6", Content_Type='text/plain; charset="a\0b"'), "Stö"),
        (mail(text="a&b", Content_Type="text/html"), "a&b"),
        (mail(text="", Content_Type="text/html"), ""),
        (mail(text="a", Content_Type="image/png"), "Attached: image/png"),
        (mail(text="a", Content_Type="multipart/mixed"), "a"),
        (mail(text="a", Content_Type="multipart/mixed; boundary=x"), "a"),
        (mail(text="Subject: in\r\n\r\na", Content_Type="message/rfc822"), "Attached: message/rfc822"),
        (multipart(("Content-Type: text/html", "<b>html</b>"), ("Content-Type: text/plain", "plain")), "plain"),
        (multipart(("Content-Type: text/plain", " "), ("Content-Type: text/plain", "second")), "second"),
        (multipart(("Content-Type: text/plain", ""), ("Content-Type: text/html", "<b>a</b>")), "a"),
        (multipart(("Content-Type: text/html", "<b>a</b>"), ("Content-Type: text/html", "b")), "a"),
        (multipart(("Content-Disposition: attachment", "log")), "Attached: text/plain"),
        (multipart(("Content-Type: text/csv; name=a.csv", "1,2"), ("", "words")), "words\n\nAttached: a.csv"),
        (
            multipart(("Content-Type: text/csv; name==?utf-8?q?=C3=B6.csv?=", "1,2")),
            "Attached: ö.csv",
        ),
    ],
)  # fmt: skip
def test_the_words_are_found(raw: bytes, description: str) -> None:
    assert alert(raw).description == description


def test_attachments_are_named_and_only_so_many() -> None:
    many = [(f'Content-Type: image/png; name="{number}.png"', "x") for number in range(30)]
    named = alert(multipart(*many)).description.removeprefix("Attached: ").split(", ")
    assert named == [f"{number}.png" for number in range(ATTACHMENTS_MAX)]


def test_without_a_subject_the_first_line_is_the_title() -> None:
    found = alert(mail("", "Disk full\r\non db-1"))
    assert (found.title, found.description) == ("Disk full", "on db-1")
    assert alert(mail("", "")).title == "A mail without words"
    assert alert(mail("", "x", Content_Type="image/png")).title == "Attached: image/png"


def test_patterns_see_what_the_mail_says_but_no_key() -> None:
    event = reading(mail(List_Id="<ops.example.com>")).event
    assert event["from"] == ["monitor@example.com"]
    assert event["to"] == ["…@alerts.example.com"]
    assert (event["subject"], event["list-id"]) == ("Disk full on db-1", "<ops.example.com>")
    assert event["text"] == "97 % of /var"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (mails.TO, "…@alerts.example.com"),
        (mails.TO.replace("@", "+disk@"), "…+disk@alerts.example.com"),
        ("ops@example.com", "ops@example.com"),
        ("ops+a@example.com", "ops+a@example.com"),
    ],
)
def test_no_key_is_shown(address: str, told: str) -> None:
    assert shown(address) == told


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Tue, 14 Nov 2023 22:13:20 +0000", bodies.NOW),
        ("14 Nov 2023 23:13:20 +0100", bodies.NOW),
        ("Tue, 14 Nov 2023 22:13:20", bodies.NOW),
        ("Tue, 14 Nov 2023 21:13:20 -0000 (odd)", bodies.NOW - HOUR),
        ("Tue, 14 Nov 2023 23:13:20 +0000", bodies.NOW),  # A clock that is ahead: nobody knows the future.
        ("Thu, 9 Nov 2023 22:13:20 +0000", bodies.NOW - 5 * DAY),
        ("Thu, 9 Nov 2023 22:13:19 +0000", None),  # A clock that is wrong.
        ("Thu, 1 Jan 1970 00:00:00 +0000", None),
        ("yesterday", None),
        ("", None),
        ("Tue, 14 Nob 2023 22:13:20", None),
        ("Tue, 14 13 2023 22:13:20", None),
        ("Tue, 14 Nov 999999999999 22:13:20 +0000", None),
        ("Tue, 14 Nov 2023 22:13:20 +99999999999999999999999", None),
    ],
)  # fmt: skip
def test_the_time_is_believed_if_a_right_clock_could_have_told_it(date: str, at: int | None) -> None:
    assert alert(mail(Date=date)).occurred_at == at


# ── Which are the same ───────────────────────────────────────────────────────────────────────────────────────────────
def test_the_same_subject_of_another_sender_is_another_alert() -> None:
    assert alert(mail()).dedup_key != alert(mail(From="other@example.com")).dedup_key
    assert alert(mail()).dedup_key == alert(mail(From="MONITOR@example.com")).dedup_key


def test_without_a_subject_that_says_something_the_words_count() -> None:
    keys = {alert(mail(subject, words)).dedup_key for subject in ("", "CRITICAL") for words in ("a", "b")}
    assert len(keys) == 4
    assert alert(mail("", "a", From="")).dedup_key == alert(mail("", "a", From="")).dedup_key


def test_the_address_may_carry_the_key() -> None:
    assert alert(mail(To=mails.TO.replace("@", "+disk/db@"))).dedup_key == "disk/db"
    assert alert(mail(), x_tocsin_rcpt="disk").dedup_key == "disk"
    assert alert(mail(Delivered_To=mails.TO.replace("@", "+disk@"))).dedup_key == "disk"
    assert alert(mail(), x_alert_key="asked").dedup_key == "asked"


def test_a_plus_in_an_address_of_somebody_else_means_nothing() -> None:
    assert alert(mail(To="ops+prod@example.com")).dedup_key == alert(mail(To="ops@example.com")).dedup_key


# ── The rules of an integration ──────────────────────────────────────────────────────────────────────────────────────
def test_each_message_may_be_an_alert() -> None:
    rules = MailRules(merge=Merge.MESSAGE)
    first, second = alert(mail(), rules), alert(mail(Message_ID="<2@example.com>"), rules)
    assert first.dedup_key != second.dedup_key
    assert alert(mail(), rules) == first
    assert alert(mail(Message_ID=""), rules).dedup_key != alert(mail(Message_ID="", text="other"), rules).dedup_key


def test_of_messages_the_answer_resolves_the_first() -> None:
    rules = MailRules(merge=Merge.MESSAGE)
    first = alert(mail(), rules)
    over = mail("[RESOLVED] x", Message_ID="<2@example.com>")
    assert alert(over, rules).dedup_key != first.dedup_key
    for name in ("References", "In_Reply_To"):
        answer = mail("[RESOLVED] x", Message_ID="<2@example.com>", **{name: "<1@example.com> <0@example.com>"})
        assert alert(answer, rules).dedup_key == first.dedup_key
    assert alert(mail(References="<1@example.com>", Message_ID="<2@x>"), rules).dedup_key != first.dedup_key


def test_all_mails_may_be_one_alert() -> None:
    rules = MailRules(merge=Merge.ONE)
    assert alert(mail(), rules).dedup_key == alert(mail("other", From="other@example.com"), rules).dedup_key
    assert alert(mail(), rules, x_tocsin_rcpt="disk").dedup_key == "disk"


def test_the_rules_say_what_resolves() -> None:
    rules = MailRules(resolve_when=("all clear", "*is fine"))
    assert alert(mail("All clear on db-1"), rules).status is AlertStatus.RESOLVED
    assert alert(mail("db-1 is fine"), rules).status is AlertStatus.RESOLVED
    assert alert(mail("[RESOLVED] db-1"), rules).status is AlertStatus.FIRING


def test_the_rules_say_what_fires() -> None:
    rules = MailRules(open_when=("failed",))
    assert alert(mail("Backup failed"), rules).status is AlertStatus.FIRING
    assert alert(mail("[RESOLVED] Backup"), rules).status is AlertStatus.RESOLVED
    other = reading(mail("Backup begins"), rules)
    assert (other.alerts, other.fact) == ((), "the subject matches no open_when: no alert")


def test_the_rules_say_how_bad_it_is() -> None:
    assert alert(mail("[P1] x"), MailRules(severity=Severity.INFO)).severity is Severity.INFO


def test_the_rules_say_who_may_send() -> None:
    rules = MailRules(senders=("@Example.com", "bo@partner.example"))
    assert reading(mail(), rules).alerts
    assert reading(mail(From="Bo <BO@partner.example>"), rules).alerts
    assert reading(mail(From="x@other.example"), rules, x_tocsin_mail_from="a@example.com").alerts
    assert reading(mail(From="x@other.example", Sender="a@example.com"), rules).alerts
    for stranger in ("eve@partner.example", "a@notexample.com", "a@sub.example.com", "", "example.com"):
        found = reading(mail(From=stranger), rules)
        assert found.alerts == ()
        assert found.fact.endswith("who may not send here")


@pytest.mark.parametrize(
    ("pattern", "subject", "good"),
    [
        ("all clear", "ALL CLEAR now", True),
        ("clear", "unclear", False),
        ("clear", "unclear, then clear", True),
        ("[ok]", "x[OK]y", True),
        ("ok", "[OK]", True),
        ("", "x", False),
        ("*", "", True),
        ("*", "x", True),
        ("a*b", "aXb", True),
        ("a*b", "ab", True),
        ("a*b", "abc", False),
        ("a*a", "a", False),
        ("*a*b*", "xaxbx", True),
        ("*a*b*", "xbxax", False),
        ("a*b*b", "ab", False),
        ("*[OK]*", "x [ok] y", True),
        ("*?*", "x", False),
        ("STRASSE", "straße", True),
    ],
)
def test_a_pattern_is_words_or_wildcards(pattern: str, subject: str, good: bool) -> None:
    assert matches(pattern, subject) is good


def test_a_hostile_pattern_costs_no_more_than_its_size() -> None:
    began = time.process_time()
    assert not matches("*a" * 100 + "b", "a" * 100_000)
    assert not matches("a" * 200, "a" * 100 + "b" * 100_000)
    assert time.process_time() - began < 2


# ── What is no alert ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("headers", "mark"),
    [
        ({"Auto_Submitted": "auto-replied"}, "Auto-Submitted"),
        ({"Auto_Submitted": "Auto-Replied; x=y"}, "Auto-Submitted"),
        ({"X_Autoreply": "yes"}, "x-autoreply"),
        ({"X_Autorespond": "Disk full"}, "x-autorespond"),
        ({"Precedence": "auto_reply"}, "Precedence"),
        ({"subject": "Automatic reply: Disk full", "In_Reply_To": "<0@x>"}, "its subject"),
        ({"subject": "Out of Office: Disk full", "References": "<0@x>"}, "its subject"),
        ({"subject": "Out of office", "Return_Path": "<>"}, "its subject"),
        ({"subject": "Abwesenheitsnotiz: Störung", "Auto_Submitted": "auto-generated"}, "its subject"),
    ],
)
def test_an_automatic_answer_is_no_alert(headers: dict[str, str], mark: str) -> None:
    found = reading(mail(**headers))
    assert (found.alerts, found.fact) == ((), f"an automatic answer ({mark}): no alert")


def test_the_envelope_may_tell_that_nobody_waits_for_an_answer() -> None:
    raw = mail("Automatic reply: Disk full")
    assert reading(raw).alerts
    assert not reading(raw, x_tocsin_mail_from="<>").alerts


@pytest.mark.parametrize("kind", ["delivery-status", "Disposition-Notification", "feedback-report", "tlsrpt"])
def test_a_report_about_a_delivery_is_no_alert(kind: str) -> None:
    raw = multipart(("Content-Type: text/plain", "it did not arrive"), kind=f'report; report-type="{kind}"')
    assert reading(raw).fact == f"an automatic answer ({kind.lower()}): no alert"


def test_a_page_of_our_own_does_not_ring_again() -> None:
    own = mail("[critical] CPU is high", Message_ID=f"<page.{'0' * 32}@example.com>")
    assert reading(own).fact == "a page that Tocsin itself has sent: no alert"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-generated"},
        {"Auto_Submitted": "no"},
        {"Auto_Submitted": "auto-notified"},
        {"Precedence": "bulk"},
        {"Precedence": "list"},
        {"X_Autoreply": "no"},
        {"X_Auto_Response_Suppress": "All"},
        {"Return_Path": "<>"},
        {"In_Reply_To": "<0@x>"},
        {"subject": "Automatic reply queue is full", "In_Reply_To": "<0@x>"},
        {"subject": "Out of office hours: Disk full", "In_Reply_To": "<0@x>"},
        {"subject": "Out of office: Disk full"},
        {"Content_Type": "multipart/report; boundary=x"},
        {"Content_Type": "multipart/report; report-type=usage; boundary=x"},
        {"Content_Type": "multipart/report; report-type*=x''delivery-status; boundary=x"},
        {"Content_Type": "multipart/mixed; report-type=delivery-status; boundary=x"},
        {"From": "MAILER-DAEMON@example.com", "subject": "failure notice"},
    ],
)
def test_everything_else_is_an_alert(headers: dict[str, str]) -> None:
    assert alert(mail(**headers)).status is AlertStatus.FIRING
