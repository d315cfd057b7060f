"""The book of what is known of people: from the configuration, from commits, over restarts."""

from __future__ import annotations

import pytest

from tests.asking.people import NOON, opened, plan, state_of
from tocsin.asking.knowledge import SLEEPS, WORKS
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Presence
from tocsin.engine.ports import Commit
from tocsin.engine.runner import Addressed, Runner
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.duty import nobody
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input
from tocsin.incidents.policy import Step
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE, Instant
from tocsin.schedules.windows import parse_window
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.knowing import RECORD, KnowledgeBook
from tocsin.wiring.machines import machines
from tocsin.wiring.schedules import duty
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import parties
from tocsin.wiring.transports import uses_smart

FILE = """
responders:
  ada: {time_zone: Europe/Berlin, working_hours: "mon-fri 08:00-16:00", sleep_hours: "21:00-05:00"}
  bo:
  cy:
teams:
  ops: {members: [ada, bo], policy: smart}
  web: {members: [cy]}
  night: {members: [bo], policy: night}
schedules:
  days: {layers: [{responders: [ada, bo], start: 2026-01-05}]}
  nights: {layers: [{responders: [cy], start: 2026-01-05}]}
policies:
  night: {steps: [{ask: "schedule:nights:next"}, {ask: "least-disturbed:schedule:days"}]}
costs: {sleep: 30, patience: {high: 10m}, urgent: []}
"""
SETTINGS = parse(FILE.encode(), {}).settings


class World:
    """A book, and a runner whose commits it hears of."""

    def __init__(self, store: MemoryStore, settings: Settings = SETTINGS) -> None:
        self.store = store
        self.book = KnowledgeBook(
            settings, store, lambda name, _now: Presence.ACTIVE if name == "bo" else Presence.UNKNOWN
        )
        calendar = duty(settings, store)
        self.runner = Runner(
            store,
            machines(),
            on_commit=self.book.committed,
            renew=lambda: machines(calendar, whom=self.book.whom(calendar)),
        )

    def told(self, number: int, given: Input, now: Instant) -> None:
        fresh = f"{number}" if isinstance(given, AlertReceived) else ""
        self.runner.handle(
            [
                Addressed(
                    input_id=f"{number}/{now}", machine="incident", given=given, aggregate=f"{number}", fresh=fresh
                )
            ],
            now,
        )

    def rung(self, number: int, now: Instant) -> None:
        alert = Alert(status=AlertStatus.FIRING, title="disk", dedup_key=f"disk {number}", source="json")
        self.told(number, AlertReceived(alert, _plan()), now)


def _plan() -> Plan:
    return plan(Step(("round-robin:ops",)))


def test_the_configuration_says_how_people_live_and_what_things_cost() -> None:
    knows = KnowledgeBook(SETTINGS, MemoryStore()).whom(nobody)._knowledge
    assert knows.people["ada"].zone == "Europe/Berlin"
    assert knows.people["ada"].sleeps == parse_window("21:00-05:00")
    assert (knows.people["bo"].works, knows.people["bo"].sleeps) == (WORKS, SLEEPS)
    assert knows.hours("ada", NOON + 3 * HOUR) is HourClass.OFF  # 16:00 in Berlin.
    assert knows.teams == {"ops": ("ada", "bo"), "web": ("cy",), "night": ("bo",)}
    assert knows.on_call == {
        "ops": ("schedule:days",), "web": ("schedule:nights",), "night": ("schedule:days", "schedule:nights"),
    }  # fmt: skip
    assert (knows.costs.sleep, knows.costs.delay("high", late=False), knows.costs.urgent) == (30.0, 0.1, ())


def test_what_is_committed_is_known_at_the_next_decision_and_after_a_restart() -> None:
    store = MemoryStore()
    world = World(store)
    world.rung(1, NOON)
    world.told(1, Acknowledged(by="ada"), NOON + MINUTE)
    world.rung(2, NOON + 2 * MINUTE)
    assert world.book.whom(nobody)._knowledge.busy == {"ada": 1}
    world.book.save()
    again = World(store)
    knows = again.book.whom(nobody)._knowledge
    assert knows.turns == {"round-robin:ops": {"ada": NOON, "bo": NOON + 2 * MINUTE}}
    assert knows.history.people["ada"].whole.seen == 1
    again.rung(3, NOON + 3 * MINUTE)
    assert again.book.whom(nobody)._knowledge.turns["round-robin:ops"]["ada"] == NOON + 3 * MINUTE


