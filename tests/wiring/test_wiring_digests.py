"""Digests from the file to the room: a week of alerts on a clock that is turned by hand, and what is told on Monday."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.console_world import Visitor
from tests.wiring.serving import ask, serving, until
from tocsin.digests.machine import Digest, DigestMachine, Looked
from tocsin.digests.report import Kind, Scene
from tocsin.engine.ports import Commit, Delivery, Received
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine, SilenceSet
from tocsin.incidents.silences import Silence
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND, Instant, parse_instant
from tocsin.testing.fake_slack import FakeSlack
from tocsin.testing.fake_slack.records import Channel
from tocsin.testing.memory import MemoryStore
from tocsin.wiring import reckoning
from tocsin.wiring.digests import changed, configuration, interpret, plans, turns
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside
from tocsin.wiring.reckoning import Reckoner
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_digests import parse_beat
from tocsin.wiring.settings_file import parse

TUESDAY: Instant = parse_instant("2026-11-24T10:00Z") or 0
MONDAY = TUESDAY + 6 * DAY - HOUR
JSON = {"content-type": "application/json"}
FILE = """
responders:
  ada: {name: Ada Lovelace, slack: ADA}
  bo: {slack: BO}
teams: {ops: {members: [ada, bo], slack: "ROOM"}, web: {digests: {daily: "off", weekly: "off", hand_over: false}}}
schedules:
  week: {layers: [{responders: [ada, bo], start: 2026-11-23 12:00, rotate: weekly}]}
