"""E-mail: one alert for each mail that a machine or a person has written, and none for what answers by itself.

What makes a mail an answer that nobody wrote, and so no alert: `Auto-Submitted: auto-replied` (RFC 3834), X-Autoreply
and its kin, `Precedence: auto_reply`, reports about a delivery (RFC 3464, RFC 8098, RFC 5965), and an "Out of office:"
that answers something. `Auto-Submitted: auto-generated` and `Precedence: bulk` are what monitoring systems write.

Which mails are the same alert, the best first: the part after `+` in the address that it was sent to
(`KEY+disk-db1@example.com`); the integration's rule `merge`; the identity of its subject (see `email_subject`) together
with its sender; without a subject, its words.
"""

from __future__ import annotations

import re
from typing import Final

from tocsin.incidents.alerts import DESCRIPTION_MAX, Alert, AlertStatus, Severity
from tocsin.kernel.time import DAY, Instant
from tocsin.sources import bounds, email_message, email_subject
from tocsin.sources.email_message import Mail
from tocsin.sources.email_rules import Merge, any_matches
from tocsin.sources.email_subject import Subject
from tocsin.sources.reading import Hints, Reading

MEDIA_TYPE: Final = "message/rfc822"
SOURCE: Final = "email"
DEDUP_HEADER: Final = "x-tocsin-rcpt"  # Noted by us: what stood after the + in the recipient.
MAIL_FROM_HEADER: Final = "x-tocsin-mail-from"  # Noted by us: the sender of the envelope, `<>` for none.
NOBODY: Final = "<>"

LATE_MAX: Final = 5 * DAY  # Servers give up after it; a Date before that is a clock that is wrong.
LINKS_MAX: Final = 3

_KEY_LIKE: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")  # What an integration key can look like.
_REPORTS: Final = frozenset({"delivery-status", "disposition-notification", "feedback-report", "tlsrpt"})
_ANSWERING: Final = ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-autoresponder", "x-auto-reply")
_OWN_PAGE: Final = re.compile(r"<page\.[0-9a-f]{32}@")  # As `tocsin.mail.letter` numbers them.
_ABSENT: Final = re.compile(
    r"(?:auto(?:matic|matische|matisch|mated)?[ -]?(?:reply|response|antwort|antwoord)|out of (?:the )?office"
    r"|abwesenheit(?:snotiz)?|réponse automatique|respuesta automática|risposta automatica|on vacation)"
    r"(?:\s*:|(?: reply| message)?$)",
    re.IGNORECASE,
)


def read(raw: bytes, hints: Hints) -> Reading:
    """The alert of a mail as it came, or the fact that it is none."""
    return reading(email_message.parse(raw), hints)


def reading(mail: Mail, hints: Hints, source: str = SOURCE) -> Reading:
    """The alert of *mail*."""
    envelope = hints.headers.get(MAIL_FROM_HEADER, "")
    event = {
        "from": list(mail.senders),
        "to": [shown(address) for address in mail.recipients],
        "subject": mail.subject,
        "message-id": mail.message_id,
        "list-id": mail.headers.get("list-id", ""),
        "text": bounds.prose(mail.text),
        "attachments": list(mail.attachments),
    }
    told = email_subject.read(mail.subject)
    fact = _no_alert(mail, told, envelope, hints)
    if fact:
        return Reading(source=source, event=event, fact=fact)
    return Reading(source=source, event=event, alerts=(_alert(mail, told, hints, source),))


def shown(address: str) -> str:
    """A recipient's address, without what may be an integration key."""
    local, at, domain = address.rpartition("@")
    key, plus, dedup = local.partition("+")
    return f"…{plus}{dedup}{at}{domain}" if _KEY_LIKE.fullmatch(key) else address


def asked_key(mail: Mail, hints: Hints) -> str:
    """The dedup key that the sender asks for; empty if it asks for none."""
    return hints.key or hints.headers.get(DEDUP_HEADER, "").strip() or _dedup(mail)


