"""The team model: every key of the YAML file that says how a team really is, and what alerts it gets."""

from __future__ import annotations

import re
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec

from tocsin.choosing.hours import HourClass, Week
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND, Duration
from tocsin.wiring.settings_kinds import Choice, Flag, Key, Many, Named, Section, Span, Text, Whole

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS_MAX: Final = 3660
HOURS_IN_DAY: Final = 24
RESPONDERS_MAX: Final = 500  # A rehearsal should end on the same day.

_CLOCK: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
_SPAN: Final = Text(shape=r"([01]\d|2[0-4]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d", what="hours like 09:00-17:00")
_PERCENT: Final = Whole(least=0, most=100)
_FACTOR: Final = Whole(least=1, most=10_000)
_TIME: Final = Span(least=SECOND, most=DAY)


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody answers: a log-normal time, or never."""

    share: Annotated[int, Key(_PERCENT, "How many of 100 are answered at all.")]
    median: Annotated[Duration, Key(_TIME, "Of those, half are answered by then ...")] = 2 * MINUTE
    p90: Annotated[Duration, Key(_TIME, "... and nine of ten by then.")] = 8 * MINUTE


def _ordered(answers: Answers) -> str:
    return "" if answers.p90 >= answers.median else "needs a p90 that is not shorter than its median"


_ANSWERS: Final = Section(Answers, check=_ordered)


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody is in hours of one class."""

    page: Annotated[Answers, Key(_ANSWERS, "How a page is answered, by somebody who is active.")]
    channel: Annotated[
        Answers | None,
        Key(_ANSWERS, "How a message to the whole channel is; without it a third as often, in twice the time."),
    ] = None
    active: Annotated[int, Key(_PERCENT, "For how much of such hours they are active, in 100.")] = 50
    dnd: Annotated[int, Key(_PERCENT, "For how much of such hours they have do-not-disturb on, in 100.")] = 0


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """Days on which somebody answers nothing."""

    day: Annotated[int, Key(Whole(least=0, most=DAYS_MAX), "Its first day, from 0.")]
    days: Annotated[int, Key(Whole(least=1, most=DAYS_MAX), "How many days.")] = 1
    announced: Annotated[
        bool, Key(Flag(), "Whether policies know of it; then nobody asks them, and no message disturbs them.")
    ] = True


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """New habits from a day on."""

    day: Annotated[int, Key(Whole(least=0, most=DAYS_MAX), "The first day, from 0.")]
    working: Annotated[Hours | None, Key(Section(Hours), "As above; without it, as before.")] = None
    off: Annotated[Hours | None, Key(Section(Hours), "As above; without it, as before.")] = None
    sleep: Annotated[Hours | None, Key(Section(Hours), "As above; without it, as before.")] = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What something does to the answers, in percent of what they are without it."""

    share: Annotated[int, Key(_FACTOR, "How many are answered, in percent of the usual (never more than all).")] = 100
    time: Annotated[int, Key(_FACTOR, "How long it takes, in percent of the usual.")] = 100


class Responder(msgspec.Struct, frozen=True, kw_only=True):
    """One person of the team."""

    zone: Annotated[str, Key(Text(most=64), "Time zone by name, like Europe/Berlin.")] = "UTC"
    works: Annotated[str, Key(_SPAN, "Working hours, in their own time; they may reach over midnight.")] = "09:00-17:00"
    works_on: Annotated[
        tuple[str, ...], Key(Many(of=Choice(WEEKDAYS), single=True), "Working days: mon, tue, wed, thu, fri, sat, sun.")
    ] = ("mon", "tue", "wed", "thu", "fri")
    sleeps: Annotated[str, Key(_SPAN, "When they sleep, if they do not work.")] = "22:00-07:00"
    working: Annotated[Hours, Key(Section(Hours), "How they are in working hours.")] = Hours(
        page=Answers(share=92, median=2 * MINUTE, p90=8 * MINUTE), active=80
    )
    off: Annotated[Hours, Key(Section(Hours), "How they are when they are awake and do not work.")] = Hours(
        page=Answers(share=75, median=4 * MINUTE, p90=20 * MINUTE), active=20
    )
    sleep: Annotated[Hours, Key(Section(Hours), "How they are when they sleep.")] = Hours(
        page=Answers(share=55, median=6 * MINUTE, p90=25 * MINUTE), active=2
    )
    away: Annotated[
        Change, Key(Section(Change), "What it does to the answers when they are not active; without it 70 and 250.")
    ] = Change(share=70, time=250)
    presence: Annotated[
        int, Key(_PERCENT, "For how much of the time the chat shows rightly whether they are active, in 100.")
    ] = 90
    absences: Annotated[tuple[Absence, ...], Key(Many(of=Section(Absence)), "When they are not there.")] = ()
    later: Annotated[tuple[Habits, ...], Key(Many(of=Section(Habits)), "How their habits change.")] = ()

    @property
    def week(self) -> Week:
        """As the chooser takes it."""
        works_from, works_until = _minutes(self.works)
        sleeps_from, sleeps_until = _minutes(self.sleeps)
        return Week(
            works_from=works_from,
            works_until=works_until,
            works_on=tuple(WEEKDAYS.index(day) for day in self.works_on),
            sleeps_from=sleeps_from,
            sleeps_until=sleeps_until,
        )

    def hours(self, hours: HourClass, day: int) -> Hours:
        """How they are in such hours on that day."""
        found: Hours = getattr(self, hours.value)
        for habits in self.later:
            if habits.day <= day:
                found = getattr(habits, hours.value) or found
        return found

    def absence(self, day: int) -> Absence | None:
        """The absence that *day* falls into."""
        return next((each for each in self.absences if each.day <= day < each.day + each.days), None)


def _known_zone(responder: Responder) -> str:
    return "" if is_zone(responder.zone) else f'needs a time zone that exists, and there is no "{responder.zone}"'


def is_zone(name: str) -> bool:
    """Whether the machine knows a time zone by that name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # Unknown is a KeyError of its own kind, below; a path or a folder are these.
        return False
    except KeyError:
        return False
    return True


