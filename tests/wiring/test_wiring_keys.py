"""Integration keys: random, shown once, kept as digests; rotated with an overlap, revoked, and remembered when over."""

from __future__ import annotations

import base64
import re
from contextlib import closing
from pathlib import Path

import pytest

from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, HOUR
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.keys import (
    BRIEF,
    ENDED_MAX,
    KEY,
    USED,
    derived_key,
    digest,
    drop_key,
    enter_derived,
    first_key,
    held_keys,
    make_key,
    revoke_keys,
    rotate_key,
)
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

NOW = 1_795_000_000_000
SECRET = bytes(range(32))


def settings(text: str = "integrations: {prod: , lab: {key: key-of-the-lab-01}}") -> Settings:
    return parse(text.encode(), {}).settings


def ends(store: MemoryStore, key: str) -> int | None:
    return held_keys(store)[digest(key)].ends_at


def test_a_key_is_random_and_easy_to_paste() -> None:
    store = MemoryStore()
    made = {make_key(store, "prod", NOW) for _ in range(5)}
    assert len(made) == 5
    assert all(re.fullmatch(r"[a-z2-7]{26}", key) for key in made)


def test_the_database_does_not_betray_a_key(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "tocsin.db")) as store:
        key = make_key(store, "prod", NOW)
        store.backup(tmp_path / "copy.db")
    raw = (tmp_path / "copy.db").read_bytes()
    assert digest(key).encode() in raw
    assert key.encode() not in raw
    assert key[:-4].encode() not in raw


def test_what_is_kept_of_a_key_tells_people_which_it_is() -> None:
    store = MemoryStore()
    key = make_key(store, "prod", NOW)
    assert store.record(KEY, digest(key)) == {
        "integration": "prod", "made_at": NOW, "ends_at": None, "hint": key[-4:], "brief": False,
    }  # fmt: skip


def test_rotation_lets_the_old_keys_open_for_a_while() -> None:
    store = MemoryStore()
    first, second = make_key(store, "prod", NOW), make_key(store, "prod", NOW + 1)
    other = make_key(store, "lab", NOW)
    new = rotate_key(store, "prod", NOW + HOUR, DAY)
    assert [ends(store, key) for key in (first, second, new, other)] == [NOW + HOUR + DAY] * 2 + [None, None]


def test_rotation_prolongs_no_key() -> None:
    store = MemoryStore()
    first = make_key(store, "prod", NOW)
    rotate_key(store, "prod", NOW, HOUR)
    rotate_key(store, "prod", NOW + 1, DAY)
    assert ends(store, first) == NOW + HOUR


def test_keys_are_revoked_all_or_by_their_last_characters() -> None:
    store = MemoryStore()
    first, second, other = (make_key(store, name, NOW) for name in ("prod", "prod", "lab"))
    assert [key.hint for key in revoke_keys(store, "prod", NOW + 1, f"…{first[-4:]}")] == [first[-4:]]
    assert [ends(store, key) for key in (first, second, other)] == [NOW + 1, None, None]
    assert [key.hint for key in revoke_keys(store, "prod", NOW + 2)] == [second[-4:]]
    assert revoke_keys(store, "prod", NOW + 3) == []
    assert ends(store, first) == NOW + 1


def test_keys_that_are_over_are_remembered_but_only_so_many() -> None:
    store = MemoryStore()
    made = [make_key(store, "prod", NOW)]
    store.put_record(USED, digest(made[0]), NOW)
    made += [rotate_key(store, "prod", NOW + number, 0) for number in range(1, ENDED_MAX + 5)]
    last = make_key(store, "prod", NOW + DAY)
    assert set(held_keys(store)) == {digest(key) for key in [*made[4:], last]}
    assert store.records(USED) == {}


def test_a_key_for_one_alert_is_forgotten() -> None:
    store = MemoryStore()
    brief, left = (make_key(store, "prod", NOW, brief=True) for _ in range(2))
    assert ends(store, brief) == NOW + BRIEF
    drop_key(store, brief)
    assert set(held_keys(store)) == {digest(left)}
    assert revoke_keys(store, "prod", NOW) == []
    make_key(store, "prod", NOW + BRIEF)
    assert digest(left) not in held_keys(store)


@pytest.mark.parametrize("document", [None, [], "x", {"integration": 1}, {"integration": "prod"}])
def test_what_is_no_key_is_passed_over(document: Json) -> None:
    store = MemoryStore()
    key = make_key(store, "prod", NOW)
    store.put_record(KEY, "odd", document)
    assert set(held_keys(store)) == {digest(key)}


def test_the_first_start_makes_a_key_and_no_other_does() -> None:
    store = MemoryStore()
    make_key(store, "default", NOW, brief=True)
    key = first_key(settings(), store, NOW)
    assert held_keys(store)[digest(key)].integration == "default"
    assert first_key(settings(), store, NOW) == ""
    revoke_keys(store, "default", NOW)
    assert first_key(settings(), store, NOW + DAY) == ""


def test_a_key_of_the_configuration_is_enough_for_the_first_start() -> None:
    store = MemoryStore()
    assert first_key(settings("integrations: {default: {key: key-of-the-house-1}}"), store, NOW) == ""
    assert held_keys(store) == {}


# Databases of former versions


def test_derived_keys_become_digests_once_and_the_secret_goes() -> None:
    store = MemoryStore()
    store.put_record("secret", "server", base64.b64encode(SECRET).decode())
    enter_derived(settings(), store, NOW)
    assert store.records("secret") == {}
    assert {name: key.integration for name, key in held_keys(store).items()} == {
        digest(derived_key(SECRET, "default")): "default",
        digest(derived_key(SECRET, "prod")): "prod",
    }
    before = held_keys(store)
    enter_derived(settings(), store, NOW + DAY)
    assert held_keys(store) == before
    assert first_key(settings(), store, NOW) == ""


def test_who_dies_while_keys_are_entered_begins_again() -> None:
    class Dies(MemoryStore):
        alive = False

        def take_record(self, kind: str, name: str) -> Json:
            if not self.alive:
                raise StoreUnavailableError("gone")
            return super().take_record(kind, name)

    store = Dies()
    store.put_record("secret", "server", base64.b64encode(SECRET).decode())
    with pytest.raises(StoreUnavailableError):
        enter_derived(settings(), store, NOW)
    rotated = digest(derived_key(SECRET, "prod"))
    revoke_keys(store, "prod", NOW)
    store.alive = True
    enter_derived(settings(), store, NOW + 1)
    assert store.records("secret") == {}
    assert held_keys(store)[rotated].ends_at == NOW
