"""Figures: what counts where, and that a count by hand over random histories comes to the same."""

from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.choosing.hours import HourClass
from tocsin.digests.document import document
from tocsin.digests.episode import Belonging, Episode, Face, episode, person
from tocsin.digests.figures import Figures, Pages, Times, figures
from tocsin.digests.hours import Life, hours_of
from tocsin.digests.missing import How, missed, still_open
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Plan, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input, Passed, Resolved, Snoozed, Withdrawn
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident, Status
from tocsin.kernel import json
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant, parse_instant
from tocsin.schedules.windows import parse_window

MONDAY: Instant = parse_instant("2026-11-23T00:00Z") or 0
NINE = MONDAY + 9 * HOUR
MACHINE = IncidentMachine()
LADDER = Policy(
    name="ladder",
    steps=(Step((responder("ada"),)), Step((responder("bo"),))),
    everyone=(responder("ada"), responder("bo"), room("ops")),
)
USUAL = hours_of({})


def alert(title: str = "Disk", status: AlertStatus = AlertStatus.FIRING, kind: Kind = Kind.ALERT) -> AlertReceived:
    told = Alert(status=status, title=title, dedup_key=title, source="json", kind=kind)
    return AlertReceived(told, Plan(team="ops", policy=LADDER), integration="prod")


def lived(*steps: tuple[Instant, Input], name: str = "1", at: Instant = NINE, kind: Kind = Kind.ALERT) -> Episode:
    """The episode of an incident that is opened *at*, and to which *steps* happen (ms later, what)."""
    state = MACHINE.decide(None, alert(kind=kind), at).state
    for later, given_ in steps:
        state = MACHINE.decide(state, given_, at + later).state
    assert state is not None
    return episode(name, MACHINE.encode(state))


def week(*episodes: Episode) -> Figures:
    return figures(episodes, MONDAY, MONDAY + 7 * DAY, USUAL)


def test_an_acknowledged_incident_counts_its_page_its_answer_and_its_end() -> None:
    found = week(lived((4 * MINUTE, Acknowledged("ada")), (30 * MINUTE, Resolved(by="bo"))))
    assert (found.alerts, found.incidents, found.pages) == (1, 1, Pages(working=1))
    assert found.to_acknowledge == Times(1, 4 * MINUTE, 4 * MINUTE)
    assert found.to_resolve == Times(1, 30 * MINUTE, 30 * MINUTE)
    assert (found.closed, found.auto_closed, found.missed, found.auto_closed_share) == (1, 0, 0, 0.0)
    ada, bo = found.people
    assert (ada.name, ada.pages.total, ada.answered.count, ada.closed) == ("ada", 1, 1, 0)
    assert (bo.name, bo.pages.total, bo.answered.count, bo.closed) == ("bo", 0, 0, 1)
    assert [each.name for each in found.thanks] == ["bo"]


def test_who_closes_or_snoozes_has_answered_and_a_late_second_answer_changes_nothing() -> None:
    closed = week(lived((MINUTE, Resolved(by="ada"))))
    assert closed.people[0].answered == Times(1, MINUTE, MINUTE)
    again = lived((MINUTE, Snoozed(by="ada", until=NINE + HOUR)), (2 * HOUR, Tick()), (3 * HOUR, Acknowledged("bo")))
    assert (again.answered_by, again.answered_at) == ("ada", NINE + MINUTE)


def test_what_its_source_acknowledges_was_answered_by_nobody_of_us() -> None:
    found = week(lived((MINUTE, alert(status=AlertStatus.ACKNOWLEDGED))))
    assert found.to_acknowledge.count == 1
    assert all(each.answered.count == 0 for each in found.people)


def test_each_page_counts_by_the_hours_of_its_receiver() -> None:
    hours = hours_of(
        {
            "ada": Life("America/New_York", parse_window("mon-fri 09:00-17:00") or ()),
            "bo": Life("Asia/Tokyo"),
        }
    )
    found = figures([lived((5 * MINUTE, Tick()))], MONDAY, MONDAY + DAY, hours)
    assert [(each.name, each.pages) for each in found.people] == [("ada", Pages(sleep=1)), ("bo", Pages(off=1))]


@pytest.mark.parametrize(
    ("windows", "at", "hour"),
    [
        ("mon-fri 09:00-17:00", NINE, HourClass.WORKING),
        ("mon-fri 09:00-17:00", MONDAY + 17 * HOUR, HourClass.OFF),
        ("mon-fri 09:00-17:00", MONDAY + 5 * DAY + 12 * HOUR, HourClass.OFF),
        ("mon-fri 09:00-17:00", MONDAY + 23 * HOUR, HourClass.SLEEP),
        ("sun 22:00-06:00", MONDAY + 5 * HOUR, HourClass.WORKING),  # Sunday's night reaches into Monday.
        ("sun 22:00-06:00", MONDAY + 6 * HOUR, HourClass.SLEEP),
    ],
)
def test_working_hours_are_those_of_the_person(windows: str, at: Instant, hour: HourClass) -> None:
    assert hours_of({"ada": Life("UTC", parse_window(windows) or ())})("ada", at) is hour


