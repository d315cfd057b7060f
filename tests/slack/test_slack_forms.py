"""Forms are opened at once, filled in, corrected and done once; shortcuts and the home tab open them too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TypeVar

import pytest
from msgspec.structs import replace

from tests.slack.slack_examples import NOW
from tests.slack.slack_talk_world import FORM, Talk, said, talking, told
from tocsin.conversing.replies import Ask, Corrections, Home, Nothing, Reply
from tocsin.conversing.wishes import Filled, Opened, Pressed
from tocsin.engine.ports import Delivery
from tocsin.errors import StoreUnavailableError
from tocsin.saying.message import Actions, Button, Paragraph, Saying
from tocsin.testing.fake_slack import Limits, View

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


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def opened(talk: Talk, reply: Reply | None = None) -> View:
    talk.script.reply = lambda _: reply or Ask(FORM)
    talk.slack.click(talk.post(OPEN), "tocsin:silence", talk.ada)
    talk.at_rest()
    return only(talk.slack.views(talk.ada))


VALUES = {"tocsin:why": "we move", "tocsin:for": "1h", "tocsin:tell": ["me"], "tocsin:until": 1_795_000_000}


def test_a_form_that_is_there_at_once_is_opened_at_once(talk: Talk) -> None:
    view = opened(talk)
    assert view.content["title"]["text"] == "Silence an alert, for a…"
    assert [call.method for call in talk.slack.calls if call.method.startswith("views.")] == ["views.open"]
    assert isinstance(wish := talk.script.wishes[0], Pressed)
    assert (wish.value, wish.place.incident) == ({"i": "7"}, "7")


def test_a_form_that_takes_time_has_a_loading_view(talk: Talk) -> None:
    talk.script.gate.clear()
    talk.script.reply = lambda _: Ask(FORM)
    talk.slack.click(talk.post(OPEN), "tocsin:silence", talk.ada)
    talk.slack.wait_for(lambda: talk.views() == ["Tocsin"], 20)
    talk.script.gate.set()
    talk.at_rest()
    assert talk.views() == ["Silence an alert, for a…"]


def test_what_was_filled_in_comes_back_with_its_place(talk: Talk) -> None:
    view = opened(talk)
    talk.script.reply = lambda _: told("Silenced for an hour.")
    assert talk.slack.submit(view, talk.ada, VALUES).ok
    talk.at_rest()
    assert talk.slack.views(talk.ada) == ()
    assert only(talk.slack.ephemerals(talk.room)).text == "Silenced for an hour."
    assert isinstance(wish := talk.script.wishes[1], Filled)
    assert (wish.form, wish.facts, wish.place.incident) == ("silence", {"key": "disk"}, "7")
    assert wish.values == {"why": "we move", "for": "1h", "until": 1_795_000_000_000, "tell": ("me",)}
    assert wish.place.channel == talk.room.id


def test_what_concerns_the_room_is_said_there_after_a_form(talk: Talk) -> None:
    view = opened(talk)
    talk.script.reply = lambda _: told("ada has silenced it.", private=False)
    talk.slack.submit(view, talk.ada, VALUES)
    talk.at_rest()
    assert talk.slack.messages(talk.room)[-1].text == "ada has silenced it."


def test_what_is_wrong_stands_at_its_field_and_the_form_stays(talk: Talk) -> None:
    view = opened(talk)
    talk.script.reply = lambda _: Corrections({"why": "Say more.", "ends": "In the past."})
    answer = talk.slack.submit(view, talk.ada, VALUES)
    assert answer.response == {"response_action": "errors", "errors": {"why": "Say more. In the past."}}
    assert talk.slack.views(talk.ada) == (view,)


def test_a_form_may_be_followed_by_another(talk: Talk) -> None:
    view = opened(talk)
    talk.script.reply = lambda _: Ask(FORM)
    talk.slack.submit(view, talk.ada, VALUES)
    assert len(talk.views()) == 1


def test_a_form_that_cannot_be_stored_stays_open_and_may_be_sent_again(talk: Talk) -> None:
    view = opened(talk)
    talk.script.trouble = True
    answer = talk.slack.submit(view, talk.ada, VALUES)
    assert "Nothing was changed" in answer.response["errors"]["why"]
    talk.script.trouble = False
    talk.script.reply = lambda _: Nothing()
    assert talk.slack.submit(view, talk.ada, VALUES).response is None
    assert talk.slack.views(talk.ada) == ()


def test_a_form_that_takes_longer_than_slack_waits_says_so_and_then_what_came_of_it(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.slack.conversation.ANSWER_MAX", 50)
    monkeypatch.setattr("tocsin.slack.conversation.SETTLE", 10)
    view = opened(talk)
    talk.script.gate.clear()
    talk.script.reply = lambda _: told("Silenced at last.")
    assert talk.slack.submit(view, talk.ada, VALUES).response["response_action"] == "update"
    assert "longer than usual" in str(only(talk.slack.views(talk.ada)).layout)
    talk.script.gate.set()
    talk.at_rest()
    assert "Silenced at last." in str(only(talk.slack.views(talk.ada)).layout)


def test_a_form_is_done_once_however_often_it_comes(talk: Talk) -> None:
    view = opened(talk)
    first = talk.slack.submit(view, talk.ada, VALUES)
    talk.slack.replay(first)
    talk.at_rest()
    assert len(talk.script.wishes) == 2


def test_a_form_that_is_closed_changes_nothing(talk: Talk) -> None:
    view = opened(talk)
    assert talk.slack.close_view(view, talk.ada) is None
    assert talk.slack.event({"type": "view_closed"}).ok
    assert len(talk.script.wishes) == 1


def test_a_button_that_meant_to_open_a_form_may_answer_instead(talk: Talk) -> None:
    talk.script.gate.clear()
    talk.script.reply = lambda _: told("It is over already.")
    talk.slack.click(talk.post(OPEN), "tocsin:silence", talk.ada)
    talk.slack.wait_for(talk.views, 20)
    talk.script.gate.set()
    talk.at_rest()
    assert "It is over already." in str(only(talk.slack.views(talk.ada)).layout)


@pytest.mark.parametrize("reply", [Nothing(), told("To all.", private=False), Corrections({"why": "No."})])
def test_a_loading_view_never_stays(talk: Talk, reply: Reply) -> None:
    talk.script.gate.clear()
    talk.script.reply = lambda _: reply
    talk.slack.click(talk.post(OPEN), "tocsin:silence", talk.ada)
    talk.slack.wait_for(talk.views, 20)
    talk.script.gate.set()
    talk.at_rest()
    assert "One moment" not in str(only(talk.slack.views(talk.ada)).layout)


def test_a_form_that_came_too_late_for_its_trigger_says_so() -> None:
    with talking(limits=Limits(trigger_seconds=0.0)) as talk:
        talk.script.reply = lambda _: Ask(FORM)
        talk.slack.slash("/tocsin", "silence", talk.ada, talk.room)
        talk.at_rest()
        assert "press it again" in only(talk.slack.ephemerals(talk.room)).text


def test_a_form_that_is_too_large_says_so(talk: Talk) -> None:
    view = opened(talk, Ask(replace(FORM, facts={"text": "x" * 4000})))
    assert "too large" in str(view.layout)


def test_a_form_that_slack_does_not_show_is_told(talk: Talk) -> None:
    talk.slack.fail("views.open", "invalid_arguments")
    talk.script.reply = lambda _: Ask(FORM)
    talk.slack.click(talk.post(OPEN), "tocsin:silence", talk.ada)
    talk.at_rest()
    assert only(talk.slack.ephemerals(talk.room)).text == "Slack does not show that form. The console has it."


def test_a_loading_view_whose_form_slack_does_not_show_says_so(talk: Talk) -> None:
    talk.script.gate.clear()
    talk.script.reply = lambda _: Ask(FORM)
    talk.slack.fail("views.update", "invalid_arguments")
    talk.slack.click(talk.post(OPEN), "tocsin:silence", talk.ada)
    talk.slack.wait_for(talk.views, 20)
    talk.script.gate.set()
    talk.at_rest()
    assert "The console has it." in str(only(talk.slack.views(talk.ada)).layout)


def test_what_is_pressed_in_a_modal_is_answered_in_it(talk: Talk) -> None:
    intro = (Paragraph("Test it first?"), Actions((PRESS,)))
    view = opened(talk, Ask(replace(FORM, intro=intro)))
    talk.script.reply = lambda _: told("It works.")
    talk.slack.click(view, "tocsin:test", talk.ada)
    talk.at_rest()
    assert "It works." in str(only(talk.slack.views(talk.ada)).layout)


def test_a_form_without_fields_shows_what_is_wrong_in_their_place(talk: Talk) -> None:
    view = opened(talk, Ask(replace(FORM, fields=())))
    talk.script.reply = lambda _: Corrections({"": "It has ended meanwhile."})
    talk.slack.submit(view, talk.ada)
    assert "It has ended meanwhile." in str(only(talk.slack.views(talk.ada)).layout)


def test_at_the_end_nothing_more_is_taken() -> None:
    with talking() as talk:
        talk.script.gate.clear()
        talk.slack.slash("/tocsin", "status", talk.ada, talk.room)
        talk.slack.click(talk.post(ACKNOWLEDGE), "tocsin:acknowledge", talk.ada)
        received = talk.script.stored[0]
        talk.script.gate.set()
    delivery = Delivery(id="1", received_at=NOW, channel="slack", key="", head=b"", body=received.body)
    talk.conversation.settled(delivery, ["late"])

    async def store() -> None: ...

    body = b"command=/tocsin&text=x&user_id=U1&channel_id=C1"
    with pytest.raises(StoreUnavailableError):
        asyncio.run(talk.conversation.take(body, NOW, store))


# ── Shortcuts and the home tab ───────────────────────────────────────────────────────────────────────────────────────
def test_the_global_shortcut_opens_its_form_and_the_outcome_is_shown_in_it(talk: Talk) -> None:
    talk.script.reply = lambda _: Ask(FORM)
    assert talk.slack.shortcut("raise", talk.ada).ok
    talk.at_rest()
    talk.script.reply = lambda _: told("Raised: ada is asked.")
    talk.slack.submit(only(talk.slack.views(talk.ada)), talk.ada, VALUES)
    assert "Raised: ada is asked." in str(only(talk.slack.views(talk.ada)).layout)
    assert isinstance(wish := talk.script.wishes[0], Pressed)
    assert (wish.verb, wish.place.channel) == ("raise", "")


def test_a_messages_shortcut_carries_the_message(talk: Talk) -> None:
    message = talk.slack.say("The shop is *slow* <!channel>", talk.bo, talk.room)
    talk.script.reply = lambda _: Ask(FORM)
    talk.slack.shortcut("on_message", talk.ada, message)
    talk.at_rest()
    assert isinstance(wish := talk.script.wishes[0], Pressed)
    assert wish.value["text"] == "The shop is *slow* @channel"
    assert (wish.value["author"], wish.value["ts"]) == (talk.bo.id, message.ts)
    link = f"https://fake.slack.com/archives/{talk.room.id}/p{message.ts.replace('.', '')}"
    assert wish.value["link"] == link


def test_an_unknown_shortcut_is_left_alone(talk: Talk) -> None:
    assert talk.slack.shortcut("order-pizza", talk.ada).ok
    talk.at_rest()
    assert talk.script.wishes == []


def home(talk: Talk, *buttons: Button) -> View:
    saying = Saying(summary="Yours", parts=(Paragraph("Nothing is open."), Actions(buttons)))
    talk.script.reply = lambda _: Home(saying)
    talk.slack.open_home(talk.ada)
    talk.at_rest()
    return only(talk.slack.views(talk.ada))


def test_the_home_tab_is_made_when_somebody_looks(talk: Talk) -> None:
    view = home(talk)
    assert (view.type, view.user) == ("home", talk.ada.id)
    assert isinstance(talk.script.wishes[0], Opened)
    assert talk.slack.event({"type": "app_home_opened", "user": talk.ada.id, "tab": "messages"}).ok
    assert len(talk.script.wishes) == 1


def test_what_is_done_in_the_home_tab_is_seen_in_it(talk: Talk) -> None:
    view = home(talk, OPEN)
    talk.script.reply = lambda wish: Ask(FORM) if isinstance(wish, Pressed) else Home(said("Changed."))
    talk.slack.click(view, "tocsin:silence", talk.ada)
    talk.at_rest()
    modal = talk.slack.views(talk.ada)[-1]
    assert modal.type == "modal"
    talk.script.reply = lambda wish: told("Done.") if isinstance(wish, Filled) else Home(said("Changed again."))
    talk.slack.submit(modal, talk.ada, VALUES)
    talk.at_rest()
    assert "Changed again." in str(talk.slack.views(talk.ada)[0].layout)


def test_an_answer_in_the_home_tab_is_a_modal(talk: Talk) -> None:
    view = home(talk, PRESS)
    talk.script.reply = lambda wish: told("Sent.") if isinstance(wish, Pressed) else Home(said("x"))
    talk.slack.click(view, "tocsin:test", talk.ada)
    talk.at_rest()
    assert "Sent." in str(talk.slack.views(talk.ada)[-1].layout)
