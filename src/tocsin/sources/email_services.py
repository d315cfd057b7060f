"""Mails that a service has received for us: Amazon SES by a receipt rule, Mailgun by a route.

Sources: "Contents of notifications for Amazon SES email receiving" in the Amazon SES Developer Guide (the actions SNS
and S3); "Routes" in Mailgun's documentation (the fields of `forward`; `body-mime` where the address ends in `mime`).
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import Alert, AlertStatus, Kind
from tocsin.kernel.json import Json
from tocsin.sources import bounds, email
from tocsin.sources.bounds import said
from tocsin.sources.email_message import Mail, mail_of
from tocsin.sources.reading import Hints, Reading

SES: Final = "ses"
MAILGUN: Final = "mailgun"

_RECEIVED: Final = "Received"
_FAIL: Final = "FAIL"
_VERDICTS: Final = ("spf", "dkim", "dmarc", "spam", "virus")
_DOUBTFUL: Final = frozenset({"spam", "dmarc"})  # SPF and DKIM alone also fail for what was merely passed on.
_NAMES_MAX: Final = 20  # Recipients and headers that are looked at.


def read_ses(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The mail of a receipt notification; where the mail itself lies elsewhere (S3), what its headers say."""
    mail, receipt = value["mail"], value["receipt"]
    if value["notificationType"] != _RECEIVED or not isinstance(mail, dict) or not isinstance(receipt, dict):
        return None
    recipients = receipt.get("recipients") or mail.get("destination")
    hints = _enveloped(hints, said(mail.get("source")), recipients if isinstance(recipients, list) else [])
    raw = _content(value.get("content"), receipt.get("action"))
    found = email.read(raw, hints) if raw else email.reading(_headers_only(mail, receipt), hints)
    failed = [name for name in _VERDICTS if _verdict(receipt, name) == _FAIL]
    if any(alert.status is AlertStatus.RESOLVED for alert in found.alerts) and _DOUBTFUL.intersection(failed):
        # Who cannot show that it is the sender must not be able to end an alarm.
        return replace(found, source=SES, alerts=(), fact=f"a mail that failed ({', '.join(failed)}) resolves nothing")
    return replace(found, source=SES, alerts=tuple(_judged(alert, failed) for alert in found.alerts))


def read_mailgun(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The mail in the fields of a form; None when it has no body in any of Mailgun's forms."""
    raw = value.get("body-mime")
    if not any(isinstance(value.get(name), str) for name in ("body-mime", "body-plain", "body-html")):
        return None
    hints = _enveloped(replace(hints, title=""), said(value["sender"]), [value["recipient"]])
    if isinstance(raw, str):
        return replace(email.read(raw.encode("utf-8", "surrogatepass"), hints), source=MAILGUN)
    headers = {
        "from": said(value.get("from") or value["sender"]),
        "subject": said(value["subject"]),
        **{
            name.lower(): said(value.get(name))
            for name in ("Message-Id", "Date", "To", "References", "In-Reply-To", "Auto-Submitted", "Precedence")
        },
    }
    count = said(value.get("attachment-count"))
    mail = mail_of(
        {name: bounds.line(text, bounds.LINK_MAX) for name, text in headers.items()},
        said(value.get("body-plain")),
        said(value.get("body-html")),
        [f"{count} files"] if count.isdecimal() and count.strip("0") else [],
    )
    return email.reading(mail, hints, MAILGUN)


def _enveloped(hints: Hints, sender: str, recipients: list[Json]) -> Hints:
    """*hints* with what the service knows of the envelope, in place of our own server's notes."""
    dedup = ""
    for recipient in recipients[:_NAMES_MAX]:
        dedup = dedup or said(recipient).rpartition("@")[0].partition("+")[2]
    return replace(hints, headers={**hints.headers, email.DEDUP_HEADER: dedup, email.MAIL_FROM_HEADER: sender})


def _content(content: Json, action: Json) -> bytes:
    """The mail as it came, which the rule's action writes as text or in Base64."""
    if not isinstance(content, str):
        return b""
    if isinstance(action, dict) and said(action.get("encoding")).lower() == "base64":
        try:
            return base64.b64decode(content)
        except (binascii.Error, ValueError):
            pass  # Then it is text after all.
    return content.encode("utf-8", "surrogatepass")


def _headers_only(mail: dict[str, Json], receipt: dict[str, Json]) -> Mail:
    common, action = mail.get("commonHeaders"), receipt.get("action")
    headers = {name.lower(): item for name, item in (common if isinstance(common, dict) else {}).items()}
    told = {name: _said(headers.get(name.replace("-", "").lower(), headers.get(name))) for name in ("to", "date")}
    told |= {"from": _said(headers.get("from") or mail.get("source")), "subject": _said(headers.get("subject"))}
    told["message-id"] = _said(headers.get("messageid"))
    for header in _items(mail.get("headers")):
        name = said(header.get("name")).lower()
        if name in {"auto-submitted", "precedence", "in-reply-to", "references", "list-id", "x-autoreply"}:
            told[name] = _said(header.get("value"))
    place = action if isinstance(action, dict) else {}
    where = "/".join(filter(None, (said(place.get("bucketName")), said(place.get("objectKey")))))
    text = f"The mail itself did not come with the notification; it lies in s3://{where}" if where else ""
    return mail_of(told, bounds.line(text), "", [])


def _items(value: Json) -> list[dict[str, Json]]:
    items = value[: 10 * _NAMES_MAX] if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _said(value: Json) -> str:
    """One header as text, also where a list has several values."""
    values = value[:_NAMES_MAX] if isinstance(value, list) else [value]
    return bounds.line(", ".join(map(said, values)), bounds.LINK_MAX)


def _verdict(receipt: dict[str, Json], name: str) -> str:
    found = receipt.get(f"{name}Verdict")
    return said(found.get("status")).upper() if isinstance(found, dict) else ""


def _judged(alert: Alert, failed: list[str]) -> Alert:
    """What is spam is shown, and nobody is paged for it; every check that failed is told."""
    labels = bounds.labels([*((name, _FAIL) for name in failed), *alert.labels.items()])
    return replace(alert, labels=labels, kind=Kind.NOTIFICATION if "spam" in failed else alert.kind)
