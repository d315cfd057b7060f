"""Random alerts, buttons and restarts against rules and storms: what is muted has its cause, nothing is lost."""

from __future__ import annotations

from random import Random

import pytest

from tests.wiring.quiet_world import World
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.marks import mutes
from tocsin.incidents.state import AlertLine, Incident, Status
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND

CONFIG = """
storms: {more_than: 3, at_most: 20m}
integrations: {default: {group_by: "label:group"}}
inhibit:
  - {name: power, source: alertname="power", target: 'alertname=~"switch|host.*"', equal: [rack], at_most: 2h}
  - {name: switch, source: alertname="switch", target: alertname=~"host.*", equal: [rack]}
"""
TITLES = ("power", "switch", *(f"host {number}" for number in range(8)))
STEPS = 60


def live(world: World) -> dict[str, Incident]:
    rows = world.store.listing(world.machine.name, live_only=True, limit=1000)
    return {row.id: world.machine.decode(row.state) for row in rows}


def check(world: World) -> None:
    """What must hold when nothing waits."""
    states = live(world).values()
    active = {mark for state in states for mark in mutes(state)}
    for state in states:
        lines = [line for line in state.alerts.values() if line.status != "resolved"]
        if state.silenced:
            assert state.snoozed_until is not None
            assert world.now < state.snoozed_until <= world.now + 12 * HOUR
            for line in lines:
                assert line.mute is not None
                assert line.mute.silence in active, "what mutes it fires"
        if state.severity is Severity.CRITICAL:
            assert not state.silenced, "an emergency is never muted"
        elif state.status is Status.TRIGGERED and state.kind is Kind.ALERT and not state.overruled:
            # When one that nothing explains recovers, the rest is hushed with its next repetition or step.
            partly = len(lines) < len(state.alerts)
            assert partly or not all(inhibited(world, line) for line in lines), (
                "somebody is asked for what is explained"
            )
    assert world.store.health(world.now).broken == ()


def inhibited(world: World, line: AlertLine) -> bool:
    """Whether something that fires explains *line*, and may mute it still."""
    marks = line.marks.mutable if line.marks else ()
    found = [mute for mark in marks if (mute := world.quiet._marks.active(mark))]
    return any(mute.until > world.now for mute in found)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_muted_has_its_cause_and_nothing_is_lost(seed: int) -> None:
    random = Random(seed)
    world = World(CONFIG).start()
    for _ in range(STEPS):
        roll = random.random()
        if roll < 0.6:
            for _ in range(random.choice((1, 1, 2, 6))):
                title = random.choice(TITLES)
                status = random.choice(("firing", "firing", "resolved"))
                severity = random.choice(("high", "high", "warning", "critical"))
                group = random.choice(("", "", "g"))
                world.post(title, status, severity, rack=random.choice("12"), group=group)
            world.rest()
        elif roll < 0.8:
            world.wait(random.choice((SECOND, MINUTE, 4 * MINUTE, HOUR)))
        elif roll < 0.85:
            world = world.again(CONFIG)
        elif states := live(world):
            verb = random.choice(("acknowledge", "resolve", "escalate"))
            world.put("console", {"verb": verb, "incident": random.choice(list(states)), "by": "ada"})
            world.rest()
        world.look()
        check(world)
    world.wait(DAY)
    world.look()
    left = list(live(world).values())
    assert [state.face.title for state in left if state.silenced] == [], "nothing is muted for ever"
    assert not any(state.face.source == "storm" for state in left)
