"""How long it takes to decide whom to ask in a large team with a long history: the choice alone, the whole decision."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from typing import Final

from bench.figures import Figure
from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import Knowledge, Person
from tocsin.asking.ledger import Ledger, Memory
from tocsin.choosing.choice import choose
from tocsin.choosing.history import History, Observation
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate, Presence, Situation
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.ladder import responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Instant

DECISION_MS_MAX: Final = 1.0
TEAM_SIZE: Final = 200
OBSERVATIONS: Final = 20_000  # A year in which they are asked fifty times a day.
ROUNDS: Final = 200

_NOW: Final[Instant] = OBSERVATIONS * HOUR // 2
_ZONES: Final = ("Europe/Berlin", "Asia/Tokyo", "America/New_York")
_NAMES: Final = tuple(f"p{place}" for place in range(TEAM_SIZE))


def figures() -> list[Figure]:
    """One for each."""
    history = _history()
    situation = Situation(now=0, severity="high", candidates=_people(), deadline=10 * MINUTE)
    return [
        _figure("one choice alone", [_spent(lambda: choose(situation, history)) for _ in range(ROUNDS)]),
        _figure("one whole decision of an incident", _whole(history)),
    ]


def _whole(history: History) -> list[float]:
    """What the engine does: the machine made anew, and asked each time at another minute, by an alert and by time."""
    asked = {name: tuple(_NOW - ago * HOUR for ago in (90, 20, 7)) for name in _NAMES}
    ledger = Ledger(_NAMES, Memory(history=history, asked=asked, solved={"disk": {"p3": 2}}))
    fixed = Knowledge(
        people={name: Person(zone=_ZONES[place % 3]) for place, name in enumerate(_NAMES)},
        teams={"ops": _NAMES},
        on_call={"ops": ("schedule:ops",)},
        presence=lambda name, _now: Presence.ACTIVE if name[-1] in "02468" else Presence.AWAY,
    )
    everyone = tuple(map(responder, _NAMES))
    plan = Plan(team="ops", policy=Policy(name="smart", steps=(Step(("smart:ops",)),), everyone=everyone))
    opens = AlertReceived(Alert(status=AlertStatus.FIRING, title="disk", dedup_key="disk", source="json"), plan)

    def machine() -> IncidentMachine:
        return IncidentMachine(_on_call, Asker(ledger.knowledge(fixed, _on_call)))

    spent: list[float] = []
    for number in range(ROUNDS // 2):
        opened: list[Incident] = []

        def alert(now: Instant = _NOW + number * 7 * MINUTE, opened: list[Incident] = opened) -> None:
            state = machine().decide(None, opens, now).state
            opened += [state] if state is not None else []

        def time_passes(opened: list[Incident] = opened) -> None:
            machine().decide(opened[0], Tick(), opened[0].wake_at or _NOW)

        spent += [_spent(alert), _spent(time_passes)]
    return spent


def _on_call(target: str, now: Instant) -> tuple[str, ...]:  # noqa: ARG001 - an OnDuty.
    return ("responder:p5",)


def _people() -> tuple[Candidate, ...]:
    hours = tuple(HourClass)
    return tuple(
        Candidate(name=name, hours=hours[place % 3], presence=Presence.ACTIVE if place % 2 else Presence.AWAY)
        for place, name in enumerate(_NAMES)
    )


def _history() -> History:
    history, people = History(), _people()
    for number in range(OBSERVATIONS):
        history = history.learned(
            Observation(
                candidate=people[number * 7 % TEAM_SIZE],
                severity="high",
                waited=number % 11 * 40 * SECOND + SECOND,
                answered=number % 3 > 0,
                at=number * HOUR // 2,
            )
        )
    return history


def _spent(act: Callable[[], object]) -> float:
    """How many ms *act* takes."""
    began = clock.perf_counter()
    act()
    return (clock.perf_counter() - began) * 1000


def _figure(what: str, spent: list[float]) -> Figure:
    """The median; the slowest are those that other programs have disturbed."""
    spent.sort()
    middle = spent[len(spent) // 2]
    return Figure(
        name=f"{what}, team of {TEAM_SIZE}, {OBSERVATIONS:,} pages learned: median, ms",
        tocsin=f"{middle:.2f} ({spent[0]:.2f} to {spent[-1]:.2f})",
        target=f"below {DECISION_MS_MAX:.0f}",
        met=middle < DECISION_MS_MAX,
    )
