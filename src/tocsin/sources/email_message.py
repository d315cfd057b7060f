"""One mail as it was written: its headers, its words, and the names of what is attached.

Sources: RFC 5322 (the format), RFC 2045 to 2047 (MIME), RFC 2919 (List-Id), RFC 3834 (Auto-Submitted), RFC 6522
(multipart/report). The standard library's parser splits the message; headers are read here, since what the library
makes of hostile ones costs the square of their length, or an exception. What is broken is read as far as it goes.
"""

from __future__ import annotations

import binascii
import calendar
import codecs
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import Compat32
from email.utils import parsedate_tz
from typing import Final

import msgspec

from tocsin.kernel.time import INSTANT_MAX, SECOND, Instant
from tocsin.sources import bounds, email_html

HEADER_MAX: Final = 4096  # Characters of one header; a longer list of recipients says nothing more.
HEADERS_MAX: Final = 200  # A message that came by twenty servers has fewer.
PARTS_MAX: Final = 50  # Boundaries in one message; the parser looks for all of them in every line.
PARSED_MAX: Final = 1024 * 1024  # Bytes in which text and attachments are looked for; the words come first.
TEXT_MAX: Final = 256 * 1024  # Bytes of a text part; of HTML most is no text.
ATTACHMENTS_MAX: Final = 20
RECIPIENTS_MAX: Final = 20

_ADDRESS: Final = re.compile(r"<([^<>\s@]+@[^<>\s@]+)>|([^\s<>,;:\"()\[\]@]+@[^\s<>,;:\"()@]+)")
_ENCODED: Final = re.compile(r"=\?([A-Za-z0-9_-]{1,40})(?:\*[^?]{0,40})?\?([bqBQ])\?([^?]*)\?=(?:\s+(?==\?))?")
_ESCAPED: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_PLAIN_CODECS: Final = re.compile(
    r"utf|iso|ascii|latin|cp\d|windows|koi8|big5|gb|euc|shift|hz|mac|tis|johab|ptcp|hp|kz"
)
_BOUNDARY: Final = re.compile(rb"boundary\s*[*=]", re.IGNORECASE)
_RECIPIENT_HEADERS: Final = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-forwarded-to")


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail. *headers*: the first of each name, in lower case, on one line, decoded.

    *senders*: the addresses in From and Sender. *thread*: the Message-ID of the first mail of the
    conversation. *report*: the `report-type` of a multipart/report. *links*: where the links of its HTML lead.
    """

    headers: dict[str, str]
    subject: str = ""
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    message_id: str = ""
    thread: str = ""
    date: Instant | None = None
    report: str = ""
    text: str = ""
    links: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()


def parse(raw: bytes) -> Mail:
    """The mail that *raw* is. Total: of what is no mail, the text is all of it."""
    message = parsed(raw[:PARSED_MAX])
    headers = _headers(message)
    plain, html = "", ""
    attachments: list[str] = []
    for part in leaves(message):
        kind, name = part.get_content_type(), file_name(part)
        if name or part.get_content_disposition() == "attachment" or not _is_text(part):
            attachments.append(name or kind)
        elif kind == "text/html":
            html = html or content(part)
        else:
            plain = plain if plain.strip() else content(part)
    return mail_of(headers, plain, html, attachments, report=_report(message))


def mail_of(headers: dict[str, str], plain: str, html: str, attachments: list[str], report: str = "") -> Mail:
    """The mail with these headers (names in lower case) and words; *html* where there is no plain text."""
    references = headers.get("references", "").split() or headers.get("in-reply-to", "").split()
    written = [address for name in ("from", "sender") for address in addresses(headers.get(name, ""))]
    named = [address for name in _RECIPIENT_HEADERS for address in addresses(headers.get(name, ""))]
    return Mail(
        headers=headers,
        subject=headers.get("subject", ""),
        senders=tuple(dict.fromkeys(written)),
        recipients=tuple(dict.fromkeys(named))[:RECIPIENTS_MAX],
        message_id=headers.get("message-id", "").strip(),
        thread=references[0] if references else "",
        date=_date(headers.get("date", "")),
        report=report,
        text=plain.strip() or email_html.text(html),
        links=tuple(email_html.addresses(html)),
        attachments=tuple(bounds.line(name, bounds.NAME_MAX) for name in attachments[:ATTACHMENTS_MAX]),
    )


def addresses(header: str) -> list[str]:
    """The mail addresses in *header*: those in angle brackets, or, where there are none, those that stand alone."""
    found = [(match[1], match[2]) for match in _ADDRESS.finditer(header[:HEADER_MAX])]
    angled = [angle for angle, _ in found if angle]
    return angled or [alone for _, alone in found]


class _Bounded(Compat32):
    """Keeps the beginning of a header only: the library's own readers take the square of its length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:HEADER_MAX]


