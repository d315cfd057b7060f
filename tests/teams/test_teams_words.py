"""Words, forms and dialogs in Teams: what people do, what the concierge is asked, what everybody sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.teams.teams_world import cloud
from tests.wiring.serving import until
from tocsin.conversing.replies import Answer, Ask, Corrections, Home, Nothing, Reply
from tocsin.conversing.wishes import Filled, Pressed, Said, Wish
from tocsin.engine.ports import ONCE, Postponed, Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import SECOND, Instant
from tocsin.saying.forms import Form, Moments, Words
from tocsin.saying.incident import Setting
from tocsin.saying.message import Actions, Button, Heading, Paragraph, Saying
from tocsin.teams import bot as bot_module
from tocsin.teams.bot import TAKEN, TRIES_MAX, Bot, Met
from tocsin.teams.connector import Connector
from tocsin.teams.keys import SigningKeys
from tocsin.teams.transport import TeamsTransport
from tocsin.teams.verification import Verification
from tocsin.testing.fake_teams import FakeTeams, Heard, Message, Person
from tocsin.testing.fake_teams.records import actions

NOW: Instant = 1_795_000_000_000
FORM = Form(
    name="note",
    title="Add a note",
    submit="Add",
    fields=(Words(name="text", label="Note"), Moments(name="at", label="When", optional=True)),
    facts={"i": "inc-1"},
)
LONG = Saying(summary="Ada is on call.", parts=(Heading("On call"), Paragraph("Ada is on call.")))
BUTTONS = Saying(
    summary="Buttons.",
    parts=(
        Actions(
            (
                Button(verb="ask", label="Ask", value={"i": "inc-7"}),
                Button(verb="open", label="Open", opens=True),
                Button(verb="acknowledge", label="Acknowledge", value={"i": "inc-7", "r": 0}),
            )
        ),
    ),
)


@dataclass
class Told:
    """A concierge that says what the test wants, and remembers what it was asked."""

    reply: Reply | Exception = field(default_factory=lambda: Answer(saying=LONG))
    wishes: list[Wish] = field(default_factory=list)

    def answer(self, wish: Wish) -> Reply:
        self.wishes.append(wish)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


@dataclass
class Room:
    teams: FakeTeams
    bot: Bot
    transport: TeamsTransport
    told: Told
    stored: list[Received]
    met: list[Met]
    channel: str
    ada: Person

    def buttons(self, where: str = "") -> Message:
        """A message with buttons, in the channel or in the chat with Ada."""
        self.transport.say(where or self.ada.aad, BUTTONS)
        return self.teams.messages(where or self.ada)[-1]

    def texts(self, where: str | Person) -> Sequence[str]:
        return [message.text.strip() for message in self.teams.messages(where)]


@pytest.fixture
def room() -> Iterator[Room]:
    with FakeTeams(clock=lambda: NOW / SECOND) as teams:
        where = cloud(teams)
        connector = Connector(where, teams.tenant, teams.app_id, teams.password, now=lambda: NOW)
        setting = Setting(names={"ada": "Ada"})
        # The pace is judged in its own tests; here time stands still.
        transport = TeamsTransport(connector, now=lambda: NOW, setting=setting, tenant=teams.tenant)
        ada = teams.add_person("ada")
        stored: list[Received] = []
        met: list[Met] = []

        def welcome(found: Met) -> Saying | None:
            met.append(found)
            return LONG if found.added else None

        bot = Bot(
            Verification(where, SigningKeys(where, now=lambda: NOW), app_id=teams.app_id, tenant=teams.tenant),
            connector,
            transport,
            accept=stored.append,
            now=lambda: NOW,
            responders={ada.aad: "ada"},
            welcome=welcome,
        )
        told = Told()
        bot.attend(told)

        def receive(headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
            answered = bot.receive(headers, body)
            return answered.status, answered.refused.encode() or answered.body

        teams.deliver_to(receive)
        yield Room(teams, bot, transport, told, stored, met, teams.add_channel("ops"), ada)
        bot.close()
        teams.assert_clean()


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_words_to_the_bot_alone_are_answered_there(room: Room) -> None:
    assert room.teams.say(room.ada, "who is  on call?").status == 200
    until(lambda: room.texts(room.ada) == ["On call\nAda is on call."])
    [wish] = room.told.wishes
    assert isinstance(wish, Said)
    assert (wish.text, wish.at, wish.place.direct) == ("who is on call?", NOW, True)
    assert (wish.by.responder, wish.by.chat, wish.by.zone, wish.by.user) == (
        "ada", "teams", "Europe/Berlin", room.ada.aad,
    )  # fmt: skip
    assert room.stored == []


def test_a_mention_is_answered_in_private_unless_it_concerns_the_room(room: Room) -> None:
    room.teams.say(room.ada, "who is on call?", room.channel)
    until(lambda: len(room.texts(room.channel)) == 1)
    assert room.texts(room.ada) == ["On call\nAda is on call."]
    assert "answered in our chat" in room.texts(room.channel)[0]
    room.told.reply = Answer(saying=LONG, private=False)
    room.teams.say(room.ada, "silence it", room.channel)
    until(lambda: len(room.texts(room.channel)) == 2)
    assert room.texts(room.channel)[1] == "On call\nAda is on call."
    assert isinstance(room.told.wishes[0], Said)
    assert room.told.wishes[0].text == "who is on call?"


def test_who_cannot_be_written_to_is_told_where_they_asked(room: Room) -> None:
    cy = room.teams.add_person("cy", installed=False)
    room.teams.say(cy, "key", room.channel)
    until(lambda: len(room.texts(room.channel)) == 1)
    assert "add me to your apps first" in room.texts(room.channel)[0]
    assert room.told.wishes[0].by.responder == "teams:Cy"


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (Corrections({"x": "That is no time."}), "That is no time."),
        (Home(LONG), "On call\nAda is on call."),
        (Ask(FORM), ""),
    ],
)
def test_any_reply_to_words_is_drawn(room: Room, reply: Reply, shown: str) -> None:
    room.told.reply = reply
    room.teams.say(room.ada, "x")
    until(lambda: len(room.texts(room.ada)) == 1)
    assert room.texts(room.ada) == [shown]


def test_what_needs_no_answer_gets_none_and_what_fails_does_no_harm(room: Room) -> None:
    for reply in (Nothing(), StoreUnavailableError("the disk is full"), RuntimeError("a mistake")):
        room.told.reply = reply
        assert room.teams.say(room.ada, "x").status == 200
    until(lambda: len(room.told.wishes) == 3)
    room.told.reply = Answer(saying=LONG)
    room.teams.say(room.ada, "x")
    until(lambda: len(room.texts(room.ada)) == 1)


@pytest.mark.parametrize(("after", "tries"), [(1, TRIES_MAX), (60_000, 1)])
def test_an_answer_waits_while_teams_asks_to_wait_for_a_moment(
    room: Room, after: int, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def say(address: str, _: Saying) -> Postponed:
        asked.append(address)
        return Postponed("paced", after=after, counts=False)

    monkeypatch.setattr(room.transport, "say", say)
    room.teams.say(room.ada, "x")
    room.bot.close()
    assert asked == ["a:ada-chat"] * len(asked)
    assert 1 <= len(asked) <= tries


# ── Presses ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("old_client", [False, True])
def test_an_incidents_button_is_stored_before_it_is_answered(room: Room, old_client: bool) -> None:
    heard = room.teams.press(room.ada, room.buttons(), "Acknowledge", old_client=old_client)
    assert (heard.status, heard.told) == (200, "" if old_client else TAKEN)
    [received] = room.stored
    assert (received.channel, received.received_at) == ("teams", NOW)
    assert received.header(ONCE)
    assert room.told.wishes == []


def test_a_replayed_press_is_refused_and_not_stored_again(room: Room) -> None:
    activity = room.teams.activity(room.ada, type="message", value={"tocsin": "acknowledge", "value": {"i": "1"}})
    assert room.teams.send(activity).status == 200
    heard = room.teams.send(activity)
    assert (heard.status, heard.text) == (403, "this activity was taken before")
    assert len(room.stored) == 1


def test_what_could_not_be_stored_may_come_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Received) -> None:
        raise StoreUnavailableError("the disk is full")

    activity = room.teams.activity(room.ada, type="message", value={"tocsin": "acknowledge", "value": {"i": "1"}})
    monkeypatch.setattr(room.bot, "_accept", refuse)
    assert room.teams.send(activity).status == 503
    monkeypatch.undo()
    assert room.teams.send(activity).status == 200


@pytest.mark.parametrize(
    ("reply", "told", "shown"),
    [
        (Answer(saying=LONG), "Ada is on call.", 2),
        (Answer(saying=LONG, private=False), "Ada is on call.", 2),
        (Ask(FORM), "Please fill in the form below.", 2),
        (Home(LONG), "Ada is on call.", 2),
        (Nothing(), TAKEN, 1),
        (Corrections({"x": "No."}), "No.", 1),
    ],
)
def test_any_other_button_is_answered_by_the_concierge(room: Room, reply: Reply, told: str, shown: int) -> None:
    room.told.reply = reply
    heard = room.teams.press(room.ada, room.buttons(), "Ask")
    said = heard.document["value"]
    assert (said["message"] if isinstance(said, dict) else said) == told
    assert len(room.texts(room.ada)) == shown
    [wish] = room.told.wishes
    assert isinstance(wish, Pressed)
    assert (wish.verb, wish.value, wish.place.incident) == ("ask", {"i": "inc-7"}, "inc-7")


def test_a_short_private_answer_in_a_channel_is_shown_to_who_pressed_only(room: Room) -> None:
    message = room.buttons(room.channel)
    room.told.reply = Answer(saying=Saying(summary="Done.", parts=(Paragraph("Done."),)))
    assert room.teams.press(room.ada, message, "Ask").told == "Done."
    assert len(room.texts(room.channel)) == 1
    assert room.texts(room.ada) == []
    room.told.reply = Answer(saying=LONG)
    room.teams.press(room.ada, message, "Ask")
    assert room.texts(room.ada) == ["On call\nAda is on call."]


def test_an_old_client_is_answered_by_a_message(room: Room) -> None:
    room.teams.press(room.ada, room.buttons(), "Ask", old_client=True)
    until(lambda: len(room.texts(room.ada)) == 2)


# ── Dialogs ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def opened(room: Room) -> tuple[Heard, dict[str, object]]:
    room.told.reply = Ask(FORM)
    heard = room.teams.press(room.ada, room.buttons(), "Open")
    content = heard.document["task"]["value"]["card"]["content"]
    [action] = actions(content)
    return heard, action["data"]


def test_a_form_opens_as_a_dialog_and_what_is_filled_in_comes_back(room: Room) -> None:
    heard, data = opened(room)
    assert heard.document["task"]["value"]["title"] == "Add a note"
    room.told.reply = Answer(saying=Saying(summary="Noted."))
    sent = data | {"field.text": "it was the disk", "field.at": "2026-11-27", "field.at.time": "14:30"}
    assert room.teams.submit(room.ada, "a:ada-chat", sent).document == {"task": {"type": "message", "value": "Noted."}}
    wish = room.told.wishes[-1]
    assert isinstance(wish, Filled)
    at = int(datetime(2026, 11, 27, 13, 30, tzinfo=UTC).timestamp()) * 1000
    assert (wish.form, wish.values, wish.facts) == ("note", {"text": "it was the disk", "at": at}, {"i": "inc-1"})


def test_what_is_wrong_is_said_in_the_dialog_which_stays_open(room: Room) -> None:
    _, data = opened(room)
    room.told.reply = Corrections({"text": "That is too short."})
    again = room.teams.submit(room.ada, "a:ada-chat", data | {"field.text": "it"})
    assert "That is too short." in again.text
    assert '"value":"it"' in again.text
    cy = room.teams.add_person("cy")
    unknown = room.teams.submit(cy, "a:cy-chat", data | {"field.text": "it"})
    assert unknown.told == "That is too short."


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Answer(saying=LONG), "continue"),
        (Answer(saying=LONG, private=False), "message"),
        (Home(LONG), "continue"),
        (Nothing(), None),
    ],
)
def test_a_dialog_shows_what_the_answer_is(room: Room, reply: Reply, kind: str | None) -> None:
    room.told.reply = reply
    heard = room.teams.press(room.ada, room.buttons(), "Open")
    assert (heard.document["task"]["type"] if heard.document else None) == kind


# ── Everything else ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_who_adds_the_bot_is_greeted(room: Room) -> None:
    room.teams.add_bot(room.ada)
    room.teams.add_bot(room.ada, room.channel)
    until(lambda: room.texts(room.ada) and room.texts(room.channel))
    assert sorted((met.personal, met.team) for met in room.met) == [(False, "Ops"), (True, "")]
    assert {met.channel for met in room.met} == {"a:ada-chat", room.channel}


def test_who_removes_it_is_noticed_and_others_who_come_are_not(room: Room) -> None:
    us = {"id": f"28:{room.teams.app_id}"}
    for parts in (
        {"type": "conversationUpdate", "membersRemoved": [us]},
        {"type": "installationUpdate", "action": "remove"},
        {"type": "installationUpdate", "action": "add"},
        {"type": "conversationUpdate", "membersAdded": [{"id": room.ada.id}]},
    ):
        assert room.teams.send(room.teams.activity(room.ada, room.channel, **parts)).status == 200
    until(lambda: len(room.met) == 2)
    assert [met.added for met in room.met] == [False, False]


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"type": "invoke", "name": "signin/verifyState", "value": {}}, 501),
        ({"type": "invoke", "name": "adaptiveCard/action", "value": {"action": 7}}, 501),
        ({"type": "invoke", "name": "composeExtension/query", "value": {"tocsin": "ask"}}, 501),
        ({"type": "invoke", "name": "task/fetch", "value": {"data": {"tocsin": 7}}}, 501),
        ({"type": "messageReaction"}, 200),
    ],
)
def test_what_nobody_answers_does_no_harm(room: Room, parts: dict[str, Any], status: int) -> None:
    assert room.teams.send(room.teams.activity(room.ada) | parts).status == status
    assert room.told.wishes == []


def test_without_a_concierge_it_says_that_it_does_not_understand(room: Room) -> None:
    room.bot._concierge = None
    room.teams.say(room.ada, "hello")
    until(lambda: room.texts(room.ada) == ["I do not understand that yet."])


def test_bots_are_not_answered(room: Room) -> None:
    said = room.teams.activity(room.ada, type="message", text="who is on call?")
    assert room.teams.send({**said, "from": {"id": "28:another", "name": "Another bot"}}).status == 200
    us = {"id": "29:us", "name": "Tocsin"}
    assert room.teams.send({**said, "id": "2", "from": us, "recipient": us}).status == 200
    room.bot.close()
    assert room.told.wishes == []


def test_no_more_is_asked_than_can_be_answered(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_module, "WAITING_MAX", 0)
    assert room.teams.say(room.ada, "who is on call?").status == 200
    room.bot.close()
    assert room.told.wishes == []