def test_a_call_to_a_room_is_no_persons_page() -> None:
    found = week(lived((5 * MINUTE, Tick()), (10 * MINUTE, Tick())))
    assert (found.pages.total, found.room_pages) == (4, 1)
    assert found.missed == 1


def test_a_notification_is_only_counted() -> None:
    found = week(lived(kind=Kind.NOTIFICATION))
    assert (found.notifications, found.incidents, found.alerts, found.keys, found.people) == (1, 0, 0, (), ())


def test_each_thing_counts_in_the_span_in_which_it_happened() -> None:
    long = lived((DAY, Acknowledged("ada")), (2 * DAY, Resolved(by="ada")))
    days = [figures([long], MONDAY + day * DAY, MONDAY + (day + 1) * DAY, USUAL) for day in range(4)]
    assert [day.incidents for day in days] == [1, 0, 0, 0]
    assert [day.to_acknowledge.count for day in days] == [0, 1, 0, 0]
    assert [day.closed for day in days] == [0, 0, 1, 0]
    assert days[3] == week().__class__(
        **{
            **{name: getattr(week(), name) for name in week().__struct_fields__},
            "since": MONDAY + 3 * DAY,
            "until": MONDAY + 4 * DAY,
        }
    )


@pytest.mark.parametrize(
    ("steps", "how"),
    [
        ([(MINUTE, Acknowledged("ada"))], None),
        ([(MINUTE, Resolved(by="ada"))], None),
        ([(MINUTE, Withdrawn("ops"))], None),
        ([(5 * MINUTE, Tick())], None),  # The second step is still asked.
        ([(5 * MINUTE, Tick()), (10 * MINUTE, Tick())], How.OPEN),
        ([(5 * MINUTE, Tick()), (10 * MINUTE, Tick()), (11 * MINUTE, Acknowledged("bo"))], How.LATE),
        ([(MINUTE, Passed(by="ada")), (2 * MINUTE, Passed(by="bo"))], How.OPEN),
        ([(MINUTE, alert(status=AlertStatus.RESOLVED))], How.ENDED),
        ([(MINUTE, Acknowledged("ada")), (2 * MINUTE, alert(status=AlertStatus.RESOLVED))], None),
    ],
)
def test_what_was_missed(steps: list[tuple[Instant, Input]], how: How | None) -> None:
    found = missed([lived(*steps)], MONDAY, MONDAY + DAY)
    assert [each.how for each in found] == ([] if how is None else [how])
    assert week(lived(*steps)).missed == len(found)


def test_a_ladder_without_steps_is_walked_when_everyone_is_asked_again() -> None:
    policy = Policy(name="all", steps=(), everyone=(responder("ada"),))
    opened = MACHINE.decide(None, AlertReceived(alert().alert, Plan(team="ops", policy=policy)), NINE).state
    assert opened is not None
    assert opened.unanswered_at is None
    later = MACHINE.decide(opened, Tick(), opened.wake_at or 0).state
    assert later is not None
    assert later.unanswered_at == opened.wake_at


def test_pages_are_kept_up_to_a_bound_and_counted_beyond_it() -> None:
    state: Incident | None = MACHINE.decide(None, alert(), NINE).state
    for _ in range(60):
        assert state is not None
        state = MACHINE.decide(state, Tick(), state.wake_at or 0).state
    assert state is not None
    assert len(state.asked_at) == 100
    assert state.asked_more == 2 + 59 * 3 - 100
    found = week(episode("1", MACHINE.encode(state)))
    assert found.pages.total + found.room_pages == 100
    assert found.pages_uncounted == state.asked_more


def test_states_of_older_versions_tell_what_they_knew() -> None:
    state = MACHINE.decide(MACHINE.decide(None, alert(), NINE).state, Acknowledged("ada"), NINE + MINUTE).state
    assert state is not None
    document_ = json.decode(MACHINE.encode(state))
    for name in ("asked_at", "asked_more", "answered_by", "answered_at", "unanswered_at"):
        document_.pop(name, None)
    old = episode("1", json.encode(document_))
    assert (old.answered_by, old.answered_at, old.asked_at, old.missed_at) == ("ada", NINE + MINUTE, (), None)
    assert MACHINE.decode(json.encode(document_)).asked_at == ()


def test_what_is_open_is_listed_worst_first_and_says_who_has_it() -> None:
    rows = still_open(
        [
            lived((MINUTE, Snoozed(by="ada", until=NINE + HOUR)), name="1"),
            lived((MINUTE, Acknowledged("bo")), name="2", at=NINE - HOUR),
            lived((MINUTE, Resolved(by="bo")), name="3"),
            lived(kind=Kind.NOTIFICATION, name="4"),
        ]
    )
    assert [(row.incident, row.who, row.until, row.silenced) for row in rows] == [
        ("2", "bo", None, False),
        ("1", "ada", NINE + HOUR, False),
    ]


