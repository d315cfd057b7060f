"""The home tab: gathers what it tells, and answers its buttons and forms.

Everybody sees and changes what is theirs only: who that is, the chat has verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tocsin.conversing.replies import Answer, Ask, Corrections, Home, Reply
from tocsin.conversing.wishes import Filled, Opened, Pressed, Speaker
from tocsin.errors import TocsinError
from tocsin.incidents.alerts import Kind
from tocsin.incidents.ladder import responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.saying.message import Paragraph, Saying
from tocsin.schedules.schedule import Schedule
from tocsin.schedules.timeline import current, shifts
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.home_forms import LOUD, WINDOWS, quiet_form, read_rules, rules_form
from tocsin.wiring.concierge.home_page import QUIET, REFRESH, RESET, RULES, Duty, Mine, OnCall, TeamNow, home_page
from tocsin.wiring.digests import asked_schedules
from tocsin.wiring.personal import PersonalBook, read_windows, warnings
from tocsin.wiring.settings import Settings

AHEAD: Final[Duration] = 35 * DAY  # How far ahead shifts are looked for.
PAGE: Final = 500  # Incidents read at a time.
READ_MAX: Final = 5_000  # More that are open are a flood, and no home tab makes sense of it.
GLANCE_MAX: Final = 50  # Schedules that are looked into for one page.

_MACHINE: Final = IncidentMachine()


class _Glance(msgspec.Struct, frozen=True):
    """Of an incident's state only whose it is: in a storm there are thousands, and few are the reader's."""

    status: Status
    kind: Kind
    opened_at: Instant
    asked: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    assignee: str = ""


_DECODER: Final = msgspec.json.Decoder(_Glance)


class HomeHandlers(msgspec.Struct, frozen=True):
    """Who answers what of the home tab."""

    opened: Callable[[Opened], Reply]
    pressed: Mapping[str, Callable[[Pressed], Reply]]
    filled: Mapping[str, Callable[[Filled], Reply]]


def home_handlers(found: HomeTab, looked: Callable[[Speaker], None] = lambda _: None) -> HomeHandlers:
    """The handlers; *looked* hears who has opened theirs. All of them block on the store."""

    def opened(wish: Opened) -> Reply:
        page = found.page(wish.by)
        looked(wish.by)
        return page

    return HomeHandlers(
        opened=opened,
        pressed={QUIET: found.ask_quiet, RULES: found.ask_rules, RESET: found.reset, REFRESH: found.refresh},
        filled={QUIET: found.set_quiet, RULES: found.set_rules},
    )


class HomeTab:
    """Any thread. Everything raises StoreUnavailableError."""

    def __init__(self, desk: Desk, personal: PersonalBook) -> None:
        """Made once."""
        self._desk = desk
        self._personal = personal

    def page(self, by: Speaker) -> Home:
        """The page of *by*, as things are now."""
        return Home(home_page(self.mine(by.responder)))

    def mine(self, who: str) -> Mine:
        """All that the page tells *who*."""
        settings, now = self._desk.settings(), self._desk.clock()
        known = who in settings.responders
        asked, working = self._incidents(who)
        person = self._personal.person(who)
        known_schedules = self._desk.oncall.schedules() if known else {}
        changes = self._personal.changes(who)
        return Mine(
            who=who,
            now=now,
            known=known,
            names=self._desk.names(),
            url=self._desk.url,
            working=working,
            asked=asked,
            shifts=tuple(_duties(known_schedules, who, now)),
            person=person,
            own=self._personal.of(who) is not None,
            changed=changes[-1] if changes else None,
            warnings=tuple(warnings(who, person, settings)) if known else (),
            teams=tuple(_teams(settings, known_schedules, who, now)),
        )

    # ── Buttons ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def refresh(self, wish: Pressed) -> Reply:
        """The page again."""
        return self.page(wish.by)

    def reset(self, wish: Pressed) -> Reply:
        """Back to what the file says."""
        self._personal.reset(wish.by.responder, wish.by.responder)
        return self.page(wish.by)

    def ask_quiet(self, wish: Pressed) -> Reply:
        """The form for quiet hours."""
        who = wish.by.responder
        return Ask(quiet_form(self._personal.person(who), wish.by.zone)) if self._knows(who) else _stranger()

    def ask_rules(self, wish: Pressed) -> Reply:
        """The form for notification rules."""
        who = wish.by.responder
        if not self._knows(who):
            return _stranger()
        return Ask(rules_form(who, self._personal.person(who), self._desk.settings()))

    # ── Forms ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def set_quiet(self, wish: Filled) -> Reply:
        """Quiet hours were filled in."""
        who = wish.by.responder
        try:
            windows = read_windows(_text(wish, WINDOWS))
            self._personal.set_quiet(who, windows, _several(wish, LOUD), who, wish.by.zone)
        except TocsinError as problem:
            return _refused(problem, WINDOWS)
        return self.page(wish.by)

    def set_rules(self, wish: Filled) -> Reply:
        """Notification rules were filled in."""
        rules = read_rules({name: _text(wish, name) for name in wish.values})
        if isinstance(rules, Corrections):
            return rules
        self._personal.set_rules(wish.by.responder, rules, wish.by.responder)
        return self.page(wish.by)

    def _knows(self, who: str) -> bool:
        return who in self._desk.settings().responders

    def _incidents(self, who: str) -> tuple[dict[str, Incident], dict[str, Incident]]:
        """What waits for an answer of *who*, and what they have."""
        asked: dict[str, Incident] = {}
        working: dict[str, Incident] = {}
        me = responder(who)
        for name, found, state in self._open():
            if found.kind is not Kind.ALERT:
                continue
            if found.status is Status.TRIGGERED and me in found.asked and me not in found.passed:
                asked[name] = _MACHINE.decode(state)
            elif found.status is not Status.TRIGGERED and found.assignee == who:
                working[name] = _MACHINE.decode(state)
        return asked, working

    def _open(self) -> Iterator[tuple[str, _Glance, bytes]]:
        before: tuple[Instant, str] | None = None
        for _ in range(READ_MAX // PAGE):
            rows = self._desk.store.listing(_MACHINE.name, live_only=True, limit=PAGE, before=before)
            for row in rows:
                found = _DECODER.decode(row.state)
                before = (found.opened_at, row.id)
                yield row.id, found, row.state
            if len(rows) < PAGE:
                return


def _duties(known: Mapping[str, Schedule], who: str, now: Instant) -> list[Duty]:
    """The turns of *who* that begin soon, or have begun; whole, as far as they reach."""
    found = []
    for name, schedule in list(known.items())[:GLANCE_MAX]:
        for shift in shifts(schedule, now, now + AHEAD):
            if shift.who == who:
                whole = current(schedule, shift.start) if shift.until >= now + AHEAD else shift
                found.append(Duty(schedule=name, shift=whole))
    return sorted(found, key=lambda duty: (duty.shift.start, duty.schedule))


def _teams(settings: Settings, known: Mapping[str, Schedule], who: str, now: Instant) -> Iterator[TeamNow]:
    for name, team in settings.teams.items():
        if who not in team.members:
            continue
        duties = []
        for schedule in sorted(asked_schedules(settings, name)):
            if schedule in known:
                shift = current(known[schedule], now)
                duties.append(OnCall(schedule=schedule, who=shift.who, until=shift.until))
        yield TeamNow(name=name, members=len(team.members), on_call=tuple(duties))


def _text(wish: Filled, name: str) -> str:
    found = wish.values.get(name)
    return found if isinstance(found, str) else ""


def _several(wish: Filled, name: str) -> Sequence[str]:
    found = wish.values.get(name)
    return [found] if isinstance(found, str) else [str(each) for each in found] if isinstance(found, Sequence) else []


def _refused(problem: TocsinError, field: str) -> Reply:
    """A form that stays open with what is wrong; what no other value would mend is raised on."""
    if problem.code != "personal-invalid":
        raise problem
    return Corrections({field: problem.message})


def _stranger() -> Answer:
    text = "You are not in the configuration, so nobody pages you, and there is nothing to change."
    return Answer(saying=Saying(summary=text, parts=(Paragraph(text),)))
