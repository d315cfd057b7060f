"""Cuts what senders wrote to what people read: one place for every limit on text, labels, keys, links and times."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from tocsin.incidents.alerts import DESCRIPTION_MAX, KEY_MAX, LABELS_MAX, TAGS_MAX, TITLE_MAX, Link
from tocsin.kernel.json import Json
from tocsin.kernel.time import INSTANT_MAX, Instant, parse_instant

LABEL_MAX: Final = 500  # Characters of a label's value: a label is matched and shown in a row, not read.
NAME_MAX: Final = 100  # Characters of a label's name; also keeps the flattening of deep objects linear.
LINK_MAX: Final = 2000  # Characters: browsers and chat services refuse longer ones.
LINKS_MAX: Final = 8  # More buttons do not fit on a phone.
TAG_MAX: Final = 50  # Characters, as Opsgenie.
QUOTE_MAX: Final = 80  # Characters of a bad value that a problem quotes.

# Names of what opens doors, in small letters: senders that were made for other receivers put their keys into the body.
CREDENTIALS: Final = frozenset(
    {
        *("access_token", "alert_source_token", "auth_token", "token"),
        *("api_key", "apikey", "integration_key", "routing_key", "service_key"),
        *("authorization", "password"),
    }
)

NUMBERS: Final = (int, float)  # Of JSON; compared with `type`, as a truth value is no number.
WRITTEN: Final = (str, *NUMBERS)  # What a person could have written in one word.

# Control characters, line separators, lone surrogates, and the marks that turn the direction of writing.
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSEEN_BUT_LINES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_HREF: Final = re.compile(r"https?://[^\s<>\"'`\\^{}\x00-\x20\x7f]+", re.IGNORECASE)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)
_TIME_TEXT_MAX: Final = 40  # Characters; nobody writes an instant longer.
_SECONDS_MAX: Final = 100_000_000_000  # An epoch number below it counts seconds (until the year 5138), above it ms.


def said(value: Json) -> str:
    """A JSON value as people write it: text as it is, null as nothing, the rest as JSON, a long list cut."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if type(value) in NUMBERS:
        return str(value)
    return _as_json(value, DESCRIPTION_MAX)


def quoted(value: Json) -> str:
    """A bad value as a problem shows it: as JSON, cut."""
    return _cut(_as_json(value[:QUOTE_MAX] if isinstance(value, str) else value, QUOTE_MAX), QUOTE_MAX)


def plain(text: str) -> str:
    """*text* without characters that cannot be seen; for what stands in headers, where JSON's rules do not hold."""
    return text if text.isprintable() else _UNSEEN.sub(" ", text)


def line(text: str, limit: int = TITLE_MAX) -> str:
    """*text* on one line of at most *limit* characters."""
    if not text:
        return ""
    if len(text) > 2 * limit:
        text = text.lstrip()[: 2 * limit]
    text = plain(text)
    return _cut(" ".join(text.split()), limit)


def title(text: str) -> str:
    """*text* as a title; there is always something to read, or nobody could press on it."""
    return line(text) or "(no title)"


def prose(text: str) -> str:
    """*text* as a description, its line breaks kept."""
    text = text.strip()
    if not text:
        return ""
    if len(text) > DESCRIPTION_MAX:
        text = text[: DESCRIPTION_MAX + 1]
    if not text.isprintable():
        text = _UNSEEN_BUT_LINES.sub("", text.replace("\r\n", "\n"))
    return _cut(text, DESCRIPTION_MAX)


def paragraphs(*parts: str) -> str:
    """The parts that are not blank, as one description."""
    return prose("\n\n".join(part for part in parts if part and not part.isspace()))


def labels(pairs: Iterable[tuple[str, Json]]) -> dict[str, str]:
    """The first LABELS_MAX of *pairs* that say something; null and empty text say nothing."""
    found: dict[str, str] = {}
    for name, value in pairs:
        text = value if type(value) is str else said(value)
        if not text or text.isspace():
            continue
        if len(text) > LABEL_MAX or not text.isprintable():
            text = line(text, LABEL_MAX)
            if not text:
                continue
        found[name if len(name) <= NAME_MAX and name.isprintable() else line(name, NAME_MAX)] = text
        if len(found) == LABELS_MAX:
            break
    return found


def tags(items: Iterable[Json]) -> tuple[str, ...]:
    """The first TAGS_MAX of *items* that are words, each once."""
    found: dict[str, None] = {}
    for item in items:
        text = line(said(item), TAG_MAX) if type(item) in WRITTEN else ""
        if text:
            found[text] = None
            if len(found) == TAGS_MAX:
                break
    return tuple(found)


def key(text: str) -> str:
    """*text* as a dedup or group key; the end of a long one becomes a hash, so that different keys stay different."""
    return text if len(text) <= KEY_MAX else f"{text[: KEY_MAX - 33]}#{digest(text)}"


def digest(*parts: str) -> str:
    """32 hexadecimal digits that differ when any of *parts* differs, or their number."""
    told = "".join(f"{len(part)}:{part}" for part in parts) if len(parts) > 1 else parts[0]
    return digest_of(told.encode("utf-8", "surrogatepass"))


def digest_of(raw: bytes) -> str:
    """32 hexadecimal digits for *raw*."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def links(pairs: Iterable[tuple[str, Json]]) -> tuple[Link, ...]:
    """The first few pairs of text and address whose address is plain http or https; each address once."""
    found: dict[str, Link] = {}
    for text, href in pairs:
        if type(href) is str and len(href) <= LINK_MAX and _HREF.fullmatch(href):
            safe = href.replace("|", "%7C")  # A bar ends an address in chat markup.
            found.setdefault(safe, Link(line(text, NAME_MAX) or "Link", safe))
            if len(found) == LINKS_MAX:
                break
    return tuple(found.values())


def instant(value: Json) -> Instant | None:
    """The instant that a sender wrote: ISO 8601, or seconds or milliseconds since 1970; None if it is none of these.

    A number may be written as text: forms and templates have nothing else.
    """
    if type(value) is str:
        if len(value) > _TIME_TEXT_MAX:
            return None
        if not (value.isascii() and value.isdigit()):
            return _instant(value)
        value = int(value)
    if type(value) in NUMBERS and 0 < value <= INSTANT_MAX:
        return int(value * 1000) if value < _SECONDS_MAX else int(value)
    return None


@lru_cache(maxsize=4096)
def _instant(text: str) -> Instant | None:
    """Alerts of one batch share their times, and the same alert comes again and again."""
    return parse_instant(text)


def _as_json(value: Json, enough: int) -> str:
    """*value* as JSON, ending when *enough* characters are there: a list may hold millions."""
    told, length = [], 0
    for piece in _ENCODER.iterencode(value):
        told.append(piece)
        length += len(piece)
        if length > enough:
            break
    return "".join(told)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
