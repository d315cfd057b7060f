"""Finds out what a delivery is, and has it read: the one place that chooses among the formats.

The order: attributes of a CloudEvent in the headers; a mail, by its content type; JSON, whatever the content type says,
since many senders leave a wrong one (`curl -d`, Amazon SNS); a form; text. What an object's format is `formats` knows;
what has none is generic. The fields of a form are an object as any, and so are those of the query of a request without
a body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from msgspec.structs import replace

from tocsin.changes.change import Change
from tocsin.heartbeats.ping import Ping
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant
from tocsin.sources import bounds, form, formats, generic, sns, text
from tocsin.sources.batches import each
from tocsin.sources.email_rules import MailRules
from tocsin.sources.reading import Hints, Problem, Reading, Remapping

if TYPE_CHECKING:
    from tocsin.sources import cloudevents, email, email_message
    from tocsin.sources.aws import text as aws
else:
    email = later("tocsin.sources.email")
    email_message = later("tocsin.sources.email_message")
    aws = later("tocsin.sources.aws.text")
    cloudevents = later("tocsin.sources.cloudevents")

MAIL_MEDIA_TYPE: Final = "message/rfc822"
KEY_HEADER: Final = "x-alert-key"
FORM_HEADER: Final = "x-tocsin-form"  # Noted by us: the format that the sender's address names.
QUERY_HEADER: Final = "x-tocsin-query"  # Noted by us: the query of the sender's address.

FACTS_MAX: Final = 10  # Of a batch that are told; nobody reads more.

_BOM: Final = b"\xef\xbb\xbf"
_JSON_BEGINNINGS: Final = (b'{"', b"{}", b"[{", b'["', b"[[", b"[]")

_NO_RULES: Final = MailRules()
_UNKNOWN: Final = frozenset({"json", "sns", "text"})  # Formats that tell less than the mail around them.


def read(
    headers: Mapping[str, str],
    body: bytes,
    *,
    received_at: Instant,
    mail: MailRules = _NO_RULES,
    mapping: Remapping | None = None,
) -> Reading:
    """What *body* says, and what *mapping* makes of it; *mail*: the integration's rules for e-mail.

    Total: whatever it is, the answer is alerts, changes, pings, problems, or a fact, and nothing is raised.
    """
    heads = {name.lower(): value for name, value in headers.items()}
    hints = Hints(
        received_at=received_at,
        key=bounds.plain(heads.get(KEY_HEADER, "")).strip(),
        headers=heads,
        form=heads.get(FORM_HEADER, ""),
        mail=mail,
    )
    found = _read(heads, body, hints)
    return mapping.apply(found, hints, _item) if mapping else found


def _read(heads: Mapping[str, str], body: bytes, hints: Hints) -> Reading:
    if "ce-type" in heads and cloudevents.is_binary(heads):
        return cloudevents.read_binary(heads, body, hints)
    body = body.removeprefix(_BOM).strip()
    if not body:
        return read_query(heads.get(QUERY_HEADER, ""), hints)
    media = heads.get("content-type", "").partition(";")[0].strip().lower()
    if media == MAIL_MEDIA_TYPE:
        return _mail(body, hints)
    if media == form.PARTS_MEDIA_TYPE:
        fields = form.parse_parts(heads["content-type"], body)
        if fields is not None:
            return _fields(fields, hints, "form")
    declared = media.endswith("json")
    if declared or body[:1] in b"{[":
        try:
            return _value(json.decode(body), hints)
        except json.JsonError as error:
            if declared or _looks_like_json(body):
                return _unreadable("json", f"this is not JSON: {error}")
    return _words(body, media, hints)


def read_query(query: str, hints: Hints) -> Reading:
    """What a request without a body says in the *query* of its address (without the question mark)."""
    query = query.encode("utf-8", "replace").decode()
    fields = form.parse(query)
    if fields is not None:
        return _fields(
            {name: item for name, item in fields.items() if name.lower() not in bounds.CREDENTIALS}, hints, "query"
        )
    told = unquote_plus(query).strip()
    return text.read(told, hints, "query") if told else _unreadable("unknown", "it is empty")


def _mail(body: bytes, hints: Hints) -> Reading:
    """A mail; where its text is JSON of a known format (as SNS mails it by `email-json`), what that says."""
    mail = email_message.parse(body)
    found = email.reading(mail, hints)
    if found.alerts and mail.text[:1] == "{":
        try:
            value = json.decode(mail.text)
        except json.JsonError:
            return found
        inner = _value(value, replace(hints, key=email.asked_key(mail, hints)))
        if inner.alerts and not inner.problems and inner.source not in _UNKNOWN:
            return inner
    return found


def _looks_like_json(body: bytes) -> bool:
    """Text may begin with a bracket (`[FIRING] ...`), but hardly with two, or with a bracket and a quotation mark."""
    return (body[:1] + body[1:64].lstrip()[:1]).startswith(_JSON_BEGINNINGS)


def _words(body: bytes, media: str, hints: Hints) -> Reading:
    """A form or text. What claims to be neither must at least be UTF-8: bytes in a title help nobody."""
    try:
        told = body.decode()
    except UnicodeDecodeError as error:
        if not media.startswith("text/"):
            return _unreadable(
                "unknown",
                f"this is neither JSON nor a form nor text in UTF-8: byte {error.start} is {body[error.start]:#04x}",
            )
        told = body.decode("utf-8", "replace")
    fields = form.parse(told) if media == form.MEDIA_TYPE else None
    if fields is None:
        return aws.read(told, hints) or text.read(told, hints)
    return _fields(fields, hints, "form")


def _fields(fields: dict[str, Json], hints: Hints, source: str) -> Reading:
    """A form: the JSON that one of its fields carries, else what its fields say."""
    name = "data" if fields.keys() == {"data"} else "payload"
    payload = fields.get(name)
    if isinstance(payload, str) and payload.lstrip()[:1] == "{":
        try:
            return _value(json.decode(payload), hints)
        except json.JsonError as error:
            return Reading(source=source, problems=(Problem(name, f"this is not JSON: {error}"),), event=fields)
    return _content(fields, hints, source)


def _value(value: Json, hints: Hints) -> Reading:
    if isinstance(value, dict):
        return _object(value, hints)
    if isinstance(value, list):
        return _array(value, hints)
    if isinstance(value, str) and value.strip():
        return text.read(value, hints)
    return _unreadable("json", f"{bounds.quoted(value)} says nothing: an object, an array or a text is needed", value)


def _object(value: dict[str, Json], hints: Hints) -> Reading:
    names = value.keys()
    if names >= sns.ENVELOPE:
        found = sns.opened(value, hints)
        if isinstance(found, Reading):
            return found
        if found is not None:
            return _letter(found)
    return _content(value, hints)


def _content(value: dict[str, Json], hints: Hints, fallback: str = "json") -> Reading:
    for reader in formats.readers(value, hints):
        found = reader(value, hints)
        if found is not None:
            return found
    return generic.read(value, hints, fallback)


def _letter(letter: sns.Letter) -> Reading:
    """What an SNS notification carries: known JSON, any other object, or text; never another envelope."""
    told = letter.text.strip()
    if told[:1] == "{":
        try:
            return sns.located(_content(json.decode(told), letter.hints, sns.SOURCE), letter.hints.topic)
        except json.JsonError:
            pass  # Then it is text that begins with a brace: its subject and its words are still an alert.
    if told[:1] == "[":
        try:
            return sns.located(_array(json.decode(told), letter.hints), letter.hints.topic)
        except json.JsonError:
            pass
    if not told and not letter.hints.title:
        return _unreadable(sns.SOURCE, "the message is empty", letter.text)
    plain = aws.read(told, letter.hints) or text.read(told, letter.hints, sns.SOURCE)
    return sns.located(plain, letter.hints.topic)


def _array(items: list[Json], hints: Hints) -> Reading:
    """A batch: each item is read for itself, whatever the others are. One key cannot be that of several."""
    if len(items) > 1:
        hints = replace(hints, key="")
    sources: set[str] = set()
    changes: list[Change] = []
    pings: list[Ping] = []
    facts: list[str] = []

    def read_item(item: Json) -> Reading:
        reading = _item(item, hints)
        sources.add(reading.source)
        changes.extend(reading.changes)
        pings.extend(reading.pings)
        if reading.fact and len(facts) < FACTS_MAX:
            facts.append(reading.fact)
        return reading

    alerts, problems = each(items, "", read_item)
    return Reading(
        source=sources.pop() if len(sources) == 1 else "json",
        alerts=alerts,
        changes=tuple(changes),
        pings=tuple(pings),
        problems=problems,
        event=items,
        fact="; ".join(facts) if items else "an empty list: no alert in it",
    )


def _item(item: Json, hints: Hints) -> Reading:
    if isinstance(item, dict):
        return _content(item, hints)
    if isinstance(item, str) and item.strip():
        return text.read(item, hints)
    return _unreadable("json", f"{bounds.quoted(item)} is not an object", item)


def _unreadable(source: str, message: str, event: Json = None) -> Reading:
    return Reading(source=source, problems=(Problem("body", message),), event=event)
