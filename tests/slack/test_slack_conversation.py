"""What people do in Slack is answered where they did it, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import pytest

from tests.slack.slack_examples import NOW
from tests.slack.slack_talk_world import Talk, said, talking, told
from tests.wiring.serving import until
from tocsin.conversing.noticed import Change
from tocsin.conversing.replies import Answer, Reply
from tocsin.conversing.wishes import Place, Pressed, Said, Wish
from tocsin.engine.ports import Delivery
from tocsin.incidents.telling import one_line
from tocsin.saying.message import Button
from tocsin.slack import conversation as conversation_module
from tocsin.slack.conversation import WORDS_AT_ONCE_MAX
from tocsin.slack.drawing import draw
from tocsin.testing.fake_slack import Limits, Message

T = TypeVar("T")

OPEN = Button(verb="silence", label="Silence …", value={"i": "7"}, opens=True)
PRESS = Button(verb="test", label="Test", value={"key": "prod"})
ACKNOWLEDGE = Button(verb="acknowledge", label="Acknowledge", value={"i": "7", "r": 0})


@pytest.fixture
def talk() -> Iterator[Talk]:
    with talking() as world:
        yield world
        world.at_rest()
        world.slack.assert_clean()


def only(found: Sequence[T]) -> T:
    assert len(found) == 1, found
    return found[0]


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_slash_command_is_answered_for_who_asked(talk: Talk) -> None:
    talk.script.reply = lambda _: told("Ada is on call.")
    assert talk.slack.slash("/tocsin", " oncall ", talk.ada, talk.room).ok
    talk.at_rest()
    answer = only(talk.slack.ephemerals(talk.room))
    assert (answer.text, answer.ephemeral_to) == ("Ada is on call.", talk.ada.id)
    wish = only(tuple(talk.script.wishes))
    assert isinstance(wish, Said)
    assert (wish.text, wish.at) == ("oncall", NOW)
    assert (wish.by.responder, wish.by.zone, wish.by.name) == ("ada", "Europe/Berlin", "ada")
    assert wish.place == Place(channel=talk.room.id)


def test_what_concerns_the_room_is_said_in_the_room(talk: Talk) -> None:
    talk.script.reply = lambda _: told("Disk alerts are silenced.", private=False)
    talk.slack.slash("/tocsin", "silence disk", talk.bo, talk.room)
    talk.at_rest()
    assert only(talk.slack.messages(talk.room)).text == "Disk alerts are silenced."


def test_a_mention_in_a_thread_is_answered_in_the_thread(talk: Talk) -> None:
    root = talk.post(PRESS)
    talk.script.reply = lambda _: told("It is ada.")
    talk.slack.mention("who is it?", talk.bo, talk.room, thread_ts=root.ts)
    talk.at_rest()
    answer = only(talk.slack.ephemerals(talk.room))
    assert (answer.thread_ts, answer.ephemeral_to) == (root.ts, talk.bo.id)
    wish = talk.script.wishes[0]
    assert isinstance(wish, Said)
    assert (wish.text, wish.place.thread, wish.by.responder) == ("who is it?", root.ts, "slack:bo")


def test_a_public_answer_to_a_mention_keeps_the_rooms_pace(talk: Talk) -> None:
    talk.script.reply = lambda _: told("Everybody: it is over.", private=False)
    talk.post(PRESS)
    talk.slack.mention("resolve", talk.bo, talk.room)
    talk.slack.wait_for(lambda: talk.slack.messages(talk.room)[-1].text == "Everybody: it is over.", 20)


def test_in_a_thread_the_incident_is_known() -> None:
    with talking(shown="7") as talk:
        root = talk.post(PRESS)
        talk.slack.mention("ack", talk.ada, talk.room, thread_ts=root.ts)
        talk.at_rest()
        assert isinstance(wish := talk.script.wishes[0], Said)
        assert wish.place.incident == "7"


def test_alone_with_the_bot_no_name_is_needed(talk: Talk) -> None:
    talk.script.reply = lambda _: told("Nothing is open.")
    talk.slack.tell("status", talk.ada)
    talk.at_rest()
    direct = talk.slack.direct_channel(talk.ada)
    assert [message.text for message in talk.slack.messages(direct)] == ["status", "Nothing is open."]
    assert isinstance(wish := talk.script.wishes[0], Said)
    assert wish.place.direct


def test_what_the_bot_says_itself_is_no_question(talk: Talk) -> None:
    channel = talk.slack.direct_channel(talk.ada).id
    own: dict[str, Any] = {"type": "message", "channel_type": "im", "channel": channel, "text": "x", "ts": "1.1"}
    assert talk.slack.event(own | {"user": talk.slack.bot.id}).ok
    assert talk.slack.event(own | {"user": talk.ada.id, "bot_id": "B1"}).ok
    assert talk.slack.event(own | {"user": talk.ada.id, "subtype": "message_changed"}).ok
    assert talk.slack.event({"type": "pin_added", "user": talk.ada.id}).ok
    talk.at_rest()
    assert talk.script.wishes == []


def test_who_is_not_in_the_room_hears_it_directly(talk: Talk) -> None:
    elsewhere = talk.slack.add_channel("dev", [talk.bo])
    talk.script.reply = lambda _: told("Here.")
    talk.slack.event({"type": "app_mention", "user": talk.ada.id, "text": "x", "ts": "1.1", "channel": elsewhere.id})
    talk.at_rest()
    assert only(talk.slack.messages(talk.slack.direct_channel(talk.ada))).text == "Here."
    assert [refusal.error for refusal in talk.slack.errors] == ["user_not_in_channel"]
    talk.slack._world.refusals.clear()


def test_an_event_that_comes_again_is_answered_once(talk: Talk) -> None:
    talk.script.reply = lambda _: told("Once.")
    first = talk.slack.mention("status", talk.ada, talk.room)
    assert talk.slack.replay(first).ok
    talk.at_rest()
    only(talk.slack.ephemerals(talk.room))


def test_a_question_without_a_database_is_answered_too(talk: Talk) -> None:
    talk.script.trouble = True
    talk.slack.slash("/tocsin", "status", talk.ada, talk.room)
    talk.at_rest()
    assert "Nothing was changed" in only(talk.slack.ephemerals(talk.room)).text


def test_a_failure_of_ours_is_told(talk: Talk) -> None:
    def fail(_: Wish) -> Reply:
        raise ZeroDivisionError

    talk.script.reply = fail
    talk.slack.slash("/tocsin", "status", talk.ada, talk.room)
    talk.at_rest()
    assert "failed in Tocsin itself" in only(talk.slack.ephemerals(talk.room)).text


def test_an_answer_whose_layout_is_refused_comes_as_text(talk: Talk) -> None:
    talk.script.reply = lambda _: told("In words.")
    for method in ("response_url", "chat.postEphemeral"):
        talk.slack.fail(method, "invalid_blocks")
    talk.slack.slash("/tocsin", "status", talk.ada, talk.room)
    talk.at_rest()
    assert only(talk.slack.ephemerals(talk.room)).text == "In words."


def test_an_answer_waits_when_slack_asks_to_wait(talk: Talk) -> None:
    talk.script.reply = lambda _: told("Late.")
    talk.slack.rate_limit("chat.postEphemeral", 1)
    talk.slack.mention("status", talk.ada, talk.room)
    talk.at_rest()
    talk.slack.wait_for(lambda: talk.slack.ephemerals(talk.room), 20)


# ── Presses ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_incidents_verb_is_stored_and_nobody_else_is_asked(talk: Talk) -> None:
    message = talk.post(ACKNOWLEDGE)
    assert talk.slack.click(message, "tocsin:acknowledge", talk.ada).ok
    talk.at_rest()
    assert len(talk.script.stored) == 1
    assert talk.script.wishes == []


def test_a_verb_that_cannot_be_stored_is_not_acknowledged() -> None:
    with talking(limits=Limits(acknowledgement_seconds=0.3)) as talk:
        message = talk.post(ACKNOWLEDGE)
        talk.script.trouble = True
        first = talk.slack.click(message, "tocsin:acknowledge", talk.ada)
        assert not first.ok
        talk.script.trouble = False
        assert talk.slack.resend() == 1  # What was not done may come again.
        until(lambda: talk.script.stored)


def test_a_replayed_press_is_stored_once(talk: Talk) -> None:
    first = talk.slack.click(talk.post(ACKNOWLEDGE), "tocsin:acknowledge", talk.ada)
    assert talk.slack.replay(first).ok
    assert len(talk.script.stored) == 1


def test_who_came_too_late_is_told(talk: Talk) -> None:
    talk.slack.click(talk.post(ACKNOWLEDGE), "tocsin:acknowledge", talk.ada)
    received = talk.script.stored[0]
    delivery = Delivery(id="1", received_at=NOW, channel="slack", key="", head=received.head, body=received.body)
    talk.conversation.settled(delivery, ["acknowledged"])
    talk.conversation.settled(delivery, ["late"])
    talk.at_rest()
    answer = only(talk.slack.ephemerals(talk.room))
    assert (answer.text, answer.ephemeral_to) == ("7: late", talk.ada.id)


def test_another_button_is_answered_with_what_it_carries(talk: Talk) -> None:
    talk.script.reply = lambda _: told("A test alert is on its way.")
    talk.slack.click(talk.post(PRESS), "tocsin:test", talk.ada)
    talk.at_rest()
    only(talk.slack.ephemerals(talk.room))
    assert isinstance(wish := talk.script.wishes[0], Pressed)
    assert (wish.verb, wish.value) == ("test", {"key": "prod"})


def test_a_button_that_leads_elsewhere_asks_nothing(talk: Talk) -> None:
    message = talk.post(Button(verb="look", label="Look", href="https://tocsin.example/"))
    talk.slack.click(message, "tocsin:look", talk.ada)
    talk.at_rest()
    assert talk.script.wishes == []


# ── What just happened ───────────────────────────────────────────────────────────────────────────────────────────────
def test_an_invitation_is_handed_on_and_may_be_answered_in_the_room(talk: Talk) -> None:
    talk.script.notice = lambda _: told("Hello, everybody.", private=False)
    fresh = talk.slack.add_channel("new", [talk.ada], with_bot=False)
    assert talk.slack.invite(talk.slack.bot, fresh).ok
    talk.at_rest()
    event = only(tuple(talk.script.noticed))
    assert (event.change, event.channel, event.ours, event.chat) == (Change.JOINED, fresh.id, True, "slack")
    assert only(talk.slack.messages(fresh)).text == "Hello, everybody."


@pytest.mark.parametrize(
    ("content", "change"),
    [
        ({"type": "channel_archive", "channel": "C1", "user": "U1"}, Change.ARCHIVED),
        ({"type": "channel_left", "channel": "C1"}, Change.LEFT),
        ({"type": "channel_rename", "channel": {"id": "C1", "name": "ops2", "created": 1}}, Change.RENAMED),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}, Change.REVOKED),
        ({"type": "app_uninstalled"}, Change.REVOKED),
        ({"type": "user_change", "user": {"id": "U1", "deleted": True, "tz": "Asia/Tokyo"}}, Change.PERSON),
    ],
)
def test_what_happens_in_slack_is_handed_on(talk: Talk, content: dict[str, Any], change: Change) -> None:
    first = talk.slack.event(content)
    assert first.ok
    assert talk.slack.replay(first).ok
    assert [event.change for event in talk.script.noticed] == [change]


def test_what_could_not_be_handed_on_is_told_by_slack_again() -> None:
    with talking(limits=Limits(acknowledgement_seconds=0.3)) as talk:
        talk.script.trouble = True
        assert not talk.slack.event({"type": "channel_left", "channel": "C1"}).ok
        talk.script.trouble = False
        assert talk.slack.resend() == 1
        until(lambda: len(talk.script.noticed) == 2)


# ── Strangers' words ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_that_is_typed_can_mention_or_link(talk: Talk) -> None:
    def echo(wish: Wish) -> Answer:
        assert isinstance(wish, Said)
        return told(f"I do not know {one_line(wish.text, 200)}.")

    talk.script.reply = echo
    evil = "<!channel> <@U1> <https://evil.example|ok> &lt;!here&gt; \ue003https://evil.example\ue004ok\ue005"
    talk.slack.slash("/tocsin", evil, talk.ada, talk.room)
    talk.at_rest()
    answer: Message = only(talk.slack.ephemerals(talk.room))
    everything = answer.text + str(answer.blocks)
    assert not any(mark in everything for mark in ("<!", "<@", "<http"))


def test_an_answer_is_posted_to_nobody_but_slack(talk: Talk) -> None:
    talk.script.reply = lambda _: told("Secret.")
    body = (
        f"command=/tocsin&text=x&user_id={talk.ada.id}&channel_id={talk.room.id}"
        "&response_url=https%3A%2F%2Fevil.example%2Fsteal"
    ).encode()

    async def store() -> None: ...

    talk.loop.run(talk.conversation.take(body, NOW, store))
    talk.at_rest()
    assert only(talk.slack.ephemerals(talk.room)).text == "Secret."
    assert [call.method for call in talk.slack.calls if call.method.startswith("chat.")] == ["chat.postEphemeral"]


def test_drawing_is_the_one_of_messages() -> None:
    assert draw(said("x")).text == "x"


def test_who_does_not_stop_talking_leaves_room_for_others(talk: Talk) -> None:
    talk.script.gate.clear()
    for _ in range(WORDS_AT_ONCE_MAX + 3):
        assert talk.slack.mention("status", talk.ada, talk.room).ok
    talk.slack.mention("status", talk.bo, talk.room)
    talk.script.reply = lambda _: told("All is well.")
    talk.script.gate.set()
    talk.slack.wait_for(
        lambda: [each for each in talk.slack.ephemerals(talk.room) if each.ephemeral_to == talk.bo.id], 20
    )
    talk.at_rest()
    asked = [wish.by.user for wish in talk.script.wishes if isinstance(wish, Said)]
    assert (asked.count(talk.ada.id), asked.count(talk.bo.id)) == (WORDS_AT_ONCE_MAX, 1)
    talk.slack.mention("status", talk.ada, talk.room)
    until(lambda: len(talk.script.wishes) == WORDS_AT_ONCE_MAX + 2, 20)


def test_no_more_is_asked_than_can_be_answered(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_module, "UNDER_WAY_MAX", 0)
    assert talk.slack.mention("status", talk.ada, talk.room).ok
    talk.at_rest()
    assert not talk.script.wishes


@pytest.mark.parametrize("attributes", [{"team": "T0ELSE"}, {"guest": True}, {"deleted": True}])
def test_who_is_not_of_the_workspace_changes_and_learns_nothing(talk: Talk, attributes: dict[str, Any]) -> None:
    mallory = talk.slack.add_user("mallory", **attributes)
    room = talk.slack.add_channel("shared", [talk.ada, mallory])
    message = talk.post(ACKNOWLEDGE, PRESS, channel=room)
    talk.script.reply = lambda _: told("Secret.")
    assert talk.slack.click(message, "tocsin:acknowledge", mallory).ok
    assert talk.slack.click(message, "tocsin:test", mallory).ok
    assert talk.slack.mention("status", mallory, room).ok
    talk.at_rest()
    talk.slack.wait_for(lambda: len(talk.slack.ephemerals(room)) == 3, 20)
    assert {answer.text.partition(".")[0] for answer in talk.slack.ephemerals(room)} == {
        "I answer the members of this workspace"
    }
    assert not talk.script.wishes
    assert not talk.script.stored
    talk.slack.open_home(mallory)
    talk.slack.wait_for(lambda: [view for view in talk.slack.views() if view.type == "home"], 20)
    assert not talk.script.wishes


def test_another_bot_is_not_answered_at_all(talk: Talk) -> None:
    bot = talk.slack.add_user("another", bot=True)
    room = talk.slack.add_channel("shared", [talk.ada, bot])
    message = talk.post(ACKNOWLEDGE, channel=room)
    assert talk.slack.mention("status", bot, room).ok
    assert talk.slack.click(message, "tocsin:acknowledge", bot).ok
    talk.at_rest()
    assert not talk.script.wishes
    assert not talk.script.stored
    assert talk.slack.ephemerals() == ()
