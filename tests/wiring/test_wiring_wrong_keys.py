"""Wrong keys: counted, shown without betraying anything, kept, and told of when a sender of ours is lost."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

import pytest

from tests.wiring.serving import until
from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, HOUR
from tocsin.testing.memory import MemoryStore
from tocsin.web.gate import Knock
from tocsin.wiring import doorkeeper as doorkeeping
from tocsin.wiring import wrong_keys
from tocsin.wiring.doorkeeper import Doorkeeper
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.keys import KEY, USED, make_key, revoke_keys
from tocsin.wiring.settings_file import parse
from tocsin.wiring.wrong_keys import AGENT_MAX, KEPT_FOR, REGISTER, WrongKeys, shown, stored

NOW = 1_795_000_000_000


def knock(presented: str = "a-key-of-nobody", **more: str) -> Knock:
    return Knock(**({"presented": presented, "path": "/v1/in", "peer": "192.0.2.7", "agent": "curl/8"} | more))


class Failing(MemoryStore):
    """A store that may be away for writing."""

    away = False

    def put_record(self, kind: str, name: str, document: Json) -> None:
        if self.away:
            raise StoreUnavailableError("disk full")
        super().put_record(kind, name, document)

    def accept(self, received: Sequence[Received]) -> Sequence[str]:
        if self.away:
            raise StoreUnavailableError("disk full")
        return super().accept(received)


class World:
    """A register, its store and its clock. The key `old-key-of-prod-xyz` was that of prod."""

    def __init__(self) -> None:
        self.store = Failing()
        self.now = NOW
        self.begin()

    def begin(self) -> None:
        self.register = WrongKeys(
            self.store, lambda: self.now, lambda key: "prod" if key == "old-key-of-prod-xyz" else ""
        )


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("a-key-of-nobody", "a-ke… (15 characters)"),
        ("hunter2", "… (7 characters)"),
        ("", "no key"),
        ("\ud800" * 20, "????… (20 characters)"),
    ],
)
def test_of_a_strangers_key_only_its_beginning_is_shown(key: str, said: str) -> None:
    assert shown(key) == said


def test_equal_knocks_are_one_entry_with_a_count(world: World) -> None:
    world.register.note(knock())
    world.now += 5
    world.register.note(knock(agent="x" * 500))
    world.register.note(knock(peer="192.0.2.8"))
    last, first = sorted(world.register.listed(), key=lambda entry: entry.count)
    assert (first.count, first.first_at, first.last_at, first.agent) == (2, NOW, NOW + 5, "x" * AGENT_MAX)
    assert (last.count, last.peer, last.shown, last.integration) == (1, "192.0.2.8", "a-ke… (15 characters)", "")


def test_the_key_of_a_sender_of_ours_names_its_integration(world: World) -> None:
    world.register.note(knock("old-key-of-prod-xyz"))
    [entry] = world.register.listed()
    assert (entry.shown, entry.integration) == ("…-xyz", "prod")


def test_there_is_room_for_so_many_and_a_sender_of_ours_is_not_pushed_out(world: World) -> None:
    world.register.note(knock("old-key-of-prod-xyz"))
    for _ in range(3):
        world.register.note(knock("a-key-that-comes-often"))
    for number in range(500):
        world.now += 1
        world.register.note(knock(peer=f"peer {number}"))
    listed = world.register.listed()
    assert len(listed) == wrong_keys.ENTRIES_MAX
    assert {"…-xyz", "a-ke… (22 characters)"} <= {entry.shown for entry in listed}
    assert listed[0].peer == "peer 499"


def test_the_register_outlives_a_restart(world: World) -> None:
    world.register.note(knock())
    world.register.keep()
    assert list(stored(world.store)) == list(world.register.listed())
    world.begin()
    world.register.note(knock())
    assert [entry.count for entry in world.register.listed()] == [2]


def test_an_unchanged_register_is_not_written(world: World) -> None:
    world.register.keep()
    assert world.store.record(*REGISTER) is None


def test_a_register_that_could_not_be_written_is_written_later(world: World) -> None:
    world.register.note(knock())
    world.store.away = True
    with pytest.raises(StoreUnavailableError):
        world.register.keep()
    world.store.away = False
    world.register.keep()
    assert len(stored(world.store)) == 1


def test_what_is_long_ago_is_forgotten(world: World) -> None:
    world.register.note(knock())
    world.now += KEPT_FOR
    world.register.note(knock(peer="192.0.2.8"))
    world.register.keep()
    assert [entry.peer for entry in world.register.listed()] == ["192.0.2.8"]


@pytest.mark.parametrize("document", [[], "x", {"entries": 5}, {"told": {"prod": "yesterday"}}])
def test_a_register_that_cannot_be_read_is_begun_anew(world: World, document: Json) -> None:
    world.store.put_record(*REGISTER, document)
    world.begin()
    assert list(world.register.listed()) == []


def test_people_are_told_of_a_lost_sender_once_an_hour(world: World) -> None:
    world.register.note(knock())
    assert world.register.lost() == {}
    world.register.note(knock("old-key-of-prod-xyz"))
    assert set(world.register.lost()) == {"prod"}
    world.register.told(["prod"])
    world.register.note(knock("old-key-of-prod-xyz"))
    assert world.register.lost() == {}
    world.register.keep()
    world.begin()
    world.now += HOUR - 1
    world.register.note(knock("old-key-of-prod-xyz"))
    assert world.register.lost() == {}
    world.now += 1
    assert set(world.register.lost()) == {"prod"}


# The doorkeeper


class House:
    """A doorkeeper with all that it keeps."""

    def __init__(self) -> None:
        self.store = Failing()
        self.now = NOW
        self.key = make_key(self.store, "default", NOW)
        self.ring = KeyRing(parse(b"", {}).settings, self.store, lambda: self.now)
        self.register = WrongKeys(self.store, lambda: self.now, self.ring.former)
        self.doorkeeper = Doorkeeper(self.ring, self.register, lambda: self.now, self.store.accept)

    def knock(self, key: str = "") -> None:
        assert self.ring.integration(key or self.key) is None
        self.register.note(knock(key or self.key))

    def alerts(self) -> list[dict[str, str]]:
        return [json.loads(delivery.body) for delivery in self.store.backlog(9)]


def test_a_round_brings_ring_and_store_together() -> None:
    house = House()
    assert house.ring.integration(house.key) == "default"
    revoke_keys(house.store, "default", NOW)
    house.doorkeeper.go_round()
    assert list(house.store.records(USED)) == list(house.store.records(KEY))
    house.knock()
    house.doorkeeper.go_round()
    assert [entry.integration for entry in stored(house.store)] == ["default"]
    [alert] = house.alerts()
    assert alert["title"] == f'A sender of "default" is refused: it still uses an old key (…{house.key[-4:]})'
    assert "It came once to /v1/in from 192.0.2.7, as curl/8." in alert["description"]
    assert alert["dedup_key"] == "tocsin:old-key:default"
    [delivery] = house.store.backlog(9)
    assert (delivery.channel, delivery.key, delivery.received_at) == ("in", "tocsin", NOW)
    house.knock()
    house.doorkeeper.go_round()
    assert len(house.alerts()) == 1
    house.now += DAY
    house.knock()
    house.doorkeeper.go_round()
    assert "It came 3 times to" in house.alerts()[1]["description"]


def test_an_alert_that_could_not_be_stored_is_stored_later() -> None:
    house = House()
    revoke_keys(house.store, "default", NOW)
    house.ring.refresh()
    house.knock()
    house.store.away = True
    with pytest.raises(StoreUnavailableError):
        house.doorkeeper.go_round()
    house.store.away = False
    house.doorkeeper.go_round()
    assert len(house.alerts()) == 1


def test_the_doorkeeper_goes_round_by_itself_and_once_more_at_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(doorkeeping, "ROUND_SECONDS", 0.001)
    house = House()
    house.register.note(knock())
    house.store.away = True
    house.doorkeeper.start()
    until(lambda: "the keys could not be looked after" in caplog.messages)
    house.store.away = False
    until(lambda: stored(house.store))
    monkeypatch.setattr(house.ring, "refresh", lambda: 1 / 0)
    until(lambda: "doorkeeper stumbled; it goes on" in caplog.messages)
    monkeypatch.undo()
    house.register.note(knock(peer="192.0.2.8"))
    house.doorkeeper.stop()
    assert len(stored(house.store)) == 2
    assert caplog.messages.count("the keys could not be looked after") == 1
    assert caplog.records[0].levelno == logging.WARNING


def test_a_doorkeeper_that_never_began_can_be_stopped() -> None:
    House().doorkeeper.stop()
