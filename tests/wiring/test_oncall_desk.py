"""The on-call desk: the rules of its book, the policies that it shows, its feeds and tokens."""

from __future__ import annotations

import icalendar
import pytest

from tocsin.errors import TocsinError
from tocsin.kernel.time import DAY, HOUR, INSTANT_MAX, Instant
from tocsin.schedules.schedule import Override, Swap
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.oncall_desk import SettingsOnCallDesk
from tocsin.wiring.settings_file import parse
from tocsin.wiring.shift_feeds import BLOCK, shift_feed
from tocsin.wiring.tokens import API, FEED, revoke_tokens, subject_of, tokens

NOW: Instant = 1_800_000_000_000  # 2027-01-15T08:00Z, a Friday.
FILE = """
responders: {ada: {time_zone: Europe/Berlin, working_hours: mon-fri 09:00-17:00}, bo: , cy: }
schedules:
  ops: {layers: [{responders: [ada, bo], start: 2027-01-04 08:00, rotate: daily}]}
  web: {layers: [{responders: [bo], start: 2027-01-04 08:00, rotate: weekly, only: mon}]}
teams: {ops: {members: [ada, bo], policy: main}, web: {members: [cy]}}
policies:
  main: {steps: [{ask: "schedule:ops"}]}
  loud: {steps: [{ask: team}]}
routes:
  - {name: shop, team: web, policy: loud}
  - {team: web, policy: loud}
  - {policy: loud}
"""


class World:
    def __init__(self, file: str = FILE) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.desk = self.desk_of(file)

    def desk_of(self, file: str) -> SettingsOnCallDesk:
        settings = parse(file.encode(), {}).settings
        return SettingsOnCallDesk(settings, self.store, lambda: self.now, "https://bell.example")

    def override(self, **more: object) -> tuple[Override, bool]:
        facts = {"schedule": "ops", "who": "cy", "start": NOW, "until": NOW + HOUR, "by": "ada", **more}
        return self.desk.override(**facts)  # type: ignore[arg-type]

    def ask(self, **more: object) -> tuple[Swap, bool]:
        facts = {"schedule": "ops", "by": "ada", "start": NOW, "until": NOW + 2 * DAY, **more}
        return self.desk.ask(**facts)  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    return World()


def refused(code: str) -> pytest.RaisesExc[TocsinError]:
    return pytest.raises(TocsinError, check=lambda problem: problem.code == code)


def test_who_asks_again_under_the_same_id_gets_what_is_there(world: World) -> None:
    made, fresh = world.override(name="tonight")
    assert (made.id, fresh) == ("tonight", True)
    assert world.override(name="tonight") == (made, False)
    with refused("override-exists"):
        world.override(name="tonight", who="bo")
    asked, fresh = world.ask(name="weekend")
    assert (asked.id, fresh) == ("weekend", True)
    assert world.ask(name="weekend") == (asked, False)
    taken = world.desk.accept("weekend", "cy")
    assert world.ask(name="weekend") == (taken, False)  # Anybody was asked, and somebody has accepted.
    with refused("swap-exists"):
        world.ask(name="weekend", to="bo")
    with refused("swap-exists"):
        world.ask(name="weekend", until=NOW + DAY)


@pytest.mark.parametrize("name", ["a b", "../x", "-x", "x" * 65, "é"])
def test_an_id_is_a_word(world: World, name: str) -> None:
    with refused("id-invalid"):
        world.override(name=name)
    with refused("id-invalid"):
        world.ask(name=name)


def test_ids_are_made_when_none_is_chosen(world: World) -> None:
    assert world.override()[0].id != world.override()[0].id
    assert len(world.desk.schedules()["ops"].overrides) == 2


