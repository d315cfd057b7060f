"""What happens in a chat beside the talking: rooms and people come, change and go."""

from __future__ import annotations

from enum import Enum

import msgspec

from tocsin.kernel.time import Instant


class Change(Enum):
    """What has happened."""

    JOINED = "joined"
    """*user* has come into *channel*."""
    WENT = "went"
    """*user* has gone out of *channel*."""
    ARCHIVED = "archived"
    """Nothing can be said in *channel* any more; *name* is empty."""
    REOPENED = "reopened"
    """*channel* is no longer archived."""
    LEFT = "left"
    """The bot has been taken out of *channel*."""
    RENAMED = "renamed"
    """*channel* is called *name* now."""
    REVOKED = "revoked"
    """The chat takes nothing of us any more, until somebody has us installed again."""
    PERSON = "person"
    """*user* has changed; *gone*: was deactivated. *name* and *zone* as they are now."""


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """One change. What does not belong to it is empty.

    *ours*: who has come is the bot. *by*: who has let them in, as far as the chat says. *once*: names this event, the
    same when it is told again.
    """

    chat: str
    change: Change
    at: Instant
    channel: str = ""
    user: str = ""
    name: str = ""
    zone: str = ""
    by: str = ""
    ours: bool = False
    gone: bool = False
    once: str = ""
