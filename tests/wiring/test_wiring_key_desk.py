"""The key desk: what people see of keys, and what they do with them, is at once true for senders."""

from __future__ import annotations

from tocsin.kernel.time import DAY, HOUR
from tocsin.testing.memory import MemoryStore
from tocsin.web.gate import Knock
from tocsin.web.ports import IntegrationView, KeyView
from tocsin.wiring.key_desk import SettingsKeyDesk, configured_keys
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.keys import USED, digest, make_key
from tocsin.wiring.settings_file import parse
from tocsin.wiring.wrong_keys import WrongKeys

NOW = 1_795_000_000_000
SETTINGS = parse(b"teams: {ops: , lab: }\nintegrations: {prod: {team: lab, key: key-of-production-1}}", {}).settings


class World:
    """A desk and all behind it."""

    def __init__(self) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.ring = KeyRing(SETTINGS, self.store, self.clock)
        self.wrong = WrongKeys(self.store, self.clock, self.ring.former)
        self.desk = SettingsKeyDesk(
            settings=SETTINGS,
            records=self.store,
            ring=self.ring,
            wrong_keys=self.wrong,
            clock=self.clock,
            url="https://bell.example",
        )

    def clock(self) -> int:
        return self.now

    def keys(self, name: str) -> tuple[KeyView, ...]:
        return next(view.keys for view in self.desk.listing() if view.name == name)


def test_all_integrations_are_listed_with_their_teams_and_the_keys_of_the_configuration() -> None:
    world = World()
    world.ring.integration("key-of-production-1")
    assert world.desk.listing() == [
        IntegrationView(name="default", team="ops", keys=()),
        IntegrationView(name="prod", team="lab", keys=(KeyView(hint="on-1", made_at=None, used_at=NOW, ends_at=None),)),
    ]
    assert configured_keys(SETTINGS) == {"prod": "key-of-production-1"}


def test_a_new_key_opens_at_once_and_the_one_before_for_a_day() -> None:
    world = World()
    first, second = (world.desk.rotate("default").removeprefix("https://bell.example/v1/in/") for _ in range(2))
    assert [world.ring.integration(key) for key in (first, second)] == ["default", "default"]
    assert {(key.hint, key.ends_at) for key in world.keys("default")} == {
        (first[-4:], NOW + DAY),
        (second[-4:], None),
    }
    world.now += DAY
    assert [world.ring.integration(key) for key in (first, second)] == [None, "default"]
    assert [key.hint for key in world.keys("default")] == [second[-4:]]


def test_a_revoked_key_opens_nothing_at_once() -> None:
    world = World()
    key = world.desk.rotate("default").rpartition("/")[2]
    assert world.ring.integration(key) == "default"
    assert world.desk.revoke("default", key[-4:]) == 1
    assert world.ring.integration(key) is None
    assert world.desk.revoke("default", key[-4:]) == 0


def test_the_last_use_is_the_one_that_was_kept_or_a_later_one() -> None:
    world = World()
    key = make_key(world.store, "default", NOW)
    world.store.put_record(USED, digest(key), NOW + 5)
    world.store.put_record(USED, "odd", "yesterday")
    assert [view.used_at for view in world.keys("default")] == [NOW + 5]
    world.now += HOUR
    world.ring.integration(key)
    assert [view.used_at for view in world.keys("default")] == [NOW + HOUR]


def test_keys_for_one_alert_and_of_integrations_that_are_gone_are_not_shown() -> None:
    world = World()
    make_key(world.store, "default", NOW, brief=True)
    make_key(world.store, "former", NOW)
    assert world.keys("default") == ()
    assert [view.name for view in world.desk.listing()] == ["default", "prod"]


def test_wrong_keys_are_those_of_the_register() -> None:
    world = World()
    world.wrong.note(Knock(presented="guess", path="/v1/in", peer="192.0.2.7", agent=""))
    assert [entry.shown for entry in world.desk.wrong()] == ["… (5 characters)"]
