"""Announcements in Slack: one header, and the lines below it; nothing in them mentions, links or formats.

Source of the limits: https://docs.slack.dev/reference/block-kit/blocks: a header has at most 150 characters, the text
of a section 3000.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tocsin.incidents import telling
from tocsin.kernel.announcement import Announcement, Offer
from tocsin.kernel.time import parse_instant
from tocsin.saying.message import Actions, Button
from tocsin.slack.drawing import Block, Message, draw_parts
from tocsin.slack.mrkdwn import local_time, markup, one_line, plain

LINE_MAX: Final = 400  # Characters as sent, entities included.

_TITLE_MAX: Final = 150
_UNTITLED: Final = "Announcement"
_SECTION_MAX: Final = 2900
_TIME: Final = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC\b", re.ASCII)
_SHOWN_IN_PREVIEW: Final = 2  # Lines of the text for notification previews.


def announcement_message(told: Announcement) -> Message:
    """*told* as one message."""
    lines = [_localized(line) for line in (one_line(text, LINE_MAX) for text in told.lines) if line]
    # A header is plain text: it knows no mark-up, and so no entities.
    header: Block = {"type": "header", "text": plain(telling.one_line(told.title, _TITLE_MAX) or _UNTITLED)}
    preview = (one_line(told.title, _TITLE_MAX) or _UNTITLED, *lines[:_SHOWN_IN_PREVIEW])
    return Message(" · ".join(preview), (header, *(_section(text) for text in _packed(lines)), *_offered(told.offers)))


def _offered(offers: Sequence[Offer]) -> Sequence[Block]:
    """The buttons."""
    buttons = tuple(
        Button(verb=each.verb, label=each.label, value=each.value, style=each.style, opens=each.opens)
        for each in offers
    )
    return draw_parts((Actions(buttons),)) if buttons else ()


def _packed(lines: list[str]) -> list[str]:
    """As many lines in one section as it holds."""
    packed: list[str] = []
    for line in (f"• {line}" for line in lines):
        if packed and len(packed[-1]) + 1 + len(line) <= _SECTION_MAX:
            packed[-1] += f"\n{line}"
        else:
            packed.append(line)
    return packed


def _section(text: str) -> Block:
    return {"type": "section", "text": markup(text)}


def _localized(text: str) -> str:
    """*text*, which is escaped, with its times as each reader's own."""

    def own(found: re.Match[str]) -> str:
        instant = parse_instant(found[0])
        return found[0] if instant is None else local_time(instant)

    return _TIME.sub(own, text)
