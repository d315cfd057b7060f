"""What concerns a room is told there, also if it was done in a direct message or in another room; and once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.concierge.forms_world import CONFIG, MONDAY, ROOM, House, public, read
from tocsin.conversing.wishes import Place
from tocsin.engine.ports import Received
from tocsin.kernel.time import DAY, HOUR
from tocsin.wiring import news

DIRECT = Place(channel="D0000ADA", direct=True)
NOWHERE = Place(channel="")
OTHER = Place(channel="C0000DEV")
WITH_ROOMS = (
    CONFIG.replace("web: {members: [cy]}", 'web: {members: [cy], slack: "#web", policy: web}')
    + "policies: {default: {steps: [{ask: 'schedule:primary'}]}, web: {steps: [{ask: 'schedule:primary:next'}]}}\n"
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "tocsin.db", WITH_ROOMS)
    yield found
    found.close()


def told(house: House) -> list[tuple[str, str, tuple[str, ...]]]:
    house.rest()
    return [(receiver, each.title, each.lines) for receiver, each in house.told if receiver.startswith("team:")]


@pytest.mark.parametrize(
    ("place", "rooms"),
    [
        (DIRECT, ["team:ops", "team:web"]),
        (NOWHERE, ["team:ops", "team:web"]),
        (OTHER, ["team:ops"]),  # It may be that of web, which we know by its name only.
        (Place(channel=ROOM), []),
    ],
)
def test_an_override_is_told_to_the_rooms_of_those_who_ask_the_schedule(
    house: House, place: Place, rooms: list[str]
) -> None:
    form = house.form("ada", "form:override")
    for _ in range(2):
        public(house.send_from(place, "ada", form, who="cy", until=MONDAY + HOUR))
    found = told(house)
    assert [receiver for receiver, _, _ in found] == rooms
    words = "Cy is on call in primary from 2026-01-05 12:00 UTC until 2026-01-05 13:00 UTC: an override by Ada."
    assert all(each[1:] == ("Override in primary", (words,)) for each in found)


def test_an_override_that_no_team_asks_for_is_told_to_nobody(house: House) -> None:
    public(house.send_from(DIRECT, "ada", house.form("ada", "form:override", schedule="backup"), who="bo"))
    assert told(house) == []


def test_that_a_swap_was_accepted_is_told_to_the_room(house: House) -> None:
    public(house.send_from(DIRECT, "ada", house.form("ada", "form:swap"), to="bo"))
    assert told(house) == [], "nothing has changed yet"
    [asked] = house.desk.oncall.swaps()
    for _ in range(2):
        house.press("bo", "swap:accept", channel="D0000BO", direct=True, s=asked.id)
    (receiver, title, [words]), (other, _, _) = told(house)
    assert (receiver, other, title) == ("team:ops", "team:web", "Swap in primary")
    assert words.startswith("Bo takes the shift in primary from 2026-01-05 12:00 UTC to")


def test_a_silence_is_told_to_the_room_of_its_team_or_to_all(house: House) -> None:
    name = house.opened("disk full <b>")
    form = house.form("ada", "form:silence", i=name, channel="D0000ADA", direct=True)
    read(house.send_from(DIRECT, "ada", form, why="known"))
    ends = "until 2026-01-05 14:00 UTC: known"
    assert told(house) == [("team:ops", "Silenced", (f"Ada has silenced the alert disk full <b> {ends}",))]
    house.told.clear()
    everything = house.form("ada", "form:silence", matchers="a=b")
    read(house.send_from(DIRECT, "ada", everything, team="*", why="known", until=MONDAY + DAY))
    assert [receiver for receiver, _, _ in told(house)] == ["team:ops", "team:web"]


@pytest.mark.parametrize("channel", [news.CHANNEL, news.ROOMS])
def test_news_that_cannot_be_read_say_so(house: House, channel: str) -> None:
    [handled] = house.do(Received(received_at=MONDAY, channel=channel, key="", head=b"", body=b"{"))
    assert handled.reason.startswith("not news ")
