"""The key ring: quick, and yet what another process changes is soon true."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.testing.memory import MemoryStore
from tocsin.wiring import key_ring
from tocsin.wiring.key_ring import LOOKS_MAX, KeyRing
from tocsin.wiring.keys import KEY, USED, digest, drop_key, make_key, revoke_keys, rotate_key
from tocsin.wiring.settings_file import parse

NOW = 1_795_000_000_000
CONFIG = b"integrations: {prod: , lab: {key: key-of-the-lab-01}}"


class Counted(MemoryStore):
    """Counts how often the keys are read, and may be away."""

    reads = 0
    away = False

    def records(self, kind: str) -> Mapping[str, Json]:
        if self.away:
            raise StoreUnavailableError("disk I/O error")
        self.reads += kind == KEY
        return super().records(kind)


class World:
    """A ring, its store and its clocks."""

    def __init__(self) -> None:
        self.store = Counted()
        self.key = make_key(self.store, "prod", NOW)
        self.now = NOW
        self.seconds = 0.0
        self.ring = KeyRing(parse(CONFIG, {}).settings, self.store, lambda: self.now, lambda: self.seconds)
        self.store.reads = 0


@pytest.fixture
def world() -> World:
    return World()


def test_a_key_opens_its_own_integration_only(world: World) -> None:
    assert world.ring.integration(world.key) == "prod"
    assert world.ring.integration("key-of-the-lab-01") == "lab"
    for presented in (
        "",
        world.key[:-1],
        f"{world.key} ",
        world.key.upper(),
        "prod",
        "\ud800",
        digest(world.key),
        "x" * 10**6,
    ):
        assert world.ring.integration(presented) is None


def test_what_is_known_costs_no_look_into_the_store(world: World) -> None:
    for _ in range(100):
        world.ring.integration(world.key)
        world.ring.integration("key-of-the-lab-01")
    assert world.store.reads == 0


def test_a_key_that_another_process_has_made_opens_at_once(world: World) -> None:
    fresh = make_key(world.store, "prod", NOW)
    assert world.ring.integration(fresh) == "prod"


def test_a_guesser_does_not_keep_the_store_busy(world: World) -> None:
    for number in range(1000):
        world.ring.integration(f"guess-{number}")
    assert world.store.reads == LOOKS_MAX
    world.seconds += 1.0
    fresh = make_key(world.store, "prod", NOW)
    world.store.reads = 0
    assert [world.ring.integration(key) for key in ("guess", fresh)] == [None, "prod"]
    assert world.store.reads == 1


def test_a_key_opens_until_its_end_and_not_at_it(world: World) -> None:
    fresh = rotate_key(world.store, "prod", NOW, HOUR)
    world.ring.refresh()
    world.now += HOUR - 1
    assert [world.ring.integration(key) for key in (world.key, fresh)] == ["prod", "prod"]
    world.now += 1
    assert [world.ring.integration(key) for key in (world.key, fresh)] == [None, "prod"]


def test_a_key_that_was_revoked_elsewhere_ends_with_the_next_look(world: World) -> None:
    assert world.ring.integration(world.key) == "prod"
    revoke_keys(world.store, "prod", NOW)
    assert world.ring.integration(world.key) == "prod"
    world.ring.refresh()
    assert world.ring.integration(world.key) is None


def test_a_key_that_is_gone_from_the_store_ends_too(world: World) -> None:
    assert world.ring.integration(world.key) == "prod"
    drop_key(world.store, world.key)
    world.ring.refresh()
    assert world.ring.integration(world.key) is None
    assert world.ring.former(world.key) == ""


def test_only_so_many_keys_are_known_without_a_digest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_ring, "RECENT_MAX", 1)
    for _ in range(3):
        assert world.ring.integration(world.key) == "prod"
        assert world.ring.integration("key-of-the-lab-01") == "lab"
    assert len(world.ring._recent) == 1


def test_whose_key_it_was_is_known_after_its_end(world: World) -> None:
    assert world.ring.former("guess") == world.ring.former("x" * 10**6) == ""
    revoke_keys(world.store, "prod", NOW)
    world.ring.refresh()
    assert world.ring.former(world.key) == "prod"


def test_a_key_of_an_integration_that_is_gone_opens_nothing_and_is_known(world: World) -> None:
    key = make_key(world.store, "former", NOW)
    assert world.ring.integration(key) is None
    assert world.ring.former(key) == "former"


def test_a_key_for_one_alert_is_nobodys_former(world: World) -> None:
    brief = make_key(world.store, "prod", NOW, brief=True)
    assert world.ring.integration(brief) == "prod"
    world.now += MINUTE
    assert world.ring.integration(brief) is None
    assert world.ring.former(brief) == ""


def test_a_store_that_is_away_costs_known_keys_nothing_and_others_are_not_judged(world: World) -> None:
    assert world.ring.integration(world.key) == "prod"
    world.store.away = True
    assert world.ring.integration(world.key) == "prod"
    for _ in range(10):  # The last ones are not even looked for.
        with pytest.raises(StoreUnavailableError):
            world.ring.integration("guess")
    world.store.away = False
    world.seconds += 1.0
    assert world.ring.integration("guess") is None


def test_uses_are_kept_at_most_once_a_minute(world: World) -> None:
    assert world.ring.last_used(digest(world.key)) == 0
    world.ring.integration(world.key)
    world.ring.integration("key-of-the-lab-01")
    world.ring.keep_uses()
    assert world.store.records(USED) == {digest(world.key): NOW, "config/lab": NOW}
    world.now += MINUTE - 1
    world.ring.integration(world.key)
    world.ring.keep_uses()
    assert world.store.record(USED, digest(world.key)) == NOW
    assert world.ring.last_used(digest(world.key)) == world.now
    world.now += 1
    world.ring.integration(world.key)
    world.ring.keep_uses()
    assert world.store.record(USED, digest(world.key)) == world.now
    assert world.ring.last_used("config/lab") == NOW
    assert world.ring.last_used("nobody") == 0


def test_the_use_of_a_key_for_one_alert_is_not_kept(world: World) -> None:
    world.ring.integration(make_key(world.store, "prod", NOW, brief=True))
    world.ring.keep_uses()
    assert world.store.records(USED) == {}