_POLICY: Final = _Bounded()


def parsed(raw: bytes) -> Message:
    """A message with its parts; without them where it is made to have too many, or too deep ones."""
    if len(_BOUNDARY.findall(raw)) <= PARTS_MAX:
        try:
            return BytesParser(policy=_POLICY).parsebytes(raw)
        except RecursionError:
            pass  # Messages in messages; the outer one is read as text.
    return BytesHeaderParser(policy=_POLICY).parsebytes(raw)


def _headers(message: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        if len(found) == HEADERS_MAX:
            break
        found.setdefault(name.lower(), bounds.plain(decoded(str(value))).strip())
    return found


def decoded(value: str) -> str:
    """A header with its encoded words (RFC 2047) as text, and raw bytes in whatever they are."""
    # Folding is undone first; a word may have been cut between the bytes of one character.
    value = _from_bytes(value.encode("utf-8", "surrogateescape"), "utf-8") if not value.isascii() else value
    value = " ".join(value.splitlines())
    told: list[str] = []
    place, waiting, charset = 0, b"", ""
    for word in _ENCODED.finditer(value):
        raw = _word(word)
        if waiting and (word.start() != place or word[1].lower() != charset):
            told.append(_from_bytes(waiting, charset))
            waiting = b""
        told.append(value[place : word.start()])
        place, waiting, charset = word.end(), waiting + raw, word[1].lower()
    told += [_from_bytes(waiting, charset), value[place:]]
    return "".join(told)


def _word(word: re.Match[str]) -> bytes:
    text = word[3].encode("utf-8", "replace")
    if word[2] in "qQ":
        return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text.replace(b"_", b" "))
    try:
        return binascii.a2b_base64(text + b"===") or text
    except binascii.Error:
        return text


def leaves(message: Message) -> Iterator[Message]:
    """The parts that are no multipart; of an attached message itself, not its parts."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        # The content of what has no parts is not asked for: the library would decode it, and may raise.
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and part.get_content_maintype() == "multipart":
            waiting += [child for child in reversed(children) if isinstance(child, Message)]
        else:
            yield part


def _is_text(part: Message) -> bool:
    """Whether it is words; so is what says that it has parts, and has none that were found."""
    return part.get_content_maintype() in (("text",) if part.is_multipart() else ("text", "multipart", "message"))


def content(part: Message) -> str:
    """The words of a text part."""
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes), "a part without parts"
    charset = part.get_param("charset", "utf-8")
    text = _from_bytes(payload[:TEXT_MAX], charset if isinstance(charset, str) else "utf-8")
    return text.replace("\r\n", "\n")


def _from_bytes(raw: bytes, charset: str) -> str:
    """*raw* as text: in the charset that it claims, if it fits; else in UTF-8; else with marks where it is broken."""
    codec = _codec(charset)
    for name in (codec, "utf-8"):
        try:
            return raw.decode(name)
        except ValueError:
            continue
    return raw.decode("latin-1" if codec in {"ascii", "utf-8"} else codec, "replace")


def _codec(charset: str) -> str:
    """The codec of a charset; UTF-8 for an unknown one, and for what is no charset though Python can decode it."""
    try:
        name = codecs.lookup(charset.strip()).name
    except (LookupError, ValueError):
        return "utf-8"
    return name if _PLAIN_CODECS.match(name) else "utf-8"


def file_name(part: Message) -> str:
    """The name that *part* has as a file, or nothing."""
    for header, name in (("content-disposition", "filename"), ("content-type", "name")):
        value = part.get_param(name, None, header)
        if isinstance(value, tuple):  # RFC 2231: charset, language, value.
            value = _from_bytes(str(value[2]).encode("latin-1", "replace"), str(value[0] or "utf-8"))
        if isinstance(value, str) and value.strip():
            return bounds.line(decoded(value), bounds.NAME_MAX)
    return ""


def _report(message: Message) -> str:
    if message.get_content_type() != "multipart/report":
        return ""
    value = message.get_param("report-type", "")
    return value.lower() if isinstance(value, str) else ""


def _date(text: str) -> Instant | None:
    """The instant of a Date header; one without a zone is read as UTC."""
    try:
        found = parsedate_tz(text[:100])
        moment = (calendar.timegm((*found[:6], 0, 1, 0)) - (found[9] or 0)) * SECOND if found else 0
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return moment if 0 < moment <= INSTANT_MAX else None