def test_what_makes_no_sense_is_refused(world: World) -> None:
    for code, more in (
        ("schedule-unknown", {"schedule": "op"}),
        ("responder-unknown", {"who": "eve"}),
        ("time-invalid", {"until": NOW}),
        ("time-invalid", {"start": NOW - 2, "until": NOW - 1}),
        ("time-invalid", {"until": NOW + 401 * DAY}),
        ("time-invalid", {"start": -1}),
        ("time-invalid", {"start": INSTANT_MAX, "until": INSTANT_MAX + HOUR}),
    ):
        with refused(code):
            world.override(**more)
    back = (NOW, NOW + 2 * DAY)
    for code, swap in (
        ("responder-unknown", {"by": "eve"}),
        ("responder-unknown", {"to": "eve"}),
        ("swap-self", {"to": "ada"}),
        ("swap-incomplete", {"back": back}),
        ("time-invalid", {"to": "bo", "back": (NOW, NOW)}),
        ("swap-empty", {"by": "cy"}),
        ("swap-empty", {"to": "cy", "back": back}),
    ):
        with refused(code):
            world.ask(**swap)
    assert world.desk.swaps() == []


def test_an_override_is_ended_once(world: World) -> None:
    made, _ = world.override()
    world.desk.end_override(made.id)
    with refused("override-unknown"):
        world.desk.end_override(made.id)


def test_a_swap_is_for_those_whom_it_concerns(world: World) -> None:
    asked, _ = world.ask(to="bo", back=(NOW, NOW + 2 * DAY))
    for act in (world.desk.accept, world.desk.decline, world.desk.withdraw):
        with refused("swap-foreign"):
            act(asked.id, "cy")
        with refused("swap-unknown"):
            act("other", "bo")
    with refused("swap-foreign"):
        world.desk.decline(asked.id, "ada")
    taken = world.desk.accept(asked.id, "bo")
    assert (taken.to, taken.accepted) == ("bo", True)
    assert world.desk.accept(asked.id, "bo") == taken  # Again, since an answer was lost.
    with refused("swap-accepted"):
        world.desk.accept(asked.id, "cy")
    with refused("swap-accepted"):
        world.desk.decline(asked.id, "bo")
    assert world.desk.withdraw(asked.id, "bo") == taken
    assert world.desk.swaps() == []


def test_who_was_asked_may_decline_and_anybody_need_not(world: World) -> None:
    asked, _ = world.ask(to="bo")
    assert world.desk.decline(asked.id, "bo") == asked
    asked, _ = world.ask()
    with refused("swap-foreign"):
        world.desk.decline(asked.id, "bo")
    with refused("responder-unknown"):
        world.desk.accept(asked.id, "eve")


def test_a_swap_whose_time_has_passed_is_over(world: World) -> None:
    asked, _ = world.ask()
    world.now += 2 * DAY
    with refused("swap-over"):
        world.desk.accept(asked.id, "bo")


def test_of_two_who_answer_at_the_same_time_one_finds_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, _ = world.ask(to="bo")
    monkeypatch.setattr(MemoryStore, "take_record", lambda *_: None)
    for act in (world.desk.accept, world.desk.decline):
        with refused("swap-unknown"):
            act(asked.id, "bo")


def test_policies_are_told_for_the_teams_that_use_them(world: World) -> None:
    found = [(each.team, each.policy.name, each.used) for each in world.desk.policies()]
    assert found == [
        ("ops", "main", ""),
        ("web", "built-in", "with each member first in turn"),
        ("web", "loud", 'for alerts of the route "shop"'),
        ("ops", "loud", 'for alerts of the route "route 3"'),
    ]
    assert world.desk.duty()("schedule:ops", NOW) == ("responder:bo",)
    assert world.desk.hours()["ada"].zone == "Europe/Berlin"


def shown(world: World, url: str) -> list[str]:
    secret = url.removeprefix("https://bell.example/calendars/").removesuffix(".ics")
    found = world.desk.feed(secret)
    assert found
    return sorted({str(event["summary"]) for event in icalendar.Calendar.from_ical(found.write()).walk("VEVENT")})


def test_a_calendar_is_that_of_a_schedule_or_of_a_person(world: World) -> None:
    assert shown(world, world.desk.make_feed("schedule:ops", "ada")) == ["ada is on call: ops", "bo is on call: ops"]
    assert shown(world, world.desk.make_feed("responder:bo", "bo")) == ["bo is on call: ops", "bo is on call: web"]
    assert shown(world, world.desk.make_feed("responder:cy", "cy")) == []
    made = {(each.subject, each.by) for each in world.desk.feeds()}
    assert made == {("schedule:ops", "ada"), ("responder:bo", "bo"), ("responder:cy", "cy")}
    with refused("schedule-unknown"):
        world.desk.make_feed("schedule:op", "ada")
    with refused("responder-unknown"):
        world.desk.make_feed("responder:eve", "ada")


