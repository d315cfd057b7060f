"""What is known where words are heard, and the names, severities and times that are found among them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, assert_never

import msgspec

from tocsin.conversing import times
from tocsin.conversing.tokens import Token, words
from tocsin.incidents.alerts import Severity
from tocsin.kernel.time import Instant

NAME_MAX: Final = 60  # Characters of a word that is compared with names.
ALIKE: Final = 0.6  # How alike (0 to 1) two words must be for one to be meant by the other.

SEVERITIES: Final[Mapping[str, Severity]] = {
    **{severity.value: severity for severity in Severity},
    "crit": Severity.CRITICAL,
    "criticals": Severity.CRITICAL,
    "urgent": Severity.CRITICAL,
    "warn": Severity.WARNING,
    "warnings": Severity.WARNING,
    "infos": Severity.INFO,
    "informational": Severity.INFO,
}
_ME: Final = frozenset({"me", "myself", "i"})


class Ears(msgspec.Struct, frozen=True, kw_only=True):
    """Who hears. *incident*: the words were said where one incident is talked about. *me*: who speaks.

    *people*: responders by what they are called, in lower case: id, name, or id in the chat.
    """

    here: times.Here
    incident: bool = False
    me: str = ""
    people: Mapping[str, str] = {}
    teams: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All that can be named."""
        return [*self.schedules, *self.teams, *self.people]


class When(Enum):
    """Which kind of time is listened for."""

    NEVER = "never"
    PAST = "past"
    SPAN = "span"
    MOMENT = "moment"


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. *left*: the words that say none of it. *unknown*: a name after `team:` and the like."""

    team: str = ""
    schedule: str = ""
    integration: str = ""
    people: tuple[str, ...] = ()
    severity: Severity | None = None
    start: Instant | None = None
    until: Instant | None = None
    timed: bool = False
    left: tuple[Token, ...] = ()
    unknown: str = ""


def hear(found: Sequence[Token], ears: Ears, when: When, skip: frozenset[str]) -> Heard:
    """All that *found* says of names, severity and time; *skip* are words that say nothing."""
    said = words(found)
    heard: dict[str, object] = {}
    people: list[str] = []
    left: list[Token] = []
    place = 0
    while place < len(found):
        token = found[place]
        time = None if token.quoted or heard.get("timed") else _time(said[place : place + 12], ears.here, when)
        if time is not None:
            heard |= {"start": time.start, "until": time.until, "timed": True}
            place += time.used
            continue
        place += 1
        if token.quoted:
            left.append(token)
        elif _labelled(token.word, ears, heard) or _named(token, ears, heard, people) or token.word in skip:
            continue
        else:
            left.append(token)
    return msgspec.convert({**heard, "people": tuple(people), "left": tuple(left)}, Heard)


def nearest(word: str, known: Sequence[str]) -> str:
    """The one of *known* that *word* was probably meant to be, or empty."""
    return next(iter(alike(word, known)), "")


def alike(word: str, known: Sequence[str], cutoff: float = ALIKE) -> list[str]:
    """Those of *known* that *word* may have been meant to be, likeliest first."""
    lower = {name.lower(): name for name in known}
    return [lower[name] for name in difflib.get_close_matches(word.lower()[:NAME_MAX], lower, n=3, cutoff=cutoff)]


def _time(said: Sequence[str], here: times.Here, when: When) -> times.Found | None:
    match when:
        case When.NEVER:
            return None
        case When.PAST:
            return times.since(said, here)
        case When.SPAN:
            return times.span(said, here)
        case When.MOMENT:
            at = times.moment(said, here)
            return times.Found(max(at[0], here.now), None, at[1]) if at else times.span(said, here)
    assert_never(when)


def _labelled(word: str, ears: Ears, heard: dict[str, object]) -> bool:
    """`team:ops`, `schedule:ops`, `severity:critical`, `integration=prod`."""
    for mark in (":", "="):
        label, sign, value = word.partition(mark)
        known = {"team": ears.teams, "schedule": ears.schedules, "integration": ears.integrations}.get(label)
        if sign and known is not None:
            name = _one(value, known)
            heard[label if name else "unknown"] = name or value
            return True
        if sign and label == "severity":
            if value in SEVERITIES:
                heard["severity"] = SEVERITIES[value]
            else:
                heard["unknown"] = value
            return True
    return False


def _named(token: Token, ears: Ears, heard: dict[str, object], people: list[str]) -> bool:
    word = token.word
    who = person(token, ears)
    if who:
        people.append(who)
        return True
    schedule, team = _one(word, ears.schedules), _one(word, ears.teams)
    if schedule and "schedule" not in heard:
        heard["schedule"] = schedule
    if team and "team" not in heard:
        heard["team"] = team
    if schedule or team:
        return True
    if word in SEVERITIES:
        heard["severity"] = SEVERITIES[word]
        return True
    return False


def person(token: Token, ears: Ears) -> str:
    """The responder whom *token* names, or empty."""
    if token.user:
        return ears.people.get(token.user.lower(), "")
    if token.word in _ME:
        return ears.me if token.word != "i" else ""
    return ears.people.get(token.word.removeprefix("@"), "")


def _one(word: str, known: Sequence[str]) -> str:
    return next((name for name in known if name.lower() == word), "")
