"""A ping: somebody shows that they are alive."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tocsin.kernel.time import Duration


class PingKind(StrEnum):
    """What the one who pings says of its work."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"  # A word for the record; it proves nothing.


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """A sign of life of the heartbeat *name* (within its integration), which the first one creates.

    *every*: how often it promises to come, in ms; None leaves that as it is. *grace*: how much later it may come.
    *text*: what it says, shown when it is missed next time.
    """

    name: str
    kind: PingKind = PingKind.SUCCESS
    every: Duration | None = None
    grace: Duration | None = None
    text: str = ""
