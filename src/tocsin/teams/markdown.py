"""Neutral text as the Markdown of Adaptive Cards, written so that no foreign text can link, mention or format.

Sources: https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features: emphasis, lists and links, and the
functions DATE and TIME, which show each reader their own time. A mention would need an entity in the message, which we
never send for the words of others.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from tocsin.incidents.telling import utc_time
from tocsin.kernel.time import INSTANT_MAX, SECOND, Instant, format_instant
from tocsin.saying.text import Moment, Words, pieces

HREF_MAX: Final = 2000

_SPECIAL: Final = re.compile(r"([\\`*_\[\]~|])")
# At the beginning of a line these would make a heading, a list or a quotation.
_OPENING: Final = re.compile(r"^(\s*)([#>+\-])", re.MULTILINE)
_NUMBER: Final = re.compile(r"^(\s*[0-9]{1,9})\.", re.MULTILINE)
_FUNCTION: Final = re.compile(r"\{(?=\{)")
_JOINER: Final = "\N{WORD JOINER}"
_HREF_SAFE: Final = "!#$%&'*+,-./:;=?@[]_~"


def marked(text: str) -> str:
    """Neutral *text* in Markdown, its lines as paragraphs."""
    drawn = "".join(_piece(piece) for piece in pieces(text))
    return "\n\n".join(line for line in drawn.split("\n") if line.strip())


def bare(text: str, most: int = 4000) -> str:
    """Neutral *text* without any mark-up, for places that draw none; moments in UTC."""
    said = "".join(piece.text if isinstance(piece, Words) else utc_time(bounded(piece.at)) for piece in pieces(text))
    return said if len(said) <= most else f"{said[: most - 1]}…"


def escape(text: str) -> str:
    """*text*, which is foreign, as words and nothing else."""
    words = _SPECIAL.sub(r"\\\1", text)
    return _FUNCTION.sub("{" + _JOINER, _NUMBER.sub(r"\1\\.", _OPENING.sub(r"\1\\\2", words)))


def bounded(at: Instant) -> Instant:
    """*at* as a moment that can be written."""
    return min(max(at, 0), INSTANT_MAX)


def local_time(at: Instant) -> str:
    """*at* as each reader's own date and time."""
    stamp = f"{format_instant(bounded(at) // SECOND * SECOND)[:19]}Z"
    return f"{{{{DATE({stamp}, SHORT)}}}} {{{{TIME({stamp})}}}}"


def address(href: str) -> str:
    """*href* as it may stand in a card, or empty when it is no usable http address."""
    if not href.startswith(("http://", "https://")):
        return ""
    found = quote(href.strip(), safe=_HREF_SAFE, errors="replace")
    return found if len(found) <= HREF_MAX else ""


def _piece(piece: Words | Moment) -> str:
    if isinstance(piece, Moment):
        return local_time(piece.at)
    text = escape(piece.text)
    where = address(piece.href)
    if where:
        return f"[{text}]({where})"
    if piece.bold and text.strip():
        # Emphasis counts only where it touches a word.
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{before}**{text.strip()}**{after}"
    return text
