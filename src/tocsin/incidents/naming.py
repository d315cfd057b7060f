"""What people are called: in stories they stand by their ids, and are read by their names.

A story is kept for good, and names change; so it has ids, and who shows it puts the names in, where a story of ours
has an id: at the beginning of a part, behind *from* and *to*, and in the list of who was asked. What people wrote
themselves stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_CHATS: Final = re.compile(r"\A(slack|teams):")
_ASKED: Final = "asked "
_PART: Final = "; "
_WHY: Final = "You are asked now: "  # So the sentence begins that says why somebody is asked.
_FIRST: Final = re.compile(r"\A\S+")
_OTHER: Final = re.compile(r"(?:(?<= from )|(?<= to ))\S+?(?=\.?\Z)")


def called(who: str, names: Mapping[str, str]) -> str:
    """The display name of a responder; one that only a chat knows goes by its name there."""
    return names.get(who) or _CHATS.sub("", who)


def named(story: str, names: Mapping[str, str]) -> str:
    """*story*, a line of a timeline or the sentence that says why somebody is asked, with the names of people."""
    why = _WHY if story.startswith(_WHY) else ""
    return why + _PART.join(_named(part, names) for part in story.removeprefix(why).split(_PART))


def _named(part: str, names: Mapping[str, str]) -> str:
    if part.startswith(_ASKED):
        listed = part.removeprefix(_ASKED).split(", ")
        return _ASKED + ", ".join(names.get(each, each) for each in listed)
    head, colon, rest = part.partition(": ")
    head = _FIRST.sub(lambda found: called(found[0], names), head)
    return _OTHER.sub(lambda found: called(found[0], names), head) + colon + rest
