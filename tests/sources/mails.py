"""Mails as their senders write them, and what is read in them."""

from __future__ import annotations

import base64

from tests.sources import bodies
from tests.sources.test_sources_hostile import check
from tocsin.incidents.alerts import Alert
from tocsin.kernel.json import Json
from tocsin.sources import Reading, read
from tocsin.sources.email_rules import MailRules

TO = "0123456789abcdefghij@alerts.example.com"  # As long as a key.
FROM = "Monitor <monitor@example.com>"
DATE = "Tue, 14 Nov 2023 22:13:20 +0000"


def mail(subject: str = "Disk full on db-1", text: str = "97 % of /var", **headers: str) -> bytes:
    """A mail in plain text; a header that is empty is left out."""
    lines = {"From": FROM, "To": TO, "Date": DATE, "Message-ID": "<1@example.com>", "Subject": subject}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"{head}\r\n{text}\r\n".encode("utf-8", "surrogateescape")


def multipart(*parts: tuple[str, str], kind: str = "mixed", subject: str = "Disk full on db-1") -> bytes:
    """A mail of several parts, each given as its headers and its content."""
    body = "".join(f"--bound\r\n{head}\r\n\r\n{content}\r\n" for head, content in parts)
    return mail(subject, f"{body}--bound--", Content_Type=f'multipart/{kind}; boundary="bound"')


HTML = (
    "<html><head><title>no</title><style>p {color: red}</style></head><body><!-- no --><p>Disk&nbsp;full</p>"
    "<table><tr><td>host</td><td>db-1</td></tr></table><script>no()</script>"
    '<img alt="graph" src="cid:1"><a href="https://example.com/a?b=1&amp;c=2">Look</a></body></html>'
)


def ses(raw: bytes = b"", *, encoding: str = "Base64", **changes: Json) -> dict[str, Json]:
    """A receipt notification with the mail in it."""
    raw = raw or mail()
    verdicts = {f"{name}Verdict": {"status": "PASS"} for name in ("spf", "dkim", "dmarc", "spam", "virus")}
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": "2023-11-14T22:13:20.000Z",
            "source": "monitor@example.com",
            "messageId": "test-message",
            "destination": ["alerts@example.com"],
            "headers": [{"name": "Auto-Submitted", "value": "auto-generated"}],
            "commonHeaders": {
                "from": [FROM],
                "to": ["alerts@example.com"],
                "date": DATE,
                "messageId": "<1@example.com>",
                "subject": "Disk full on db-1",
            },
        },
        "receipt": {
            "timestamp": "2023-11-14T22:13:20.000Z",
            "recipients": ["alerts@example.com"],
            **verdicts,
            "action": {"type": "SNS", "topicArn": "arn:aws:sns:eu-west-1:123456789012:mail", "encoding": encoding},
            **changes,
        },
        "content": base64.b64encode(raw).decode() if encoding == "Base64" else raw.decode(),
    }


def stored_in_s3() -> dict[str, Json]:
    """The same, where the mail was written to S3."""
    told = ses(action={"type": "S3", "bucketName": "mails", "objectKey": "in/1"})
    del told["content"]
    return told


MAILGUN = (
    b"recipient=alerts%2Bdisk%40mg.example.com&sender=monitor%40example.com&from=Monitor+%3Cmonitor%40example.com%3E"
    b"&subject=%5BPROBLEM%5D+Disk+full&body-plain=97+%25+of+%2Fvar&timestamp=1700000000&token=t&signature=s"
    b"&attachment-count=2&Message-Id=%3C1%40example.com%3E"
)

NAGIOS = "** {} Service Alert: web1/HTTP is {} **"

REAL: list[bytes] = [
    mail(),
    multipart(("Content-Type: text/plain", "words"), ("Content-Type: text/html", HTML), kind="alternative"),
    mail("=?utf-8?q?St=C3=B6rung?=", HTML, Content_Type="text/html; charset=utf-8"),
    mail("x", "OTcgJQ==", Content_Transfer_Encoding="base64", Content_Type='text/plain; charset="iso-8859-1"'),
    multipart(
        ("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", "97 =25"),
        ("Content-Type: image/png; name=g.png\r\nContent-Disposition: attachment; filename*=utf-8''g%20r.png", "x"),
        ("Content-Type: message/rfc822", "Subject: inner\r\n\r\ninner"),
    ),
    multipart(("Content-Type: message/delivery-status", "Status: 5.1.1"), kind="report; report-type=delivery-status"),
]


HEAD = {"content-type": "message/rfc822"}
ANY = MailRules()


def reading(raw: bytes, rules: MailRules = ANY, **headers: str) -> Reading:
    noted = {name.replace("_", "-"): value for name, value in headers.items()}
    return read(HEAD | noted, raw, received_at=bodies.NOW, mail=rules)


def alert(raw: bytes, rules: MailRules = ANY, **headers: str) -> Alert:
    found = reading(raw, rules, **headers)
    assert not found.problems
    [alert] = found.alerts
    check(alert)
    return alert


def service(value: Json, rules: MailRules = ANY) -> Reading:
    return read({}, bodies.encoded(value), received_at=bodies.NOW, mail=rules)