def test_who_says_no_time_zone_lives_by_that_of_their_schedule() -> None:
    text = (
        "responders: {ada: , bo: {time_zone: Asia/Tokyo}, cy: }\n"
        "schedules:\n"
        "  s: {time_zone: Europe/Berlin, layers: [{responders: [ada, bo], start: 2026-01-05}]}\n"
        "  t: {time_zone: Asia/Kolkata, layers: [{responders: [ada], start: 2026-01-05}]}\n"
    )
    people = KnowledgeBook(parse(text.encode(), {}).settings, MemoryStore()).whom(nobody)._knowledge.people
    assert {name: person.zone for name, person in people.items()} == {
        "ada": "Europe/Berlin", "bo": "Asia/Tokyo", "cy": "UTC",
    }  # fmt: skip


def test_who_is_taken_out_of_the_configuration_while_being_paged_is_not_chosen_again() -> None:
    store = MemoryStore()
    world = World(store)
    chosen = Plan(team="ops", policy=plan(Step(("smart:ops",)), Step(("least-disturbed:ops",))).policy)
    alert = Alert(status=AlertStatus.FIRING, title="disk", dedup_key="disk", source="json")
    world.told(1, AlertReceived(alert, chosen), NOON)
    [machine] = [each for each in machines() if each.name == "incident"]
    [asked] = machine.decode(store.load(["1"])["1"].state).asked
    gone = asked.removeprefix("responder:")
    stays = "bo" if gone == "ada" else "ada"
    rest = parse(
        f"responders: {{{stays}: }}\nteams: {{ops: {{members: [{stays}], policy: smart}}}}".encode(), {}
    ).settings
    again = World(store, rest)
    again.runner.tick(["1"], NOON + 5 * MINUTE)
    state = machine.decode(store.load(["1"])["1"].state)
    assert state.asked == (f"responder:{stays}",)
    assert state.wake_at is not None


def test_who_looks_sees_things_as_they_are() -> None:
    world = World(MemoryStore())
    looks = world.book.now(nobody)
    decided = state_of(opened(world.book.whom(nobody)._knowledge, _plan()))
    assert decided.asked == ("responder:ada",)
    world.rung(1, NOON)
    [machine] = [each for each in machines(nobody, whom=looks) if each.name == "incident"]
    alert = Alert(status=AlertStatus.FIRING, title="x", dedup_key="x", source="json")
    state = state_of(machine.decide(None, AlertReceived(alert, _plan()), NOON + MINUTE))
    assert state.asked == ("responder:bo",)
    assert state.pages[0].known["presence"] == "active"


@pytest.mark.parametrize("document", [None, [], {"history": 7}, {"turns": {"x": {"ada": "late"}}}])
def test_what_another_version_wrote_is_learned_anew(document: Json) -> None:
    store = MemoryStore()
    store.put_record(*RECORD, document)
    assert KnowledgeBook(SETTINGS, store).whom(nobody)._knowledge.turns == {}


def test_only_what_has_changed_is_written_and_trouble_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    world = World(store)
    world.book.save()
    assert store.record(*RECORD) is None

    def away(*_: object) -> None:
        raise StoreUnavailableError("the disk is full")

    world.rung(1, NOON)
    with monkeypatch.context() as patched:
        patched.setattr(store, "put_record", away)
        with pytest.raises(StoreUnavailableError):
            world.book.save()
        world.book._go_round()
    assert store.record(*RECORD) is None
    world.book._go_round()
    assert store.record(*RECORD) is not None


def test_it_is_written_when_the_server_ends() -> None:
    world = World(MemoryStore())
    world.book.start()
    world.rung(1, NOON)
    world.book.stop()
    assert world.store.record(*RECORD) is not None


def test_only_incidents_teach() -> None:
    world = World(MemoryStore())
    commit = Commit(
        aggregate="h", machine="heartbeat", expected=0, state=b"{}", wake_at=None, live=True, owes=False, rank=0
    )
    world.book.committed([commit])
    assert json.encode(world.book.whom(nobody)._knowledge.asked) == b"{}"


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        (FILE, True),
        ("teams: {ops: }", False),
        ("teams: {ops: }\npolicies: {default: {steps: [{ask: smart}]}}", True),
        ("teams: {ops: }\npolicies: {default: {steps: [{ask: 'smart:ops'}]}}", True),
        ("teams: {ops: }\npolicies: {default: {steps: [{ask: round-robin}]}}", False),
        ("teams: {ops: }\nroutes: [{policy: smart}]", True),
    ],
)
def test_presence_is_looked_after_only_where_it_matters(text: str, *, uses: bool) -> None:
    assert uses_smart(parse(text.encode(), {}).settings) is uses


def test_a_team_has_the_smart_policy_only_if_it_says_so() -> None:
    teams, ladders = parties(SETTINGS)
    assert teams["ops"].ladder is ladders["smart"]
    assert teams["web"].ladder is None