def test_the_document_has_the_names_of_the_field() -> None:
    told = document(week(lived((4 * MINUTE, Acknowledged("ada")), (30 * MINUTE, Resolved(by="bo")))))
    assert told["mean_seconds_to_first_ack"] == 240.0
    assert told["mean_seconds_to_resolve"] == 1800.0
    assert (told["total_interruptions"], told["total_business_hour_interruptions"]) == (1, 1)
    assert told["by_person"][0]["person"] == "ada"
    assert told["by_key"][0]["title"] == "Disk"
    assert document(week())["mean_seconds_to_first_ack"] is None


# ── Against a count by hand ──────────────────────────────────────────────────────────────────────────────────────────
MOMENTS = st.integers(0, 20).map(lambda hour: MONDAY + hour * 9 * HOUR)
PEOPLE = st.sampled_from(["ada", "bo", "cy"])


@st.composite
def histories(draw: st.DrawFn) -> Episode:
    opened = draw(MOMENTS)
    answered = draw(st.none() | st.integers(0, 60))
    ended = draw(st.none() | st.integers(0, 90))
    by = draw(PEOPLE)
    return Episode(
        id=draw(st.sampled_from("abcdefgh")),
        plan=Belonging("ops"),
        status=Status.TRIGGERED if ended is None else Status.RESOLVED,
        kind=draw(st.sampled_from([Kind.ALERT, Kind.ALERT, Kind.NOTIFICATION])),
        severity=Severity.HIGH,
        face=Face("t", draw(st.sampled_from(["k", "l"]))),
        count=draw(st.integers(1, 5)),
        opened_at=opened,
        resolved_by=draw(st.sampled_from(["", by])) if ended is not None else "",
        resolved_at=None if ended is None else opened + ended * HOUR,
        withdrawn=ended is not None and draw(st.booleans()),
        paged=("responder:ada",),
        asked_at=tuple(
            draw(
                st.lists(st.tuples(st.sampled_from(["responder:ada", "responder:bo", "team:ops"]), MOMENTS), max_size=4)
            )
        ),
        answered_by=draw(st.sampled_from(["", by])),
        answered_at=None if answered is None else opened + answered * HOUR,
        unanswered_at=draw(st.none() | MOMENTS),
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(histories(), max_size=8), MOMENTS, st.integers(0, 20))
def test_figures_are_those_of_a_count_by_hand(episodes: list[Episode], since: Instant, length: int) -> None:
    until = since + length * 5 * HOUR

    def inside(at: Instant | None) -> bool:
        return at is not None and since <= at < until

    alerts = [each for each in episodes if each.kind is Kind.ALERT]
    found = figures(episodes, since, until, USUAL)
    pages = [(who, at, each) for each in alerts for who, at in each.asked_at if inside(at)]
    persons = [(person(who), at, each) for who, at, each in pages if person(who)]
    ended = [each for each in alerts if inside(each.resolved_at) and not each.withdrawn]
    answered = [each for each in alerts if inside(each.answered_at)]
    assert found.incidents == sum(inside(each.opened_at) for each in alerts)
    assert found.notifications == sum(inside(each.opened_at) for each in episodes if each not in alerts)
    assert found.alerts == sum(each.count for each in alerts if inside(each.opened_at))
    assert (found.pages.total, found.room_pages) == (len(persons), len(pages) - len(persons))
    assert found.pages.sleep == sum(USUAL(who, at) is HourClass.SLEEP for who, at, _ in persons)
    assert (found.closed, found.auto_closed) == (len(ended), sum(not each.resolved_by for each in ended))
    assert found.missed == len(missed(episodes, since, until))
    lengths = [(each.answered_at or 0) - each.opened_at for each in answered]
    assert found.to_acknowledge.count == len(lengths)
    if lengths:
        assert found.to_acknowledge.mean == sum(lengths) // len(lengths)
        assert found.to_acknowledge.median == median(lengths)
    for each in found.people:
        assert each.pages.total == sum(who == each.name for who, _, _ in persons)
        assert each.closed == sum(one.resolved_by == each.name for one in ended)
        assert each.answered.count == sum(one.answered_by == each.name for one in answered)
    for key in found.keys:
        mine = [each for each in alerts if each.key == key.key]
        assert key.incidents == sum(inside(each.opened_at) for each in mine)
        assert key.pages.total == sum(each.key == key.key for _, _, each in persons)
        assert key.closed == sum(each.key == key.key for each in ended)
    assert sum(key.alerts for key in found.keys) == found.alerts
    assert sum(key.missed for key in found.keys) == found.missed
