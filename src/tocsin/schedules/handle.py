"""The handle and the topic that say who is on call: what they should be, and what has to be done for it. Pure.

A handle is a chat's group of people, like `@ops-oncall`. It holds people with an account there, and never nobody:
https://docs.slack.dev/reference/methods/usergroups.users.update. Of a topic one part is ours; people wrote the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

TOPIC_MAX: Final = 250  # Characters: https://docs.slack.dev/reference/methods/conversations.setTopic.
OURS: Final = "On call: "
BETWEEN: Final = " | "


class Handle(StrEnum):
    """What has to be done about a handle."""

    RIGHT = "right"  # Nothing.
    PUT = "put"  # The whole list is replaced.
    NOBODY = "nobody"  # Nobody is on call: it keeps those whom it had.
    STRANGER = "stranger"  # Who is on call has no account there: the same.


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What follows: *users* are the ids that the handle should have; it is *disabled* and must be enabled for it."""

    what: Handle
    users: tuple[str, ...] = ()
    enable: bool = False


def wanted(
    on_call: Iterable[str], accounts: Mapping[str, str], present: Iterable[str], *, disabled: bool = False
) -> Wanted:
    """What has to be done so that the handle, which has *present*, is who is *on_call*; *accounts* by responder."""
    people = [who for who in on_call if who]
    users = tuple(dict.fromkeys(accounts[who] for who in people if accounts.get(who)))
    if not people:
        return Wanted(what=Handle.NOBODY)
    if not users:
        return Wanted(what=Handle.STRANGER)
    if set(users) == set(present) and not disabled:
        return Wanted(what=Handle.RIGHT, users=users)
    return Wanted(what=Handle.PUT, users=users, enable=disabled)


def topic(former: str, who: str, until: str) -> str | None:
    """The topic *former* with our part as it should be; None: nothing to change, or no room for us.

    *who* is a name, or empty when nobody is on call; *until* is a time in words, or empty.
    """
    parts = former.split(BETWEEN) if former.strip() else []
    theirs = [part for part in parts if not part.startswith(OURS)]
    ours = _ours(who, until)
    place = next((place for place, part in enumerate(parts) if part.startswith(OURS)), len(theirs))
    made = BETWEEN.join((*theirs[:place], ours, *theirs[place:]))
    if len(made) > TOPIC_MAX:
        ours = _ours(who, "")
        made = BETWEEN.join((*theirs[:place], ours, *theirs[place:]))
    return None if made == former or len(made) > TOPIC_MAX else made


def _ours(who: str, until: str) -> str:
    # Without the sign between the parts, or else the next one to read it would find two.
    name = " ".join(who.replace("|", "/").split()) or "nobody"
    return f"{OURS}{name}{f' until {until}' if until else ''}"