def _no_alert(mail: Mail, told: Subject, envelope: str, hints: Hints) -> str:
    """Why *mail* is no alert, or nothing."""
    if not hints.mail.admits([envelope, *mail.senders]):
        return (
            f"a mail from {bounds.line(', '.join(mail.senders) or envelope, bounds.LABEL_MAX)}, who may not send here"
        )
    answering = _answering(mail, envelope)
    if answering:
        return f"an automatic answer ({answering}): no alert"
    if _OWN_PAGE.match(mail.message_id):
        return "a page that Tocsin itself has sent: no alert"
    if hints.mail.open_when and _status(told, mail, hints) is not AlertStatus.RESOLVED:
        return "" if any_matches(hints.mail.open_when, mail.subject) else "the subject matches no open_when: no alert"
    return ""


def _answering(mail: Mail, envelope: str) -> str:
    """The mark by which *mail* is an answer that nobody wrote, or nothing."""
    headers = mail.headers
    submitted = headers.get("auto-submitted", "").partition(";")[0].partition("(")[0].strip().lower()
    if submitted == "auto-replied":
        return "Auto-Submitted"
    for name in _ANSWERING:
        if headers.get(name, "no").strip().lower() not in {"no", "false", "0"}:
            return name
    if headers.get("precedence", "").strip().lower() in {"auto_reply", "auto-reply"}:
        return "Precedence"
    if mail.report in _REPORTS:
        return mail.report
    is_answer = mail.thread or envelope == NOBODY or headers.get("return-path", "").strip() == NOBODY or submitted
    return "its subject" if is_answer and _ABSENT.match(mail.subject.strip()) else ""


def _status(told: Subject, mail: Mail, hints: Hints) -> AlertStatus:
    if not hints.mail.resolve_when:
        return told.status
    return AlertStatus.RESOLVED if any_matches(hints.mail.resolve_when, mail.subject) else AlertStatus.FIRING


def _alert(mail: Mail, told: Subject, hints: Hints, source: str) -> Alert:
    status = _status(told, mail, hints)
    first, _, rest = mail.text.partition("\n")
    titled = bool(mail.subject.strip())
    attached = f"Attached: {', '.join(mail.attachments)}" if mail.attachments else ""
    return Alert(
        status=status,
        title=bounds.title(told.title if titled else first or attached or "A mail without words"),
        description=bounds.paragraphs(mail.text[:DESCRIPTION_MAX] if titled else rest, attached),
        dedup_key=_key(mail, told, hints, status),
        source=source,
        severity=hints.mail.severity or told.severity or Severity.HIGH,
        labels=bounds.labels(_labels(mail)),
        tags=tuple(told.tags),
        links=bounds.links([("Link", link) for link in mail.links])[:LINKS_MAX],
        occurred_at=_occurred_at(mail.date, hints.received_at),
    )


def _labels(mail: Mail) -> list[tuple[str, str]]:
    return [
        ("from", ", ".join(mail.senders[:1])),
        ("to", ", ".join(shown(address) for address in mail.recipients[:5])),
        ("list_id", mail.headers.get("list-id", "")),
        ("message_id", mail.message_id),
    ]


def _key(mail: Mail, told: Subject, hints: Hints, status: AlertStatus) -> str:
    asked = asked_key(mail, hints)
    if asked:
        return bounds.key(asked)
    if hints.mail.merge is Merge.ONE:
        return "email:one"
    sender = mail.senders[0].lower() if mail.senders else ""
    if hints.mail.merge is Merge.MESSAGE:
        # What is over answers the mail that began it, if the sender writes so.
        name = (mail.thread if status is AlertStatus.RESOLVED else "") or mail.message_id
        return f"email:{bounds.digest(name or f'{sender} {mail.date} {mail.subject} {mail.text}')}"
    if told.identity:
        return f"email:{bounds.digest(sender, told.identity)}"
    return f"email:{bounds.digest(sender, mail.subject, mail.text)}"


def _dedup(mail: Mail) -> str:
    """What stands after the + in the address of an integration, where only the headers tell of it."""
    for address in mail.recipients:
        key, _, dedup = address.rpartition("@")[0].partition("+")
        if dedup and _KEY_LIKE.fullmatch(key):
            return dedup
    return ""


def _occurred_at(date: Instant | None, received_at: Instant) -> Instant | None:
    """The Date, if a clock that is right could have told it: what is thought to be old may be taken as overtaken."""
    if date is None or date < received_at - LATE_MAX:
        return None
    return min(date, received_at)
