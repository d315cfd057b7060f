"""What can happen to a rule, in the past tense."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tocsin.kernel.json import Json
from tocsin.kernel.machine import Tick


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """The rule *rule* is in the configuration, perhaps with another timetable than before."""

    rule: str


class Removed(msgspec.Struct, frozen=True):
    """It is not in the configuration any more."""


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """Something has happened that it waits for. *cause*: `event`, `webhook`, `command`; *of*: which one, for people."""

    rule: str
    cause: str
    of: str
    event: Json


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A run of it is over. *error*: why it failed, None if it succeeded. *stopped*: somebody wanted that."""

    run: str
    error: str | None = None
    stopped: bool = False


Input: TypeAlias = Configured | Removed | Fired | Ended | Tick
