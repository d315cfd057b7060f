"""Slack's mark-up, written so that no foreign text can mention, link or format beyond its own place.

Source: https://docs.slack.dev/messaging/formatting-message-text. Slack gives `&`, `<` and `>` a meaning, and nothing
else that could reach outside the text object it stands in.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from tocsin.incidents.telling import clean, utc_time
from tocsin.kernel.time import INSTANT_MAX, SECOND, Instant

CHANNEL_MENTION: Final = "<!channel>"
HREF_MAX: Final = 2000  # Characters as sent; a longer address leaves no room for what it leads to.

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
    if not href.startswith(("http://", "https://")):
        return label
    address = quote(href.strip(), safe=_HREF_SAFE, errors="replace").translate(_ENTITIES)
    return f"<{address}|{label}>" if len(address) <= HREF_MAX else label


def local_time(instant: Instant) -> str:
    """*instant* as each reader's own date and time."""
    return f"<!date^{_bounded(instant) // SECOND}^{{date_short_pretty}} {{time}}|{utc_time(instant)}>"


def markup(text: str) -> dict[str, Any]:
    """A text object; *verbatim*, so that Slack guesses no links, channels or names in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> dict[str, Any]:
    """A text object without mark-up."""
    return {"type": "plain_text", "text": text}


def _bounded(instant: Instant) -> Instant:
    return min(max(instant, 0), INSTANT_MAX)
