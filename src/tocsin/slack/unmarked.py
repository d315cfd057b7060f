"""What a person wrote in Slack, as plain words: the marks and entities of its mark-up taken out.

Source: https://docs.slack.dev/messaging/formatting-message-text ("Retrieving formatted messages").
"""

from __future__ import annotations

import re
from typing import Final

_MARK: Final = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def unmarked(text: str) -> str:
    """*text* in words only: a link is its label and its address, a mention a name, or `@somebody` if it has none."""
    words = _MARK.sub(lambda found: _told(found[1], found[2] or ""), text)
    for entity, char in _ENTITIES:
        words = words.replace(entity, char)
    return words


def _told(what: str, label: str) -> str:
    match what[:1]:
        case "@":
            return f"@{label or 'somebody'}"
        case "#":
            return f"#{label or 'channel'}"
        case "!":
            return label or f"@{what[1:].partition('^')[0]}"
        case _:
            return f"{label} ({what})" if label and label != what else what
