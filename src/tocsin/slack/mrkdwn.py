"""Slack's mark-up, written so that no foreign text can mention, link or format beyond its own place.

Source: https://docs.slack.dev/messaging/formatting-message-text. Slack gives `&`, `<` and `>` a meaning, and nothing
else that could reach outside the text object it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from msgspec.structs import replace

from tocsin.incidents.telling import clean, utc_time
from tocsin.kernel.time import INSTANT_MAX, SECOND, Instant
from tocsin.saying.text import Moment, Words, pieces

CHANNEL_MENTION: Final = "<!channel>"
LABEL_MAX: Final = 75  # Characters of what is pressed.
HREF_MAX: Final = 2000  # Characters as sent; a longer address leaves no room for what it leads to.

_WORD: Final = re.compile(r"\S{1,500}\s*|\s+")
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_HREF_SAFE: Final = "!#$%&'()*+,-./:;=?@[]_~"


def one_line(text: str, most: int) -> str:
    """*text* escaped, on one line, at most *most* characters as sent."""
    return escape(" ".join(clean(text[: most * 4]).split()), most)


def paragraph(text: str, most: int) -> str:
    """*text* escaped, its lines kept, at most *most* characters as sent."""
    return escape(clean(text[: most * 4]).strip(), most)


def escape(text: str, most: int) -> str:
    """*text* with Slack's three special characters as entities, cut to *most* characters, never within an entity."""
    escaped = text[: most + 1].translate(_ENTITIES)
    if len(escaped) <= most:
        return escaped
    kept = escaped[: most - 1]
    entity = kept.rfind("&")
    if entity >= 0 and ";" not in kept[entity:]:
        kept = kept[:entity]
    return kept + "…"


def link(href: str, label: str) -> str:
    """*label* (escaped already) as a link, or alone when *href* is not a usable http address."""
    target = address(href, HREF_MAX).translate(_ENTITIES)
    return f"<{target}|{label}>" if target and len(target) <= HREF_MAX else label


def address(href: str, most: int) -> str:
    """*href* as an address may be written, or empty when it is not http or longer than *most*."""
    if not href.startswith(("http://", "https://")):
        return ""
    quoted = quote(href.strip(), safe=_HREF_SAFE, errors="replace")
    return quoted if len(quoted) <= most else ""


def local_time(instant: Instant) -> str:
    """*instant* as each reader's own time and date, which reads well within a sentence: `at 11:06 today`."""
    return f"<!date^{_bounded(instant) // SECOND}^{{time}} {{date_short_pretty}}|{utc_time(instant)}>"


# ── Neutral text ─────────────────────────────────────────────────────────────────────────────────────────────────────
def mrkdwn(text: str) -> str:
    """Neutral *text* in Slack's mark-up, however long that is."""
    return "".join(_drawn(piece) for piece in pieces(text))


def spoken(text: str, most: int) -> str:
    """Neutral *text* in words only, escaped, at most *most* characters as sent: for previews and screen readers."""
    return escape(bare(text).strip(), most)


@lru_cache(512)  # A message is drawn again and again, and each of its words is asked for several times.
def bare(text: str) -> str:
    """Neutral *text* in words only; moments in UTC, as there is no reader whose time zone is known."""
    return "".join(piece.text if isinstance(piece, Words) else utc_time(_bounded(piece.at)) for piece in pieces(text))


def lines_within(text: str, most: int, chunks_max: int, *, strong: bool = False) -> list[str]:
    """Neutral *text* in mark-up, in at most *chunks_max* parts of at most *most* characters; none if it is blank.

    It is split between lines where it can be, else between words; the last part ends with `…` when there is more.
    *strong*: links are bold.
    """
    return list(_chunks(text, most, chunks_max, strong))


@lru_cache(512)
def _chunks(text: str, most: int, chunks_max: int, strong: bool) -> tuple[str, ...]:  # noqa: FBT001 - for the cache.
    chunks = [""]
    for token in _tokens(text, most, strong=strong):
        if len(chunks[-1]) + len(token) >= most:  # There is always room for the sign that there is more.
            chunks.append("")
        chunks[-1] += token
    chunks = [chunk for chunk in (chunk.strip() for chunk in chunks) if chunk]
    if len(chunks) > chunks_max:
        chunks = chunks[:chunks_max]
        chunks[-1] += "…"
    return tuple(chunks)


def _tokens(text: str, most: int, *, strong: bool) -> Iterator[str]:
    """What must not be taken apart, in mark-up: lines, and pieces where a line is too long."""
    line: list[str] = []
    for token in _pieces(text, most, strong=strong):
        line.append(token)
        if token.endswith("\n"):
            yield from _joined(line, most)
            line = []
    yield from _joined(line, most)


def _joined(tokens: list[str], most: int) -> list[str]:
    whole = "".join(tokens)
    return [whole] if len(whole) < most else tokens


def _pieces(text: str, most: int, *, strong: bool) -> Iterator[str]:
    """Pieces in mark-up, none of which goes on after the end of a line; words where a piece is too long."""
    for piece in pieces(text):
        if isinstance(piece, Moment):
            yield _drawn(piece)
            continue
        for line in [piece.text] if piece.href else piece.text.splitlines(keepends=True):
            drawn = _drawn(replace(piece, text=line, bold=piece.bold or (strong and bool(piece.href))))
            if len(drawn) < most:
                yield drawn
            else:
                yield from (escape(word, most - 1) for word in _WORD.findall(line))


def _drawn(piece: Words | Moment) -> str:
    """One piece in mark-up. What would end bold or code within is replaced by what looks like it."""
    if isinstance(piece, Moment):
        return local_time(piece.at)
    text = piece.text.translate(_ENTITIES)
    if piece.href:
        led = link(piece.href, text)
        return f"*{led}*" if piece.bold and led.startswith("<") else led
    if piece.bold:
        return _wrapped(text.replace("*", "\N{ASTERISK OPERATOR}"), "*")
    if piece.code:
        return _wrapped(text.replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}"), "`")
    return text


def _wrapped(text: str, mark: str) -> str:
    """*text* between marks, line by line, as they do not reach beyond one."""
    return "\n".join(f"{mark}{line}{mark}" if line.strip() else line for line in text.split("\n"))


def markup(text: str) -> dict[str, Any]:
    """A text object; *verbatim*, so that Slack guesses no links, channels or names in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> dict[str, Any]:
    """A text object without mark-up."""
    return {"type": "plain_text", "text": text}


def _bounded(instant: Instant) -> Instant:
    return min(max(instant, 0), INSTANT_MAX)
