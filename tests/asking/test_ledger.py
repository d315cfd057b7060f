"""What the commits of incidents teach, and what a restart still knows."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from tests.asking.people import NOON, TEAM, knowledge, machine, opened, plan, state_of
from tocsin.asking import ledger as ledger_module
from tocsin.asking.ledger import Ledger, Memory
from tocsin.asking.remembering import PASSED, observation
from tocsin.choosing.history import CLASSES
from tocsin.choosing.hours import HourClass
from tocsin.incidents.inputs import Acknowledged, Input, PageFailed, Passed, Resolved
from tocsin.incidents.pages import Became, Page
from tocsin.incidents.policy import Step
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import DAY, MINUTE, Instant

PLAN = plan(Step(("responder:ada",)), Step(("round-robin:ops",)), Step(("team:ops",)))
WORK = CLASSES.index(HourClass.WORKING)


class World:
    """Incidents of one ledger, each decided with nothing known."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.ledger = Ledger(TEAM, memory or Memory())
        self.states: dict[str, Incident] = {}

    def opened(self, name: str, at: Instant = NOON) -> None:
        self._commit(name, state_of(opened(knowledge(), PLAN, key=name, at=at)))

    def told(self, name: str, given: Input, at: Instant) -> None:
        self._commit(name, state_of(machine(knowledge()).decide(self.states[name], given, at)))

    def pages_of(self, who: str) -> tuple[int, int]:
        """How many pages at work were answered, of how many."""
        habit = self.ledger.memory().history.people.get(who)
        told = habit.told[WORK] if habit else None
        return (round(told.seen), round(told.expected)) if told else (0, 0)

    def _commit(self, name: str, state: Incident) -> None:
        self.states[name] = state
        self.ledger.committed(name, json.encode(state), live=state.live)


def test_an_answer_teaches_and_so_does_none() -> None:
    world = World()
    world.opened("disk")
    assert world.pages_of("ada") == (0, 0)
    world.told("disk", Tick(), NOON + 5 * MINUTE)
    assert world.pages_of("ada") == (0, 0), "she may still answer"
    world.told("disk", Acknowledged(by="ada"), NOON + 6 * MINUTE)
    world.told("disk", Resolved(by="ada"), NOON + 9 * MINUTE)
    assert world.pages_of("ada") == (1, 1)


def test_each_page_is_learned_once() -> None:
    world = World()
    world.opened("disk")
    for minute in (5, 10, 15, 30):
        world.told("disk", Tick(), NOON + minute * MINUTE)
    assert world.states["disk"].asked == ("responder:ada", "responder:bo", "responder:cy")
    world.told("disk", Acknowledged(by="bo"), NOON + 31 * MINUTE)
    world.told("disk", Acknowledged(by="cy"), NOON + 32 * MINUTE)
    assert world.pages_of("bo") == (1, 3)
    assert world.pages_of("cy") == (0, 2)
    assert world.ledger.memory().history.pages == len(world.states["disk"].pages)


def test_who_passes_would_not_have_answered_soon_and_whom_no_page_reaches_teaches_nothing() -> None:
    world = World()
    world.opened("disk")
    world.told("disk", Passed(by="ada"), NOON + 1)
    assert world.pages_of("ada") == (0, 1)
    [page] = [page for page in world.states["disk"].pages if page.became is Became.PASSED]
    seen = observation(page, "high")
    assert seen is not None
    assert (seen.answered, seen.waited) == (False, PASSED)
    rung = world.states["disk"].rung
    receiver = world.states["disk"].asked[0]
    world.told("disk", PageFailed(receiver=receiver, rung=rung, error="gone", final=True), NOON + 2)
    world.told("disk", Resolved(by="cy"), NOON + 3)
    assert world.pages_of(receiver.removeprefix("responder:")) in {(0, 0), (0, 1)}


def test_interruptions_and_turns_are_known() -> None:
    world = World()
    world.opened("disk")
    world.told("disk", Tick(), NOON + 5 * MINUTE)
    known = world.ledger.knowledge(knowledge(), lambda _target, _now: ())
    assert known.recent("ada", NOON + 6 * MINUTE) == 1
    assert known.recent("ada", NOON + DAY) == 0
    assert known.turns == {"round-robin:ops": {"bo": NOON + 5 * MINUTE}}
    world.opened("mail", NOON + 2 * DAY)
    known = world.ledger.knowledge(knowledge(), lambda _target, _now: ())
    assert known.asked["ada"] == (NOON + 2 * DAY,), "what is older than a day is forgotten"


def test_who_has_acknowledged_is_at_work_until_it_is_over_and_has_then_solved_it() -> None:
    world = World()
    for name in ("disk", "mail"):
        world.opened(name)
        world.told(name, Acknowledged(by="bo"), NOON + MINUTE)
    calendar = knowledge().calendar
    assert world.ledger.knowledge(knowledge(), calendar).busy == {"bo": 2}
    world.told("disk", Resolved(by="bo"), NOON + 2 * MINUTE)
    known = world.ledger.knowledge(knowledge(), calendar)
    assert (known.busy, known.solved) == ({"bo": 1}, {"disk": {"bo": 1}})
    world.opened("disk")
    world.told("disk", Resolved(by="a stranger"), NOON + 2 * MINUTE)
    assert world.ledger.memory().solved == {"disk": {"bo": 1}}


def test_a_restart_goes_on_with_what_was_written_down() -> None:
    world = World()
    world.opened("disk")
    world.told("disk", Tick(), NOON + 5 * MINUTE)
    assert world.ledger.changed
    written = msgspec.convert(msgspec.to_builtins(world.ledger.memory()), Memory)
    again = World(written)
    again.states = world.states
    again.ledger.adopt("disk", json.encode(world.states["disk"]))
    again.told("disk", Acknowledged(by="ada"), NOON + 6 * MINUTE)
    world.told("disk", Acknowledged(by="ada"), NOON + 6 * MINUTE)
    assert again.ledger.memory() == world.ledger.memory()


def test_who_is_not_there_any_more_is_forgotten() -> None:
    world = World()
    world.opened("disk")
    world.told("disk", Acknowledged(by="ada"), NOON + MINUTE)
    assert set(Ledger(("bo",), world.ledger.memory()).memory().history.people) == set()


def test_only_so_many_keys_are_remembered() -> None:
    world = World()
    for number in range(ledger_module.KEYS_MAX + 1):
        world.ledger.committed(f"{number}", _glance(f"key {number}", live=True), live=True)
        world.ledger.committed(f"{number}", _glance(f"key {number}", live=False), live=False)
    solved = world.ledger.memory().solved
    assert len(solved) == ledger_module.KEYS_MAX
    assert "key 0" not in solved


def test_what_another_version_wrote_of_a_page_teaches_nothing() -> None:
    page = Page(receiver="responder:ada", at=1, until=2, became=Became.OVER, known={"hours": "tea time"})
    assert observation(page, "high") is None
    assert observation(replace(page, known={}), "high") is None
    assert observation(replace(page, until=0, known={"hours": "off"}), "high") is None


def test_a_page_to_a_stranger_is_no_interruption_of_the_team() -> None:
    ledger = Ledger(("bo",), Memory())
    ledger.committed("1", json.encode(state_of(opened(knowledge(), PLAN))), live=True)
    assert ledger.memory().asked == {}


def _glance(key: str, *, live: bool) -> bytes:
    return json.encode(
        {
            "status": "triggered" if live else "resolved",
            "severity": "high",
            "face": {"dedup_key": key},
            "resolved_by": "ada",
        }
    )