def test_a_calendar_ends_when_it_is_revoked_or_its_subject_is_gone(world: World) -> None:
    urls = [world.desk.make_feed(subject, "ada") for subject in ("schedule:web", "responder:bo")]
    secrets = [url.rpartition("/")[2].removesuffix(".ics") for url in urls]
    bare = world.desk_of("responders: {ada: }\nteams: {ops: {members: [ada]}}")
    assert [bare.feed(secret) for secret in secrets] == [None, None]
    assert world.desk.revoke_feed("schedule:web", "…none") == 0
    assert world.desk.revoke_feed("schedule:web", "…" + secrets[0][-4:]) == 1
    assert [world.desk.feed(secret) is None for secret in secrets] == [True, False]
    assert world.desk.feed("x" * 300) is None
    assert world.desk.feed("") is None


def test_a_calendar_is_written_once_for_all_who_ask(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.wiring.oncall_desk.WRITTEN_MAX", 2)
    secrets = [world.desk.make_feed(f"responder:{who}", who)[-30:-4] for who in ("ada", "bo", "cy")]
    feeds = [found for secret in secrets if (found := world.desk.feed(secret))]
    assert len({found.mark for found in feeds}) == 3
    first = feeds[0].write()
    assert feeds[0].write() is first
    assert [feeds[1].write() is first, feeds[2].write() is first] == [False, False]
    assert feeds[0].write() == first


def test_only_the_digest_of_a_secret_is_stored(world: World) -> None:
    secret = world.desk.make_feed("schedule:ops", "ada").rpartition("/")[2].removesuffix(".ics")
    token = world.desk.make_token("ada")
    for kind, made in ((FEED, secret), (API, token)):
        stored = world.store.records(kind)
        assert made not in str(stored)
        assert subject_of(world.store, kind, made)
        assert subject_of(world.store, kind, next(iter(stored))) == ""
    assert subject_of(world.store, API, secret) == ""


def test_what_is_no_token_of_ours_is_passed_over(world: World) -> None:
    world.store.put_record(API, "x", {"of": "a later version"})
    assert tokens(world.store, API) == []
    assert revoke_tokens(world.store, API, "responder:ada", "x") == 0


def test_a_token_acts_for_its_responder(world: World) -> None:
    token = world.desk.make_token("ada")
    assert world.desk.acts_as(token) == "ada"
    assert world.desk.acts_as("other") == ""
    assert world.desk_of("responders: {bo: }\nteams: {ops: {members: [bo]}}").acts_as(token) == ""
    assert [each.subject for each in world.desk.tokens()] == ["responder:ada"]
    assert world.desk.revoke_token("bo", token[-4:]) == 0
    assert world.desk.revoke_token("ada", token[-4:]) == 1
    assert world.desk.acts_as(token) == ""
    with refused("responder-unknown"):
        world.desk.make_token("eve")


def test_a_feed_is_the_same_all_day_and_changes_with_its_shifts(world: World) -> None:
    begin = NOW - NOW % BLOCK + HOUR
    known = world.desk.schedules()
    mark = shift_feed(known, ["ops"], begin).mark()
    assert shift_feed(known, ["ops"], begin + 27 * DAY).mark() == mark
    assert shift_feed(known, ["ops"], begin + 28 * DAY).mark() != mark
    world.override()
    assert shift_feed(world.desk.schedules(), ["ops"], begin).mark() != mark


def test_a_feed_reaches_from_a_month_ago_to_half_a_year_ahead(world: World) -> None:
    later = NOW - NOW % BLOCK + 52 * BLOCK
    for now in (later, later + BLOCK - 1):
        found = [shift for _, shift in shift_feed(world.desk.schedules(), ["ops"], now).shifts]
        assert found[0].start <= now - 28 * DAY
        assert found[-1].until >= now + 183 * DAY
