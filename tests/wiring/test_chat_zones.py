"""Where the configuration names no time zone, the one that Slack shows counts."""

from __future__ import annotations

from pathlib import Path

from tests.wiring.trouble_world import troubled
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.slack.health import SlackHealth
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.chat_care import ChatCare
from tocsin.wiring.chat_zones import RECORD, keep, with_zones
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.settings_file import parse

TEXT = b"responders: {ada: {}, bo: {time_zone: Asia/Tokyo}, cy: {}}"


def test_a_zone_of_slack_counts_for_who_has_none() -> None:
    store, settings = MemoryStore(), parse(TEXT, {}).settings
    assert with_zones(settings, store) is settings
    keep(store, {"ada": "Europe/Berlin", "bo": "Europe/Rome", "cy": "Mars/Base"})
    zones = {name: person.time_zone for name, person in with_zones(settings, store).responders.items()}
    assert zones == {"ada": "Europe/Berlin", "bo": "Asia/Tokyo", "cy": ""}


def test_only_what_is_new_is_written() -> None:
    store = MemoryStore()
    keep(store, {"ada": "Europe/Berlin"})
    store.put_record(*RECORD, {"ada": "Europe/Berlin", "bo": "Europe/Rome"})
    keep(store, {"ada": "Europe/Berlin"})
    assert store.record(*RECORD) == {"ada": "Europe/Berlin", "bo": "Europe/Rome"}
    store.put_record(*RECORD, ["of another version"])
    keep(store, {"ada": "Europe/Berlin"})
    assert store.record(*RECORD) == {"ada": "Europe/Berlin"}


def test_a_zone_that_was_found_counts_at_once() -> None:
    store = MemoryStore()
    book = RoomBook(parse(TEXT, {}).settings, store)
    assert book.settings.responders["ada"].time_zone == ""
    zones = {"ada": "Europe/Berlin"}
    care = ChatCare(
        lambda: book.settings,
        store,
        lambda: 0,
        lambda _: None,
        SlackHealth(lambda: 0),
        look=lambda: None,
        zones=lambda: zones,
        on_zones=book.follow,
    )
    care.go_round()
    assert book.settings.responders["ada"].time_zone == "Europe/Berlin"
    assert not keep(store, zones)


def test_the_watch_finds_the_zones_and_who_has_left(tmp_path: Path) -> None:
    with troubled(tmp_path) as world:
        world.slack.change_user(world.ada, tz="Europe/Berlin")
        world.settle()
        assert with_zones(world.settings, world.store).responders["ada"].time_zone == "Europe/Berlin"
        world.slack.change_user(world.bo, deleted=True)
        world.pass_by(5 * MINUTE + 10 * SECOND, 10 * SECOND)
        assert any("Bo cannot be paged in Slack" in text for text in world.to(world.ada)), "before the first page"
        world.slack.change_user(world.bo, deleted=False)
        world.pass_by(MINUTE, 10 * SECOND)
        assert any("Bo can be paged in Slack again" in text for text in world.to(world.ada))
        world.slack.assert_clean(allow={"user_disabled"})
