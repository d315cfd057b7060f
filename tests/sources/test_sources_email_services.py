"""Mails that a service has taken in for us, forms in parts, and JSON that was mailed."""

from __future__ import annotations

import pytest

from tests.sources import bodies, mails
from tests.sources.mails import ANY, mail, reading, service
from tocsin.incidents.alerts import AlertStatus
from tocsin.kernel.json import Json
from tocsin.sources import Reading, read
from tocsin.sources.email_rules import MailRules


def test_what_is_no_receipt_is_something_else() -> None:
    others: list[dict[str, Json]] = [{"notificationType": "Bounce"}, {"mail": 1}, {"receipt": []}]
    for changes in others:
        assert service(mails.ses() | changes).source in {"json", "aws"}


@pytest.mark.parametrize("check", ["spam", "dmarc"])
def test_whoever_cannot_show_that_it_is_the_sender_resolves_nothing(check: str) -> None:
    over = mail("[RESOLVED] Disk full on db-1")
    value = mails.ses(over)
    value["receipt"][f"{check}Verdict"] = {"status": "FAIL"}
    found = service(value)
    assert (found.alerts, found.fact) == ((), f"a mail that failed ({check}) resolves nothing")
    assert service(mails.ses(over, spfVerdict={"status": "FAIL"})).alerts[0].status is AlertStatus.RESOLVED


@pytest.mark.parametrize("content", [None, 7, ""])
def test_a_receipt_without_its_mail_tells_what_its_headers_say(content: Json) -> None:
    value = mails.ses() | {"content": content}
    [found] = service(value).alerts
    assert (found.title, found.occurred_at) == ("Disk full on db-1", bodies.NOW)


def test_content_that_is_not_base64_is_text() -> None:
    [found] = service(mails.ses() | {"content": "Subject: Störung\r\n\r\n!"}).alerts
    assert found.title == "Störung"
    [found] = service(mails.ses(action="x") | {"content": "Subject: x\r\n\r\n!"}).alerts
    assert found.title == "x"


def test_an_automatic_answer_is_one_where_only_the_headers_came() -> None:
    value = mails.stored_in_s3()
    value["mail"]["headers"] = [{"name": "X"}, {"name": "Auto-Submitted", "value": "auto-replied"}, 7]
    assert service(value).fact == "an automatic answer (Auto-Submitted): no alert"


def test_a_receipt_of_odd_parts_is_still_an_alert() -> None:
    value = mails.stored_in_s3()
    value["mail"] = {"commonHeaders": 1, "headers": 2, "source": "monitor@example.com", "destination": "x"}
    value["receipt"] = {"spamVerdict": 1, "action": {}}
    [found] = service(value).alerts
    assert found.title == "A mail without words"


def test_mailgun_without_a_body_is_something_else() -> None:
    assert service({"recipient": "a", "sender": "b", "subject": "c"}).source == "json"


FORM = (
    '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    '--b\r\nContent-Disposition: form-data; name="attachment-1"; filename="a.txt"\r\n\r\nfile\r\n'
    '--b\r\nContent-Disposition: form-data; name="recipient"\r\n\r\nalerts+disk@mg.example.com\r\n'
    '--b\r\nContent-Disposition: form-data; name="sender"\r\n\r\nmonitor@example.com\r\n'
    '--b\r\nContent-Disposition: form-data; name="subject"\r\n\r\nDisk full\r\n--b--\r\n'
)


def posted(body: str, boundary: str = "b") -> Reading:
    return read({"content-type": f"multipart/form-data; boundary={boundary}"}, body.encode(), received_at=bodies.NOW)


def test_mailgun_sends_a_form_in_parts_where_there_are_files() -> None:
    found = posted(FORM.format("body-plain", "97 %"))
    [alert] = found.alerts
    assert (found.source, alert.title, alert.description, alert.dedup_key) == ("mailgun", "Disk full", "97 %", "disk")


def test_a_form_in_parts_is_a_form() -> None:
    found = posted(FORM.format("payload", '{"title": "Disk full", "id": "7"}'))
    assert (found.source, found.alerts[0].dedup_key) == ("json", "7")
    assert "attachment-1" not in posted(FORM.format("host", "db-1")).event
    many = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\nx\r\n' for n in range(1001))
    assert len(posted(many + "--b--").event) == 1000


def test_what_is_no_form_in_parts_is_text() -> None:
    assert posted(FORM, boundary="other").source == "text"


def test_the_rules_count_for_services_as_well() -> None:
    rules = MailRules(senders=("@elsewhere.example",))
    assert service(mails.ses(), rules).alerts == ()
    assert service({"recipient": "a", "sender": "b@x", "subject": "c", "body-html": "d"}, rules).alerts == ()


# ── JSON in a mail ───────────────────────────────────────────────────────────────────────────────────────────────────
def told_in_json(value: Json, **headers: str) -> Reading:
    return reading(mail("AWS Notification Message", bodies.encoded(value).decode()), ANY, **headers)


def test_json_of_a_known_format_says_more_than_the_mail_around_it() -> None:
    found = told_in_json(bodies.sns(bodies.alarm(), "ALARM"))
    assert found.source == "cloudwatch"
    assert found.alerts == read({}, bodies.encoded(bodies.sns(bodies.alarm(), "ALARM")), received_at=bodies.NOW).alerts
    assert told_in_json(bodies.alarm(), x_tocsin_rcpt="asked").source == "cloudwatch"


@pytest.mark.parametrize("value", [{"a": 1}, bodies.sns("text"), bodies.confirmation(), {"alerts": [7]}])
def test_other_json_is_the_text_of_its_mail(value: Json) -> None:
    assert told_in_json(value).source == "email"


def test_what_only_begins_like_json_is_text() -> None:
    assert reading(mail(text="{ disk } full")).source == "email"


def test_an_answer_to_json_is_no_alert() -> None:
    raw = mail(text=bodies.encoded(bodies.alarm()).decode(), Auto_Submitted="auto-replied")
    assert reading(raw).alerts == ()
