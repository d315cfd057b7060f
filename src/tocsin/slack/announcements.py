"""Announcements in Block Kit: texts that only inform, several of them in one message.

An announcement is an effect of the kind ANNOUNCE; its facts are a `title`, and `lines` below it. They are foreign text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from tocsin.kernel.json import Json
from tocsin.kernel.time import parse_instant
from tocsin.slack.blocks import Message
from tocsin.slack.mrkdwn import local_time, markup, one_line

TOGETHER_MAX: Final = 10  # Announcements in one message; Slack takes 50 blocks.
LINES_MAX: Final = 40

_TITLE_MAX: Final = 600
_LINE_MAX: Final = 400
_TEXT_MAX: Final = 2900  # Slack takes 3,000 characters in one block.
_PREVIEW_MAX: Final = 160
_TIME: Final = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC\b", re.ASCII)


def announcement_message(told: Sequence[Mapping[str, Json]]) -> Message:
    """The facts of at most TOGETHER_MAX announcements as one message."""
    texts = [_text(facts) for facts in told]
    preview = "; ".join(one_line(str(facts.get("title", "")), _PREVIEW_MAX) for facts in told)
    return Message(preview, tuple({"type": "section", "text": markup(text)} for text in texts))


def _text(facts: Mapping[str, Json]) -> str:
    title = _localized(one_line(str(facts.get("title", "")), _TITLE_MAX)) or "(no title)"
    given = facts.get("lines")
    lines = (
        [_localized(one_line(str(line), _LINE_MAX)) for line in given[:LINES_MAX]] if isinstance(given, list) else []
    )
    text = f"*{title}*"
    for number, line in enumerate(lines):
        if len(text) + len(line) > _TEXT_MAX:
            return f"{text}\nand {len(lines) - number} more lines"
        text += f"\n{line}"
    return text


def _localized(text: str) -> str:
    """*text*, which is escaped, with its times as each reader's own."""

    def own(found: re.Match[str]) -> str:
        instant = parse_instant(found[0])
        return found[0] if instant is None else local_time(instant)

    return _TIME.sub(own, text)
