"""What is said in a new room, and what its buttons do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.wiring.room_world import CHANNEL, ROOM_AT, guest, room
from tocsin.conversing.replies import Answer
from tocsin.conversing.wishes import Opened, Place, Pressed, Said, Speaker
from tocsin.engine.ports import Delivery, Handled, Received
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.ladder import responder
from tocsin.kernel.json import Json
from tocsin.saying.message import Actions, Aside, Button, Heading, Paragraph, Saying
from tocsin.slack.drawing import draw
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.addressing import Addressing
from tocsin.wiring.concierge.concierge import Handlers, HouseConcierge, plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.rooms import KEY, TEST, curl, is_public, pressed, welcome
from tocsin.wiring.key_desk import SettingsKeyDesk
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.keys import held_keys, make_key
from tocsin.wiring.noise import StoreNoiseDesk
from tocsin.wiring.oncall_desk import SettingsOnCallDesk
from tocsin.wiring.reckoning import Reckoner
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.room_orders import AGAIN, RoomOrders
from tocsin.wiring.room_orders import CHANNEL as ORDERS
from tocsin.wiring.room_records import joined
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import LiveRoutes
from tocsin.wiring.wrong_keys import WrongKeys

URL = "https://bell.example.com"
ADDRESS = f"{URL}/v1/in/test-key"
FILE = parse(b"", {}).settings
ADA = Speaker(chat="slack", user="U0ADA", responder="ada", zone="Europe/Berlin")


class House:
    """A desk on a real store, with one room of Ada and Bo."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.book = RoomBook(FILE, store)
        self.book.put(guest("U0ADA", "ada"), guest("U0BO", "bo"), room("U0ADA", "U0BO"))
        make_key(store, "ops", ROOM_AT)
        self.done: list[Received] = []
        settings = self.book.settings
        ring = KeyRing(settings, store, lambda: ROOM_AT)
        wrong = WrongKeys(store, lambda: ROOM_AT, ring.former)
        self.desk = Desk(
            settings=lambda: settings,
            store=store,
            clock=lambda: ROOM_AT,
            url=URL,
            do=self.do,
            oncall=SettingsOnCallDesk(settings, store, lambda: ROOM_AT, URL),
            keys=SettingsKeyDesk(
                settings=settings, records=store, ring=ring, wrong_keys=wrong, clock=lambda: ROOM_AT, url=URL
            ),
            figures=Reckoner(settings, store),
            noise=StoreNoiseDesk(settings, store, lambda: ROOM_AT),
        )
        self.concierge = HouseConcierge(Handlers(said=_nobody, pressed=pressed(self.desk), filled={}, opened=_nobody))

    def do(self, received: Received) -> Sequence[Handled]:
        self.done.append(received)
        return ()

    def press(self, verb: str, by: Speaker = ADA, **value: Json) -> str:
        """What is answered, for who has pressed alone."""
        wish = Pressed(
            by=by,
            place=Place(channel=CHANNEL),
            verb=verb,
            value=value or {"channel": CHANNEL},
            at=ROOM_AT,
        )
        reply = self.concierge.answer(wish)
        assert isinstance(reply, Answer)
        assert reply.private
        return reply.saying.summary


def _nobody(_: Said | Opened) -> Answer:
    return plain_answer("nobody")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = SqliteStore(tmp_path / "tocsin.db")
    yield House(store)
    store.close()


def words(saying: Saying) -> str:
    return "\n".join(
        text
        for part in saying.parts
        for text in (
            [part.text] if isinstance(part, Paragraph | Heading) else part.texts if isinstance(part, Aside) else ()
        )
    )


def greeting(*members: str, url: str = URL) -> Saying:
    guests = {name: guest(name, name.lower()) for name in members}
    made = room(*members)
    return welcome(made, ADDRESS, joined(FILE, {CHANNEL: made}, guests), url)


def test_the_welcome_says_what_happens_here_and_where_alerts_are_sent_to() -> None:
    told = words(greeting("U0ADA", "U0BO"))
    assert ADDRESS in told
    assert curl(ADDRESS) in told
    assert "One person of this channel is asked" in told
    assert "--url" not in told


def test_the_buttons_say_beforehand_what_they_do() -> None:
    [actions] = [part for part in greeting("U0ADA").parts if isinstance(part, Actions)]
    test, key = (button for button in actions.actions if isinstance(button, Button))
    assert (test.verb, key.verb) == (TEST, KEY)
    assert "you will be asked" in test.sure
    assert "1d" in key.sure


