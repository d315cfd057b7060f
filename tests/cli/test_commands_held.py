"""`tocsin ack --held`: one word for all that a storm holds."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

from tests.cli.terminal import Terminal
from tests.wiring.quiet_world import World
from tocsin.incidents.state import Status
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock


def storm(terminal: Terminal) -> str:
    """A database in which a storm holds four incidents, after two that ask; the storm's id."""
    with closing(SqliteStore(terminal.db)) as store:
        life = World("storms: {more_than: 2}", store, SystemClock()()).start()
        for number in range(6):
            life.post(f"disk {number}")
        life.rest()
        return life.name(life.storm().face.title)


def statuses(terminal: Terminal) -> Counter[str]:
    with closing(SqliteStore(terminal.db)) as store:
        return Counter(state.called for _, state in World("", store).incidents().values())


def test_a_storm_and_all_that_it_holds_is_taken_at_once(terminal: Terminal) -> None:
    name = storm(terminal)
    assert statuses(terminal) == {"held": 4, "triggered": 3}
    said = terminal.type("ack", name, "--held", "--by", "ada")
    assert (said.code, said.out) == (0, f"{name}: and 4 that it holds\n{name}: ada acknowledged\n")
    assert statuses(terminal) == {"acknowledged": 5, "triggered": 2}


def test_without_the_word_only_the_storm_is_acknowledged(terminal: Terminal) -> None:
    name = storm(terminal)
    terminal.type("ack", name)
    assert statuses(terminal) == {"held": 4, "triggered": 2, "acknowledged": 1}


def test_all_of_it_can_be_resolved(terminal: Terminal) -> None:
    name = storm(terminal)
    assert terminal.type("resolve", name, "the switch is back", "--held").code == 0
    assert statuses(terminal) == {"resolved": 5, "triggered": 2}
    assert terminal.type("resolve", name, "--held").code == 1, "it is over, and holds nothing"


def test_what_is_no_storm_holds_nothing(terminal: Terminal) -> None:
    name = terminal.ring()
    said = terminal.type("ack", name, "--held")
    assert said.code != 0
    assert f"{name} stands for no storm, so it holds nothing" in said.err
    assert terminal.state(name).status is Status.TRIGGERED
