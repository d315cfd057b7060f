"""How one person is paged: their notification rules and their quiet hours make of one page the ones that leave.

Each way at its own time is a page of its own in the outbox, with a due time; the machine is asked again just before it
leaves, so that a way whose turn comes after an answer is dropped. Each page names, in its facts, the ways by which it
is tried: its own first, then those of the later rules, then what else the person has. So a page gets out although its
way fails, and "could not be reached" still means: by no way at all.

In quiet hours the rules that make a noise are left out. Loud ways remain the last resort, for a page that no quiet way
has delivered and for a person who has none: a lost page is worse than a noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import Departure, Outgoing, Way
from tocsin.incidents.alerts import Severity
from tocsin.incidents.ladder import PAGE, label, responder
from tocsin.incidents.state import Incident
from tocsin.incidents.ways import BY, MAIL, MENTION, NTFY, PUSH, QUIET, QUIET_WAYS, SLACK, SMS, VOICE
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Effect
from tocsin.kernel.time import MINUTE, Duration, Instant
from tocsin.schedules.clock import wall_clock
from tocsin.schedules.windows import Window, opened
from tocsin.wiring.personal import Personal
from tocsin.wiring.schedules import windows
from tocsin.wiring.settings import Responder, Settings
from tocsin.wiring.settings_schedules import LOCAL

TRANSPORTS: Final[Mapping[str, tuple[str, ...]]] = {
    SLACK: ("slack",),
    MENTION: ("mention",),
    NTFY: ("ntfy",),
    PUSH: ("push",),
    MAIL: ("mail",),
    SMS: ("twilio-sms", "sns"),
    VOICE: ("twilio-voice", "connect"),
}
"""By which transports each way goes, in order."""

_WAY_OF: Final = {transport: way for way, transports in TRANSPORTS.items() for transport in transports}


class _Rule(msgspec.Struct, frozen=True):
    by: str
    after: Duration
    severities: frozenset[Severity]


class _Person(msgspec.Struct, frozen=True, kw_only=True):
    rules: tuple[_Rule, ...]
    quiet: tuple[Window, ...]
    zone: str
    loud: frozenset[Severity]

    def is_quiet(self, severity: Severity, at: Instant) -> bool:
        """Whether a page of *severity* must make no noise at *at*."""
        if not self.quiet or severity in self.loud:
            return False
        clock = wall_clock(self.zone, at, at + MINUTE)
        return bool(opened(self.quiet, clock, at, at + 1))


class Notifying:
    """What makes of one page the ones that leave, for all people who have said how."""

    def __init__(
        self,
        settings: Settings,
        ways: Callable[[str], Sequence[Way]],
        personal: Callable[[str], Personal | None] = lambda _: None,
    ) -> None:
        """*ways* are those of a receiver, best first: the directory's.

        *personal*: what a responder has said beside the file. It is asked for every page, and must not block.
        """
        self._ways = ways
        self._settings = settings
        self._personal = personal
        self._said: dict[str, tuple[Personal, _Person]] = {}  # By responder, made of what they said last.
        self._people = {
            responder(name): _person(person)
            for name, person in settings.responders.items()
            if person.notify or person.quiet_hours
        }

    def spread(self, effect: Effect, state: object, now: Instant) -> Sequence[Departure]:
        """What leaves instead of *effect*, with the *state* after the decision."""
        person = self._person(effect.receiver) if effect.kind == PAGE else None
        if person is None or not isinstance(state, Incident):
            return (Departure(effect),)
        has = tuple(dict.fromkeys(_WAY_OF[way.transport] for way in self._ways(effect.receiver)))
        rules = [
            rule
            for rule in person.rules
            if rule.by in has and (not rule.severities or state.severity in rule.severities)
        ]
        calm = tuple(way for way in has if way in QUIET_WAYS)
        pages = []
        for place, rule in enumerate(rules):
            order = tuple(dict.fromkeys((*(later.by for later in rules[place:]), *has)))
            if not calm or not person.is_quiet(state.severity, now + rule.after):
                pages.append(_page(effect, order, rule.after))
            elif rule.by in calm:
                pages.append(_page(effect, _calmed(order), rule.after, quiet=True))
        if pages:
            return pages
        # No rule is meant for it, or none may make itself heard.
        if calm and person.is_quiet(state.severity, now):
            return (_page(effect, _calmed(has), 0, quiet=True),)
        return (Departure(effect),)

    def _person(self, receiver: str) -> _Person | None:
        """How the receiver is paged now; None: as nobody has said."""
        name = label(receiver)
        said = self._personal(name) if receiver == responder(name) else None
        if said is None:
            return self._people.get(receiver)
        kept = self._said.get(name)
        if kept is None or kept[0] is not said:
            settled = self._settings.responders.get(name, Responder())
            kept = self._said[name] = said, _person(said.over(settled))
        return kept[1]


def preferred(outgoing: Outgoing, ways: Sequence[Way]) -> Sequence[Way]:
    """Of *ways* those that a page names, in its order; all of them for what names none that there is."""
    named: Sequence[str] = outgoing.facts.get(BY) or ()
    found = [
        way for name in named for transport in TRANSPORTS.get(name, ()) for way in ways if way.transport == transport
    ]
    return found or ways


def _calmed(order: Sequence[str]) -> Sequence[str]:
    """*order*, the loud ways last."""
    return sorted(order, key=lambda way: way not in QUIET_WAYS)


def _page(effect: Effect, by: Sequence[str], after: Duration, *, quiet: bool = False) -> Departure:
    facts: dict[str, Any] = {BY: list(by)} | ({QUIET: True} if quiet else {})
    told: dict[str, Json] = effect.facts | facts
    return Departure(replace(effect, facts=told), after)


def _person(person: Responder) -> _Person:
    return _Person(
        rules=tuple(
            _Rule(rule.by, rule.after, frozenset(Severity(word) for word in rule.severity))
            for rule in sorted(person.notify, key=lambda rule: rule.after)
        ),
        quiet=windows(person.quiet_hours),
        zone=person.time_zone or LOCAL,
        loud=frozenset(Severity(word) for word in person.quiet_except),
    )
