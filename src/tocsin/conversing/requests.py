"""What somebody has asked for in words: a request, or that it is unclear, and what may be meant."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tocsin.incidents.alerts import Severity
from tocsin.kernel.time import Instant


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How does it stand?"""

    team: str = ""


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """What is open? *words*: what its title, or where it is, must contain."""

    team: str = ""
    severity: Severity | None = None
    words: str = ""


class ListAlerts(msgspec.Struct, frozen=True, kw_only=True):
    """All that came in, closed or not. *since* None: of the last 24 hours."""

    since: Instant | None = None
    until: Instant | None = None
    team: str = ""
    severity: Severity | None = None
    words: str = ""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """What was missed? *since* None: in the last week."""

    since: Instant | None = None
    team: str = ""


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """What do I have, and when is it my turn?"""


class OnCall(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on call? *at* None: now. *schedule*, *team*: of these only. *who*: is it this one, and when?"""

    schedule: str = ""
    team: str = ""
    at: Instant | None = None
    who: str = ""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """*who* is on call for a while. What is empty was not said; all empty: somebody wants the form."""

    schedule: str = ""
    who: str = ""
    start: Instant | None = None
    until: Instant | None = None


class EndOverride(msgspec.Struct, frozen=True, kw_only=True):
    """Take an override back."""

    name: str


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else shall take my turns. *to* empty: anybody. Without *until*: somebody wants the form."""

    schedule: str = ""
    to: str = ""
    start: Instant | None = None
    until: Instant | None = None


class AnswerSwap(msgspec.Struct, frozen=True, kw_only=True):
    """`accept`, `decline` or `withdraw` the swap *name*; `list` them all."""

    action: str
    name: str = ""


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Ask nobody about certain alerts for a while.

    *title*: a glob for the title (`*disk*`). *matchers* as people write them. *which*: an incident whose alerts are
    meant; *here*: that of the thread. *until* None: nobody has said until when. *bare*: somebody wants the form.
    """

    title: str = ""
    matchers: tuple[str, ...] = ()
    severity: Severity | None = None
    team: str = ""
    integration: str = ""
    which: str = ""
    here: bool = False
    start: Instant | None = None
    until: Instant | None = None
    why: str = ""
    bare: bool = False


class Silences(msgspec.Struct, frozen=True, kw_only=True):
    """Which silences are there?"""


class EndSilence(msgspec.Struct, frozen=True, kw_only=True):
    """End the silence of an id, or the one whose words contain *name*."""

    name: str


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True):
    """I take it. *which*, here and below: a number or words of the title; empty for the incident of the thread."""

    which: str = ""


class Resolve(msgspec.Struct, frozen=True, kw_only=True):
    """It is over, since *text*."""

    which: str = ""
    text: str = ""


class Snooze(msgspec.Struct, frozen=True, kw_only=True):
    """Ask me again then. *until* None: nobody has said when."""

    which: str = ""
    until: Instant | None = None


class Escalate(msgspec.Struct, frozen=True, kw_only=True):
    """Ask the next one at once."""

    which: str = ""


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """Not me, since *text*."""

    which: str = ""
    text: str = ""


class Reassign(msgspec.Struct, frozen=True, kw_only=True):
    """Ask *to*, a responder, instead."""

    to: str
    which: str = ""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Write *text* into its story."""

    text: str
    which: str = ""


class Raise(msgspec.Struct, frozen=True, kw_only=True):
    """Something is wrong that no sender tells of: *title*, if it was said. Somebody wants the form."""

    title: str = ""


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """Ring the bell to see that it rings."""

    __test__ = False  # For pytest: not a class of tests.

    severity: Severity | None = None


class KeyAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Where do alerts go? *integration* empty: those of the room's team. *new*: make another key."""

    integration: str = ""
    new: bool = False


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """The figures. *since* None: of the last week."""

    since: Instant | None = None
    until: Instant | None = None
    team: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Fire the rules that wait for *word*, and tell them *text*. *word* empty: which are there?"""

    word: str = ""
    text: str = ""


class Help(msgspec.Struct, frozen=True, kw_only=True):
    """What can be said? *topic*: a command, or empty."""

    topic: str = ""


class Thanks(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody says thank you."""


class Unclear(msgspec.Struct, frozen=True, kw_only=True):
    """It cannot be read. *why*: a sentence about what. *meant*: lines that can be said instead, likeliest first."""

    why: str
    meant: tuple[str, ...] = ()


Verb: TypeAlias = Acknowledge | Resolve | Snooze | Escalate | Pass | Reassign | Note
Request: TypeAlias = (
    Status
    | Open
    | ListAlerts
    | Missed
    | Mine
    | OnCall
    | Override
    | EndOverride
    | Swap
    | AnswerSwap
    | Silence
    | Silences
    | EndSilence
    | Verb
    | Raise
    | Test
    | KeyAsk
    | Stats
    | Run
    | Help
    | Thanks
)