class Severities(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the alerts have which severity, relative to each other."""

    critical: Annotated[int, Key(Whole(least=0, most=1000), "Critical ones.")] = 0
    high: Annotated[int, Key(Whole(least=0, most=1000), "High ones.")] = 0
    warning: Annotated[int, Key(Whole(least=0, most=1000), "Warnings.")] = 0
    info: Annotated[int, Key(Whole(least=0, most=1000), "For information.")] = 0


def _some_severity(severities: Severities) -> str:
    return "" if any(msgspec.structs.astuple(severities)) else "needs a severity with a share above 0"


class Transience(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts that end by themselves."""

    keys: Annotated[int, Key(_PERCENT, "How many of 100 keys are such; of their alerts nine of ten end by themselves.")]
    median: Annotated[Duration, Key(_TIME, "Half of those end by then ...")] = 3 * MINUTE
    p90: Annotated[Duration, Key(_TIME, "... and nine of ten by then.")] = 10 * MINUTE


class Storms(msgspec.Struct, frozen=True, kw_only=True):
    """Many alerts at once."""

    every: Annotated[Duration, Key(Span(least=HOUR, most=366 * DAY), "How often, on average.")]
    alerts: Annotated[int, Key(Whole(least=2, most=1000), "How many alerts.")] = 10
    within: Annotated[Duration, Key(_TIME, "In how much time they come.")] = 10 * MINUTE


class Alerts(msgspec.Struct, frozen=True, kw_only=True):
    """What comes in."""

    per_week: Annotated[int, Key(Whole(least=1, most=20_000), "How many, on average, without storms.")] = 50
    by_hour: Annotated[
        tuple[int, ...],
        Key(
            Many(of=Whole(least=0, most=1000)), "24 numbers: how many in each hour of the day, relative to each other."
        ),
    ] = ()
    zone: Annotated[str, Key(Text(most=64), "In which time zone these hours are.")] = "UTC"
    keys: Annotated[int, Key(Whole(least=1, most=10_000), "How many different alerts there are.")] = 30
    severities: Annotated[
        Severities, Key(Section(Severities, check=_some_severity), "How severe they are; without it 5, 55, 30, 10.")
    ] = Severities(critical=5, high=55, warning=30, info=10)
    transient: Annotated[Transience | None, Key(Section(Transience), "Alerts that end by themselves.")] = None
    storms: Annotated[Storms | None, Key(Section(Storms), "Many alerts at once.")] = None


def _right_hours(alerts: Alerts) -> str:
    if alerts.by_hour and (len(alerts.by_hour) != HOURS_IN_DAY or not any(alerts.by_hour)):
        return f"needs 24 numbers in by_hour, not all of them 0, and has {len(alerts.by_hour)}"
    return "" if is_zone(alerts.zone) else f'needs a time zone that exists, and there is no "{alerts.zone}"'


class OnCall(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on call: one after the other, in the order of the file."""

    every: Annotated[Duration, Key(Span(least=HOUR, most=366 * DAY), "How long a shift is.")] = 7 * DAY
    share: Annotated[int, Key(_FACTOR, "How many pages they answer, in percent of the usual.")] = 110
    time: Annotated[int, Key(_FACTOR, "How long it takes them, in percent of the usual.")] = 80


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """The plain ladder of the team: one, another one, everyone."""

    wait: Annotated[Duration, Key(_TIME, "How long one person has for an answer.")] = 5 * MINUTE
    again: Annotated[Duration, Key(_TIME, "When everyone is asked again.")] = 15 * MINUTE


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """A whole team model."""

    responders: Annotated[
        dict[str, Responder],
        Key(Named("responder", Section(Responder, check=_known_zone)), "Who can be asked, in the order of the team."),
    ]
    alerts: Annotated[Alerts, Key(Section(Alerts, check=_right_hours), "What comes in.")] = Alerts()
    on_call: Annotated[
        OnCall | None, Key(Section(OnCall), "A rotation; without it the first of the team is asked first, always.")
    ] = None
    ladder: Annotated[Ladder, Key(Section(Ladder), "The plain ladder.")] = Ladder()
    handling: Annotated[Duration, Key(_TIME, "How long an incident keeps the one busy who acknowledged it.")] = (
        30 * MINUTE
    )
    again: Annotated[
        Change, Key(Section(Change), "What it does to the answers to be asked once more; without it 70 and 100.")
    ] = Change(share=70)
    busy: Annotated[
        Change, Key(Section(Change), "What it does to somebody's answers when they are busy; without it 90 and 150.")
    ] = Change(share=90, time=150)


def enough(team: Team) -> str:
    """What is wrong with the team as a whole."""
    return "" if 0 < len(team.responders) <= RESPONDERS_MAX else f"needs 1 to {RESPONDERS_MAX} responders"


def _minutes(span: str) -> tuple[int, int]:
    begin, end = _CLOCK.findall(span)
    return int(begin[0]) % 24 * 60 + int(begin[1]), int(end[0]) % 24 * 60 + int(end[1])