@pytest.mark.parametrize(
    ("members", "said"),
    [(0, "Nobody is here yet"), (1, "One person is here"), (2, "only if nobody answers"), (60, "is mentioned")],
)
def test_the_welcome_says_who_is_asked(members: int, said: str) -> None:
    assert said in words(greeting(*(f"U{number:04}" for number in range(members))))


def test_a_foreign_name_of_a_channel_does_no_harm() -> None:
    made = replace(room("U0ADA"), name="<!channel> & co")
    message = draw(welcome(made, ADDRESS, joined(FILE, {CHANNEL: made}, {}), URL))
    assert "<!channel>" not in message.text


def test_an_address_that_others_cannot_reach_is_told_with_what_to_do() -> None:
    assert "--url" in words(greeting("U0ADA", url="http://127.0.0.1:8420"))


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://bell.example.com", True),
        ("http://8.8.8.8:8420", True),
        ("http://127.0.0.1:8420", False),
        ("http://[::1]:8420", False),
        ("http://10.0.0.7", False),
        ("http://localhost:8420", False),
        ("http://mac.local", False),
        ("http://bell", False),
        ("", False),
    ],
)
def test_which_addresses_others_can_reach(url: str, public: bool) -> None:
    assert is_public(url) is public


def test_a_test_alert_asks_who_wanted_it_and_nobody_else(house: House) -> None:
    assert "asks you, nobody else" in house.press(TEST)
    [received] = house.done
    assert (received.channel, received.key) == (ORDERS, "ops")
    [made] = RoomOrders(Addressing(LiveRoutes(house.book.settings))).interpret(delivery(received)).inputs
    given: AlertReceived = made.given
    assert (given.plan.team, given.integration) == ("ops", "ops")
    assert [step.targets for step in given.plan.policy.steps] == [(responder("ada"),)]
    assert (given.plan.policy.everyone, given.plan.policy.everyone_delay) == ((responder("ada"),), AGAIN)
    assert given.alert.title == "Test alert for #ops"
    assert "Ada" in given.alert.description


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"by": 7}'])
def test_an_order_that_cannot_be_read_is_none(house: House, body: bytes) -> None:
    received = Received(received_at=ROOM_AT, channel=ORDERS, key="ops", head=b"", body=body)
    found = RoomOrders(Addressing(LiveRoutes(house.book.settings))).interpret(delivery(received))
    assert not found.inputs
    assert found.outcome.startswith("not an order")


@pytest.mark.parametrize("verb", [TEST, KEY])
def test_who_is_not_asked_there_may_not(house: House, verb: str) -> None:
    stranger = Speaker(chat="slack", user="U0EVE", responder="slack:eve")
    assert "Only who is asked in #ops" in house.press(verb, stranger)
    assert not house.done
    assert len(held_keys(house.store)) == 1


@pytest.mark.parametrize("value", [{"channel": "C0GONE"}, {"channel": 7}, {"other": "x"}])
def test_a_room_that_is_not_known_is_told_so(house: House, value: dict[str, Json]) -> None:
    assert "does not know this channel" in house.press(TEST, **value)


def test_a_new_address_is_shown_once_to_who_wants_it_and_the_old_one_ends(house: House) -> None:
    told = house.press(KEY)
    keys = held_keys(house.store).values()
    assert f"{URL}/v1/in/" in told
    assert sorted(key.ends_at is None for key in keys) == [False, True]


def test_where_the_bot_is_no_more_the_people_still_may(house: House) -> None:
    house.book.put(room("U0ADA", "U0BO", left_at=ROOM_AT))
    assert "on its way" in house.press(TEST)


def delivery(received: Received) -> Delivery:
    return Delivery(
        id="7",
        received_at=received.received_at,
        channel=received.channel,
        key=received.key,
        head=received.head,
        body=received.body,
    )


def test_where_others_read_the_welcome_shows_no_address() -> None:
    settings = joined(FILE, {CHANNEL: room("U0ADA")}, {"U0ADA": guest("U0ADA", "ada")})
    said = welcome(room("U0ADA"), "", settings, URL)
    drawn = str(draw(said))
    assert "/v1/in/" not in drawn
    assert "press New address, and only you see it" in drawn
    assert "can have an address" in said.summary