policies: {default: {steps: [{ask: ada}, {ask: "schedule:week"}]}}
integrations: {default: {key: test-key-0123456789}}
slack: {bot_token: "BOT", app_token: "APP"}
"""


MAILED = """
digests: {daily: "off"}
responders: {ada: {email: ada@example.com}, bo: }
teams: {ops: {members: [ada, bo]}}
mail: {smtp: "mail.example.com:587", from: tocsin@example.com}
"""
PUSHED = """
responders: {ada: {ntfy: https://ntfy.example.com/test}}
teams: {ops: {members: [ada], digests: {weekly: off, time_zone: Europe/Berlin}}, dev: {members: [ada]}}
"""


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = TUESDAY

    def __call__(self) -> Instant:
        return self.now


class World:
    """A server with a room in Slack; the test turns the clock."""

    def __init__(self, runtime: Embedded, clock: Clock, slack: FakeSlack, room: Channel) -> None:
        self.runtime = runtime
        self.clock = clock
        self.slack = slack
        self.room = room

    def wait(self, condition: Callable[[], object]) -> None:
        """Look until *condition* holds; seconds pass meanwhile, since Slack takes one message a second."""

        def look() -> object:
            self.clock.now += SECOND
            self.runtime.wake()
            return condition()

        until(look)

    def incident(self, title: str) -> tuple[str, Incident]:
        machine = IncidentMachine()
        rows = self.runtime.store.listing(machine.name, live_only=False, limit=100)
        return next(
            (row.id, state) for row in rows for state in [machine.decode(row.state)] if state.face.title == title
        )

    def ring(self, title: str, status: str = "firing") -> None:
        body = json.encode({"title": title, "dedup_key": title, "status": status})
        assert ask(self.runtime.ingest_url(), body, JSON)[0] == 202
        until(lambda: self._known(title, status))

    def say(self, verb: str, title: str, by: str) -> None:
        name, _ = self.incident(title)
        body = json.encode({"verb": verb, "incident": name, "by": by})
        received = Received(received_at=self.clock(), channel="cli", key="", head=b"", body=body)
        [delivery] = self.runtime.store.accept([received])
        self.runtime.wake()
        until(lambda: self.runtime.store.seen([f"{delivery}/0"]))

    def told(self, text: str, channel: Channel | None = None) -> list[str]:
        """The announcements that say *text*, as one text each."""
        found = [json.encode(message.blocks).decode() for message in self.slack.messages(channel or self.room)]
        return [shown for shown in found if text in shown]

    def _known(self, title: str, status: str) -> bool:
        try:
            return self.incident(title)[1].live is (status == "firing")
        except StopIteration:
            return False


def digests(runtime: Embedded) -> Mapping[str, Digest]:
    machine = DigestMachine()
    rows = runtime.store.listing(machine.name, live_only=True, limit=100)
    return {f"{state.plan.kind.value} {state.plan.subject}": state for state in (machine.decode(r.state) for r in rows)}


def read(text: str) -> Settings:
    return parse(text.encode(), {}).settings


def test_a_week_of_alerts_is_summed_up_on_monday(tmp_path: Path) -> None:
    clock = Clock()
    with FakeSlack(clock=lambda: clock.now / SECOND) as slack:
        ada, bo, room = slack.add_user("ada"), slack.add_user("bo"), slack.add_channel("ops")
        file = FILE.replace("ADA", ada.id).replace("BOT", slack.bot_token).replace("BO}", bo.id + "}")
        file = file.replace("ROOM", room.id).replace("APP", slack.app_token) + "digests: {}\n"
        with serving(tmp_path / "tocsin.db", file, Outside(clock=clock, slack_api=slack.base_url)) as (runtime, ready):
            until(lambda: len(digests(runtime)) == 3)
            world = World(runtime, clock, slack, room)
            world.ring("Disk <!channel> is full")
            clock.now += 4 * MINUTE
            world.say("acknowledge", "Disk <!channel> is full", "ada")
            clock.now += 26 * MINUTE
            world.say("resolve", "Disk <!channel> is full", "ada")
            world.ring("Blip")
            clock.now += MINUTE
            world.ring("Blip", "resolved")
            clock.now = TUESDAY + DAY - HOUR  # Wednesday, nine o'clock.
            world.wait(lambda: world.told("ops: the last day"))
            [day] = world.told("ops: the last day")
            assert "*Alerts*\\n2 in 2 incidents" in day
            assert "|Blip>" in day
            assert "ended by itself before anybody answered" in day
            world.wait(lambda: not digests(runtime)["daily ops"].asked_at)
            clock.now = MONDAY - 4 * HOUR  # Nothing happens for days, and nothing is said of them.
            world.wait(lambda: digests(runtime)["daily ops"].since > TUESDAY + DAY)
            world.wait(lambda: not digests(runtime)["daily ops"].asked_at)
            world.ring("CPU is high")
            world.say("acknowledge", "CPU is high", "bo")
            clock.now = MONDAY
            world.wait(lambda: world.told("ops: the last week") and len(world.told("ops: the last day")) == 2)
            [week] = world.told("ops: the last week")
            assert "*Alerts*\\n3 in 3 incidents\\nthe week before: none" in week
            assert "*Pages*\\n3, 1 of them in somebody's sleep\\nthe week before: none" in week
            assert "*Disk &lt;!channel&gt; is full*\\n1 incident, 1 page; 0 of 1 ended by themselves" in week
            assert "Thank you, *Ada Lovelace* for closing 1 and *bo* for answering 1 time in hours meant for" in week
            world.wait(lambda: world.told("ops: the last week")[0].count('"slack_file"') == 3)
            world.say("resolve", "CPU is high", "bo")
            clock.now = MONDAY + 3 * HOUR  # The shift ends.
            world.wait(lambda: world.told("week: Ada Lovelace hands over to bo"))
            world.wait(
                lambda: all(world.told("hands over", slack.direct_channel(person)) for person in (ada, bo)),
            )
            assert all("<!channel>" not in shown for shown in world.told(""))
            slack.assert_clean()
            pages(runtime, ready.url)
        clock.now = MONDAY + 4 * DAY  # Away for days: one digest, and none once the file wants none.
        with serving(tmp_path / "tocsin.db", file, Outside(clock=clock, slack_api=slack.base_url)) as (runtime, _):
            until(lambda: digests(runtime)["daily ops"].since > MONDAY + 3 * DAY)
        with serving(
            tmp_path / "tocsin.db", file.replace("digests: {}", ""), Outside(clock=clock, slack_api=slack.base_url)
        ) as (runtime, _):
            until(lambda: not digests(runtime))


def pages(runtime: Embedded, url: str) -> None:
    """The console shows the same, and no title does anything in it."""
    visitor = Visitor(urlsplit(url).port or 0)
    assert visitor.get("/stats").status == 401
    visitor.enter(urlsplit(runtime.signin_url()).path)
    stats = visitor.get("/stats?days=30&team=ops").text
    assert "3 in 3 incidents" in stats
    assert '<th scope="row"><bdi>Ada Lovelace</bdi></th><td>3</td>' in stats
    assert "Disk &lt;!channel&gt; is full" in stats
    assert '<a href="/missed?days=30&amp;team=ops">1</a>' in stats
    missed = visitor.get("/missed?days=30&team=nobody").text
    assert "<bdi>Blip</bdi>" in missed
    assert "Ended by itself before anybody answered" in missed
    assert "Nothing was missed." in visitor.get("/missed?days=1").text
    assert "Nothing has happened in that time." in visitor.get("/stats?days=1&team=web").text
    for page in ("/stats", "/missed"):
        assert "Blip" not in visitor.get(page, tocsin_fragment="1").text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("teams: {ops: {slack: C0123}}", []),
        ("digests: {}", []),  # Nobody could be told.
        (
            "digests: {}\nteams: {ops: {slack: '#ops'}}\nslack: {bot_token: t, app_token: t}",
            ["daily ops", "weekly ops"],
        ),
        (
            MAILED,
            ["weekly ops"],
        ),
        (
            PUSHED,
            ["daily ops"],
        ),
    ],
)
def test_there_are_the_digests_that_the_file_wants(text: str, found: list[str]) -> None:
    assert [f"{plan.kind.value} {plan.subject}" for plan in plans(read(text))] == found


def test_without_a_room_the_members_are_told() -> None:
    text = (
        "digests: {hand_over: false}\n"
        "responders: {ada: {email: ada@example.com}, bo: , cy: {slack: U012345}}\n"
        "teams: {ops: {members: [ada, bo, cy], policy: p}}\n"
        "schedules: {week: {layers: [{responders: [ada], start: 2026-01-05}]}}\n"
        "policies: {p: {steps: [{ask: 'schedule:week:next'}]}}\n"
        "mail: {smtp: 'mail.example.com:587', from: tocsin@example.com}\n"
    )
    daily, weekly = plans(read(text))
    assert daily.receivers == weekly.receivers == ("responder:ada",)
    [_, _, shift] = plans(read(text.replace("hand_over: false", "")))
    assert (shift.subject, shift.teams, shift.receivers) == ("week", ("ops",), ())


def test_what_is_not_wanted_any_more_is_given_up() -> None:
    store = MemoryStore()
    assert configuration(read(""), store, TUESDAY) is None
    text = "digests: {}\nteams: {ops: {slack: '#ops'}}\nslack: {bot_token: t, app_token: t}"
    first = configuration(read(text), store, TUESDAY)
    assert first is not None
    for addressed in interpret(stored(first)).inputs:
        decision = DigestMachine().decide(None, addressed.given, TUESDAY)
        assert decision.state is not None
        standing = DigestMachine().standing(decision.state)
        store.commit(
            [
                Commit(
                    aggregate=addressed.fresh,
                    machine="digest",
                    expected=0,
                    state=DigestMachine().encode(decision.state),
                    wake_at=standing.wake_at,
                    live=standing.live,
                    owes=standing.owes,
                    rank=standing.rank,
                )
            ]
        )
    then = configuration(read(text.replace("{}", "{daily: 'off'}")), store, TUESDAY)
    assert then is not None
    inputs = interpret(stored(then)).inputs
    assert [(each.input_id, each.aggregate) for each in inputs] == [("7/0", ""), ("7/retired/0", "7-digest0")]


def stored(received: Received) -> Delivery:
    return Delivery(
        id="7",
        received_at=received.received_at,
        channel=received.channel,
        key=received.key,
        head=received.head,
        body=received.body,
    )


def test_an_order_that_is_none_says_so() -> None:
    received = Received(received_at=TUESDAY, channel="digest", key="", head=b"", body=b"[]")
    assert interpret(stored(received)).outcome.startswith("not an order")


def test_who_overrides_has_the_schedules_looked_at_whose_shifts_are_told() -> None:
    text = FILE.replace("ADA", "U1234567").replace("BO}", "U2345678}").replace("ROOM", "C0123")
    assert changed(read(text), TUESDAY) is None
    told = changed(read(text + "digests: {}\n"), TUESDAY)
    assert told is not None
    [found] = interpret(stored(told)).inputs
    assert (found.keys, found.given) == (("/digest/handover/week",), Looked())


def test_whose_turn_it_is_comes_from_the_schedules() -> None:
    turn_of = turns(
        read(FILE.replace("ADA", "U1234567").replace("BO}", "U2345678}").replace("ROOM", "C0123")), MemoryStore()
    )
    assert turn_of("week", TUESDAY).who == "ada"
    assert turn_of("week", MONDAY + 4 * HOUR).who == "bo"
    assert turn_of("gone", TUESDAY).who == ""


def test_times_are_read() -> None:
    assert parse_beat("09:30") == (None, 9 * HOUR + 30 * MINUTE)
    assert parse_beat("sun 00:00") == (6, 0)
    assert parse_beat("off") is None


def test_what_has_lasted_long_counts_and_what_is_long_over_does_not() -> None:
    store = MemoryStore()
    for name, opened, live in (
        ("old", TUESDAY - 30 * DAY, True),
        ("over", TUESDAY - 20 * DAY, False),
        ("new", TUESDAY, False),
    ):
        store.commit([incident(name, opened, live=live)])
    reckoner = Reckoner(read(""), store)
    assert reckoner.figures(TUESDAY, TUESDAY + DAY).incidents == 1
    assert reckoner.figures(TUESDAY, TUESDAY + DAY, "dev").incidents == 0
    assert [each.incident for each in reckoner.missed(TUESDAY - 40 * DAY, TUESDAY + DAY)] == ["new", "over"]
    scene = Scene(kind=Kind.WEEKLY, subject="ops", since=TUESDAY - 7 * DAY, until=TUESDAY)
    told = reckoner.report(scene, ("ops",), TUESDAY)
    assert told.before is not None
    assert [each.incident for each in told.open] == ["old"]


def test_incidents_are_read_page_by_page_and_no_further_than_they_need_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reckoning, "PAGE", 2)
    store = MemoryStore()
    for number in range(5):
        store.commit([incident(f"{number}", TUESDAY + number, live=number < 3)])
    reckoner = Reckoner(read(""), store)
    assert reckoner.figures(TUESDAY, TUESDAY + DAY).incidents == 5
    monkeypatch.setattr(reckoning, "EPISODES_MAX", 2)
    assert reckoner.figures(TUESDAY, TUESDAY + DAY).incidents == 4  # The newest two, and two of those that live.


def test_the_silences_of_a_hand_over_are_those_of_its_teams() -> None:
    store = MemoryStore()
    machine = SilenceMachine()
    for number, integration in enumerate(["", "prod", "lab", "gone"]):
        made = Silence(
            id=f"s-{number}",
            integration=integration,
            matchers=(),
            starts_at=TUESDAY,
            ends_at=TUESDAY + HOUR,
            created_by=integration or "everybody",
        )
        state = machine.decide(None, SilenceSet(made), TUESDAY).state
        assert state is not None
        standing = machine.standing(state)
        store.commit(
            [
                Commit(
                    aggregate=made.id,
                    machine=machine.name,
                    expected=0,
                    state=machine.encode(state),
                    wake_at=standing.wake_at,
                    live=standing.live,
                    owes=standing.owes,
                    rank=standing.rank,
                )
            ]
        )
    reckoner = Reckoner(read("teams: {ops: , web: }\nintegrations: {prod: {team: ops}, lab: {team: web}}"), store)
    scene = Scene(kind=Kind.HANDOVER, subject="week", since=TUESDAY, until=TUESDAY + MINUTE)
    assert {each.by for each in reckoner.report(scene, ("ops",), TUESDAY).silences} == {"everybody", "prod"}
    assert reckoner.report(scene, ("ops",), TUESDAY + HOUR).silences_count == 0


def incident(name: str, opened: Instant, *, live: bool) -> Commit:
    state = {
        "plan": {"team": "ops", "policy": {"name": "p", "steps": [], "everyone": []}},
        "status": "triggered" if live else "resolved",
        "kind": "alert",
        "severity": "high",
        "face": {"title": name, "dedup_key": name, "source": "json", "status": "firing"},
        "alerts": {},
        "count": 1,
        "opened_at": opened,
        "changed_at": opened,
        "last_alert_at": opened,
        "wake_at": opened if live else None,
        "resolved_at": None if live else opened + HOUR,
        "paged": ["responder:ada"],
        "pages": [["responder:ada", opened]],
    }
    return Commit(
        aggregate=name,
        machine="incident",
        expected=0,
        state=json.encode(state),
        wake_at=opened if live else None,
        live=live,
        owes=live,
        rank=opened,
    )
